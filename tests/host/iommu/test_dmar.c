/* The ACPI table of Intel's units. */
#include <criterion/criterion.h>

#include "dmar.h"
#include "table.h"

#define PROGRAM "iommu-test"
#include "../random.h"

#define DEVICE(bus, number, function) ((uint16_t)((bus) << 8 | (number) << 3 | (function)))

/* Two bridges: 00:1c.0 leads to buses 2 to 5, 02:03.0 behind it to bus 4 alone. */
static uint32_t read_pci(void *context, uint16_t device, unsigned offset) {
    unsigned *reads = context;

    (*reads)++;
    if (device == DEVICE(0, 0x1c, 0))
        return offset == 0x0c ? 0x00010000 : 0x00050200;
    if (device == DEVICE(2, 3, 0))
        return offset == 0x0c ? 0x00810000 : 0x00040402;
    if (device == DEVICE(0, 1, 0)) /* no bridge */
        return offset == 0x0c ? 0 : 0x00ff0100;
    return UINT32_MAX;
}

static unsigned reads;
static const struct pci_reader pci = { read_pci, &reads };

/* Three units: one for a graphics device, one for what is behind bridges, one for all others. */
static struct table machine(void) {
    struct table table = table_make("DMAR");

    table.byte[36] = 38;
    table.byte[37] = 1;
    TABLE_ADD(&table, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0, /* unit 0 */
              1, 8, 0, 0, 0, 0, 2, 0);
    TABLE_ADD(&table, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0x10, 0xd9, 0xfe, 0, 0, 0, 0, /* unit 1 */
              2, 8, 0, 0, 0, 0, 0x1c, 0,                                        /* a bridge */
              1, 10, 0, 0, 0, 0, 0x1c, 0, 3, 0, 3, 8, 0, 0, 9, 0xf0, 0x1f, 0);
    table.byte[table.bytes - 26 - 14] = 42; /* its length */
    TABLE_ADD(&table, 1, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7b, 0,
              0, 0, 0, 1, 8, 0, 0, 0, 0, 2, 0); /* reserved memory */
    TABLE_ADD(&table, 0, 0, 24, 0, 1, 0, 0, 0, 0, 0x20, 0xd9, 0xfe, 0, 0, 0, 0, /* unit 2 */
              3, 8, 0, 0, 0, 0xff, 0, 1);
    table_close(&table);
    return table;
}

Test(dmar, tells_of_units) {
    struct table table = machine();
    struct dmar dmar;
    struct dmar_unit unit;
    size_t position = 0;

    cr_assert(dmar_open(&dmar, table.byte, table.bytes));
    cr_assert_eq(dmar.address_bits, 39);
    cr_assert(dmar.remaps_interrupts);
    cr_assert(dmar_next_unit(&dmar, &position, &unit));
    cr_assert_eq(unit.registers, 0xfed90000);
    cr_assert(!unit.all);
    cr_assert(dmar_next_unit(&dmar, &position, &unit));
    cr_assert_eq(unit.registers, 0xfed91000);
    cr_assert(dmar_next_unit(&dmar, &position, &unit));
    cr_assert_eq(unit.registers, 0xfed92000);
    cr_assert(unit.all);
    cr_assert(!dmar_next_unit(&dmar, &position, &unit));
}

Test(dmar, tells_of_reserved_memory) {
    struct table table = machine();
    struct dmar dmar;
    struct dmar_reserved reserved;
    size_t position = 0;

    cr_assert(dmar_open(&dmar, table.byte, table.bytes));
    cr_assert(dmar_next_reserved(&dmar, &position, &reserved));
    cr_assert_eq(reserved.base, 0x7b000000);
    cr_assert_eq(reserved.last, 0x7bffffff);
    cr_assert(dmar_in_scope(reserved.scopes, DEVICE(0, 2, 0), &pci));
    cr_assert(!dmar_in_scope(reserved.scopes, DEVICE(0, 2, 1), &pci));
    cr_assert(!dmar_next_reserved(&dmar, &position, &reserved));
}

Test(dmar, a_device_has_the_unit_that_names_it_or_its_bridge) {
    struct table table = machine();
    struct dmar dmar;

    cr_assert(dmar_open(&dmar, table.byte, table.bytes));
    cr_assert_eq(dmar_unit_of(&dmar, DEVICE(0, 2, 0), &pci), 0);
    cr_assert_eq(dmar_unit_of(&dmar, DEVICE(0, 0x1c, 0), &pci), 1);
    cr_assert_eq(dmar_unit_of(&dmar, DEVICE(2, 0, 0), &pci), 1);
    cr_assert_eq(dmar_unit_of(&dmar, DEVICE(5, 31, 7), &pci), 1);
    cr_assert_eq(dmar_unit_of(&dmar, DEVICE(6, 0, 0), &pci), 2);
    cr_assert_eq(dmar_unit_of(&dmar, DEVICE(0, 31, 2), &pci), 2);
}

