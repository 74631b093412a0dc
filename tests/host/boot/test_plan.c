/* What of a machine is used, and what the log says about it. */
#include "boot/plan.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/kcall.h>

#include "fake_serial.h"
#include "log.h"
#include "partition.h"

#define PROGRAM "boot-test"
#include "../random.h"

#define MIB (UINT64_C(1) << 20)

static struct boot_info boot;
static struct range_list usable, in_use;

static void begin(void) {
    memset(&boot, 0, sizeof boot);
    boot.core_count = 4;
    boot.node_count = 1;
    usable.count = in_use.count = 0;
    ranges_add(&usable, 0, 0x9f000);
    fake_serial_bytes = 0;
    log_init(&(struct boot_framebuffer){ 0 }, NULL);
}

TestSuite(plan, .init = begin);

static void expect_low(uint32_t ebda, uint64_t base) {
    boot.low = (struct range){ 1, 2 };
    plan_low(&boot, &usable, &in_use, ebda);
    cr_assert_eq(boot.low.base, base, "at %lx", boot.low.base);
    cr_assert_eq(boot.low.end, base + BOOT_LOW_PAGES * PAGE_SIZE);
    cr_assert_eq(boot.core_count, 4);
}

static void expect_no_low(uint32_t ebda) {
    plan_low(&boot, &usable, &in_use, ebda);
    cr_assert(boot.low.base == 0 && boot.low.end == 0);
    cr_assert_eq(boot.core_count, 1);
    cr_assert_not_null(strstr(fake_serial, "only core 0 is used: no 32 KiB of free memory"));
}

Test(plan, low_memory_is_above_the_first_64_kib) { expect_low(0x9fc00, 0x10000); }

Test(plan, low_memory_is_not_what_is_in_use) {
    ranges_add(&in_use, 0x12000, 0x13000);
    ranges_add(&in_use, 0x1a000, 0x20000);
    expect_low(0x9fc00, 0x20000);
}

Test(plan, low_memory_is_usable_memory) {
    ranges_remove(&usable, 0x10000, 0x30001);
    expect_low(0x9fc00, 0x31000);
}

/* Whatever the memory map says about it. */
Test(plan, low_memory_is_not_extended_bios_data) {
    ranges_remove(&usable, 0, 0x79000);
    expect_low(0x81000, 0x79000);
    expect_no_low(0x80ff0);
}

/* Without a BIOS, any number stands where it would be. */
Test(plan, impossible_extended_bios_data_does_not_matter) {
    static const uint32_t impossible[] = { 0, 0x400, 0x1fff0, 0xa0000, 0xffff0 };

    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++)
        expect_low(impossible[i], 0x10000);
}

Test(plan, low_memory_is_contiguous) {
    for (uint64_t page = 0; page < 0xa0; page += BOOT_LOW_PAGES)
        ranges_add(&in_use, page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
    expect_no_low(0x9fc00);
}

Test(plan, low_memory_ends_at_640_kib) {
    usable.count = 0;
    ranges_add(&usable, 0x99000, 0x100000);
    expect_no_low(0);
}

static void expect_cores(const char *words, bool accepted, uint32_t cores) {
    boot.core_count = 12;
    (void)snprintf(boot.cmdline, sizeof boot.cmdline, "%s", words);
    cr_assert_eq(plan_cores(&boot), accepted, "%s", words);
    cr_assert_eq(boot.core_count, cores, "%s: %u", words, boot.core_count);
}

Test(plan, cores_are_limited_by_the_command_line) {
    expect_cores("", true, 12);
    expect_cores("sched=rr", true, 12);
    expect_cores("xcores=2", true, 12);
    expect_cores("cores=1", true, 1);
    expect_cores("sched=rr cores=12", true, 12);
    expect_cores("cores=7 cores=008", true, 8);
    expect_cores("\"cores=3\"", true, 3);
}

Test(plan, impossible_number_of_cores_is_refused) {
    static const char *const impossible[] = {
        "cores",     "cores=",         "cores=0",          "cores=13",
        "cores=-1",  "cores=two",      "cores=2x",         "cores= 2",
        "cores=2.5", "cores=00000002", "cores=4294967297", "cores=18446744073709551617",
    };

    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++)
        expect_cores(impossible[i], false, 12);
}

static void add_node(uint64_t base, uint64_t end, uint32_t node) {
    boot.node_range[boot.node_range_count++] = (struct boot_node_range){ { base, end }, node };
    boot.node_count = node + 1;
}

