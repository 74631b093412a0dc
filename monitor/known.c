#include "known.h"

#include <stdio.h>

#include <topology/known.h>

#include <bulkhead/error.h>

#if TOPOLOGY_KNOWN_CORES

/* As the build numbers cores: by package, cache, physical core, and thread, as QEMU does. */
static const char *const level_names[LEVELS] = { "package", "cache", "physical core" };

/* Differences of one kind: how many, and the first. */
struct difference {
    unsigned count;
    uint32_t where, known, found;
};

static void note(struct difference *d, uint32_t where, uint32_t known, uint32_t found) {
    if (known == found)
        return;
    if (d->count++ == 0) {
        d->where = where;
        d->known = known;
        d->found = found;
    }
}

/* The first number is to be used where both know of it. */
static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static bool compare_numbers(const struct topology *machine) {
    bool same = machine->cores == TOPOLOGY_KNOWN_CORES && machine->nodes == TOPOLOGY_KNOWN_NODES;

    if (!same)
        printf("topology %s: %u cores and %u nodes were expected, there are %u and %u\n",
               TOPOLOGY_KNOWN_NAME, TOPOLOGY_KNOWN_CORES, TOPOLOGY_KNOWN_NODES, machine->cores,
               machine->nodes);
    return same;
}

static bool compare_cores(const struct topology *machine) {
    struct difference level[LEVELS] = { { 0 } }, node = { 0 };
    bool same = true;

    for (uint32_t core = 0; core < least(machine->cores, TOPOLOGY_KNOWN_CORES); core++) {
        const struct topology_core *known = &topology_known_core[core];
        for (unsigned i = 0; i < LEVELS; i++)
            note(&level[i], core, known->group[i], machine->core[core].group[i]);
        note(&node, core, known->node, machine->core[core].node);
    }
    for (unsigned i = 0; i < LEVELS; i++) {
        if (level[i].count)
            printf("topology: %u cores are elsewhere: core %u was expected in %s %u, is in %u\n",
                   level[i].count, level[i].where, level_names[i], level[i].known, level[i].found);
        same = same && level[i].count == 0;
    }
    if (node.count)
        printf("topology: %u cores are elsewhere: core %u was expected in node %u, is in %u\n",
               node.count, node.where, node.known, node.found);
    return same && node.count == 0;
}

static bool compare_distances(const struct topology *machine) {
    struct difference d = { 0 };

    for (uint32_t i = 0;
         machine->nodes == TOPOLOGY_KNOWN_NODES && i < machine->nodes * machine->nodes; i++)
        note(&d, i, topology_known_distance[i], machine->distance[i]);
    if (d.count)
        printf("topology: %u distances differ: from node %u to %u %u was expected, it is %u\n",
               d.count, d.where / machine->nodes, d.where % machine->nodes, d.known, d.found);
    return d.count == 0;
}

void known_compare(const struct topology *machine) {
    bool same = compare_numbers(machine);

    same = compare_cores(machine) && same;
    same = compare_distances(machine) && same;
    if (same)
        printf("topology %s: as expected\n", TOPOLOGY_KNOWN_NAME);
}

#else

void known_compare(const struct topology *machine) { (void)machine; }

#endif

/* NOLINTNEXTLINE(readability-non-const-parameter): it is written to where the build was told */
int known_node_of_device(const struct topology *machine, uint64_t device, uint64_t *node) {
#if TOPOLOGY_KNOWN_DEVICES
    for (uint32_t i = 0; i < TOPOLOGY_KNOWN_DEVICES; i++) {
        const struct topology_known_device *d = &topology_known_device[i];
        uint64_t address = (uint64_t)d->bus << 8 | (uint64_t)d->device << 3 | d->function;
        if (d->segment == 0 && address == device && d->node < machine->nodes) {
            *node = d->node;
            return 0;
        }
    }
#endif
    (void)machine;
    (void)device;
    (void)node;
    return -E_NOENT;
}
