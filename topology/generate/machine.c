/* From hwloc's objects to cores, groups, nodes and distances. */
#include "generate.h"
#include "input.h"

#include <stdlib.h>
#include <string.h>

/* Groups get their numbers in the order in which the cores have them. */
struct numbering {
    hwloc_obj_t *object;
    uint32_t *count;
};

static uint16_t number_of(const struct numbering *n, hwloc_obj_t object) {
    uint32_t i = 0;

    while (i < *n->count && n->object[i] != object)
        i++;
    if (i == *n->count)
        n->object[(*n->count)++] = object;
    return (uint16_t)i;
}

static hwloc_obj_t ancestor(hwloc_topology_t t, hwloc_obj_type_t type, hwloc_obj_t pu) {
    return hwloc_get_ancestor_obj_by_type(t, type, pu);
}

/*
 * The outermost cache of a physical core within its package; where none is known, its die, or the
 * package. A cache of a part of a core tells nothing.
 */
static hwloc_obj_t last_cache(hwloc_obj_t physical, hwloc_obj_t package) {
    hwloc_obj_t cache = NULL, die = NULL;

    for (hwloc_obj_t o = physical; o && o != package; o = o->parent) {
        if (hwloc_obj_type_is_dcache(o->type))
            cache = o;
        if (o->type == HWLOC_OBJ_DIE)
            die = o;
    }
    return cache ? cache : die ? die : package;
}

/* The first node that a PU is local to. */
static uint16_t node_of(hwloc_topology_t t, hwloc_obj_t pu) {
    for (hwloc_obj_t node = NULL; (node = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, node));)
        if (hwloc_bitmap_isset(node->cpuset, pu->os_index))
            return (uint16_t)node->logical_index;
    return 0;
}

static void name_cache(struct machine *m, hwloc_obj_t cache) {
    if (hwloc_obj_type_is_cache(cache->type))
        (void)snprintf(m->cache, sizeof m->cache, "L%u", cache->attr->cache.depth);
}

static void read_cores(struct machine *m, hwloc_topology_t t) {
    struct topology *topology = &m->topology;
    struct numbering numbering[LEVELS];
    uint32_t core = 0;

    for (unsigned level = 0; level < LEVELS; level++)
        numbering[level] = (struct numbering){
            allocate(topology->cores, sizeof(hwloc_obj_t)),
            &m->groups[level],
        };
    for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_PU, pu)); core++) {
        hwloc_obj_t package = ancestor(t, HWLOC_OBJ_PACKAGE, pu);
        hwloc_obj_t physical = ancestor(t, HWLOC_OBJ_CORE, pu);
        physical = physical ? physical : pu;
        package = package ? package : hwloc_get_root_obj(t);
        hwloc_obj_t group[LEVELS] = { package, last_cache(physical, package), physical };
        for (unsigned level = 0; level < LEVELS; level++)
            topology->core[core].group[level] = number_of(&numbering[level], group[level]);
        topology->core[core].node = node_of(t, pu);
        if (core == 0)
            name_cache(m, group[LEVEL_CACHE]);
    }
    for (unsigned level = 0; level < LEVELS; level++)
        free(numbering[level].object);
}

/* ---- Distances ---- */

static void assume_distances(struct topology *t) {
    for (uint32_t from = 0; from < t->nodes; from++)
        for (uint32_t to = 0; to < t->nodes; to++)
            t->distance[from * t->nodes + to] = from == to ? DISTANCE_LOCAL : DISTANCE_REMOTE;
}

/* In units of the SLIT, in which the machine itself mostly tells it, and which has bytes. */
static uint8_t in_slit_units(uint64_t value, uint64_t local) {
    uint64_t distance = (value * DISTANCE_LOCAL + local / 2) / local;

    return (uint8_t)(distance < DISTANCE_LOCAL ? DISTANCE_LOCAL : distance > 254 ? 254 : distance);
}

static void take_distances(struct topology *t, const struct hwloc_distances_s *d) {
    for (unsigned i = 0; i < d->nbobjs; i++) {
        uint64_t local = d->values[i * d->nbobjs + i];
        for (unsigned j = 0; local && j < d->nbobjs; j++) {
            unsigned from = d->objs[i]->logical_index, to = d->objs[j]->logical_index;
            if (i != j)
                t->distance[from * t->nodes + to] =
                    in_slit_units(d->values[i * d->nbobjs + j], local);
        }
    }
}

