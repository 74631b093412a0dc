/* ACPI tables in a small physical memory of our own. */
#include "boot/acpi.h"

#include <string.h>

#include "boot/acpi_tables.h"
#include "fake_serial.h"
#include "log.h"

#define PROGRAM "boot-test"
#include "../random.h"

#define BASE  0x7fe0000UL /* where the tables lie */
#define BYTES 0x4000UL
#define BIOS  0xe0000UL

static uint8_t high[BYTES], bios[0x20000], low[0x1000];
static struct acpi_rsdp rsdp;
static struct boot_info boot;
static size_t used; /* bytes of `high` */

/* Bytes that straddle the end of an area cannot be read, as at the end of real memory. */
static const void *at(const struct acpi_memory *memory, uint64_t physical, uint64_t bytes) {
    static const struct {
        uint8_t *data;
        uint64_t base, bytes;
    } area[] = { { high, BASE, BYTES }, { bios, BIOS, sizeof bios }, { low, 0, sizeof low } };

    (void)memory;
    for (size_t i = 0; i < sizeof area / sizeof *area; i++)
        if (physical >= area[i].base && physical - area[i].base <= area[i].bytes &&
            bytes <= area[i].bytes - (physical - area[i].base))
            return area[i].data + (physical - area[i].base);
    return NULL;
}

static const struct acpi_memory memory = { at };

static uint8_t sum(const void *data, size_t bytes) {
    uint8_t total = 0;
    for (size_t i = 0; i < bytes; i++)
        total += ((const uint8_t *)data)[i];
    return total;
}

static void seal(void *table) {
    struct acpi_header *header = table;
    header->checksum = 0;
    header->checksum = (uint8_t)-sum(table, header->bytes);
}

/* A new table, odd addresses included. Returns where in `high` it is. */
static void *add_table(const char *signature, const void *body, size_t body_bytes) {
    struct acpi_header *header = (void *)(high + used);
    memset(header, 0, sizeof *header);
    memcpy(header->signature, signature, 4);
    header->bytes = (uint32_t)(sizeof *header + body_bytes);
    memcpy(header + 1, body, body_bytes);
    seal(header);
    used += header->bytes + 1;
    return header;
}

static uint64_t physical(const void *table) {
    return BASE + (uint64_t)((const uint8_t *)table - high);
}

static uint64_t table[16];
static size_t tables;

static void *add(const char *signature, const void *body, size_t bytes) {
    void *made = add_table(signature, body, bytes);
    table[tables++] = physical(made);
    return made;
}

static void make_rsdp(uint32_t rsdt, uint64_t xsdt) {
    rsdp = (struct acpi_rsdp){ .signature = "RSD PTR ",
                               .revision = xsdt ? 2 : 0,
                               .rsdt = rsdt,
                               .bytes = sizeof rsdp,
                               .xsdt = xsdt };
    rsdp.checksum = (uint8_t)-sum(&rsdp, ACPI_RSDP_V1_BYTES);
    rsdp.extended_checksum = (uint8_t)-sum(&rsdp, sizeof rsdp);
}

static void *make_xsdt(void) {
    void *xsdt = add_table("XSDT", table, tables * sizeof *table);
    make_rsdp(0, physical(xsdt));
    return xsdt;
}

static void *make_rsdt(void) {
    uint32_t table32[16] = { 0 };
    for (size_t i = 0; i < tables; i++)
        table32[i] = (uint32_t)table[i];
    void *rsdt = add_table("RSDT", table32, tables * sizeof *table32);
    make_rsdp((uint32_t)physical(rsdt), 0);
    return rsdt;
}

static void read(void) {
    memset(&boot, 0xff, sizeof boot);
    acpi_read(&memory, &rsdp, sizeof rsdp, 7, &boot);
}

static void begin(void) {
    memset(high, 0, sizeof high);
    used = 1;
    tables = 0;
    log_init(&(struct boot_framebuffer){ 0 }, NULL);
}

TestSuite(acpi, .init = begin);

