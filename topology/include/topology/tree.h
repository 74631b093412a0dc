/*
 * Trees along which a message goes from one core to all others, and acknowledgements come back.
 *
 * A core that has the message sends it to its children one after the other, one in a round; each of
 * them goes on in the round after. The same input always gives the same tree, so that cores which
 * agree on the members need not agree on the tree.
 */
#ifndef TOPOLOGY_TREE_H
#define TOPOLOGY_TREE_H

#include <topology/topology.h>

enum tree_kind {
    TREE_FLAT,      /* the root sends to everybody */
    TREE_BINOMIAL,  /* the fewest rounds, by the cores' numbers */
    TREE_MULTICAST, /* one message into each package, farthest first, then one into each cache, and
                       so on; siblings last */
    TREE_KINDS,
};

extern const char *const tree_names[TREE_KINDS]; /* "flat", "binomial", "multicast" */

#define TREE_NONE UINT16_MAX

struct tree_node {
    uint16_t parent;   /* TREE_NONE: the root, or no member */
    uint16_t child;    /* the first that it sends to; TREE_NONE: none */
    uint16_t sibling;  /* the next that its parent sends to */
    uint16_t round;    /* in which it receives the message: 0 for the root */
    uint16_t children; /* how many */
};

/* The caller has the memory: of every array as many elements as the machine has cores. */
struct tree {
    uint32_t root;
    uint32_t members;
    uint32_t rounds; /* until the last core has received it */
    struct tree_node *node;
};

/* What tree_build() needs besides. */
struct tree_work {
    uint32_t *informed; /* LEVELS * cores: of each group, how many have it */
    uint32_t *size;     /* LEVELS * cores: of each group, how many members */
    uint16_t *order;    /* cores, in the order in which they receive it */
    uint16_t *rest;     /* cores, that have not */
};

/*
 * Makes the tree from `root` to all members (member[core] != 0; the root is one). Rounds: FLAT
 * members - 1; BINOMIAL ceil(log2(members)), the fewest that there can be; MULTICAST at most one
 * more than that, as one message alone may go into each package.
 *
 * In MULTICAST no core sends to its sibling while a physical core of its cache has not got the
 * message, unless in the last rounds: as many as its siblings need, of which two need one.
 */
void tree_build(const struct topology *t, enum tree_kind kind, uint32_t root, const uint8_t *member,
                struct tree *tree, const struct tree_work *work);

/*
 * What a message costs, by how far it goes, in any unit of time: `transfer` is how long a sender is
 * busy with it, until the receiver has it: a cache line moves there.
 */
struct tree_costs {
    uint32_t transfer[REACHES];
};

/* As published (Baumann et al., The Multikernel, SOSP 2009, table 2), in cycles. */
extern const struct tree_costs tree_costs_published;

/*
 * From the root's first send until the last core has the message (down), and until the root has the
 * acknowledgements of all (both): a core acknowledges when its children have, and takes one
 * acknowledgement after the other. `time` is memory for `cores` numbers.
 */
struct tree_latency {
    uint64_t down, both;
};

struct tree_latency tree_price(const struct topology *t, const struct tree *tree,
                               const struct tree_costs *costs, uint64_t *time);

/* The kind with the least `both`; of equal ones the last, which spares the ways between packages.
 * Leaves its tree in *tree. */
enum tree_kind tree_choose(const struct topology *t, uint32_t root, const uint8_t *member,
                           const struct tree_costs *costs, struct tree *tree,
                           const struct tree_work *work, uint64_t *time);

#endif
