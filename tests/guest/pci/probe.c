/*
 * What the driver of a network card may and may not do. Registers: Intel 82574 GbE Controller
 * Family Datasheet, ch. 10.
 */
#include "tests.h"

#include <string.h>

#include <bulkhead/refusal.h>
#include <runtime/event.h>
#include <runtime/pci.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#define REG_ICR              0x000c0
#define REG_ICS              0x000c8 /* makes an interrupt */
#define REG_IMS              0x000d0
#define REG_IVAR             0x000e4
#define REG_RDBAL            0x02800
#define ICR_OTHER            (1U << 24)
#define IVAR_OTHER_MESSAGE_0 (8U << 16) /* valid, message 0 */

static struct pci_region registers, ports, flash;

static uint32_t refusals(enum refusal kind) {
    struct refusal_info info = { 0 };

    getinfo(INFO_REFUSALS, &info, sizeof info, ENDPOINT_SELF, NULL, NULL);
    return info.count[kind];
}

static void test_self(void) {
    struct pci_self self = { .messages = 0 };

    tap_is(pci_self(&self), 0, "a_driver_knows_its_device");
    tap_ok(self.ids.vendor == CARD_VENDOR && self.ids.device == CARD_DEVICE, "which_is_its_own");
    tap_is(self.messages, 5, "messages_of_msix");
    tap_ok(self.state & PCI_MSIX && !(self.state & PCI_MASTER), "bus_mastering_is_off_at_first");
    tap_is(self.reset, PCI_RESET_BUS, "it_can_be_reset_with_its_bus");
}

static void test_registers(void) {
    uint32_t value = 0;

    tap_is(pci_bar_map(0, &registers), 0, "registers_are_mapped");
    tap_is((int64_t)registers.bytes, 0x20000, "all_of_them");
    tap_is(pci_bar_map(1, &flash), 0, "flash_memory_is_mapped");
    pci_write_32(&registers, REG_RDBAL, 0x12345670);
    tap_is(pci_read_32(&registers, REG_RDBAL), 0x12345670, "registers_are_reached");
    tap_is(pci_bar_map(2, &ports), 0, "ports_are_told");
    pci_write_32(&ports, 0, REG_RDBAL);
    tap_is(pci_read_32(&ports, 4), 0x12345670, "the_same_register_by_ports");
    uint32_t before = refusals(REFUSED_DEVICE);
    tap_is(vdevio_1(VDEVIO_IN32, (uint16_t)(ports.base + ports.bytes), &value), -E_PERM,
           "ports_behind_its_own_are_refused");
    tap_is(vdevio_1(VDEVIO_IN32, 0xcf8, &value), -E_PERM, "configuration_ports_are_refused");
    tap_is(refusals(REFUSED_DEVICE) - before, 2, "and_counted");
    tap_is(pci_bar_map(5, &ports), -E_NOENT, "a_bar_that_is_not_there");
}

/* Where the MSI-X table and its pending bits are, by the capability. */
static uint64_t table_address(unsigned reg) {
    unsigned offset = 0;
    uint32_t where = 0, base = 0;

    if (pci_capability(0x11, &offset) || pci_config_read(offset + reg, 4, &where) ||
        pci_config_read(0x10 + 4 * (where & 7), 4, &base))
        return 0;
    return (base & ~15U) + (where & ~7U);
}

static void test_tables(void) {
    const uint64_t address = 0x5000000000;
    uint64_t table = table_address(4), pba = table_address(8);
    struct pci_region region;
    uint32_t before = refusals(REFUSED_DEVICE);

    tap_ok(table != 0 && pba != 0, "the_card_has_msix");
    tap_is(memmap(address, table & ~(PAGE_SIZE - 1), PAGE_SIZE, PROT_READ | PROT_WRITE), -E_PERM,
           "msix_table_cannot_be_mapped");
    tap_is(memmap(address, table & ~(PAGE_SIZE - 1), PAGE_SIZE, PROT_READ), -E_PERM,
           "not_even_for_reading");
    tap_is(memmap(address, pba & ~(PAGE_SIZE - 1), PAGE_SIZE, PROT_READ | PROT_WRITE), -E_PERM,
           "pending_bits_cannot_be_mapped");
    tap_is(refusals(REFUSED_DEVICE) - before, 3, "and_that_is_counted");
    tap_is(pci_bar_map(3, &region), 0, "the_rest_of_their_bar_can");
    tap_is(memmap(address, 0xfee00000, PAGE_SIZE, PROT_READ | PROT_WRITE), -E_PERM,
           "nor_can_the_interrupt_controller");
}

/* A write that must be refused: the register is as before. */
static bool is_refused(unsigned offset, unsigned width, uint32_t value) {
    uint32_t before = 0, after = 1;

    pci_config_read(offset, width, &before);
    bool refused = pci_config_write(offset, width, value) == -E_PERM;
    pci_config_read(offset, width, &after);
    return refused && before == after;
}