static void check_defaults(void) {
    cr_assert_eq(boot.core_count, 1);
    cr_assert_eq(boot.core[0].apic_id, 7);
    cr_assert(boot.core[0].node == 0 && boot.node_count == 1 && boot.node_range_count == 0);
    cr_assert_eq(boot.lapic, 0xfee00000);
    cr_assert(boot.ioapic_count == 1 && boot.ioapic[0].base == 0xfec00000 &&
              boot.ioapic[0].first_line == 0);
    for (uint32_t i = 0; i < 16; i++)
        cr_assert(boot.isa_line[i].line == i && !boot.isa_line[i].level &&
                  !boot.isa_line[i].active_low);
    cr_assert(boot.hpet == 0 && boot.pm_timer == 0 && boot.pm1a_control == 0 &&
              boot.pm1b_control == 0);
    cr_assert(boot.reset_port == 0 && boot.smi_command == 0);
    cr_assert(boot.s5_type_a == -1 && boot.s5_type_b == -1);
}

Test(acpi, without_tables_a_plain_pc_is_assumed) {
    acpi_read(&memory, NULL, 0, 7, &boot);
    check_defaults();
    cr_assert_eq(boot.acpi_root, 0);
    cr_assert_not_null(strstr(fake_serial, "no valid tables"));
}

static const uint8_t madt[] = {
    0,   0,  0xe0, 0xfe, 1,  0,    0,    0, /* LAPIC 0xfee00000 -> overridden below */
    0,   8,  0,    0,    1,  0,    0,    0, /* core 0 */
    0,   8,  1,    7,    1,  0,    0,    0, /* core 7: the one that boots */
    0,   8,  2,    9,    0,  0,    0,    0, /* disabled */
    1,   12, 0,    0,    0,  0,    0xc0, 0xfe, 0,    0, 0, 0, /* IO-APIC */
    1,   12, 1,    0,    0,  0x10, 0xc0, 0xfe, 24,   0, 0, 0, /* its second */
    2,   10, 0,    0,    2,  0,    0,    0,    0,    0,       /* timer on line 2 */
    2,   10, 0,    9,    9,  0,    0,    0,    0x0f, 0,       /* SCI: level, active low */
    2,   10, 0,    10,   10, 0,    0,    0,    0x0d, 0,       /* level, active high */
    2,   10, 1,    5,    77, 0,    0,    0,    0,    0,       /* not the ISA bus */
    2,   10, 0,    16,   77, 0,    0,    0,    0,    0,       /* no ISA line */
    200, 6,  1,    2,    3,  4,                               /* unknown */
    5,   12, 0,    0,    0,  0,    0xe1, 0xfe, 1,    0, 0, 0, /* LAPIC address override */
    9,   16, 0,    0,    0,  1,    0,    0,    1,    0, 0, 0, 0, 0, 0, 0, /* x2APIC 256 */
    9,   16, 0,    0,    0,  0,    0,    0,    1,    0, 0, 0, 0, 0, 0, 0, /* core 0 again */
};

static void check_madt(void) {
    cr_assert_eq(boot.core_count, 3);
    cr_assert(boot.core[0].apic_id == 7 && !boot.core[0].x2apic);
    cr_assert(boot.core[1].apic_id == 0 && !boot.core[1].x2apic);
    cr_assert(boot.core[2].apic_id == 256 && boot.core[2].x2apic);
    cr_assert_eq(boot.lapic, 0x1fee10000);
    cr_assert_eq(boot.ioapic_count, 2);
    cr_assert(boot.ioapic[1].base == 0xfec01000 && boot.ioapic[1].first_line == 24);
    cr_assert(boot.isa_line[0].line == 2 && !boot.isa_line[0].level);
    cr_assert(boot.isa_line[9].level && boot.isa_line[9].active_low);
    cr_assert(boot.isa_line[10].level && !boot.isa_line[10].active_low);
    cr_assert_eq(boot.isa_line[5].line, 5);
}

Test(acpi, interrupt_controllers_and_cores_by_xsdt) {
    add("APIC", madt, sizeof madt);
    void *xsdt = make_xsdt();
    read();
    check_madt();
    cr_assert_eq(boot.acpi_root, physical(xsdt));
}

Test(acpi, interrupt_controllers_and_cores_by_rsdt) {
    add("APIC", madt, sizeof madt);
    void *rsdt = make_rsdt();
    read();
    check_madt();
    cr_assert_eq(boot.acpi_root, physical(rsdt));
}

Test(acpi, broken_xsdt_falls_back_to_the_rsdt) {
    add("APIC", madt, sizeof madt);
    struct acpi_header *xsdt = make_xsdt();
    uint64_t broken = physical(xsdt);
    xsdt->checksum++;
    make_rsdt();
    make_rsdp(rsdp.rsdt, broken);
    read();
    check_madt();
    cr_assert_not_null(strstr(fake_serial, "XSDT ignored: wrong checksum"));
}

