#include "routes.h"

#include <string.h>

/* One tree at a time is made, and forgotten. */
static struct tree_node nodes[CORES_MAX];
static struct tree made = { .node = nodes };

void routes_init(struct routes *routes, const struct topology *topology, unsigned self) {
    memset(routes, 0, sizeof *routes);
    routes->topology = topology;
    routes->self = self;
}

static enum tree_kind make(const struct routes *routes, enum route_kind kind, core_set_t members,
                           unsigned root) {
    static uint32_t informed[LEVELS * CORES_MAX], size[LEVELS * CORES_MAX];
    static uint16_t order[CORES_MAX], rest[CORES_MAX];
    static const struct tree_work work = { informed, size, order, rest };
    uint64_t time[CORES_MAX];
    uint8_t member[CORES_MAX];

    for (unsigned core = 0; core < CORES_MAX; core++)
        member[core] = core_in(members, core);
    if (kind == ROUTE_CHOSEN)
        return tree_choose(routes->topology, root, member, &tree_costs_published, &made, &work,
                           time);
    tree_build(routes->topology, (enum tree_kind)(kind - ROUTE_FLAT), root, member, &made, &work);
    return (enum tree_kind)(kind - ROUTE_FLAT);
}

const struct route *routes_find(struct routes *routes, enum route_kind kind, core_set_t members,
                                unsigned root) {
    struct route *route = &routes->route[root];

    if (route->members == members && route->kind == kind)
        return route;
    enum tree_kind tree = make(routes, kind, members, root);
    const struct tree_node *own = &nodes[routes->self];
    route->members = members;
    route->kind = (uint8_t)kind;
    route->tree = (uint8_t)tree;
    route->parent = own->parent == TREE_NONE ? ROUTE_NO_PARENT : (uint8_t)own->parent;
    route->count = 0;
    for (uint32_t child = own->child; child != TREE_NONE; child = nodes[child].sibling)
        route->child[route->count++] = (uint8_t)child;
    return route;
}

unsigned routes_tree(const struct routes *routes, enum route_kind kind, core_set_t members,
                     unsigned root, uint8_t parent[CORES_MAX], uint8_t round[CORES_MAX],
                     enum tree_kind *tree) {
    *tree = make(routes, kind, members, root);
    for_each_core(core, members) {
        parent[core] =
            nodes[core].parent == TREE_NONE ? ROUTE_NO_PARENT : (uint8_t)nodes[core].parent;
        round[core] = (uint8_t)nodes[core].round;
    }
    return made.rounds;
}
