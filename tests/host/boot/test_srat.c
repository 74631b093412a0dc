/* Tables of nodes: as ACPI describes them, damaged, and contradicting themselves. */
#include "boot/srat.h"

#include <stdlib.h>
#include <string.h>

#include "fake_serial.h"
#include "log.h"
#include "ranges.h"

#define PROGRAM "boot-test"
#include "../random.h"

#define MIB UINT64_C(0x100000)

static uint8_t table[16384];
static struct acpi_srat *const srat = (void *)table;
static struct boot_info boot;

/* A machine of `cores` cores with the APIC IDs 10, 20, ... */
static void machine(uint32_t cores) {
    memset(&boot, 0xff, sizeof boot);
    boot.core_count = cores;
    for (uint32_t i = 0; i < cores; i++)
        boot.core[i] = (struct boot_core){ .apic_id = 10 * (i + 1), .node = 77 };
}

static void begin(void) {
    *srat = (struct acpi_srat){ .header = {
                                    .signature = "SRAT", .bytes = sizeof *srat, .revision = 3 } };
    log_init(&(struct boot_framebuffer){ 0 }, NULL);
    machine(4);
}

TestSuite(srat, .init = begin);

static void put(const void *entry, size_t bytes) {
    memcpy(table + srat->header.bytes, entry, bytes);
    srat->header.bytes += (uint32_t)bytes;
}

static void put_lapic(uint8_t apic_id, uint32_t domain, uint32_t flags) {
    struct acpi_srat_lapic entry = {
        .entry = { ACPI_SRAT_LAPIC, sizeof entry },
        .apic_id = apic_id,
        .flags = flags,
        .domain_low = (uint8_t)domain,
        .domain_high = { (uint8_t)(domain >> 8), (uint8_t)(domain >> 16), (uint8_t)(domain >> 24) },
    };
    put(&entry, sizeof entry);
}

static void put_x2apic(uint32_t apic_id, uint32_t domain, uint32_t flags) {
    struct acpi_srat_x2apic entry = { .entry = { ACPI_SRAT_X2APIC, sizeof entry },
                                      .apic_id = apic_id,
                                      .domain = domain,
                                      .flags = flags };
    put(&entry, sizeof entry);
}

static void put_memory(uint64_t base, uint64_t bytes, uint32_t domain, uint32_t flags) {
    struct acpi_srat_memory entry = { .entry = { ACPI_SRAT_MEMORY, sizeof entry },
                                      .base = base,
                                      .bytes = bytes,
                                      .domain = domain,
                                      .flags = flags };
    put(&entry, sizeof entry);
}

/* Cores 0 and 2 in one domain, 1 and 3 in another. */
static void put_cores(uint32_t even, uint32_t odd) {
    put_lapic(10, even, 1);
    put_lapic(20, odd, 1);
    put_x2apic(30, even, 1);
    put_x2apic(40, odd, 1);
}

/* From a copy of exactly its size, for AddressSanitizer. */
static void read(void) {
    struct acpi_srat *copy = malloc(srat->header.bytes);
    memcpy(copy, table, srat->header.bytes);
    srat_read(copy, &boot);
    free(copy);
}

static void expect_range(uint32_t index, uint64_t base, uint64_t end, uint32_t node) {
    const struct boot_node_range *range = &boot.node_range[index];

    cr_assert_lt(index, boot.node_range_count);
    cr_assert(range->range.base == base && range->range.end == end && range->node == node,
              "%u: %lx to %lx of node %u", index, range->range.base, range->range.end, range->node);
}

static void expect_nothing_known(void) {
    cr_assert(boot.node_count == 1 && boot.node_range_count == 0);
    for (uint32_t i = 0; i < boot.core_count; i++)
        cr_assert_eq(boot.core[i].node, 0);
}

/* The table so far is ignored, for this reason. */
static void expect_ignored(const char *reason) {
    read();
    expect_nothing_known();
    cr_assert_not_null(strstr(fake_serial, reason), "not said: %s", reason);
}

Test(srat, without_a_table_there_is_one_node) {
    srat_read(NULL, &boot);
    expect_nothing_known();
    cr_assert_eq(fake_serial_bytes, 0);
}

