/* What monitors do together, and what it takes on a machine. */
#ifndef TOPOLOGY_SIM_OPERATIONS_H
#define TOPOLOGY_SIM_OPERATIONS_H

#include "machine.h"
#include "simulate.h"

/* What things cost, in `unit`. */
struct prices {
    const char *unit;
    struct tree_costs lines;
    uint64_t invalidation; /* of what a core has of a mapping in its TLB */
};

/* As published, and an assumption on how long a core takes to invalidate a mapping. */
struct prices prices_published(void);

/* Every line costs 1, wherever it goes, and nothing else anything: as when instructions are
 * counted. */
struct prices prices_uniform(void);

/*
 * Prices of this machine, from a file that `make bench-host` has written: a round trip of a raw
 * cache line is two transfers. What was not measured keeps its published ratio to a transfer within
 * a shared cache. What is wrong with the file, or NULL.
 */
const char *prices_read(struct prices *prices, const char *file);

struct operation {
    const char *name;
    uint32_t phases;
    bool is_unicast; /* to the farthest core, and back */
    bool has_work;   /* each core invalidates a mapping before it acknowledges */
    uint32_t trees;  /* bit by kind: along which it is priced */
};

#define OPERATIONS 5U

extern const struct operation operations[OPERATIONS];

const struct operation *operation_find(const char *name);

/* Plants the machine's tree from `root` to all members, or to those that take part. */
void operation_plant(const struct operation *o, struct machine *m, enum tree_kind kind,
                     uint32_t root);

/* Along the machine's tree, as it was planted. */
struct sim_result operation_play(const struct operation *o, const struct machine *m,
                                 const struct prices *prices);

#endif
