/*
 * Machines that are made up: `package:8_core:4` has 8 packages of 4 cores. Levels stand from the
 * outside in, named as in hwloc's synthetic descriptions, each with how many of it there are in one
 * of the level before, joined by `_` or a space:
 *
 *   numa      node; without it each package is one, as long as there are at most 64
 *   package
 *   l3        cache of the last level; without it each package has one
 *   core      physical core
 *   pu        hardware thread, which runs an instance; without it each physical core has one
 *
 * Nodes are the corners of a hypercube, with those corners left out that there are no nodes for: as
 * many hops apart as their numbers differ in bits. The distance of one hop is 20, that of more 30.
 */
#ifndef TOPOLOGY_SIM_MACHINE_H
#define TOPOLOGY_SIM_MACHINE_H

#include <topology/tree.h>

#define MACHINE_TEXT_MAX 80

#define DISTANCE_HOPS 30U

/* A machine, and memory for its trees. */
struct machine {
    struct topology topology;
    char text[MACHINE_TEXT_MAX]; /* without spaces */
    struct tree tree;
    struct tree_work work;
    uint8_t *member;
    uint64_t *time;
};

/* A machine of which the caller fills in all groups and distances, and whose cores are members. */
void machine_allocate(struct machine *m, uint32_t cores, uint32_t nodes);

/* The machine of a text; what is wrong with it, or NULL. After an error there is nothing to free.
 */
const char *machine_make(struct machine *m, const char *text);

void machine_free(struct machine *m);

/* The machine's tree from `root` to all members. */
void machine_plant(struct machine *m, enum tree_kind kind, uint32_t root);

#endif