static unsigned lines(void) {
    unsigned count = 0;
    for (const char *c = fake_serial; *c != '\0'; c++)
        count += *c == '\n';
    return count;
}

Test(plan, equal_partitions_are_one_line) {
    ranges_add(&boot.memory, 0, 256 * MIB);
    plan_partitions(&boot);
    cr_assert_not(boot.partition_by_node);
    cr_assert_str_eq(fake_serial, "partitions: 4, of 64 to 64 MiB, by ascending address\n");
}

Test(plan, nodes_are_a_line_each) {
    ranges_add(&boot.memory, 0, 256 * MIB);
    add_node(0, 64 * MIB, 0);
    add_node(64 * MIB, 256 * MIB, 1);
    boot.core[1].node = boot.core[2].node = boot.core[3].node = 1;
    plan_partitions(&boot);
    cr_assert(boot.partition_by_node);
    cr_assert_str_eq(fake_serial, "node 0: cores 1, memory 64 MiB\n"
                                  "node 1: cores 3, memory 192 MiB\n"
                                  "partitions: 4, of 64 to 64 MiB, near their cores\n");
}

Test(plan, many_nodes_are_one_line) {
    ranges_add(&boot.memory, 0, 1024 * MIB);
    boot.core_count = 64;
    for (uint32_t i = 0; i < 64; i++) {
        add_node(16 * MIB * i, 16 * MIB * (i + 1), i);
        boot.core[i].node = i;
    }
    plan_partitions(&boot);
    cr_assert(boot.partition_by_node);
    cr_assert_eq(lines(), 2);
    cr_assert_not_null(strstr(fake_serial, "nodes: 64\n"));
}

Test(plan, nodes_that_do_not_serve_are_left_aside_and_it_is_said) {
    ranges_add(&boot.memory, 0, 256 * MIB);
    add_node(0, 8 * MIB, 0);
    add_node(8 * MIB, 256 * MIB, 1);
    boot.core[3].node = 1;
    plan_partitions(&boot); /* 8 MiB for cores 0 to 2 */
    cr_assert_not(boot.partition_by_node);
    cr_assert_not_null(strstr(fake_serial, "nodes: ignored, some core would get too little"));
    cr_assert_not_null(strstr(fake_serial, "partitions: 4, of 64 to 64 MiB, by ascending"));
}

/* ---- Room for an IOMMU's tables ---- */

static void tell_of_iommu(const char *signature) {
    memcpy(&boot.firmware_table[1].signature, signature, 4);
    ranges_add(&boot.memory, MIB, 64 * MIB);
    ranges_add(&in_use, MIB, 5 * MIB);
}

static void expect_tables(uint64_t base) {
    cr_assert_eq(plan_iommu(&boot, &in_use), 0);
    cr_assert(boot.iommu_tables.base == base && boot.iommu_tables.end == base + BOOT_IOMMU_BYTES);
    cr_assert(!ranges_overlap(&boot.memory, base, base + BOOT_IOMMU_BYTES));
    cr_assert_eq(ranges_bytes(&boot.memory), 63 * MIB - BOOT_IOMMU_BYTES);
}

Test(plan, tables_of_an_intel_iommu_are_outside_all_partitions) {
    tell_of_iommu("DMAR");
    expect_tables(6 * MIB);
}

Test(plan, tables_of_an_amd_iommu_are_outside_all_partitions) {
    tell_of_iommu("IVRS");
    expect_tables(6 * MIB);
}

Test(plan, without_iommu_nothing_is_set_aside) {
    tell_of_iommu("MCFG");
    cr_assert_eq(plan_iommu(&boot, &in_use), 0);
    cr_assert(boot.iommu_tables.base == 0 && boot.iommu_tables.end == 0);
    cr_assert_eq(ranges_bytes(&boot.memory), 63 * MIB);
}

Test(plan, iommu_without_room_is_not_used) {
    tell_of_iommu("DMAR");
    ranges_add(&in_use, 9 * MIB, 62 * MIB);
    cr_assert_eq(plan_iommu(&boot, &in_use), 0);
    cr_assert_eq(boot.iommu_tables.end, 0);
    cr_assert_eq(ranges_bytes(&boot.memory), 63 * MIB);
    cr_assert_not_null(strstr(fake_serial, "iommu: not used: no 4 MiB"));
}
