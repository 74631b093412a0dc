/* How memory is divided among cores: what partition.h promises, on machines of every shape. */
#include "partition.h"

#include <string.h>

#include <bulkhead/kcall.h>

#define PROGRAM "boot-test"
#include "../random.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static struct boot_info boot;
static struct range_list share[BOOT_CORES_MAX];

static void begin(void) {
    memset(&boot, 0, sizeof boot);
    boot.node_count = 1;
}

TestSuite(partition, .init = begin);

static void add_memory(uint64_t base, uint64_t end) { ranges_add(&boot.memory, base, end); }

/* `cores` more cores of a node. */
static void add_cores(uint32_t node, uint32_t cores) {
    for (; cores > 0; cores--)
        boot.core[boot.core_count++].node = node;
}

static void add_node_range(uint32_t node, uint64_t base, uint64_t end) {
    boot.node_range[boot.node_range_count++] =
        (struct boot_node_range){ .range = { base, end }, .node = node };
    if (boot.node_count <= node)
        boot.node_count = node + 1;
}

/* Plans for all cores; every chunk is of one core, every page of memory of some core. */
static void plan(void) {
    struct range_list all = { 0 }, chunks = { 0 };

    for (uint32_t i = 0; i < boot.core_count; i++) {
        struct range_list mine = { 0 };
        memset(&share[i], 0xff, sizeof share[i]);
        partition_plan(&boot, i, &share[i]);
        random_check(share[i].count <= BOOT_RANGES_MAX);
        for (uint32_t j = 0; j < share[i].count; j++) {
            const struct range *range = &share[i].range[j];
            random_check(range->base < range->end);
            random_check(j == 0 || share[i].range[j - 1].end < range->base);
            random_check(!ranges_overlap(&chunks, range->base, range->end));
            random_check(ranges_add(&all, range->base, range->end) == 0);
            ranges_add(&mine, range->base & ~(CHUNK_BYTES - 1),
                       (range->end + CHUNK_BYTES - 1) & ~(CHUNK_BYTES - 1));
        }
        for (uint32_t j = 0; j < mine.count; j++)
            random_check(ranges_add(&chunks, mine.range[j].base, mine.range[j].end) == 0);
    }
    random_check(all.count == boot.memory.count);
    for (uint32_t i = 0; i < all.count; i++)
        random_check(all.range[i].base == boot.memory.range[i].base &&
                     all.range[i].end == boot.memory.range[i].end);
}

static uint64_t least(void) {
    uint64_t bytes = UINT64_MAX;

    for (uint32_t i = 0; i < boot.core_count; i++)
        if (ranges_bytes(&share[i]) < bytes)
            bytes = ranges_bytes(&share[i]);
    return bytes;
}

static uint64_t most(void) {
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < boot.core_count; i++)
        if (ranges_bytes(&share[i]) > bytes)
            bytes = ranges_bytes(&share[i]);
    return bytes;
}

/* Memory with `holes` holes, of `bytes` in all, from the first MiB on. */
static void make_memory(uint64_t bytes, unsigned holes) {
    uint64_t base = MIB;

    boot.memory.count = 0;
    for (; holes > 0; holes--) {
        uint64_t part = (1 + random_below(bytes / PAGE_SIZE / (holes + 1))) * PAGE_SIZE;
        add_memory(base, base + part);
        bytes -= part;
        base += part + (1 + random_below(GIB / PAGE_SIZE)) * PAGE_SIZE;
    }
    add_memory(base, base + bytes);
}

Test(partition, one_core_gets_everything) {
    boot.core_count = 1;
    random_start();
    make_memory(GIB, 20);
    plan();
    random_check(most() == GIB);
}

Test(partition, shares_are_nearly_equal) {
    random_start();
    for (unsigned round = 0; round < 20; round++) {
        for (boot.core_count = 1; boot.core_count <= BOOT_CORES_MAX; boot.core_count++) {
            make_memory(512 * MIB + random_below(8 * GIB) / PAGE_SIZE * PAGE_SIZE,
                        (unsigned)random_below(10));
            plan();
            random_check(most() - least() < 3 * CHUNK_BYTES);
        }
    }
}

/* The least memory that boots: what is promised to each core is there, with any few holes. */
Test(partition, least_memory_is_enough_for_every_core) {
    random_start();
    for (unsigned round = 0; round < 20; round++) {
        for (boot.core_count = 1; boot.core_count <= BOOT_CORES_MAX; boot.core_count++) {
            uint64_t bytes = MEMORY_FOR_SYSTEM + boot.core_count * MEMORY_PER_CORE;
            make_memory(bytes - 2 * MIB, (unsigned)random_below(13));
            plan();
            random_check(least() >= MEMORY_PER_CORE);
        }
    }
}

Test(partition, too_little_memory_leaves_some_cores_without) {
    boot.core_count = 64;
    add_memory(0x100000, 0x500000);
    plan();
    cr_assert_eq(least(), 0);
}

Test(partition, cores_of_a_node_divide_its_memory) {
    add_memory(MIB, GIB);
    add_cores(0, 1);
    add_cores(1, 3);
    add_node_range(0, 0, 640 << 10);
    add_node_range(0, MIB, 256 * MIB);
    add_node_range(1, 256 * MIB, GIB);
    boot.partition_by_node = true;
    cr_assert(partition_by_node_serves(&boot));
    plan();
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_eq(share[i].count, 1);
        cr_assert_eq(share[i].range[0].base, i == 0 ? MIB : i * 256 * MIB);
        cr_assert_eq(share[i].range[0].end, (i + 1) * 256 * MIB);
    }
}
