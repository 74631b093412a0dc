/*
 * Which way a message to all members goes: the part of this core in the tree from each root
 * (topology/tree.h). All members of a view come to the same trees, as they know the same machine
 * and members.
 */
#ifndef MONITOR_ROUTES_H
#define MONITOR_ROUTES_H

#include <topology/tree.h>

#include "view.h"

/* Which tree. Of a root's, the chosen one is the best by the published costs of messages. */
enum route_kind {
    ROUTE_CHOSEN,
    ROUTE_FLAT,
    ROUTE_BINOMIAL,
    ROUTE_MULTICAST,
    ROUTE_KINDS,
};

_Static_assert((unsigned)ROUTE_FLAT == (unsigned)TREE_FLAT + 1 &&
                   (unsigned)ROUTE_MULTICAST == (unsigned)TREE_MULTICAST + 1,
               "the kinds of trees, after the choice between them");

struct route {
    core_set_t members;       /* for whom it was made; 0: it has not been */
    uint8_t kind;             /* enum route_kind that was asked for */
    uint8_t tree;             /* enum tree_kind */
    uint8_t parent;           /* ROUTE_NO_PARENT: this core is the root */
    uint8_t count;            /* of children */
    uint8_t child[CORES_MAX]; /* in the order in which they are sent to */
};

#define ROUTE_NO_PARENT UINT8_MAX

struct routes {
    const struct topology *topology;
    unsigned self;
    struct route route[CORES_MAX]; /* by root: the one asked for last */
};

/* `topology` is in use until the routes are. */
void routes_init(struct routes *routes, const struct topology *topology, unsigned self);

/* The route of this core from `root` to `members`, of which both are. Good until the next from that
 * root is asked for. */
const struct route *routes_find(struct routes *routes, enum route_kind kind, core_set_t members,
                                unsigned root);

/* The whole tree of it: parent[core] and round[core] for each member. Returns the rounds. */
unsigned routes_tree(const struct routes *routes, enum route_kind kind, core_set_t members,
                     unsigned root, uint8_t parent[CORES_MAX], uint8_t round[CORES_MAX],
                     enum tree_kind *tree);

#endif
