/* Enumeration, capabilities, base address registers: of whole machines and of broken ones. */
#include <criterion/criterion.h>

#include "bar.h"
#include "fake.h"
#include "registers.h"

TestSuite(scan, .init = fake_clear);

Test(scan, finds_functions_behind_bridges_in_order) {
    fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bridge(0x0010, 2, 3);
    fake_bridge(0x0200, 3, 3);
    fake_function(0x0300, 0x11e81234, 0x00ff00, 0);
    fake_function(0x0018, 0x00011af4, 0x010000, HEADER_MULTI);
    fake_function(0x001b, 0x00011af4, 0x010000, 0);
    fake_function(0x0019, 0xffffffff, 0, 0); /* not there */
    devices_scan();
    const uint16_t expected[] = { 0x0008, 0x0010, 0x0018, 0x001b, 0x0200, 0x0300 };
    cr_assert_eq(device_count, 6);
    for (unsigned i = 0; i < 6; i++)
        cr_expect_eq(devices[i].place.device, expected[i]);
    cr_expect_eq(device_find(0x0300)->bridge, device_find(0x0200));
    cr_expect_eq(device_find(0x0200)->bridge, device_find(0x0010));
    cr_expect_null(device_find(0x0010)->bridge);
    cr_expect_eq(device_find(0x0300)->place.class24, 0x00ff00);
}

Test(scan, functions_of_a_single_function_device_are_not_looked_at) {
    fake_function(0x0018, 0x00011af4, 0x010000, 0);
    fake_function(0x0019, 0x00011af4, 0x010000, 0);
    devices_scan();
    cr_expect_eq(device_count, 1);
}

Test(scan, bridges_that_loop_are_followed_once) {
    fake_bridge(0x0008, 1, 255);
    fake_bridge(0x0100, 1, 255); /* to its own bus */
    fake_bridge(0x0108, 0, 255); /* back */
    fake_bridge(0x0110, 2, 2);
    fake_bridge(0x0118, 2, 2); /* twice */
    fake_bridge(0x0200, 1, 1);
    devices_scan();
    cr_expect_eq(device_count, 6);
}

Test(scan, more_functions_than_there_is_room_for_are_left_out) {
    const uint8_t header = HEADER_BRIDGE | HEADER_MULTI;
    put(fake_bridge(0x0000, 1, 255), REG_HEADER, 1, header);
    put(fake_bridge(0x0100, 2, 255), REG_HEADER, 1, header);
    fake_full = true; /* 256 on each of three buses */
    devices_scan();
    cr_expect_eq(device_count, DEVICES_MAX);
    for (size_t i = 1; i < device_count; i++)
        cr_assert_lt(devices[i - 1].place.device, devices[i].place.device);
}

Test(scan, capability_lists_that_loop_end) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_capability(f, 0x40, CAP_VENDOR);
    fake_capability(f, 0x50, CAP_PM);
    put(f, 0x41, 1, 0x50);
    devices_scan();
    uint32_t id;
    cr_expect_eq(device_capability(devices, CAP_PM, 0, &id), 0x50);
    cr_expect_eq(device_capability(devices, CAP_MSI, 0, &id), 0);
    put(f, 0x41, 1, 0x40); /* itself */
    cr_expect_eq(device_capability(devices, CAP_MSI, 0, &id), 0);
}

Test(scan, capability_pointers_into_the_header_end_the_list) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_capability(f, 0x40, CAP_VENDOR);
    put(f, 0x41, 1, 0x10);
    devices_scan();
    cr_expect_eq(device_capability(devices, PCI_ANY, 0x40, NULL), 0);
}

Test(scan, capabilities_of_a_kind_come_one_after_the_other) {
    struct function *f = fake_function(0x0008, 0x10411af4, 0x020000, 0);
    fake_capability(f, 0x80, CAP_VENDOR);
    fake_capability(f, 0x60, CAP_PM);
    fake_capability(f, 0x40, CAP_VENDOR);
    devices_scan();
    cr_expect_eq(device_capability(devices, CAP_VENDOR, 0, NULL), 0x40);
    cr_expect_eq(device_capability(devices, CAP_VENDOR, 0x40, NULL), 0x80);
    cr_expect_eq(device_capability(devices, CAP_VENDOR, 0x80, NULL), 0);
}