Test(srat, cores_and_memory_of_two_nodes) {
    put_cores(0, 1);
    put_memory(0, 640 << 10, 0, 1);
    put_memory(MIB, 127 * MIB, 0, 1);
    put_memory(128 * MIB, 128 * MIB, 1, 1);
    read();
    cr_assert_eq(boot.node_count, 2);
    cr_assert(boot.core[0].node == 0 && boot.core[1].node == 1);
    cr_assert(boot.core[2].node == 0 && boot.core[3].node == 1);
    cr_assert_eq(boot.node_range_count, 3);
    expect_range(0, 0, 640 << 10, 0);
    expect_range(1, MIB, 128 * MIB, 0);
    expect_range(2, 128 * MIB, 256 * MIB, 1);
    cr_assert_eq(fake_serial_bytes, 0);
}

Test(srat, domains_are_numbered_in_their_order) {
    put_cores(0xdeadbeef, 300);
    put_memory(0, MIB, 7, 1);
    put_memory(MIB, MIB, 0xdeadbeef, 1);
    read();
    cr_assert_eq(boot.node_count, 3);
    cr_assert(boot.core[0].node == 2 && boot.core[1].node == 1);
    expect_range(0, 0, MIB, 0);
    expect_range(1, MIB, 2 * MIB, 2);
}

Test(srat, domains_of_the_first_revision_have_8_bits) {
    srat->header.revision = 1;
    put_lapic(10, 0x12345601, 1);
    put_lapic(20, 0x65432102, 1);
    put_memory(0, MIB, 0xaaaaaa02, 1);
    machine(2);
    read();
    cr_assert_eq(boot.node_count, 2);
    cr_assert(boot.core[0].node == 0 && boot.core[1].node == 1);
    expect_range(0, 0, MIB, 1);
}

Test(srat, memory_in_any_order_is_sorted_and_joined) {
    put_cores(0, 1);
    put_memory(8 * MIB, 2 * MIB, 0, 1);
    put_memory(2 * MIB, 2 * MIB, 0, 1);
    put_memory(10 * MIB, 2 * MIB, 1, 1);
    put_memory(5 * MIB, 3 * MIB, 1, 1);
    put_memory(0, 2 * MIB, 0, 1);
    put_memory(1 * MIB, 4 * MIB, 0, 1); /* overlaps two of the same domain */
    read();
    cr_assert_eq(boot.node_range_count, 4);
    expect_range(0, 0, 5 * MIB, 0);
    expect_range(1, 5 * MIB, 8 * MIB, 1);
    expect_range(2, 8 * MIB, 10 * MIB, 0);
    expect_range(3, 10 * MIB, 12 * MIB, 1);
}

Test(srat, entries_that_are_not_enabled_are_not_there) {
    put_cores(0, 1);
    put_lapic(10, 5, 0);
    put_x2apic(20, 6, ~1U);
    put_memory(0, MIB, 0, 1);
    put_memory(0, MIB, 9, 0);
    put_memory(0, MIB, 9, 2); /* only hot-pluggable */
    put_memory(MIB, 0, 9, 1); /* empty */
    read();
    cr_assert_eq(boot.node_count, 2);
    cr_assert_eq(boot.node_range_count, 1);
}

