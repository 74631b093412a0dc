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

/* Uses nodes, as boot/ does, and plans. */
static void plan_by_node(void) {
    boot.partition_by_node = partition_by_node_serves(&boot);
    plan();
}

static void expect_share(uint32_t core, uint64_t base, uint64_t end) {
    const struct range_list *list = &share[core];

    cr_assert(list->count == 1 && list->range[0].base == base && list->range[0].end == end,
              "core %u: %u ranges, %lx to %lx", core, list->count, list->range[0].base,
              list->range[0].end);
}

Test(partition, cores_of_a_node_divide_its_memory) {
    add_memory(MIB, GIB);
    add_cores(0, 1);
    add_cores(1, 3);
    add_node_range(0, 0, 640 << 10);
    add_node_range(0, MIB, 256 * MIB);
    add_node_range(1, 256 * MIB, GIB);
    plan_by_node();
    cr_assert(boot.partition_by_node);
    expect_share(0, MIB, 256 * MIB);
    for (uint32_t i = 1; i < 4; i++)
        expect_share(i, 256 * MIB * i, 256 * MIB * (i + 1));
}

Test(partition, cores_of_nodes_need_not_be_neighbours) {
    add_memory(0, GIB);
    for (uint32_t i = 0; i < 4; i++)
        add_cores(i % 2, 1);
    add_node_range(0, 512 * MIB, GIB);
    add_node_range(1, 0, 512 * MIB);
    plan_by_node();
    expect_share(0, 512 * MIB, 768 * MIB);
    expect_share(1, 0, 256 * MIB);
    expect_share(2, 768 * MIB, GIB);
    expect_share(3, 256 * MIB, 512 * MIB);
}

Test(partition, memory_of_a_node_without_cores_is_divided_among_all) {
    add_memory(0, 768 * MIB);
    add_cores(0, 1);
    add_cores(1, 1);
    add_node_range(0, 0, 256 * MIB);
    add_node_range(2, 256 * MIB, 512 * MIB);
    add_node_range(1, 512 * MIB, 768 * MIB);
    plan_by_node();
    expect_share(0, 0, 384 * MIB);
    expect_share(1, 384 * MIB, 768 * MIB);
}

Test(partition, memory_of_no_node_is_divided_among_all) {
    add_memory(0, 768 * MIB);
    add_cores(0, 1);
    add_cores(1, 1);
    add_node_range(0, 0, 256 * MIB);
    add_node_range(1, 512 * MIB, 768 * MIB);
    plan_by_node();
    expect_share(0, 0, 384 * MIB);
    expect_share(1, 384 * MIB, 768 * MIB);
}

Test(partition, cores_without_memory_of_their_own_go_where_most_is) {
    add_memory(0, 640 * MIB);
    add_cores(0, 1);
    add_cores(1, 2);
    add_cores(2, 2); /* without memory */
    add_node_range(0, 0, 512 * MIB);
    add_node_range(1, 512 * MIB, 640 * MIB);
    boot.node_count = 3;
    plan_by_node();
    cr_assert(boot.partition_by_node);
    /* 512 / 2 and then 512 / 3 are more than 128 / 3 */
    cr_assert_eq(share[0].range[0].base, 0);
    cr_assert_eq(share[3].range[0].base, share[0].range[0].end);
    cr_assert_eq(share[4].range[0].base, share[3].range[0].end);
    cr_assert_eq(share[4].range[0].end, 512 * MIB);
    expect_share(1, 512 * MIB, 576 * MIB);
    expect_share(2, 576 * MIB, 640 * MIB);
}

Test(partition, memory_far_from_all_cores_is_divided_equally) {
    add_memory(0, 512 * MIB);
    add_cores(0, 2);
    add_node_range(1, 0, 512 * MIB);
    plan_by_node();
    cr_assert(boot.partition_by_node);
    expect_share(0, 0, 256 * MIB);
    expect_share(1, 256 * MIB, 512 * MIB);
}

Test(partition, border_of_nodes_inside_a_chunk_is_moved) {
    add_memory(0, 512 * MIB);
    add_cores(0, 1);
    add_cores(1, 1);
    add_node_range(0, 0, 200 * MIB + PAGE_SIZE);
    add_node_range(1, 200 * MIB + PAGE_SIZE, 512 * MIB);
    plan_by_node();
    expect_share(0, 0, 202 * MIB);
    expect_share(1, 202 * MIB, 512 * MIB);
}

/* 63 cores have a thousandth of the memory. */
Test(partition, nodes_too_unequal_do_not_serve) {
    add_memory(0, GIB);
    add_cores(0, 63);
    add_cores(1, 1);
    add_node_range(0, 0, 63 * MEMORY_PER_CORE);
    add_node_range(1, 63 * MEMORY_PER_CORE, GIB);
    plan_by_node();
    cr_assert(boot.partition_by_node);
    cr_assert_eq(least(), MEMORY_PER_CORE);

    boot.node_range[0].range.end = boot.node_range[1].range.base = 63 * MEMORY_PER_CORE - 1;
    boot.memory.range[0].base = 2 * MIB;
    plan_by_node();
    cr_assert_not(boot.partition_by_node);
    cr_assert(most() - least() <= 2 * CHUNK_BYTES);
}