Test(scan, extended_capabilities_that_loop_end) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_express(f, 0xe0, false);
    put(f, 0x100, 4, 0x14010001); /* AER, next 0x140 */
    put(f, 0x140, 4, 0x10010003); /* next 0x100 */
    devices_scan();
    cr_expect_eq(device_capability(devices, PCI_EXTENDED | 3, 0, NULL), 0x140);
    cr_expect_eq(device_capability(devices, PCI_EXTENDED | 0x10, 0, NULL), 0);
    cr_expect_eq(device_capability(devices, PCI_ANY, 0xe0, NULL), 0x100);
}

Test(scan, requester_is_the_bridge_to_conventional_pci) {
    fake_express(fake_bridge(0x0008, 1, 3), 0x40, false);
    fake_bridge(0x0100, 2, 2);
    fake_function(0x0208, 0x11e81234, 0x00ff00, 0);
    struct function *to_pci = fake_bridge(0x0108, 3, 3);
    fake_express(to_pci, 0x40, false);
    put(to_pci, 0x42, 2, EXPRESS_TO_PCI << 4);
    fake_function(0x0308, 0x11e81234, 0x00ff00, 0);
    fake_express(fake_function(0x0110, 0x10d38086, 0x020000, 0), 0x40, false);
    devices_scan();
    cr_expect_eq(device_requester(device_find(0x0208)), 0x0100);
    cr_expect_eq(device_requester(device_find(0x0308)), 0x0300);
    cr_expect_eq(device_requester(device_find(0x0110)), 0x0110);
}

/* ---- Base address registers ---- */

TestSuite(bar, .init = fake_clear);

static struct device *one(struct function *f) {
    devices_scan();
    struct device *device = device_find(f->place);
    bars_read(device);
    bars_size(device);
    bars_check(device);
    return device;
}

Test(bar, sizes_of_all_kinds) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 0, 0xfe000000, 0x20000, 0);
    fake_bar(f, 1, 0xc040, 0x20, BAR_PORTS);
    fake_bar(f, 2, 0x800000000, UINT64_C(1) << 33, BAR_TYPE_64 | BAR_PREFETCHABLE);
    put(f, REG_COMMAND, 2, COMMAND_DECODE | COMMAND_MASTER);
    struct function before = *f;
    struct device *device = one(f);
    cr_expect_eq(device->bar[0].base, 0xfe000000);
    cr_expect_eq(device->bar[0].bytes, 0x20000);
    cr_expect_eq(device->bar[0].flags, 0);
    cr_expect_eq(device->bar[1].base, 0xc040);
    cr_expect_eq(device->bar[1].bytes, 0x20);
    cr_expect_eq(device->bar[1].flags, PCI_BAR_PORTS);
    cr_expect_eq(device->bar[2].base, 0x800000000);
    cr_expect_eq(device->bar[2].bytes, UINT64_C(1) << 33);
    cr_expect_eq(device->bar[2].flags, PCI_BAR_64 | PCI_BAR_PREFETCHABLE);
    cr_expect_eq(device->bar[3].bytes, 0);
    cr_expect_eq(device->bar[4].bytes, 0);
    cr_expect_arr_eq(f->config, before.config, sizeof before.config, "all is as it was");
    cr_expect_not(f->bar_written_while_decoding);
}

Test(bar, of_size_0_is_none) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    put(f, REG_BAR, 4, 0xfe000000); /* hard-wired: no bit can be set */
    struct device *device = one(f);
    cr_expect_eq(device->bar[0].bytes, 0x2000000, "its ones that stay are taken for a size");
    put(f, REG_BAR, 4, 0);
    device = one(f);
    cr_expect_eq(device->bar[0].bytes, 0);
    cr_expect_not(bar_is_usable(&device->bar[0]));
}

Test(bar, last_one_cannot_be_64_bits_wide) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 5, 0xfe000000, 0x1000, 0);
    put(f, REG_BAR + 20, 4, 0xfe000000 | BAR_TYPE_64);
    struct device *device = one(f);
    cr_expect_not(device->bar[5].flags & PCI_BAR_64);
}

Test(bar, without_an_address_is_not_given) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 0, 0, 0x1000, 0);
    cr_expect_not(bar_is_usable(&one(f)->bar[0]));
}