Test(acpi, root_pointer_of_revision_2_with_bad_checksum_serves_as_revision_0) {
    add("APIC", madt, sizeof madt);
    make_rsdt();
    make_rsdp(rsdp.rsdt, BASE);
    rsdp.extended_checksum++;
    read();
    check_madt();
}

Test(acpi, root_pointer_is_found_in_the_bios_area) {
    add("APIC", madt, sizeof madt);
    make_xsdt();
    memcpy(bios + 0x1fe0, &rsdp, sizeof rsdp);
    acpi_read(&memory, NULL, 0, 7, &boot);
    check_madt();
    memset(bios, 0, sizeof bios);
}

Test(acpi, root_pointer_is_found_in_the_extended_bios_data) {
    add("APIC", madt, sizeof madt);
    make_xsdt();
    low[0x40e] = 0x80; /* segment 0x80: address 0x800 */
    memcpy(low + 0x800 + 0x3d0, &rsdp, sizeof rsdp);
    acpi_read(&memory, "no root pointer at all", 20, 7, &boot);
    check_madt();
    memset(low, 0, sizeof low);
}

Test(acpi, table_with_wrong_checksum_is_ignored) {
    struct acpi_header *header = add("APIC", madt, sizeof madt);
    header->checksum++;
    make_xsdt();
    read();
    check_defaults();
    cr_assert_not_null(strstr(fake_serial, "APIC ignored: wrong checksum"));
}

Test(acpi, table_of_impossible_length_is_ignored) {
    static const uint32_t lengths[] = { 0, 35, 43, BYTES + 1, 0x1000001, UINT32_MAX };

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        begin();
        struct acpi_header *header = add("APIC", madt, sizeof madt);
        header->bytes = lengths[i];
        make_xsdt();
        read();
        check_defaults();
    }
    cr_assert_not_null(strstr(fake_serial, "APIC ignored: impossible length"));
}

Test(acpi, entries_of_no_length_end_the_table) {
    uint8_t broken[sizeof madt];

    memcpy(broken, madt, sizeof madt);
    broken[8 + 16 + 1] = 0; /* the length of the third core's entry */
    add("APIC", broken, sizeof broken);
    make_xsdt();
    read();
    cr_assert_eq(boot.core_count, 2);
    cr_assert_not_null(strstr(fake_serial, "malformed"));
}

Test(acpi, entries_shorter_than_their_type_are_ignored) {
    static const uint8_t short_entries[] = { 0, 0, 0xe0, 0xfe, 1, 0, 0, 0, 1, 4,
                                             0, 0, 0,    7,    1, 1, 1, 1, 1 };

    add("APIC", short_entries, sizeof short_entries);
    make_xsdt();
    read();
    cr_assert(boot.core_count == 1 && boot.ioapic_count == 0);
}

Test(acpi, root_that_names_itself_ends) {
    struct acpi_header *xsdt = add("XSDT", table, 8 * sizeof *table);
    for (size_t i = 0; i < 8; i++)
        memcpy((uint8_t *)(xsdt + 1) + 8 * i, &(uint64_t){ physical(xsdt) }, 8);
    seal(xsdt);
    make_rsdp(0, physical(xsdt));
    read();
    check_defaults();
    cr_assert_eq(boot.acpi_root, physical(xsdt));
}

Test(acpi, more_cores_than_we_know_are_counted) {
    uint8_t many[8 + 100 * 8] = { 0 };

    for (size_t i = 0; i < 100; i++)
        memcpy(many + 8 + 8 * i, (uint8_t[]){ 0, 8, 0, (uint8_t)i, 1, 0, 0, 0 }, 8);
    add("APIC", many, sizeof many);
    make_xsdt();
    read();
    cr_assert_eq(boot.core_count, BOOT_CORES_MAX);
    cr_assert_eq(boot.core[0].apic_id, 7);
    cr_assert_eq(boot.lapic, 0xfee00000); /* the table says 0 */
    cr_assert_not_null(strstr(fake_serial, "36 cores ignored"));
}