/* However far the pieces of a partition are from each other. */
Test(partition, scattered_nodes_serve) {
    add_memory(0, 64 * MIB);
    add_memory(64 * GIB, 64 * GIB + 64 * MIB);
    add_cores(0, 1);
    add_cores(1, 1);
    add_node_range(0, 0, 32 * MIB);
    add_node_range(0, 64 * GIB + 32 * MIB, 64 * GIB + 64 * MIB);
    add_node_range(1, 32 * MIB, 64 * GIB + 32 * MIB);
    plan_by_node();
    cr_assert(boot.partition_by_node);
    cr_assert_eq(share[0].count, 2);
    cr_assert_eq(share[0].range[0].end, 32 * MIB);
    cr_assert_eq(share[0].range[1].base, 64 * GIB + 32 * MIB);
    cr_assert_eq(share[1].range[0].base, 32 * MIB);
    cr_assert_eq(share[1].range[1].end, 64 * GIB + 32 * MIB);
}

/* A list of ranges cannot hold the pieces of node 0. */
Test(partition, nodes_in_too_many_pieces_do_not_serve) {
    add_cores(0, 1);
    add_cores(1, 1);
    for (uint64_t base = 0; base < 640 * MIB; base += 16 * MIB) {
        add_memory(base, base + 6 * MIB);
        for (uint32_t i = 0; i < 3; i++)
            add_node_range(i % 2, base + i * CHUNK_BYTES, base + (i + 1) * CHUNK_BYTES);
    }
    plan_by_node();
    cr_assert_not(boot.partition_by_node);
}

/* Nodes of random cores, and of random parts of the memory's range, some of them of no node. */
static void make_nodes(void) {
    uint64_t end = boot.memory.range[boot.memory.count - 1].end, at = 0;
    uint32_t nodes = 1 + (uint32_t)random_below(8), parts = 1 + (uint32_t)random_below(12);

    boot.node_range_count = 0;
    boot.node_count = nodes;
    for (uint32_t i = 0; i < boot.core_count; i++)
        boot.core[i].node = (uint32_t)random_below(nodes);
    for (uint32_t i = 0; i < parts; i++) {
        uint64_t to = i + 1 == parts ? end : at + random_below(2 * end / parts);
        to = to < end ? to : end;
        if (at < to && random_below(8) != 0)
            add_node_range((uint32_t)random_below(nodes), at, to);
        at = to;
    }
}

static bool node_has(uint32_t node, uint64_t page, bool *claimed) {
    uint64_t chunk = page & ~(CHUNK_BYTES - 1);

    for (uint32_t i = 0; i < boot.node_range_count; i++) {
        const struct boot_node_range *range = &boot.node_range[i];
        if (range->range.base <= chunk && chunk < range->range.end) {
            for (uint32_t j = 0; j < boot.core_count; j++)
                *claimed |= boot.core[j].node == range->node;
            return range->node == node;
        }
    }
    return false;
}

/* A core whose node has memory has none of another node's that has cores. */
static void check_nearness(void) {
    for (uint32_t i = 0; i < boot.core_count; i++) {
        bool has_own = false, has_others = false;
        for (uint32_t j = 0; j < share[i].count; j++)
            for (uint64_t at = share[i].range[j].base; at < share[i].range[j].end;
                 at = (at | (CHUNK_BYTES - 1)) + 1) {
                bool claimed = false;
                bool own = node_has(boot.core[i].node, at, &claimed);
                has_own |= own;
                has_others |= claimed && !own;
            }
        random_check(!(has_own && has_others));
    }
}

Test(partition, random_nodes_keep_all_promises, .timeout = 60) {
    unsigned by_node = 0;

    random_start();
    for (unsigned round = 0; round < 1000; round++) {
        boot.core_count = 1 + (uint32_t)random_below(BOOT_CORES_MAX);
        uint64_t least_bytes = MEMORY_FOR_SYSTEM + boot.core_count * MEMORY_PER_CORE;
        make_memory(least_bytes + random_below(GIB) / PAGE_SIZE * PAGE_SIZE,
                    (unsigned)random_below(4));
        make_nodes();
        plan_by_node();
        random_check(least() >= MEMORY_PER_CORE);
        if (boot.partition_by_node)
            check_nearness();
        by_node += boot.partition_by_node;
    }
    random_check(by_node > 50 && by_node < 950); /* both are tested */
}

/* The commons of all cores are in their partitions, and are found again. */
Test(partition, commons_are_contiguous_pages_of_the_partition) {
    random_start();
    for (unsigned round = 0; round < 100; round++) {
        boot.core_count = 1 + (uint32_t)random_below(BOOT_CORES_MAX);
        make_memory(MEMORY_FOR_SYSTEM + boot.core_count * MEMORY_PER_CORE,
                    (unsigned)random_below(4));
        make_nodes();
        plan_by_node();
        for (uint32_t i = 0; i < boot.core_count; i++) {
            uint32_t pages = commons_pages(&boot, i);
            uint64_t base = commons_base(&boot, i), end = base + pages * PAGE_SIZE;
            random_check(pages == 2 * (boot.core_count - 1 - i));
            random_check(base != RANGES_NONE && base % PAGE_SIZE == 0);
            random_check(pages == 0 || ranges_contain(&share[i], base, end));
            random_check(commons_base(&boot, i) == base);
        }
    }
}

Test(partition, commons_that_do_not_fit_have_no_base) {
    boot.core_count = 64;
    for (uint64_t i = 0; i < 64; i++)
        add_memory(2 * i * MIB, 2 * i * MIB + 64 * PAGE_SIZE);
    cr_assert_eq(commons_base(&boot, 0), RANGES_NONE);
    cr_assert_neq(commons_base(&boot, 32), RANGES_NONE);
}