static void read_distances(struct topology *topology, hwloc_topology_t t) {
    struct hwloc_distances_s *distances;
    unsigned count = 1;

    assume_distances(topology);
    if (hwloc_distances_get_by_type(t, HWLOC_OBJ_NUMANODE, &count, &distances,
                                    HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) != 0 ||
        count == 0)
        return;
    take_distances(topology, distances);
    hwloc_distances_release(t, distances);
}

/* ---- Devices ---- */

/* The node whose processors are those near a device; where there is one node, it is that. */
static bool find_node(hwloc_topology_t t, hwloc_obj_t near, uint16_t *node) {
    int first = hwloc_bitmap_first(near->nodeset);
    hwloc_obj_t object;

    if (hwloc_bitmap_weight(near->nodeset) != 1)
        return false;
    object = hwloc_get_numanode_obj_by_os_index(t, (unsigned)first);
    *node = object ? (uint16_t)object->logical_index : 0;
    return object != NULL;
}

static int compare_devices(const void *a, const void *b) {
    const struct device *x = a, *y = b;
    uint64_t first = (uint64_t)x->segment << 32 | x->bus << 16 | x->device << 8 | x->function;
    uint64_t second = (uint64_t)y->segment << 32 | y->bus << 16 | y->device << 8 | y->function;

    return first < second ? -1 : first > second;
}

static void read_devices(struct machine *m, hwloc_topology_t t) {
    int count = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PCI_DEVICE);

    m->device = allocate(count > 0 ? (size_t)count : 0, sizeof *m->device);
    for (hwloc_obj_t o = NULL; (o = hwloc_get_next_pcidev(t, o)) != NULL;) {
        const struct hwloc_pcidev_attr_s *pci = &o->attr->pcidev;
        struct device *d = &m->device[m->devices];
        *d = (struct device){ .segment = (uint16_t)pci->domain,
                              .bus = pci->bus,
                              .device = pci->dev,
                              .function = pci->func };
        m->devices += find_node(t, hwloc_get_non_io_ancestor_obj(t, o), &d->node);
    }
    qsort(m->device, m->devices, sizeof *m->device, compare_devices);
}

/* ---- All ---- */

static void make_tree(struct machine *m) {
    uint32_t cores = m->topology.cores;
    struct tree_work work = {
        .informed = allocate((size_t)LEVELS * cores, sizeof *work.informed),
        .size = allocate((size_t)LEVELS * cores, sizeof *work.size),
        .order = allocate(cores, sizeof *work.order),
        .rest = allocate(cores, sizeof *work.rest),
    };
    uint8_t *member = allocate(cores, 1);

    memset(member, 1, cores);
    m->tree.node = allocate(cores, sizeof *m->tree.node);
    tree_build(&m->topology, TREE_MULTICAST, 0, member, &m->tree, &work);
    free(work.informed);
    free(work.size);
    free(work.order);
    free(work.rest);
    free(member);
}

void machine_read(struct machine *m, const char *input) {
    hwloc_topology_t t = input_load(input);
    int cores = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PU);
    int nodes = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_NUMANODE);
    const char *fault;

    *m = (struct machine){ .name = input };
    if (cores < 1 || cores > (int)TOPOLOGY_CORES_MAX)
        fail(2, "%s: %d cores: must be 1 to %u", input, cores, TOPOLOGY_CORES_MAX);
    if (nodes < 1 || nodes > (int)TOPOLOGY_NODES_MAX)
        fail(2, "%s: %d NUMA nodes: must be 1 to %u", input, nodes, TOPOLOGY_NODES_MAX);
    m->topology.cores = (uint32_t)cores;
    m->topology.nodes = (uint32_t)nodes;
    m->topology.core = allocate((size_t)cores, sizeof *m->topology.core);
    m->topology.distance = allocate((size_t)nodes * (size_t)nodes, 1);
    read_cores(m, t);
    read_distances(&m->topology, t);
    read_devices(m, t);
    hwloc_topology_destroy(t);
    fault = topology_fault(&m->topology);
    if (fault)
        fail(2, "%s: %s", input, fault);
    make_tree(m);
}

void machine_free(struct machine *m) {
    free(m->topology.core);
    free(m->topology.distance);
    free(m->device);
    free(m->tree.node);
}