/* Cores with xAPIC entries and others with x2APIC entries, as on machines of more than 255. */
Test(acpi, cores_of_both_kinds_are_in_the_order_of_the_table) {
    static const uint8_t mixed[] = {
        0, 0,  0xe0, 0xfe, 1,    0,    0,    0,                            /* LAPIC */
        9, 16, 0,    0,    0xff, 0,    0,    0,    1, 0, 0, 0, 0, 0, 0, 0, /* x2APIC 255 */
        0, 8,  0,    254,  1,    0,    0,    0,                            /* 254 */
        9, 16, 0,    0,    0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0, 0, 0, 0, 0, /* 0x12345678 */
        9, 16, 0,    0,    7,    0,    0,    0,    1, 0, 0, 0, 0, 0, 0, 0, /* 7: it boots */
    };

    add("APIC", mixed, sizeof mixed);
    make_xsdt();
    read();
    cr_assert_eq(boot.core_count, 4);
    cr_assert(boot.core[0].apic_id == 7 && boot.core[0].x2apic);
    cr_assert(boot.core[1].apic_id == 255 && boot.core[1].x2apic);
    cr_assert(boot.core[2].apic_id == 254 && !boot.core[2].x2apic);
    cr_assert(boot.core[3].apic_id == 0x12345678 && boot.core[3].x2apic);
}

/* Absent ones that could be put in (online-capable) included. */
Test(acpi, cores_that_are_not_enabled_are_not_there) {
    static const uint8_t disabled[] = {
        0, 0,  0xe0, 0xfe, 1,    0,    0,    0,                            /* LAPIC */
        0, 8,  1,    7,    1,    0,    0,    0,                            /* it boots */
        0, 8,  2,    8,    0,    0,    0,    0,                            /* disabled */
        0, 8,  3,    9,    2,    0,    0,    0,                            /* online-capable */
        9, 16, 0,    0,    0,    1,    0,    0,    0, 0, 0, 0, 0, 0, 0, 0, /* disabled */
        9, 16, 0,    0,    1,    1,    0,    0,    2, 0, 0, 0, 0, 0, 0, 0, /* online-capable */
        0, 8,  4,    0xff, 1,    0,    0,    0,                            /* all of them */
        9, 16, 0,    0,    0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, /* all of them */
        0, 8,  5,    10,   3,    0,    0,    0,                            /* enabled */
    };

    add("APIC", disabled, sizeof disabled);
    make_xsdt();
    read();
    cr_assert_eq(boot.core_count, 2);
    cr_assert_eq(boot.core[1].apic_id, 10);
}

/* Some firmware describes each core by an entry of either kind. */
Test(acpi, core_described_twice_is_one) {
    uint8_t twice[8 + 8 * 24] = { 0 };

    for (size_t i = 0; i < 8; i++) {
        memcpy(twice + 8 + 8 * i, (uint8_t[]){ 0, 8, 0, (uint8_t)i, 1, 0, 0, 0 }, 8);
        memcpy(twice + 72 + 16 * i, (uint8_t[]){ 9, 16, 0, 0, (uint8_t)i, 0, 0, 0, 1 }, 9);
    }
    add("APIC", twice, sizeof twice);
    make_xsdt();
    read();
    cr_assert_eq(boot.core_count, 8);
    for (uint32_t i = 1; i < 8; i++)
        cr_assert(boot.core[i].apic_id == i - 1 && !boot.core[i].x2apic);
}

/* Nodes are of cores, whichever table comes first. */
Test(acpi, nodes_are_read_in_any_order_of_the_tables) {
    static const uint8_t cores[] = { 0, 0, 0xe0, 0xfe, 1, 0, 0, 0, 0, 8, 1, 7,
                                     1, 0, 0,    0,    0, 8, 2, 8, 1, 0, 0, 0 };
    /* core 7 in domain 4, core 8 in domain 3 */
    static const uint8_t nodes[12 + 2 * 16] = { [12] = 0, 16, 4, 7, 1, [28] = 0, 16, 3, 8, 1 };

    for (unsigned srat_first = 0; srat_first < 2; srat_first++) {
        begin();
        if (srat_first)
            add("SRAT", nodes, sizeof nodes);
        add("APIC", cores, sizeof cores);
        if (!srat_first)
            add("SRAT", nodes, sizeof nodes);
        make_xsdt();
        read();
        cr_assert(boot.core_count == 2 && boot.node_count == 2);
        cr_assert(boot.core[0].node == 1 && boot.core[1].node == 0);
    }
}

static struct acpi_fadt fadt;
static const uint8_t dsdt[] = "xxxx\x08_S5_\x12\x06\x02\x0a\x05\x0a\x06";