Test(bar, on_a_page_of_another_device_is_not_given) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    struct function *other = fake_function(0x0010, 0x10d38086, 0x020000, 0);
    fake_bar(f, 0, 0xfe000000, 0x100, 0);
    fake_bar(f, 1, 0xfe002000, 0x1000, 0);
    fake_bar(f, 2, 0xc000, 0x20, BAR_PORTS);
    fake_bar(other, 0, 0xfe000800, 0x100, 0);
    fake_bar(other, 1, 0xc020, 0x20, BAR_PORTS);
    fake_start();
    struct device *device = device_find(0x0008);
    cr_expect(device->bar[0].flags & PCI_BAR_SHARED);
    cr_expect(bar_is_usable(&device->bar[1]));
    cr_expect(bar_is_usable(&device->bar[2]), "ports are given one by one");
}

Test(bar, on_configuration_space_is_not_given) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 0, 0xe0000000, 0x1000, 0);
    fake_bar(f, 1, 0xcf0, 0x10, BAR_PORTS);
    fake_ecam = 0xe0000000;
    struct device *device = one(f);
    cr_expect_not(bar_is_usable(&device->bar[0]));
    cr_expect_not(bar_is_usable(&device->bar[1]));
}

Test(bar, outside_its_bridges_window_is_not_given) {
    struct function *bridge = fake_bridge(0x0010, 1, 1);
    struct function *f = fake_function(0x0100, 0x10d38086, 0x020000, 0);
    put(bridge, REG_WINDOW_MEMORY, 4, 0xfe20fe10); /* fe100000 to fe2fffff */
    put(bridge, REG_WINDOW_PORTS, 2, 0xd1c1);      /* c000 to dfff, 32 bits wide */
    put(bridge, REG_WINDOW_PREFETCH, 4, 0x00010001);
    put(bridge, REG_PREFETCH_BASE_HI, 4, 8);
    put(bridge, REG_PREFETCH_LIMIT_HI, 4, 8);
    fake_bar(f, 0, 0xfe200000, 0x100000, 0);
    fake_bar(f, 1, 0xfe300000, 0x1000, 0);
    fake_bar(f, 2, 0xd000, 0x20, BAR_PORTS);
    fake_bar(f, 3, 0xe000, 0x20, BAR_PORTS);
    fake_bar(f, 4, 0x800000000, 0x1000, BAR_TYPE_64 | BAR_PREFETCHABLE);
    struct device *device = one(f);
    cr_expect(bar_is_usable(&device->bar[0]));
    cr_expect(device->bar[1].flags & PCI_BAR_UNREACHABLE);
    cr_expect(bar_is_usable(&device->bar[2]));
    cr_expect(device->bar[3].flags & PCI_BAR_UNREACHABLE);
    cr_expect(bar_is_usable(&device->bar[4]), "the window for prefetchable memory");
    put(f, REG_BAR + 16, 4, BAR_TYPE_64);
    device = one(f);
    cr_expect_not(bar_is_usable(&device->bar[4]), "it is not prefetchable now");
}

Test(bar, pages_of_msix_tables_are_left_out) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 3, 0xfe000000, 0x8000, 0);
    fake_msix(f, 0xa0, 300, 0x2000 | 3, 0x5000 | 3); /* 4800 bytes: two pages */
    struct device *device = one(f);
    struct pages pieces[BAR_PIECES];
    cr_assert_eq(bar_pieces(device, 3, pieces), 3);
    cr_expect(pieces[0].first == 0 && pieces[0].end == 2);
    cr_expect(pieces[1].first == 4 && pieces[1].end == 5);
    cr_expect(pieces[2].first == 6 && pieces[2].end == 8);
}

Test(bar, msix_table_and_pba_on_one_page_leave_one_hole) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 1, 0xfe000000, 0x2000, 0);
    fake_msix(f, 0xa0, 5, 0x1000 | 1, 0x1800 | 1);
    struct device *device = one(f);
    struct pages pieces[BAR_PIECES], holes[2];
    cr_expect_eq(bar_holes(device, 1, holes), 1);
    cr_assert_eq(bar_pieces(device, 1, pieces), 1);
    cr_expect(pieces[0].first == 0 && pieces[0].end == 1);
}

Test(bar, msix_table_behind_the_end_of_its_bar_leaves_no_piece_behind) {
    struct function *f = fake_function(0x0008, 0x10d38086, 0x020000, 0);
    fake_bar(f, 1, 0xfe000000, 0x2000, 0);
    fake_msix(f, 0xa0, 2048, 0xfffff000 | 1, 0 | 1);
    struct device *device = one(f);
    struct pages pieces[BAR_PIECES];
    cr_assert_eq(bar_pieces(device, 1, pieces), 1);
    cr_expect(pieces[0].first == 1 && pieces[0].end == 2);
}
