#include <topology/topology.h>

static bool is_within(const struct topology *t, unsigned level) {
    for (uint32_t a = 0; a < t->cores; a++)
        for (uint32_t b = 0; b < a; b++)
            if (t->core[a].group[level] == t->core[b].group[level] &&
                t->core[a].group[level - 1] != t->core[b].group[level - 1])
                return false;
    return true;
}

const char *topology_fault(const struct topology *t) {
    if (t->cores == 0 || t->cores > TOPOLOGY_CORES_MAX)
        return "the number of cores is out of range";
    if (t->nodes == 0 || t->nodes > TOPOLOGY_NODES_MAX)
        return "the number of NUMA nodes is out of range";
    for (uint32_t core = 0; core < t->cores; core++) {
        if (t->core[core].node >= t->nodes)
            return "a core is in no NUMA node";
        for (unsigned level = 0; level < LEVELS; level++)
            if (t->core[core].group[level] >= t->cores)
                return "the number of a group is out of range";
    }
    if (!is_within(t, LEVEL_CACHE))
        return "a cache is shared by two packages";
    if (!is_within(t, LEVEL_PHYSICAL))
        return "a physical core is in two caches";
    for (uint32_t i = 0; i < t->nodes * t->nodes; i++)
        if (t->distance[i] == 0)
            return "a distance is 0";
    return 0;
}