static void make_fadt(void) {
    void *found = add_table("DSDT", dsdt, sizeof dsdt - 1);
    memset(&fadt, 0, sizeof fadt);
    fadt.dsdt = (uint32_t)physical(found);
    fadt.pm1a_control = 0x604;
    fadt.pm_timer = 0x608;
    fadt.pm_timer_bytes = 4;
    fadt.smi_command = 0xb2;
    fadt.acpi_enable = 2;
    fadt.flags = ACPI_RESET_SUPPORTED | ACPI_TIMER_32BIT;
    fadt.reset = (struct acpi_address){ .space = ACPI_SPACE_IO, .bits = 8, .address = 0xcf9 };
    fadt.reset_value = 0xf;
}

static void read_fadt(size_t bytes) {
    add("FACP", (uint8_t *)&fadt + sizeof fadt.header, bytes - sizeof fadt.header);
    make_xsdt();
    read();
}

Test(acpi, power_and_timer) {
    make_fadt();
    read_fadt(sizeof fadt);
    cr_assert(boot.pm1a_control == 0x604 && boot.pm1b_control == 0);
    cr_assert(boot.pm_timer == 0x608 && boot.pm_timer_32bit);
    cr_assert(boot.smi_command == 0xb2 && boot.acpi_enable == 2);
    cr_assert(boot.reset_port == 0xcf9 && boot.reset_value == 0xf);
    cr_assert(boot.s5_type_a == 5 && boot.s5_type_b == 6);
}

Test(acpi, tables_of_the_first_revision_have_no_reset_register) {
    make_fadt();
    read_fadt(116);
    cr_assert(boot.pm1a_control == 0x604 && boot.pm_timer == 0x608 && boot.s5_type_a == 5);
    cr_assert_eq(boot.reset_port, 0);
}

Test(acpi, extended_addresses_count_more) {
    make_fadt();
    void *other = add_table("DSDT", "\x08_S5_\x12\x04\x02\x01\x01", 10);
    fadt.x_dsdt = physical(other);
    fadt.x_pm1a_control = (struct acpi_address){ .space = ACPI_SPACE_IO, .address = 0x1804 };
    fadt.x_pm1b_control = (struct acpi_address){ .space = ACPI_SPACE_MEMORY, .address = 0x1900 };
    fadt.x_pm_timer = (struct acpi_address){ .space = ACPI_SPACE_IO, .address = 0x1808 };
    fadt.pm1b_control = 0x704;
    read_fadt(sizeof fadt);
    cr_assert(boot.pm1a_control == 0x1804 && boot.pm_timer == 0x1808);
    cr_assert_eq(boot.pm1b_control, 0x704); /* ours are ports */
    cr_assert(boot.s5_type_a == 1 && boot.s5_type_b == 1);
}

Test(acpi, ports_that_are_none_are_ignored) {
    make_fadt();
    fadt.pm1a_control = 0x10604;
    fadt.pm_timer_bytes = 0;
    fadt.smi_command = UINT32_MAX;
    fadt.reset.address = 0x10cf9;
    read_fadt(sizeof fadt);
    cr_assert(boot.pm1a_control == 0 && boot.pm_timer == 0 && boot.smi_command == 0 &&
              boot.reset_port == 0);
}

Test(acpi, soft_off_may_be_defined_in_a_secondary_table) {
    make_fadt();
    fadt.dsdt = 0;
    add("SSDT", "nothing here", 12);
    add("SSDT", dsdt, sizeof dsdt - 1);
    add("SSDT", "\x08_S5_\x12\x04\x02\x01\x01", 10);
    read_fadt(sizeof fadt);
    cr_assert(boot.s5_type_a == 5 && boot.s5_type_b == 6);
}

Test(acpi, timer_of_the_hpet_table) {
    uint8_t body[20] = { [4] = ACPI_SPACE_MEMORY, [5] = 64, [8] = 0, [10] = 0xd0, [11] = 0xfe };
    add("HPET", body, sizeof body);
    make_xsdt();
    read();
    cr_assert_eq(boot.hpet, 0xfed00000);
    begin();
    body[4] = ACPI_SPACE_IO;
    add("HPET", body, sizeof body);
    make_xsdt();
    read();
    cr_assert_eq(boot.hpet, 0);
}

/* Damage that checksums do not tell: the tables are sealed after it. AddressSanitizer watches. */
/* ---- Tables that are kept whole ---- */

