#include "operations.h"

#include <stdlib.h>
#include <string.h>

#define BIT(kind) (1U << (kind))
#define ALL_TREES (BIT(TREE_FLAT) | BIT(TREE_BINOMIAL) | BIT(TREE_MULTICAST))

/*
 * Unmapping is agreed on in one phase, as nobody can refuse: the message goes down, every core
 * invalidates its TLB, acknowledgements come up. A broadcast is the multicast along a flat tree.
 */
const struct operation operations[OPERATIONS] = {
    { "unicast", 1, true, false, BIT(TREE_FLAT) },
    { "broadcast", 1, false, false, BIT(TREE_FLAT) },
    { "multicast", 1, false, false, BIT(TREE_BINOMIAL) | BIT(TREE_MULTICAST) },
    { "agree", 2, false, false, ALL_TREES },
    { "unmap_all", 1, false, true, ALL_TREES },
};

const struct operation *operation_find(const char *name) {
    for (uint32_t i = 0; i < OPERATIONS; i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    return 0;
}

/* Of equals the first. */
static uint32_t farthest(const struct machine *m, uint32_t root) {
    uint32_t best = root;

    for (uint32_t core = 0; core < m->topology.cores; core++)
        if (m->member[core] &&
            topology_reach(&m->topology, root, core) > topology_reach(&m->topology, root, best))
            best = core;
    return best;
}

static void plant_unicast(struct machine *m, uint32_t root) {
    uint8_t *pair = calloc(m->topology.cores, 1);

    if (!pair)
        abort();
    pair[root] = pair[farthest(m, root)] = 1;
    tree_build(&m->topology, TREE_FLAT, root, pair, &m->tree, &m->work);
    free(pair);
}

void operation_plant(const struct operation *o, struct machine *m, enum tree_kind kind,
                     uint32_t root) {
    if (o->is_unicast)
        plant_unicast(m, root);
    else
        machine_plant(m, kind, root);
}

struct sim_result operation_play(const struct operation *o, const struct machine *m,
                                 const struct prices *prices) {
    struct sim_phases phases = { o->phases, o->has_work ? prices->invalidation : 0 };

    return simulate(&m->topology, &m->tree, &prices->lines, &phases);
}