Test(srat, cores_and_entries_that_we_do_not_know_do_not_matter) {
    put_cores(0, 1);
    put_lapic(200, 8, 1);
    put_x2apic(500, 9, 1);
    put((uint8_t[]){ 5, 8, 1, 2, 3, 4, 5, 6 }, 8);
    put((uint8_t[]){ ACPI_SRAT_MEMORY, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 12); /* too short */
    read();
    cr_assert_eq(boot.node_count, 2);
    cr_assert_eq(fake_serial_bytes, 0);
}

Test(srat, memory_above_all_that_is_used_is_cut_off) {
    put_cores(0, 1);
    put_memory(PHYSICAL_END - MIB, UINT64_MAX - PHYSICAL_END, 0, 1);
    put_memory(PHYSICAL_END, MIB, 1, 1);
    read();
    cr_assert_eq(boot.node_range_count, 1);
    expect_range(0, PHYSICAL_END - MIB, PHYSICAL_END, 0);
}

Test(srat, core_in_no_domain_makes_it_useless) {
    put_lapic(10, 0, 1);
    put_lapic(20, 1, 1);
    put_lapic(30, 1, 0);
    put_lapic(40, 1, 1);
    put_memory(0, MIB, 0, 1);
    expect_ignored("SRAT ignored: a core is in no domain");
}

Test(srat, core_in_two_domains_makes_it_useless) {
    put_cores(0, 1);
    put_x2apic(10, 0, 1); /* said twice: no contradiction */
    read();
    cr_assert_eq(boot.node_count, 2);
    put_x2apic(10, 1, 1);
    expect_ignored("SRAT ignored: a core is in two domains");
}

Test(srat, memory_in_two_domains_makes_it_useless) {
    put_cores(0, 1);
    put_memory(0, 2 * MIB, 0, 1);
    put_memory(2 * MIB - 1, MIB, 1, 1);
    expect_ignored("SRAT ignored: memory is in two domains");
}

Test(srat, memory_that_wraps_makes_it_useless) {
    put_cores(0, 1);
    put_memory(UINT64_MAX - 100, 102, 0, 1);
    expect_ignored("SRAT ignored: memory ends beyond all addresses");
}

Test(srat, memory_in_too_many_pieces_makes_it_useless) {
    put_cores(0, 1);
    for (uint64_t i = 0; i < BOOT_NODE_RANGES_MAX; i++)
        put_memory(2 * i * MIB, MIB, i % 2, 1);
    read();
    cr_assert_eq(boot.node_range_count, BOOT_NODE_RANGES_MAX);
    put_memory(UINT64_C(1) << 40, MIB, 0, 1);
    expect_ignored("SRAT ignored: memory is in too many pieces");
}

Test(srat, more_domains_than_we_know_make_it_useless) {
    put_cores(0, 1);
    for (uint32_t i = 2; i < BOOT_NODES_MAX; i++)
        put_memory(i * MIB, MIB, i, 1);
    read();
    cr_assert_eq(boot.node_count, BOOT_NODES_MAX);
    put_memory(0, MIB, BOOT_NODES_MAX, 1);
    expect_ignored("SRAT ignored: there are too many domains");
}

Test(srat, entry_cut_short_ends_the_table) {
    put_cores(0, 1);
    put_memory(0, MIB, 0, 1);
    srat->header.bytes--;
    read();
    cr_assert(boot.node_count == 2 && boot.node_range_count == 0);
    cr_assert_not_null(strstr(fake_serial, "table SRAT is malformed; its last 39 bytes are"));
}

Test(srat, entry_of_no_length_ends_the_table) {
    put_cores(0, 1);
    put((uint8_t[]){ ACPI_SRAT_MEMORY, 0 }, 2);
    put_memory(0, MIB, 0, 1);
    read();
    cr_assert(boot.node_count == 2 && boot.node_range_count == 0);
    cr_assert_not_null(strstr(fake_serial, "malformed"));
}

static void check_form(void) {
    random_check(boot.node_count >= 1 && boot.node_count <= BOOT_NODES_MAX);
    random_check(boot.node_range_count <= BOOT_NODE_RANGES_MAX);
    for (uint32_t i = 0; i < boot.core_count; i++)
        random_check(boot.core[i].node < boot.node_count);
    for (uint32_t i = 0; i < boot.node_range_count; i++) {
        const struct boot_node_range *range = &boot.node_range[i];
        random_check(range->node < boot.node_count);
        random_check(range->range.base < range->range.end && range->range.end <= PHYSICAL_END);
        random_check(i == 0 || range[-1].range.end <= range->range.base);
    }
}

/* Any table leads to lists of the promised form, without a read outside of it. */
Test(srat, damaged_tables_do_no_harm) {
    unsigned used = 0;

    random_start();
    for (unsigned round = 0; round < 30000; round++) {
        begin();
        put_cores((uint32_t)random_below(3), (uint32_t)random_below(3));
        for (uint64_t i = random_below(20), at = 0; i > 0; i--) {
            at += random_below(3) * MIB;
            uint64_t bytes = random_below(3) * MIB;
            put_memory(at, bytes, (uint32_t)random_below(4), random_below(8) != 0);
            at += bytes;
        }
        for (uint64_t damage = random_below(4); damage > 0; damage--)
            table[sizeof *srat + random_below(srat->header.bytes - sizeof *srat)] ^=
                (uint8_t)(1 << random_below(8));
        srat->header.bytes -= random_below(4) == 0 ? (uint32_t)random_below(40) : 0;
        read();
        check_form();
        used += boot.node_range_count > 0;
    }
    random_check(used > 3000); /* not all is lost in the damage */
}
