/* What sending along a tree takes. */
#include <topology/tree.h>

const struct tree_costs tree_costs_published = {
    .transfer = {
        [REACH_SIBLING] = 100,
        [REACH_CACHE] = 180,
        [REACH_PACKAGE] = 450,
        [REACH_HOP] = 532,
        [REACH_HOPS] = 618,
    },
};

struct pricing {
    const struct topology *t;
    const struct tree *tree;
    const struct tree_costs *costs;
    uint64_t *time; /* when a core has the message; later, when it has acknowledged */
};

static uint64_t transfer(const struct pricing *p, uint32_t from, uint32_t to) {
    return p->costs->transfer[topology_reach(p->t, from, to)];
}

/* Of the children whose acknowledgements have not been taken, the one who sent it first. */
static uint32_t first_acknowledged(const struct pricing *p, uint32_t core) {
    uint32_t first = TREE_NONE;

    for (uint32_t c = p->tree->node[core].child; c != TREE_NONE; c = p->tree->node[c].sibling)
        if (p->time[c] != UINT64_MAX && (first == TREE_NONE || p->time[c] < p->time[first]))
            first = c;
    return first;
}

/*
 * What a core does, from having the message on. Returns when it has acknowledged; *last: when the
 * last core below it had the message. Trees are as deep as they have rounds, or flat.
 */
static uint64_t play(const struct pricing *p, uint32_t core, uint64_t *last) {
    const struct tree_node *node = p->tree->node;
    uint64_t now = p->time[core];

    for (uint32_t c = node[core].child; c != TREE_NONE; c = node[c].sibling) {
        now += transfer(p, core, c);
        p->time[c] = now;
        if (now > *last)
            *last = now;
    }
    for (uint32_t c = node[core].child; c != TREE_NONE; c = node[c].sibling)
        p->time[c] = play(p, c, last);
    for (uint32_t c; (c = first_acknowledged(p, core)) != TREE_NONE; p->time[c] = UINT64_MAX) {
        now = now > p->time[c] ? now : p->time[c];
        now += transfer(p, c, core);
    }
    return now;
}

struct tree_latency tree_price(const struct topology *t, const struct tree *tree,
                               const struct tree_costs *costs, uint64_t *time) {
    struct pricing p = { t, tree, costs, time };
    struct tree_latency latency = { 0, 0 };

    time[tree->root] = 0;
    latency.both = play(&p, tree->root, &latency.down);
    return latency;
}

enum tree_kind tree_choose(const struct topology *t, uint32_t root, const uint8_t *member,
                           const struct tree_costs *costs, struct tree *tree,
                           const struct tree_work *work, uint64_t *time) {
    enum tree_kind best = TREE_FLAT;
    uint64_t least = UINT64_MAX;

    for (enum tree_kind kind = TREE_FLAT; kind < TREE_KINDS; kind++) {
        tree_build(t, kind, root, member, tree, work);
        uint64_t both = tree_price(t, tree, costs, time).both;
        if (both <= least) {
            least = both;
            best = kind;
        }
    }
    tree_build(t, best, root, member, tree, work);
    return best;
}