Test(dmar, a_path_goes_through_bridges) {
    struct dmar_scopes scopes = { (const uint8_t[]){ 1, 10, 0, 0, 0, 0, 0x1c, 0, 3, 1 }, 10 };
    struct dmar_scopes bridge = { (const uint8_t[]){ 2, 10, 0, 0, 0, 0, 0x1c, 0, 3, 0 }, 10 };
    struct dmar_scopes no_bridge = { (const uint8_t[]){ 1, 10, 0, 0, 0, 0, 1, 0, 3, 0 }, 10 };

    cr_assert(dmar_in_scope(scopes, DEVICE(2, 3, 1), &pci));
    cr_assert(!dmar_in_scope(scopes, DEVICE(0, 3, 1), &pci));
    cr_assert(dmar_in_scope(bridge, DEVICE(4, 9, 0), &pci));
    cr_assert(!dmar_in_scope(bridge, DEVICE(3, 9, 0), &pci));
    cr_assert(!dmar_in_scope(no_bridge, DEVICE(1, 3, 0), &pci));
}

Test(dmar, tells_where_interrupts_of_io_apics_come_from) {
    struct table table = machine();
    struct dmar dmar;
    uint16_t source;
    unsigned unit;

    cr_assert(dmar_open(&dmar, table.byte, table.bytes));
    cr_assert(dmar_ioapic(&dmar, 9, &unit, &source));
    cr_assert_eq(unit, 1);
    cr_assert_eq(source, DEVICE(0xf0, 0x1f, 0));
    cr_assert(dmar_ioapic(&dmar, 0, &unit, &source));
    cr_assert_eq(unit, 2);
    cr_assert_eq(source, DEVICE(0xff, 0, 1));
    cr_assert(!dmar_ioapic(&dmar, 1, &unit, &source));
}

Test(dmar, refuses_what_is_no_table) {
    struct table table = machine();
    struct dmar dmar;

    cr_assert(!dmar_open(&dmar, table.byte, table.bytes - 1));
    table.byte[60]++;
    cr_assert(!dmar_open(&dmar, table.byte, table.bytes));
    struct table other = table_make("DMAX");
    table_close(&other);
    cr_assert(!dmar_open(&dmar, other.byte, other.bytes));
    struct table small = table_make("DMAR");
    small.bytes = 40;
    table_close(&small);
    cr_assert(!dmar_open(&dmar, small.byte, small.bytes));
}

Test(dmar, a_structure_without_length_ends_the_list) {
    struct table table = table_make("DMAR");
    struct dmar dmar;
    struct dmar_unit unit;
    size_t position = 0;

    TABLE_ADD(&table, 0, 0, 0, 0, 0, 0, 0, 0);
    table_close(&table);
    cr_assert(dmar_open(&dmar, table.byte, table.bytes));
    cr_assert(!dmar_next_unit(&dmar, &position, &unit));
}

/* Under the address sanitizer, in memory of exactly that size: no byte beyond is read. */
Test(dmar, survives_any_table) {
    random_start();
    for (unsigned round = 0; round < 20000; round++) {
        struct table table = machine();
        table.bytes = 48 + random_below(table.bytes - 48 + 1);
        for (unsigned changes = (unsigned)random_below(8); changes > 0; changes--)
            table.byte[48 + random_below(TABLE_MAX - 48)] = (uint8_t)random_next();
        table_close(&table);
        uint8_t *exact = malloc(table.bytes);
        struct dmar dmar;
        struct dmar_unit unit;
        struct dmar_reserved reserved;
        size_t position = 0, units = 0;
        uint16_t source;
        unsigned number;

        memcpy(exact, table.byte, table.bytes);
        random_check(dmar_open(&dmar, exact, table.bytes));
        while (dmar_next_unit(&dmar, &position, &unit))
            units++;
        random_check(units <= table.bytes / 16);
        position = 0;
        while (dmar_next_reserved(&dmar, &position, &reserved))
            dmar_in_scope(reserved.scopes, (uint16_t)random_next(), &pci);
        random_check(dmar_unit_of(&dmar, (uint16_t)random_next(), &pci) < (int)units);
        dmar_ioapic(&dmar, (uint8_t)random_next(), &number, &source);
        free(exact);
    }
}
