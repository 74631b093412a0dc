/* The ACPI table of AMD's units. */
#include <criterion/criterion.h>

#include "ivrs.h"
#include "table.h"

#define PROGRAM "iommu-test"
#include "../random.h"

#define UNIT(type, length, registers)                                                             \
    (type), 0, (length), 0, 2, 0, 0x40, 0, 0, 0, (registers), 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
        0, 0

/* A unit for a range, an alias, one device and an I/O APIC, and one for bus 3 by an alias range. */
static struct table machine(void) {
    struct table table = table_make("IVRS");

    TABLE_ADD(&table, UNIT(0x10, 24 + 4 + 4 + 8 + 4 + 8, 0xd8), 3, 0x10, 0, 0, 4, 0x1f, 0, 0, /* */
              0x42, 0x00, 0x02, 0, 0, 0x18, 0, 0, 2, 0xff, 0, 0,                              /* */
              0x48, 0, 0, 0, 9, 0xa0, 0, 1);
    TABLE_ADD(&table, 0x21, 0, 0x20, 0, 0x18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7c, 0, 0,
              0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0);
    TABLE_ADD(&table, UNIT(0x10, 24 + 8 + 4 + 25, 0xd9), 0x43, 0, 3, 0, 0, 0x08, 3, 0, /* */
              4, 0xff, 3, 0,                                                           /* */
              0xf0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 'a', 'b', 'c');
    table_close(&table);
    return table;
}

Test(ivrs, tells_of_units) {
    struct table table = machine();
    struct ivrs ivrs;
    struct ivrs_unit unit;
    size_t position = 0;

    cr_assert(ivrs_open(&ivrs, table.byte, table.bytes));
    cr_assert(ivrs_next_unit(&ivrs, &position, &unit));
    cr_assert_eq(unit.registers, 0xfed80000);
    cr_assert(ivrs_next_unit(&ivrs, &position, &unit));
    cr_assert_eq(unit.registers, 0xfed90000);
    cr_assert(!ivrs_next_unit(&ivrs, &position, &unit));
}

Test(ivrs, tells_of_reserved_memory) {
    struct table table = machine();
    struct ivrs ivrs;
    struct ivrs_reserved reserved;
    size_t position = 0;

    cr_assert(ivrs_open(&ivrs, table.byte, table.bytes));
    cr_assert(ivrs_next_reserved(&ivrs, &position, &reserved));
    cr_assert_eq(reserved.base, 0x7c000000);
    cr_assert_eq(reserved.bytes, 0x100000);
    cr_assert_eq(reserved.first, 0x18);
    cr_assert_eq(reserved.last, 0x18);
    cr_assert(!ivrs_next_reserved(&ivrs, &position, &reserved));
}

Test(ivrs, a_device_has_the_unit_whose_entry_covers_it) {
    struct table table = machine();
    struct ivrs ivrs;
    uint16_t requester;

    cr_assert(ivrs_open(&ivrs, table.byte, table.bytes));
    cr_assert_eq(ivrs_unit_of(&ivrs, 0x10, &requester), 0);
    cr_assert_eq(requester, 0x10);
    cr_assert_eq(ivrs_unit_of(&ivrs, 0x1f, &requester), 0);
    cr_assert_eq(ivrs_unit_of(&ivrs, 0x0f, &requester), -1);
    cr_assert_eq(ivrs_unit_of(&ivrs, 0x20, &requester), -1);
    cr_assert_eq(ivrs_unit_of(&ivrs, 0xff, &requester), 0);
    cr_assert_eq(ivrs_unit_of(&ivrs, 0x200, &requester), 0);
    cr_assert_eq(requester, 0x18);
    cr_assert_eq(ivrs_unit_of(&ivrs, 0x3c0, &requester), 1);
    cr_assert_eq(requester, 0x308);
}

Test(ivrs, tells_where_interrupts_of_io_apics_come_from) {
    struct table table = machine();
    struct ivrs ivrs;
    uint16_t source;

    cr_assert(ivrs_open(&ivrs, table.byte, table.bytes));
    cr_assert(ivrs_ioapic(&ivrs, 9, &source));
    cr_assert_eq(source, 0xa0);
    cr_assert(!ivrs_ioapic(&ivrs, 8, &source));
}

/* The same unit is described in several ways; the newest that is known counts. */
Test(ivrs, the_highest_type_counts) {
    struct table table = machine();
    struct ivrs ivrs;
    struct ivrs_unit unit;
    size_t position = 0;
    uint16_t requester;

    TABLE_ADD(&table, UNIT(0x11, 44, 0xd8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
              0);
    table_close(&table);
    cr_assert(ivrs_open(&ivrs, table.byte, table.bytes));
    cr_assert(ivrs_next_unit(&ivrs, &position, &unit));
    cr_assert_eq(unit.bytes, 4);
    cr_assert(!ivrs_next_unit(&ivrs, &position, &unit));
    cr_assert_eq(ivrs_unit_of(&ivrs, 0xf123, &requester), 0);
}

Test(ivrs, refuses_what_is_no_table) {
    struct table table = machine();
    struct ivrs ivrs;

    cr_assert(!ivrs_open(&ivrs, table.byte, table.bytes - 1));
    table.byte[70]++;
    cr_assert(!ivrs_open(&ivrs, table.byte, table.bytes));
}

Test(ivrs, survives_any_table) {
    random_start();
    for (unsigned round = 0; round < 20000; round++) {
        struct table table = machine();
        table.bytes = 48 + random_below(table.bytes - 48 + 1);
        for (unsigned changes = (unsigned)random_below(8); changes > 0; changes--)
            table.byte[48 + random_below(TABLE_MAX - 48)] = (uint8_t)random_next();
        table_close(&table);
        uint8_t *exact = malloc(table.bytes);
        struct ivrs ivrs;
        struct ivrs_unit unit;
        struct ivrs_reserved reserved;
        size_t position = 0, units = 0;
        uint16_t source;

        memcpy(exact, table.byte, table.bytes);
        random_check(ivrs_open(&ivrs, exact, table.bytes));
        while (ivrs_next_unit(&ivrs, &position, &unit))
            units++;
        random_check(units <= table.bytes / 24);
        position = 0;
        while (ivrs_next_reserved(&ivrs, &position, &reserved))
            random_check(position <= table.bytes);
        random_check(ivrs_unit_of(&ivrs, (uint16_t)random_next(), &source) < (int)units);
        ivrs_ioapic(&ivrs, (uint8_t)random_next(), &source);
        free(exact);
    }
}