static void test_configuration(void) {
    uint32_t before = refusals(REFUSED_REGISTER), value = 0;
    unsigned msix = 0, msi = 0, express = 0, power = 0;

    pci_capability(0x11, &msix);
    pci_capability(0x05, &msi);
    pci_capability(0x10, &express);
    pci_capability(0x01, &power);
    tap_ok(is_refused(0x10, 4, 0xfee00000), "base_addresses_cannot_be_written");
    tap_ok(is_refused(0x30, 4, 0xfe000001), "nor_the_expansion_rom");
    tap_ok(is_refused(0x04, 2, 0), "nor_decoding");
    tap_ok(is_refused(msix + 2, 2, 0), "nor_msix");
    tap_ok(is_refused(msi + 4, 4, 0xfee01000), "nor_msi");
    tap_ok(is_refused(power + 4, 2, 3), "nor_the_power_state");
    tap_is(refusals(REFUSED_REGISTER) - before, 6, "each_is_counted");
    tap_is(pci_config_write(0x0c, 1, 0x10), 0, "the_cache_line_size_can_be");
    tap_ok(pci_config_read(0x0c, 1, &value) == 0 && value == 0x10, "and_is");
    tap_is(pci_config_read(0x02, 4, &value), -E_INVAL, "reads_are_aligned");
    tap_is(pci_config_read(0x1000, 4, &value), -E_RANGE, "and_within_its_space");
    tap_ok(pci_config_read(0x100, 4, &value) == 0 && (value & 0xffff) == 1,
           "extended_configuration_space_is_reached");
    before = refusals(REFUSED_DEVICE);
    struct message m = { .type = PCI_CONFIG_READ, .arg = { 0, 4, 0 } };
    tap_is(pci_request(&m), -E_PERM, "other_devices_cannot_be_looked_at");
    m = (struct message){ .type = PCI_ATTACH, .arg = { runtime_self() } };
    tap_is(pci_request(&m), -E_PERM, "drivers_cannot_attach");
    tap_is(refusals(REFUSED_DEVICE) - before, 1, "that_is_counted_too");
}

/* The event loop ends with the first interrupt, or when there was none. */
static void irq(void *context, uint32_t lines) {
    (void)context;
    event_loop_stop((int)lines);
}

static void timed_out(struct event_alarm *alarm) {
    (void)alarm;
    event_loop_stop(0);
}

static int interrupt(void) {
    static const struct event_handlers handlers = { .irq = irq };
    static struct event_alarm alarm;

    event_alarm_set(&alarm, 2 * TIME_SECOND, timed_out);
    pci_write_32(&registers, REG_ICR, UINT32_MAX); /* what is pending makes no new one */
    pci_write_32(&registers, REG_IVAR, IVAR_OTHER_MESSAGE_0);
    pci_write_32(&registers, REG_IMS, ICR_OTHER);
    pci_write_32(&registers, REG_ICS, ICR_OTHER);
    int lines = event_loop_run(&handlers);
    event_alarm_cancel(&alarm);
    irqctl_unmask(pci_line(0));
    return lines;
}

static void test_messages(void) {
    tap_is(irqctl_register(pci_line(0), 3), 0, "a_message_is_a_line");
    tap_is(irqctl_unmask(pci_line(0)), 0, "that_is_unmasked");
    tap_is(irqctl_register(pci_line(5), 4), -E_PERM, "there_are_five_of_them");
    tap_is(interrupt(), 0, "without_bus_mastering_none_comes");
    tap_is(pci_bus_master(true), 0, "bus_mastering_can_be_had");
    tap_is(interrupt(), 1 << 3, "then_it_comes");
}

static void test_reset(void) {
    struct pci_self self = { .state = 0 };

    tap_is(pci_read_32(&registers, REG_RDBAL), 0x12345670, "the_register_is_still_set");
    tap_is(pci_reset(), 0, "the_card_can_be_reset");
    tap_is(pci_read_32(&registers, REG_RDBAL), 0, "a_reset_forgets_registers");
    tap_ok(pci_self(&self) == 0 && !(self.state & PCI_MASTER), "and_ends_bus_mastering");
    tap_is(pci_bus_master(true), 0, "which_can_be_had_again");
    tap_is(interrupt(), 1 << 3, "messages_come_as_before");
}

int probe(void) {
    tap_subtest();
    test_self();
    test_registers();
    test_tables();
    test_configuration();
    test_messages();
    test_reset();
    tap_plan(0);
    return tap_done();
}

int probe_stay(void) {
    static const struct event_handlers handlers = { .request = NULL };

    pci_bar_map(0, &registers);
    pci_bus_master(true);
    return event_loop_run(&handlers);
}
