/*
 * A machine, as far as messages between its cores go: which of them are near each other. Filled in
 * from the machine itself at run time (monitor/), from hwloc at build time (topology/generate), or
 * made up (topology/sim, tests). Freestanding; the caller has the memory.
 *
 * The groups of a level are numbered from 0 on over the whole machine, and each lies within one
 * group of every level above: threads of a physical core, cores that share a last-level cache,
 * packages.
 */
#ifndef TOPOLOGY_TOPOLOGY_H
#define TOPOLOGY_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#define TOPOLOGY_CORES_MAX 4096U
#define TOPOLOGY_NODES_MAX 64U

/* From the outside in. */
enum topology_level {
    LEVEL_PACKAGE,
    LEVEL_CACHE,    /* the last level of cache that several cores share */
    LEVEL_PHYSICAL, /* a physical core */
    LEVELS,
};

/* A processor that runs an instance: a hardware thread. */
struct topology_core {
    uint16_t group[LEVELS];
    uint16_t node; /* NUMA node, below `nodes` */
};

struct topology {
    uint32_t cores; /* 1 to TOPOLOGY_CORES_MAX */
    uint32_t nodes; /* 1 to TOPOLOGY_NODES_MAX */
    struct topology_core *core;
    uint8_t
        *distance; /* nodes * nodes, from row to column, in units of the ACPI SLIT: 10 is local */
};

#define DISTANCE_LOCAL   10U
#define DISTANCE_REMOTE  20U /* when nobody says otherwise */
#define DISTANCE_TWO_HOP 25U /* from here on it is more than one hop */

/* How far it is from one core to another, in steps that cost differently. */
enum topology_reach {
    REACH_SELF,
    REACH_SIBLING, /* threads of one physical core */
    REACH_CACHE,   /* a shared cache */
    REACH_PACKAGE, /* the same package */
    REACH_HOP,     /* another package, or node, next to this one */
    REACH_HOPS,    /* farther */
    REACHES,
};

static inline unsigned topology_distance(const struct topology *t, uint32_t from, uint32_t to) {
    return t->distance[t->core[from].node * t->nodes + t->core[to].node];
}

static inline enum topology_reach topology_reach(const struct topology *t, uint32_t from,
                                                 uint32_t to) {
    const uint16_t *a = t->core[from].group, *b = t->core[to].group;

    if (from == to)
        return REACH_SELF;
    if (a[LEVEL_PHYSICAL] == b[LEVEL_PHYSICAL])
        return REACH_SIBLING;
    if (a[LEVEL_CACHE] == b[LEVEL_CACHE])
        return REACH_CACHE;
    if (a[LEVEL_PACKAGE] == b[LEVEL_PACKAGE])
        return REACH_PACKAGE;
    return topology_distance(t, from, to) < DISTANCE_TWO_HOP ? REACH_HOP : REACH_HOPS;
}

/*
 * What is wrong with a description, or NULL: numbers that are out of range, a group that lies in
 * two groups of the level above, a distance of 0.
 */
const char *topology_fault(const struct topology *t);

#endif