static const struct boot_firmware *kept(const char *signature) {
    for (unsigned i = 0; i < BOOT_FIRMWARE_TABLES; i++)
        if (memcmp(&boot.firmware_table[i].signature, signature, 4) == 0)
            return &boot.firmware_table[i];
    return NULL;
}

static void expect_kept(const struct acpi_header *table) {
    const struct boot_firmware *copy = kept(table->signature);
    cr_assert_not_null(copy, "%.4s", table->signature);
    cr_assert(copy->bytes == table->bytes && copy->offset % 8 == 0 &&
              copy->offset + copy->bytes <= BOOT_FIRMWARE_MAX);
    cr_assert_eq(memcmp(boot.firmware + copy->offset, table, table->bytes), 0);
}

static const uint8_t filling[0x1000] = { 1, 2, 3, 4, 5 };

Test(acpi, tables_for_servers_are_kept_whole) {
    struct acpi_header *table[] = { add("DMAR", filling, 77), add("IVRS", filling, 111),
                                    add("MCFG", filling, 24) };
    add("MCFG", filling, 40); /* the first one counts */
    make_xsdt();
    read();
    for (unsigned i = 0; i < 3; i++)
        expect_kept(table[i]);
}

Test(acpi, without_such_tables_none_is_kept) {
    add("WXYZ", filling, 60);
    make_xsdt();
    read();
    for (unsigned i = 0; i < BOOT_FIRMWARE_TABLES; i++)
        cr_assert_eq(boot.firmware_table[i].signature, 0);
}

Test(acpi, tables_that_are_too_short_or_damaged_are_not_kept) {
    add("MCFG", filling, 7);
    struct acpi_header *dmar = add("DMAR", filling, 60);
    dmar->checksum++;
    struct acpi_header *ivrs = add("IVRS", filling, 60);
    ivrs->bytes = 0x2000000;
    make_xsdt();
    read();
    cr_assert(!kept("MCFG") && !kept("DMAR") && !kept("IVRS"));
    cr_assert_not_null(strstr(fake_serial, "DMAR ignored: wrong checksum"));
}

Test(acpi, tables_that_do_not_fit_are_not_kept_and_it_is_said) {
    const struct acpi_header *mcfg = add("MCFG", filling, 24);
    add("DMAR", filling, BOOT_FIRMWARE_MAX - 64 - sizeof(struct acpi_header) + 1);
    const struct acpi_header *ivrs =
        add("IVRS", filling, BOOT_FIRMWARE_MAX - 64 - sizeof(struct acpi_header));
    make_xsdt();
    read();
    expect_kept(mcfg);
    cr_assert_null(kept("DMAR"));
    cr_assert_not_null(strstr(fake_serial, "DMAR ignored: no room"));
    expect_kept(ivrs);
}

Test(acpi, damaged_tables_do_no_harm) {
    random_start();
    for (unsigned round = 0; round < 20000; round++) {
        struct acpi_header *all[5];
        begin();
        make_fadt();
        all[0] = add("APIC", madt, sizeof madt);
        all[1] = add("HPET", madt, 20);
        all[2] = add("SSDT", dsdt, sizeof dsdt - 1);
        all[3] =
            add("FACP", (uint8_t *)&fadt + sizeof fadt.header, sizeof fadt - sizeof fadt.header);
        all[4] = make_xsdt();
        for (unsigned damage = 1 + (unsigned)random_below(5); damage > 0; damage--) {
            struct acpi_header *victim = all[random_below(5)];
            size_t place =
                random_below(4) ? sizeof *victim + random_below(60) : 4 + random_below(4);
            ((uint8_t *)victim)[place] =
                (uint8_t)(random_below(2) ? random_below(32) : random_next());
        }
        for (unsigned i = 0; i < 5; i++)
            if (all[i]->bytes >= sizeof **all &&
                at(&memory, physical(all[i]), all[i]->bytes) != NULL)
                seal(all[i]);
        read();
        random_check(boot.core_count >= 1 && boot.core_count <= BOOT_CORES_MAX &&
                     boot.core[0].apic_id == 7);
        random_check(boot.ioapic_count <= BOOT_IOAPICS_MAX);
        random_check(boot.s5_type_a >= -1 && boot.s5_type_a <= 7 && boot.s5_type_b <= 7);
        random_check(boot.lapic != 0);
    }
}
