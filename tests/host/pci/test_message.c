/* MSI, MSI-X, quieting; which configuration registers a driver may write. */
#include <criterion/criterion.h>

#include "bar.h"
#include "fake.h"
#include "filter.h"
#include "message.h"
#include "registers.h"

TestSuite(message, .init = fake_clear);

static struct device *one(struct function *f) {
    devices_scan();
    struct device *device = device_find(f->place);
    bars_read(device);
    bars_size(device);
    bars_check(device);
    return device;
}

Test(message, msi_is_programmed_for_several) {
    struct function *f = fake_function(0x0008, 0x11e81234, 0x00ff00, 0);
    fake_msi(f, 0x40, 5, true);
    struct device *device = one(f);
    uint64_t address;
    uint32_t data;
    cr_expect_eq(messages_possible(device), PCI_MESSAGES_MAX);
    cr_expect_eq(messages_program(device, 0x1fee01000, 0x80, 4), 0);
    cr_expect_eq(get(f, 0x42, 2), (5 << 1 | MSI_64 | 2 << 4 | MSI_ENABLE));
    cr_expect_eq(get(f, 0x44, 4), 0xfee01000);
    cr_expect_eq(get(f, 0x48, 4), 1);
    cr_expect_eq(get(f, 0x4c, 2), 0x80);
    cr_expect_eq(messages_programmed(device, &address, &data), 4);
    cr_expect(address == 0x1fee01000 && data == 0x80);
    messages_off(device);
    cr_expect_not(get(f, 0x42, 2) & MSI_ENABLE);
    cr_expect_eq(messages_programmed(device, &address, &data), 0);
}

Test(message, narrow_msi_takes_no_wide_address) {
    struct function *f = fake_function(0x0008, 0x11e81234, 0x00ff00, 0);
    fake_msi(f, 0x40, 0, false);
    struct device *device = one(f);
    cr_expect_eq(messages_program(device, 0x1fee01000, 0x80, 1), -E_RANGE);
    cr_expect_eq(messages_program(device, 0xfee01000, 0x80, 2), -E_INVAL);
    cr_expect_eq(messages_program(device, 0xfee01000, 0x80, 1), 0);
    cr_expect_eq(get(f, 0x48, 2), 0x80);
}

Test(message, msix_table_is_written_and_the_rest_masked) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 3, 0xfe000000, 0x4000, 0);
    fake_msix(f, 0xa0, 300, 0xff0 | 3, 0x3000 | 3); /* not on a page of its own */
    struct device *device = one(f);
    fake_page(0xfe000000)[0xff0 / 4] = 0xdead;
    cr_expect_eq(messages_program(device, 0xfee01000, 0x80, 3), 0);
    const uint32_t *first = fake_page(0xfe000000), *second = fake_page(0xfe001000);
    cr_expect(first[0x3fc] == 0xfee01000 && first[0x3fe] == 0x80 && first[0x3ff] == 0);
    cr_expect(second[0] == 0xfee01000 && second[2] == 0x81 && second[3] == 0);
    cr_expect(second[4] == 0xfee01000 && second[6] == 0x82 && second[7] == 0);
    cr_expect(second[8] == 0 && second[11] == MSIX_MASKED);
    cr_expect_eq(fake_page(0xfe002000)[(0xff0 + 299 * 16 - 0x2000) / 4 + 3], MSIX_MASKED);
    cr_expect_eq(get(f, 0xa2, 2), 299 | MSIX_ENABLE);
    cr_expect_eq(fake_mapped, 0);
    uint64_t address;
    uint32_t data;
    cr_expect_eq(messages_programmed(device, &address, &data), 3);
    cr_expect(address == 0xfee01000 && data == 0x80);
    messages_off(device);
    cr_expect(get(f, 0xa2, 2) & MSIX_MASK_ALL);
}

Test(message, msix_table_that_cannot_be_reached_sends_nothing) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 3, 0xfe000000, 0x1000, 0);
    fake_msix(f, 0xa0, 300, 0 | 3, 0 | 3); /* longer than its BAR */
    struct device *device = one(f);
    cr_expect_eq(messages_program(device, 0xfee01000, 0x80, 1), -E_NOTSUP);
    cr_expect_not(get(f, 0xa2, 2) & MSIX_ENABLE);
    cr_expect_eq(fake_mapped, 0);
    fake_map_fails = true;
    cr_expect_eq(messages_program(device, 0xfee01000, 0x80, 1), -E_NOTSUP);
}

Test(message, broken_msix_capability_is_none) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_msix(f, 0xa0, 3, 7, 0);
    cr_expect_eq(messages_possible(one(f)), 0);
}

Test(message, quiet_device_neither_masters_nor_interrupts) {
    struct function *f = fake_function(0x0008, 0x11e81234, 0x00ff00, 0);
    fake_msi(f, 0x40, 0, true);
    put(f, REG_COMMAND, 2, COMMAND_DECODE | COMMAND_MASTER);
    struct device *device = one(f);
    messages_program(device, 0xfee00000, 0x40, 1);
    device_quiet(device);
    cr_expect_eq(get(f, REG_COMMAND, 2), COMMAND_DECODE | COMMAND_INTX);
    cr_expect_not(get(f, 0x42, 2) & MSI_ENABLE);
}

/* ---- Filter ---- */

TestSuite(filter, .init = fake_clear);

