/* Machines that nobody has built. The including file defines PROGRAM. */
#ifndef TESTS_HOST_TOPOLOGY_MACHINES_H
#define TESTS_HOST_TOPOLOGY_MACHINES_H

#include <assert.h>
#include <string.h>

#include <topology/topology.h>
#include <topology/tree.h>

#include "../random.h"

#define CORES_MOST 256U

/* A machine, members of a tree, and memory for that tree. */
struct fixture {
    struct topology t;
    struct topology_core core[CORES_MOST];
    uint8_t distance[TOPOLOGY_NODES_MAX * TOPOLOGY_NODES_MAX];
    uint8_t member[CORES_MOST];
    struct tree tree;
    struct tree_node node[CORES_MOST];
    struct tree_work work;
    uint32_t informed[LEVELS * CORES_MOST], size[LEVELS * CORES_MOST];
    uint16_t order[CORES_MOST], rest[CORES_MOST];
    uint64_t time[CORES_MOST];
};

/* How a machine is made: of each level, how many in one of the level above. */
struct shape {
    uint32_t packages, caches, physical, threads;
    bool irregular; /* up to as many */
    bool shuffled;  /* numbers tell nothing of places */
};

static inline uint32_t how_many(uint32_t most, bool irregular) {
    return irregular ? 1 + (uint32_t)random_below(most) : most;
}

/* The next core, if there is room for one. */
static inline void add_core(struct fixture *f, const uint16_t *group) {
    struct topology_core *core = &f->core[f->t.cores];

    if (f->t.cores == CORES_MOST)
        return;
    memcpy(core->group, group, sizeof core->group);
    core->node = group[LEVEL_PACKAGE];
    f->member[f->t.cores++] = 1;
}

static inline void shuffle(struct fixture *f) {
    for (uint32_t i = f->t.cores; i > 1; i--) {
        uint32_t other = (uint32_t)random_below(i);
        struct topology_core core = f->core[other];
        f->core[other] = f->core[i - 1];
        f->core[i - 1] = core;
    }
}

/* Every core is a member. A node is a package. */
static inline void fixture_make(struct fixture *f, struct shape shape) {
    uint16_t group[LEVELS] = { 0 };

    memset(f, 0, sizeof *f);
    f->t = (struct topology){ .nodes = shape.packages, .core = f->core, .distance = f->distance };
    f->tree.node = f->node;
    f->work = (struct tree_work){ f->informed, f->size, f->order, f->rest };
    for (uint32_t p = 0; p < shape.packages; p++, group[LEVEL_PACKAGE]++)
        for (uint32_t c = how_many(shape.caches, shape.irregular); c; c--, group[LEVEL_CACHE]++)
            for (uint32_t k = how_many(shape.physical, shape.irregular); k;
                 k--, group[LEVEL_PHYSICAL]++)
                for (uint32_t n = how_many(shape.threads, shape.irregular); n; n--)
                    add_core(f, group);
    if (shape.shuffled)
        shuffle(f);
    for (uint32_t i = 0; i < f->t.nodes * f->t.nodes; i++)
        f->distance[i] = i % (f->t.nodes + 1) ? DISTANCE_REMOTE : DISTANCE_LOCAL;
}

/* Of every kind, with random distances, and all or some of the cores as members. */
static inline void fixture_make_random(struct fixture *f) {
    struct shape shape = {
        .packages = 1 + (uint32_t)random_below(8),
        .caches = 1 + (uint32_t)random_below(3),
        .physical = 1 + (uint32_t)random_below(6),
        .threads = 1 + (uint32_t)random_below(3),
        .irregular = random_below(2),
        .shuffled = random_below(2),
    };
    uint64_t absent = random_below(2) ? random_below(90) : 0;

    fixture_make(f, shape);
    assert(f->t.cores);
    for (uint32_t i = 0; i < f->t.nodes * f->t.nodes; i++)
        if (i % (f->t.nodes + 1))
            f->distance[i] = (uint8_t)(DISTANCE_LOCAL + random_below(30));
    for (uint32_t core = 0; core < f->t.cores; core++)
        f->member[core] = random_below(100) >= absent;
    f->member[random_below(f->t.cores)] = 1;
}

/* A random one. */
static inline uint32_t fixture_member(const struct fixture *f) {
    uint32_t core;

    assert(f->t.cores);
    do
        core = (uint32_t)random_below(f->t.cores);
    while (!f->member[core]);
    return core;
}

static inline uint32_t fixture_members(const struct fixture *f) {
    uint32_t members = 0;

    for (uint32_t core = 0; core < f->t.cores; core++)
        members += f->member[core] != 0;
    return members;
}

#endif
