/*
 * The PCI server, with devices as QEMU emulates them. The same program is the driver of one of
 * them: `probe` in tests/guest/drivers.conf.
 */
#include "tests.h"

#include <string.h>

#include <runtime/pci.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "devices.h"
#include "manager.h"

#define COMMAND_MASTER 4U

static uint16_t card;

static uint32_t command_of(uint16_t device) {
    struct message m = { .type = PCI_CONFIG_READ, .arg = { 4, 2, device } };

    return pci_request(&m) ? UINT32_MAX : (uint32_t)m.arg[0];
}

static endpoint_t driver_of_card(void) {
    endpoint_t driver = ENDPOINT_NONE;

    device_find(CARD_VENDOR, CARD_DEVICE, &driver);
    return driver;
}

static void test_listing(void) {
    struct message m = { .type = PCI_SELF, .arg = { 0x0000 } };

    card = device_find(CARD_VENDOR, CARD_DEVICE, NULL);
    tap_ok(card != NO_DEVICE && card >> 8 != 0, "a_card_behind_a_bridge_is_found");
    tap_is(pci_request(&m), 0, "the_host_bridge_is_described");
    m = (struct message){ .type = PCI_SELF, .arg = { 0x00f8 + 7 } };
    tap_is(pci_request(&m), -E_NOENT, "what_is_not_there_is_not");
    m = (struct message){ .type = PCI_SELF, .arg = { PCI_OWN } };
    tap_is(pci_request(&m), -E_NOENT, "this_test_has_no_device");
    m = (struct message){ .type = PCI_CONFIG_WRITE, .arg = { 0x0c, 1, 0 } };
    tap_is(pci_request(&m), -E_NOENT, "so_it_writes_nothing");
    m = (struct message){ .type = PCI_READ_REGISTER + 1 };
    tap_is(pci_request(&m), -E_BADCALL, "unknown_requests_fail");
    uint16_t disk = device_find(0x1b36, 0x0010, NULL);
    m = (struct message){ .type = PCI_SELF, .arg = { disk } };
    tap_ok(pci_request(&m) == 0 && m.arg[4] == PCI_RESET_FUNCTION,
           "the_disk_has_function_level_reset");
}

static void test_driver(void) {
    tap_is(driver_wait(driver_start(CORE_HERE, "probe\0")), 0, "what_a_driver_may_and_may_not");
}

/* Two drivers never have one device. */
static void test_claims(void) {
    endpoint_t first = driver_start(CORE_HERE, "probe\0stay\0");
    endpoint_t second = driver_spawn(CORE_HERE, "probe\0stay\0");
    struct message m;

    tap_is((int64_t)driver_of_card(), (int64_t)first, "the_card_has_a_driver");
    tap_is(driver_attach(second, &m), -E_BUSY, "a_second_driver_is_refused");
    tap_ok(m.arg[0] == card && m.arg[1] == first, "and_told_who_has_the_device");
    tap_is(driver_attach(first, &m), -E_STATE, "no_driver_gets_two_devices");
    tap_is(driver_attach(runtime_self(), &m), -E_BADEP, "only_drivers_get_devices");
    driver_end(first);
    tap_is(driver_attach(second, &m), 0, "when_the_first_has_died_it_gets_the_device");
    tap_is((int64_t)driver_of_card(), (int64_t)second, "which_is_its_own_now");
    driver_end(second);
    while (driver_of_card() != ENDPOINT_NONE)
        ;
    tap_ok(!(command_of(card) & COMMAND_MASTER), "without_a_driver_the_card_is_quiet");
}

static void test_restart(void) {
    endpoint_t driver = driver_start(CORE_HERE, "probe\0stay\0");
    struct message m;

    while (!(command_of(card) & COMMAND_MASTER))
        ;
    uint32_t before = command_of(card);
    pci_server_restart();
    tap_is((int64_t)driver_of_card(), (int64_t)driver, "a_new_server_knows_who_has_what");
    tap_is(command_of(card), before, "the_card_is_as_it_was");
    endpoint_t second = driver_spawn(CORE_HERE, "probe\0stay\0");
    tap_is(driver_attach(second, &m), -E_BUSY, "the_device_is_still_in_use");
    driver_end(driver);
    tap_is(driver_attach(second, &m), 0, "until_its_driver_dies");
    manager_kill(second);
    pci_server_restart(); /* with the driver perhaps dead, and perhaps not */
    driver_wait(second);
    while (driver_of_card() != ENDPOINT_NONE)
        ;
    tap_ok(!(command_of(card) & COMMAND_MASTER), "a_new_server_ends_what_died_meanwhile");
    tap_is(driver_wait(driver_start(CORE_HERE, "probe\0")), 0, "all_works_after_it");
}

int main(int argc, char **argv) {
    if (strcmp(argv[0], "probe") == 0)
        return argc > 1 ? probe_stay() : probe();
    tap_plan(0);
    test_listing();
    test_driver();
    test_claims();
    test_restart();
    return tap_done();
}
