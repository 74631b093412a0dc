/*
 * Cores that pass a message down a tree, and acknowledgements up, as state machines and events.
 *
 * What moves between cores is cache lines. A core does one thing at a time, in this order: it sends
 * to its children one after the other, and each is busy until the line is there; it does its own
 * work; it takes lines that have come to it, in the order in which they were sent, and is busy
 * while each moves; when all its children have acknowledged, it acknowledges: its parent takes the
 * line when it looks. Looking costs nothing.
 */
#ifndef TOPOLOGY_SIM_SIMULATE_H
#define TOPOLOGY_SIM_SIMULATE_H

#include <topology/tree.h>

struct sim_phases {
    uint32_t count; /* times down and up again: the root begins one when it has ended the other */
    uint64_t
        work; /* of every core in each, its root's included, once it has sent to its children */
};

struct sim_result {
    uint64_t down;     /* until the last core has the message of the last phase */
    uint64_t both;     /* until the root has all its acknowledgements, and has done its work */
    uint32_t messages; /* lines that moved, in both directions */
    uint32_t rounds;   /* down, in one phase: each core sends once in a round */
};

/* From the root's first send on. The unit of time is that of the costs. */
struct sim_result simulate(const struct topology *t, const struct tree *tree,
                           const struct tree_costs *costs, const struct sim_phases *phases);

#endif
