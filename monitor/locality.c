#include "locality.h"

#include <cpuid.h>

#include <bulkhead/endpoint.h>

_Static_assert(BOOT_NODES_MAX <= TOPOLOGY_NODES_MAX, "all nodes have a number");

#define LEAF_CACHE        4U
#define LEAF_TOPOLOGY     0xbU
#define LEAF_TOPOLOGY_NEW 0x1fU
#define LEAF_CACHE_AMD    0x8000001dU

#define DOMAIN_NONE    0U
#define DOMAIN_LOGICAL 1U
#define CACHES_MAX     8U

/* ---- What the processor says (SDM vol. 2, CPUID) ---- */

static unsigned log2_above(unsigned count) {
    unsigned bits = 0;

    while ((1U << bits) < count)
        bits++;
    return bits;
}

/* Leaf 0xb or 0x1f: from the inside out, each with the bits that are below the next. */
static bool read_domains(unsigned leaf, struct locality_shifts *shifts) {
    unsigned a, b, c, d;

    if (!__get_cpuid_count(leaf, 0, &a, &b, &c, &d) || b == 0)
        return false;
    for (unsigned i = 0; __get_cpuid_count(leaf, i, &a, &b, &c, &d); i++) {
        unsigned type = c >> 8 & 0xff;
        if (type == DOMAIN_NONE)
            break;
        if (type == DOMAIN_LOGICAL)
            shifts->bits[LEVEL_PHYSICAL] = a & 0x1f;
        shifts->bits[LEVEL_PACKAGE] = a & 0x1f;
    }
    return true;
}

/* The cache that most share; leaf 4, or AMD's of the same form. */
static void read_caches(unsigned leaf, struct locality_shifts *shifts) {
    unsigned a, b, c, d;

    for (unsigned i = 0; i < CACHES_MAX && __get_cpuid_count(leaf, i, &a, &b, &c, &d); i++) {
        unsigned bits = log2_above((a >> 14 & 0xfff) + 1);
        if ((a & 0x1f) == 0)
            break;
        if (bits > shifts->bits[LEVEL_CACHE])
            shifts->bits[LEVEL_CACHE] = (uint8_t)bits;
    }
}

struct locality_shifts locality_shifts(void) {
    struct locality_shifts shifts = { { 0 } };

    if (!read_domains(LEAF_TOPOLOGY_NEW, &shifts))
        read_domains(LEAF_TOPOLOGY, &shifts);
    read_caches(LEAF_CACHE, &shifts);
    if (shifts.bits[LEVEL_CACHE] == 0)
        read_caches(LEAF_CACHE_AMD, &shifts);
    if (shifts.bits[LEVEL_CACHE] > shifts.bits[LEVEL_PACKAGE] || shifts.bits[LEVEL_CACHE] == 0)
        shifts.bits[LEVEL_CACHE] = shifts.bits[LEVEL_PACKAGE];
    if (shifts.bits[LEVEL_CACHE] < shifts.bits[LEVEL_PHYSICAL])
        shifts.bits[LEVEL_CACHE] = shifts.bits[LEVEL_PHYSICAL];
    return shifts;
}

/* ---- What follows from it ---- */

/* Groups are numbered in the order in which their first cores come. */
static uint16_t group_of(const struct boot_info *boot, const struct topology_core *cores,
                         uint32_t core, unsigned level, unsigned bits) {
    uint16_t groups = 0;

    for (uint32_t before = 0; before < core; before++) {
        if (boot->core[before].apic_id >> bits == boot->core[core].apic_id >> bits)
            return cores[before].group[level];
        if (cores[before].group[level] >= groups)
            groups = (uint16_t)(cores[before].group[level] + 1);
    }
    return groups;
}

void locality_describe(const struct boot_info *boot, const struct locality_shifts *shifts,
                       struct topology *topology) {
    static struct topology_core cores[CORES_MAX];
    static uint8_t distance[BOOT_NODES_MAX * BOOT_NODES_MAX];

    *topology = (struct topology){
        .cores = boot->core_count,
        .nodes = boot->node_count,
        .core = cores,
        .distance = distance,
    };
    for (uint32_t core = 0; core < boot->core_count; core++) {
        cores[core].node = (uint16_t)boot->core[core].node;
        for (unsigned level = 0; level < LEVELS; level++)
            cores[core].group[level] = group_of(boot, cores, core, level, shifts->bits[level]);
    }
    for (uint32_t from = 0; from < boot->node_count; from++)
        for (uint32_t to = 0; to < boot->node_count; to++)
            distance[from * boot->node_count + to] = boot->node_distance[from][to];
}