static struct device *network_card(struct function **made) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 0, 0xfe000000, 0x20000, 0);
    fake_bar(f, 3, 0xfe100000, 0x4000, 0);
    fake_capability(f, 0x60, CAP_VENDOR);
    put(f, 0x62, 1, 0x14);
    fake_msix(f, 0xa0, 5, 3, 0x2000 | 3);
    fake_capability(f, 0xc8, CAP_PM);
    fake_msi(f, 0xd0, 0, true);
    fake_express(f, 0xe0, true);
    put(f, 0x100, 4, 0x00010001); /* AER */
    put(f, REG_COMMAND, 2, COMMAND_MEMORY | COMMAND_INTX);
    *made = f;
    return one(f);
}

#define REFUSED(offset, width, value) \
    cr_expect_eq(filter_write(device, offset, width, value), -E_PERM, "%s", #offset)
#define ALLOWED(offset, width, value) \
    cr_expect_eq(filter_write(device, offset, width, value), 0, "%s", #offset)

Test(filter, what_would_redirect_is_refused) {
    struct function *f;
    struct device *device = network_card(&f);
    for (unsigned i = 0; i < 6; i++)
        REFUSED(REG_BAR + 4 * i, 4, 0x12345670);
    REFUSED(0x30, 4, 0xfe000001); /* expansion ROM */
    REFUSED(REG_LINE, 1, 5);
    REFUSED(0xa2, 2, MSIX_ENABLE | 4);     /* MSI-X */
    REFUSED(0xd2, 2, MSI_64 | MSI_ENABLE); /* MSI */
    REFUSED(0xd4, 4, 0xfee01000);
    REFUSED(0xdc, 2, 0x41);
    REFUSED(0xcc, 2, PM_D3);
    REFUSED(0x64, 4, 1); /* vendor-specific */
    REFUSED(0xe8, 2, EXPRESS_START_FLR);
    REFUSED(0xe8, 2, 2 << 5); /* maximum payload */
    REFUSED(REG_COMMAND, 2, COMMAND_DECODE | COMMAND_INTX);
    REFUSED(REG_COMMAND, 2, COMMAND_INTX);
    REFUSED(REG_COMMAND, 2, COMMAND_MEMORY);
    REFUSED(REG_COMMAND + 1, 1, 0); /* its upper byte: interrupts by pin */
    REFUSED(0x200, 4, 1);
}

Test(filter, what_is_harmless_is_allowed) {
    struct function *f;
    struct device *device = network_card(&f);
    ALLOWED(REG_COMMAND, 2, COMMAND_MEMORY | COMMAND_INTX | COMMAND_MASTER | COMMAND_MWI);
    ALLOWED(REG_COMMAND, 4, (STATUS_ERRORS | STATUS_CAPS) << 16 | COMMAND_MEMORY | COMMAND_INTX);
    ALLOWED(REG_STATUS, 2, STATUS_ERRORS | STATUS_CAPS);
    ALLOWED(REG_CACHE, 1, 0x10);
    ALLOWED(REG_CACHE + 1, 1, 0x40);
    ALLOWED(0xe8, 2, 0x591f);
    ALLOWED(0xe8, 4, 0xf591f);
    ALLOWED(0x108 - AER_UNCORRECTABLE, 4, UINT32_MAX);
    ALLOWED(0x110, 4, UINT32_MAX);
    ALLOWED(REG_BAR, 4, 0xfe000000); /* what it holds anyway */
}

Test(filter, widths_and_offsets) {
    struct function *f;
    struct device *device = network_card(&f);
    cr_expect_eq(filter_write(device, REG_COMMAND + 1, 2, 0), -E_INVAL);
    cr_expect_eq(filter_write(device, REG_COMMAND, 3, 0), -E_INVAL);
    cr_expect_eq(filter_write(device, REG_COMMAND, 8, 0), -E_INVAL);
    cr_expect_eq(filter_write(device, REG_COMMAND, 0, 0), -E_INVAL);
    cr_expect_eq(filter_write(device, REG_CACHE, 1, 0x100), -E_INVAL);
    cr_expect_eq(filter_write(device, 4096, 4, 0), -E_RANGE);
    cr_expect_eq(filter_write(device, UINT32_MAX & ~3U, 4, 0), -E_RANGE);
    f->has_extended = false;
    cr_expect_eq(filter_write(device, 256, 4, 0), -E_RANGE);
}

Test(filter, vendor_rules_allow_bits_of_one_device) {
    struct function *f;
    struct device *device = network_card(&f);
    cr_expect(filter_allow("8086/10d3/8/0000ff00"));
    cr_expect(filter_allow("8086/10d3/14/ffffffff")); /* behind the end of the capability */
    cr_expect(filter_allow("8086/10d4/4/ffffffff"));
    ALLOWED(0x68, 4, 0x1200);
    ALLOWED(0x69, 1, 0x12);
    REFUSED(0x68, 4, 0x1201);
    REFUSED(0x74, 4, 1);
    REFUSED(0x64, 4, 1);
    cr_expect_not(filter_allow("8086/10d3/8"));
    cr_expect_not(filter_allow("18086/10d3/8/1"));
    cr_expect_not(filter_allow("8086/10d3/3/1"));
    cr_expect_not(filter_allow("8086/10d3/0/1"), "the header of the capability");
    cr_expect_not(filter_allow("8086/10d3/8/1/"));
    cr_expect_not(filter_allow("-1/10d3/8/1"));
}
