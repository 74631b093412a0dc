#include "partition.h"

#include <bulkhead/kcall.h>

#define NODE_NONE BOOT_NODES_MAX

/* Which cores divide the memory of which node. */
struct homes {
    uint64_t bytes[BOOT_NODES_MAX];
    uint32_t cores[BOOT_NODES_MAX];
    uint32_t of[BOOT_CORES_MAX]; /* NODE_NONE when no core's node has memory */
};

static uint64_t chunk_down(uint64_t address) { return address & ~(CHUNK_BYTES - 1); }

static uint64_t chunk_up(uint64_t address) { return chunk_down(address + CHUNK_BYTES - 1); }

static uint64_t greater(uint64_t a, uint64_t b) { return a > b ? a : b; }

static uint64_t lesser(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Adds to `share` what of `memory` lies in [base, end). Returns the bytes that found no place. */
static uint64_t add_part(struct range_list *share, const struct range_list *memory, uint64_t base,
                         uint64_t end) {
    uint64_t lost = 0;

    for (uint32_t i = 0; i < memory->count; i++)
        lost += ranges_add(share, greater(memory->range[i].base, base),
                           lesser(memory->range[i].end, end));
    return lost;
}

/* The lowest address from `base` on below which, from there, lie at least `bytes` bytes. */
static uint64_t address_after(const struct range_list *memory, uint64_t base, uint64_t bytes) {
    for (uint32_t i = 0; i < memory->count; i++) {
        uint64_t from = greater(memory->range[i].base, base);
        if (from >= memory->range[i].end)
            continue;
        if (bytes <= memory->range[i].end - from)
            return from + bytes;
        bytes -= memory->range[i].end - from;
    }
    return base;
}

/*
 * Where the first of `count` equal parts of the memory from `base` on ends: at the nearest chunk
 * boundary, but not so early that the part has too little where the average has enough.
 */
static uint64_t part_end(const struct range_list *memory, uint64_t base, uint32_t count) {
    if (count <= 1)
        return PHYSICAL_END;
    uint64_t average = ranges_bytes_within(memory, base, PHYSICAL_END) / count;
    uint64_t exact = address_after(memory, base, average);
    uint64_t low = chunk_down(exact), high = chunk_up(exact);
    uint64_t low_bytes = ranges_bytes_within(memory, base, low);
    uint64_t high_bytes = ranges_bytes_within(memory, base, high);
    bool low_is_nearer = average - low_bytes <= high_bytes - average;

    bool low_is_enough = low_bytes >= MEMORY_PER_CORE || average < MEMORY_PER_CORE;

    return low_is_nearer && low_is_enough ? low : high;
}

/* Adds part `index` of `count` equal parts of the memory to the share. */
static void add_equal_part(struct range_list *share, const struct range_list *memory,
                           uint32_t count, uint32_t index) {
    uint64_t base = 0, end = part_end(memory, base, count);

    for (uint32_t i = 0; i < index; i++) {
        base = end;
        end = part_end(memory, base, count - i - 1);
    }
    add_part(share, memory, base, end);
}

/* A chunk is of the node that has its first byte. */
static struct range chunks_of(const struct boot_node_range *of) {
    return (struct range){ chunk_up(of->range.base), chunk_up(of->range.end) };
}

/* The node that has the most memory for each core when one more counts to it. */
static uint32_t roomiest(const struct homes *homes) {
    uint32_t best = NODE_NONE;

    for (uint32_t i = 0; i < BOOT_NODES_MAX; i++)
        if (homes->cores[i] > 0 &&
            (best == NODE_NONE || homes->bytes[i] / (homes->cores[i] + 1) >
                                      homes->bytes[best] / (homes->cores[best] + 1)))
            best = i;
    return best;
}

static void find_homes(const struct boot_info *boot, struct homes *homes) {
    *homes = (struct homes){ 0 };
    for (uint32_t i = 0; i < boot->node_range_count; i++) {
        struct range chunks = chunks_of(&boot->node_range[i]);
        homes->bytes[boot->node_range[i].node] +=
            ranges_bytes_within(&boot->memory, chunks.base, chunks.end);
    }
    for (uint32_t i = 0; i < boot->core_count; i++) {
        uint32_t node = boot->core[i].node;
        homes->of[i] = homes->bytes[node] > 0 ? node : NODE_NONE;
        if (homes->of[i] != NODE_NONE)
            homes->cores[node]++;
    }
    for (uint32_t i = 0; i < boot->core_count; i++) {
        uint32_t home = roomiest(homes);
        if (homes->of[i] != NODE_NONE || home == NODE_NONE)
            continue;
        homes->of[i] = home;
        homes->cores[home]++;
    }
}

/* Adds the memory of a node to the list. */
static void add_node(struct range_list *list, const struct boot_info *boot, uint32_t node) {
    for (uint32_t i = 0; i < boot->node_range_count; i++) {
        struct range chunks = chunks_of(&boot->node_range[i]);
        if (boot->node_range[i].node == node)
            add_part(list, &boot->memory, chunks.base, chunks.end);
    }
}

/* The memory that is near no core. */
static void find_rest(struct range_list *rest, const struct boot_info *boot,
                      const struct homes *homes) {
    *rest = boot->memory;
    for (uint32_t i = 0; i < boot->node_range_count; i++) {
        struct range chunks = chunks_of(&boot->node_range[i]);
        if (homes->cores[boot->node_range[i].node] > 0)
            ranges_remove(rest, chunks.base, chunks.end);
    }
}

static void plan_by_node(const struct boot_info *boot, uint32_t core, struct range_list *share) {
    struct range_list memory = { 0 };
    struct homes homes;
    uint32_t home, rank = 0;

    find_homes(boot, &homes);
    home = homes.of[core];
    share->count = 0;
    if (home != NODE_NONE) {
        for (uint32_t i = 0; i < core; i++)
            rank += homes.of[i] == home;
        add_node(&memory, boot, home);
        add_equal_part(share, &memory, homes.cores[home], rank);
    }
    find_rest(&memory, boot, &homes);
    add_equal_part(share, &memory, boot->core_count, core);
}

void partition_plan(const struct boot_info *boot, uint32_t core, struct range_list *share) {
    if (boot->partition_by_node) {
        plan_by_node(boot, core, share);
        return;
    }
    share->count = 0;
    add_equal_part(share, &boot->memory, boot->core_count, core);
}

bool partition_by_node_serves(const struct boot_info *boot) {
    uint64_t all = 0;

    for (uint32_t i = 0; i < boot->core_count; i++) {
        struct range_list share;
        plan_by_node(boot, i, &share);
        uint64_t bytes = ranges_bytes(&share);
        if (bytes < MEMORY_PER_CORE)
            return false;
        all += bytes;
    }
    return all == ranges_bytes(&boot->memory); /* lists that get too long lose memory */
}

uint32_t commons_pages(const struct boot_info *boot, uint32_t core) {
    return 2 * (boot->core_count - 1 - core);
}

uint64_t commons_base(const struct boot_info *boot, uint32_t core) {
    static const struct range_list nothing;
    struct range_list share;

    partition_plan(boot, core, &share);
    return ranges_find(&share, &nothing, commons_pages(boot, core) * PAGE_SIZE, PAGE_SIZE);
}
