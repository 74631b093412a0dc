/* Who has which device: attaching, requests of drivers, resets, deaths, the server's own restart.
 */
#include <criterion/criterion.h>
#include <string.h>

#include <bulkhead/protocol/iommu.h>

#include "fake.h"
#include "registers.h"

#define SHELL  ((endpoint_t)1)
#define DRIVER ((endpoint_t)100)
#define OTHER  ((endpoint_t)101)

static struct function *card, *edu;

/* A network card with MSI-X and function-level reset, and a device that cannot be reset. */
static void machine(void) {
    fake_clear();
    card = fake_function(0x0018, 0x10d38086, 0x020000, 0);
    fake_bar(card, 0, 0xfe000000, 0x20000, 0);
    fake_bar(card, 2, 0xc040, 0x20, BAR_PORTS);
    fake_bar(card, 3, 0xfe100000, 0x4000, 0);
    fake_msix(card, 0xa0, 5, 3, 0x2000 | 3);
    fake_express(card, 0xe0, true);
    card->busy_after_reset = 3;
    edu = fake_function(0x0020, 0x11e81234, 0x00ff00, 0);
    fake_bar(edu, 0, 0xfe200000, 0x100000, 0);
    fake_msi(edu, 0x40, 0, true);
    for (unsigned i = 0; i < 2; i++) {
        put(i ? edu : card, REG_COMMAND, 2, COMMAND_DECODE | COMMAND_MASTER); /* the firmware's */
        fake_settle(i ? edu : card);
    }
}

TestSuite(claim, .init = machine);

static int attach(endpoint_t driver, struct message *m) {
    *m = (struct message){ .type = PCI_ATTACH, .arg = { driver } };
    return fake_request(SHELL, m);
}

static int ask(endpoint_t client, struct message *m, uint32_t type, uint64_t a, uint64_t b,
               uint64_t c, uint64_t d) {
    *m = (struct message){ .type = type, .arg = { a, b, c, d } };
    return fake_request(client, m);
}

static bool given(enum monitor_give what, uint64_t arg2, uint64_t arg3) {
    for (unsigned i = 0; i < fake_given_count; i++)
        if (fake_given[i].what == what && fake_given[i].arg2 == arg2 && fake_given[i].arg3 == arg3)
            return true;
    return false;
}

Test(claim, free_devices_are_quiet_from_the_start) {
    fake_start();
    cr_expect_eq(get(card, REG_COMMAND, 2), COMMAND_DECODE | COMMAND_INTX);
    cr_expect_eq(get(edu, REG_COMMAND, 2), COMMAND_DECODE | COMMAND_INTX);
    cr_expect_not(card->bar_written_while_decoding);
}

Test(claim, iommus_are_left_alone) {
    struct message m;
    struct function *f = fake_function(0x0010, 0x14191022, 0x080600, 0);
    put(f, REG_COMMAND, 2, COMMAND_MASTER);
    fake_bar(f, 0, 0xfe500000, 0x1000, 0);
    fake_driver(DRIVER, 0x1022, 0x1419);
    fake_start();
    cr_expect_eq(get(f, REG_COMMAND, 2), COMMAND_MASTER);
    cr_expect_eq(attach(DRIVER, &m), -E_NOENT);
}

Test(claim, driver_gets_what_belongs_to_its_device) {
    struct message m;
    fake_driver(DRIVER, 0x8086, 0x10d3);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(m.arg[0], 0x0018);
    cr_expect(given(GIVE_MEMORY, 0xfe000, 0x20));
    cr_expect(given(GIVE_PORTS, 0xc040, 0x20));
    cr_expect(given(GIVE_MEMORY, 0xfe101, 1), "between table and pending bits");
    cr_expect(given(GIVE_MEMORY, 0xfe103, 1), "behind them");
    cr_expect(given(GIVE_MSI, 5, 0));
    cr_expect_eq(fake_given_count, 5);
    cr_expect_eq(fake_drivers[0].state, MONITOR_DRIVER_RUNNING);
    cr_expect_eq(fake_drivers[0].device, 0x0018);
    cr_expect_eq(card->resets, 1);
    cr_expect_eq(get(card, REG_BAR, 4), 0xfe000000, "restored");
    const uint32_t *table = fake_page(0xfe100000);
    cr_expect(table[0] == (0xfee00000 | 3 << 12) && table[2] == 0x40 && table[3] == 0);
    cr_expect_not(get(card, REG_COMMAND, 2) & COMMAND_MASTER, "until it asks");
}

Test(claim, messages_are_those_of_the_iommu) {
    struct message m;
    fake_confines = IOMMU_CONFINES_DMA | IOMMU_CONFINES_INTERRUPTS;
    fake_driver(DRIVER, 0x8086, 0xffff);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(fake_domain, 0x0018);
    cr_expect(fake_page(0xfe100000)[0] == 0xfee01000 && fake_page(0xfe100000)[2] == 0x80);
    cr_expect_eq(ask(DRIVER, &m, PCI_SELF, PCI_OWN, 0, 0, 0), 0);
    cr_expect_eq(m.arg[3], 5 | (uint64_t)(PCI_CONFINED_DMA | PCI_CONFINED_INTERRUPTS | PCI_MSIX)
                                   << 32);
    cr_expect_eq(m.arg[4], PCI_RESET_FUNCTION);
}

Test(claim, by_class) {
    struct message m;
    struct monitor_driver *driver = fake_driver(DRIVER, 0, 0);
    driver->pattern[0].by_class = 1;
    driver->pattern[0].class24 = 0x020000;
    driver->pattern[0].class_mask = 0xff0000;
    fake_start();
    cr_expect_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(m.arg[0], 0x0018);
}

Test(claim, two_drivers_never_have_one_device) {
    struct message m;
    fake_driver(DRIVER, 0x8086, 0x10d3);
    fake_driver(OTHER, 0x8086, 0x10d3);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(attach(OTHER, &m), -E_BUSY);
    cr_expect(m.arg[0] == 0x0018 && m.arg[1] == DRIVER);
    cr_expect_eq(attach(DRIVER, &m), -E_STATE);
    cr_expect_eq(fake_drivers[1].state, MONITOR_DRIVER_WAITING);
    for (unsigned i = 0; i < fake_given_count; i++)
        cr_expect_eq(fake_given[i].driver, DRIVER);
}

Test(claim, refusals_of_attaching) {
    struct message m;
    fake_driver(DRIVER, 0x8086, 0x1234);
    fake_start();
    cr_expect_eq(attach(DRIVER, &m), -E_NOENT);
    cr_expect_eq(attach(OTHER, &m), -E_BADEP);
    cr_expect_eq(ask(DRIVER, &m, PCI_ATTACH, DRIVER, 0, 0, 0), -E_PERM);
    cr_expect_eq(fake_refused[REFUSED_REQUEST], 1);
    cr_expect_eq(ask(SHELL, &m, PCI_READ_REGISTER + 1, 0, 0, 0, 0), -E_BADCALL);
    cr_expect_eq(ask(SHELL, &m, 0, 0, 0, 0, 0), -E_BADCALL);
}

Test(claim, driver_that_cannot_be_given_everything_does_not_run) {
    struct message m;
    fake_driver(DRIVER, 0x8086, 0x10d3);
    fake_driver(OTHER, 0x8086, 0x10d3);
    fake_start();
    fake_give_error = -E_NOSLOT;
    cr_expect_eq(attach(DRIVER, &m), -E_NOSLOT);
    cr_expect_eq(fake_drivers[0].state, MONITOR_DRIVER_WAITING);
    cr_expect_not(get(card, 0xa2, 2) & MSIX_ENABLE);
    cr_expect_not(get(card, REG_COMMAND, 2) & COMMAND_MASTER);
    fake_give_error = 0;
    cr_expect_eq(attach(OTHER, &m), 0, "the device is free");
}

Test(claim, clients_see_their_own_device_only) {
    struct message m;
    fake_driver(DRIVER, 0x1234, 0x11e8);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_READ, REG_ID, 4, PCI_OWN, 0), 0);
    cr_expect_eq(m.arg[0], 0x11e81234);
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_READ, REG_ID, 4, 0x0018, 0), -E_PERM);
    cr_expect_eq(ask(DRIVER, &m, PCI_BAR, 0, 0x0018, 0, 0), -E_PERM);
    cr_expect_eq(fake_refused[REFUSED_DEVICE], 2);
    cr_expect_eq(ask(OTHER, &m, PCI_SELF, PCI_OWN, 0, 0, 0), -E_NOENT);
    cr_expect_eq(ask(SHELL, &m, PCI_CONFIG_READ, REG_ID, 4, 0x0018, 0), 0);
    cr_expect_eq(ask(SHELL, &m, PCI_SELF, 0x0028, 0, 0, 0), -E_NOENT);
    cr_expect_eq(ask(SHELL, &m, PCI_SELF, UINT64_MAX, 0, 0, 0), -E_NOENT);
    cr_expect_eq(ask(SHELL, &m, PCI_CONFIG_WRITE, REG_CACHE, 1, 8, 0), -E_NOENT, "it has none");
}

Test(claim, writes_are_filtered_and_counted) {
    struct message m;
    fake_driver(DRIVER, 0x1234, 0x11e8);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_WRITE, REG_BAR, 4, 0xfee00000, 0), -E_PERM);
    cr_expect_eq(get(edu, REG_BAR, 4), 0xfe200000);
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_WRITE, 0x44, 4, 0xfee02000, 0), -E_PERM);
    cr_expect_eq(fake_refused[REFUSED_REGISTER], 2);
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_WRITE, REG_CACHE, 1, 1ULL << 32, 0), -E_INVAL);
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_WRITE, 1ULL << 32, 1, 0, 0), -E_RANGE);
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_WRITE, REG_COMMAND, 2,
                     COMMAND_DECODE | COMMAND_INTX | COMMAND_MASTER, 0),
                 -E_PERM, "it has no ports");
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_WRITE, REG_COMMAND, 2,
                     COMMAND_MEMORY | COMMAND_INTX | COMMAND_MASTER, 0),
                 0);
    cr_expect(get(edu, REG_COMMAND, 2) & COMMAND_MASTER);
}

Test(claim, vetted_registers_are_the_servers) {
    struct message m;
    struct monitor_driver *driver = fake_driver(DRIVER, 0x8086, 0x10d3);
    driver->vets = 4;
    driver->vet[0].bar = 0, driver->vet[0].width = 4, driver->vet[0].offset = 0x5008;
    driver->vet[0].mask = 0xff, driver->vet[0].value = 1;
    driver->vet[1] = driver->vet[0];
    driver->vet[1].value = 2;
    driver->vet[2] = driver->vet[0];
    driver->vet[2].mask = 0xff00, driver->vet[2].value = 0;
    driver->vet[3].bar = 2, driver->vet[3].width = 2, driver->vet[3].offset = 4;
    driver->vet[3].mask = 0xffff, driver->vet[3].value = 7;
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect(given(GIVE_MEMORY, 0xfe000, 5) && given(GIVE_MEMORY, 0xfe006, 0x1a));
    cr_expect(given(GIVE_VET, 0xc044ULL << 32 | 2, 0xffffULL << 32 | 7));
    uint32_t *page = fake_page(0xfe005000);
    cr_expect_eq(ask(DRIVER, &m, PCI_WRITE_REGISTER, 0, 0x5008, 4, 0x10001), 0);
    cr_expect_eq(page[2], 0x10001);
    cr_expect_eq(ask(DRIVER, &m, PCI_WRITE_REGISTER, 0, 0x5008, 4, 2), 0, "the other value");
    cr_expect_eq(ask(DRIVER, &m, PCI_WRITE_REGISTER, 0, 0x5008, 4, 3), -E_PERM);
    cr_expect_eq(ask(DRIVER, &m, PCI_WRITE_REGISTER, 0, 0x5008, 4, 0x101), -E_PERM);
    cr_expect_eq(ask(DRIVER, &m, PCI_WRITE_REGISTER, 0, 0x5008, 1, 1), -E_PERM, "by a part");
    cr_expect_eq(ask(DRIVER, &m, PCI_WRITE_REGISTER, 0, 0x500a, 2, 0), -E_PERM);
    cr_expect_eq(fake_refused[REFUSED_REGISTER], 4);
    cr_expect_eq(page[2], 2);
    cr_expect_eq(ask(DRIVER, &m, PCI_WRITE_REGISTER, 0, 0x500c, 4, 9), 0, "another there");
    cr_expect_eq(ask(DRIVER, &m, PCI_READ_REGISTER, 0, 0x500c, 4, 0), 0);
    cr_expect_eq(m.arg[0], 9);
    cr_expect_eq(ask(DRIVER, &m, PCI_READ_REGISTER, 0, 0x4000, 4, 0), -E_PERM);
    cr_expect_eq(ask(DRIVER, &m, PCI_READ_REGISTER, 3, 0, 4, 0), -E_PERM, "the MSI-X table");
    cr_expect_eq(ask(DRIVER, &m, PCI_READ_REGISTER, 9, 0, 4, 0), -E_PERM);
    cr_expect_eq(ask(DRIVER, &m, PCI_READ_REGISTER, 0, 0x5001, 4, 0), -E_INVAL);
}

Test(claim, vetted_page_of_a_table_stays_out_of_reach) {
    struct message m;
    struct monitor_driver *driver = fake_driver(DRIVER, 0x8086, 0x10d3);
    driver->vets = 1;
    driver->vet[0].bar = 3, driver->vet[0].width = 4, driver->vet[0].offset = 0x10;
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(ask(DRIVER, &m, PCI_WRITE_REGISTER, 3, 0x20, 4, 0xfee05000), -E_PERM);
}

/* ---- Resets ---- */

Test(claim, reset_forgets_and_restores) {
    struct message m;
    fake_driver(DRIVER, 0x8086, 0x10d3);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    put(card, 0xe8, 2, 0x2810);
    memset(fake_page(0xfe100000), 0, 64);
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_WRITE, REG_COMMAND, 2, 0x407, 0), 0);
    cr_expect_eq(ask(DRIVER, &m, PCI_RESET, 0, 0, 0, 0), 0);
    cr_expect_eq(card->resets, 2);
    cr_expect_eq(get(card, 0xe8, 2), 0x2810);
    cr_expect_eq(get(card, REG_COMMAND, 2), COMMAND_DECODE | COMMAND_INTX);
    cr_expect_eq(fake_page(0xfe100000)[2], 0x40, "messages are as after attaching");
    cr_expect(get(card, 0xa2, 2) & MSIX_ENABLE);
}

Test(claim, reset_without_a_way_is_refused) {
    struct message m;
    fake_driver(DRIVER, 0x1234, 0x11e8);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(ask(DRIVER, &m, PCI_RESET, 0, 0, 0, 0), -E_NOTSUP);
    cr_expect_eq(ask(DRIVER, &m, PCI_SELF, PCI_OWN, 0, 0, 0), 0);
}

Test(claim, device_that_does_not_come_back) {
    struct message m;
    fake_driver(DRIVER, 0x8086, 0x10d3);
    fake_start();
    card->busy_after_reset = UINT32_MAX;
    cr_expect_eq(attach(DRIVER, &m), -E_IO);
    cr_expect_eq(fake_drivers[0].state, MONITOR_DRIVER_WAITING);
}

Test(claim, requests_that_are_pending_are_waited_for) {
    struct message m;
    fake_driver(DRIVER, 0x8086, 0x10d3);
    put(card, 0xe0 + EXPRESS_STATUS, 2, EXPRESS_PENDING);
    fake_settle(card);
    fake_start();
    cr_expect_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(card->resets, 1, "but not for ever");
}

static enum pci_reset_method method_of(uint16_t place) {
    struct message m;
    cr_assert_eq(ask(SHELL, &m, PCI_SELF, place, 0, 0, 0), 0);
    return (enum pci_reset_method)m.arg[4];
}

/* A bridge, with a function behind it that only the bus can reset. */
static struct function *behind_bridge(void) {
    struct function *bridge = fake_bridge(0x0028, 1, 1);
    put(bridge, REG_WINDOW_MEMORY, 4, 0xfe40fe40);
    struct function *f = fake_function(0x0100, 0x11e91234, 0x00ff00, 0);
    fake_bar(f, 0, 0xfe400000, 0x1000, 0);
    fake_settle(f);
    return f;
}

Test(claim, bus_reset_hits_nobody_else) {
    struct message m;
    struct function *f = behind_bridge();
    struct function *sibling = fake_function(0x0108, 0x11ea1234, 0x00ff00, 0);
    fake_bar(sibling, 0, 0xfe401000, 0x1000, 0);
    fake_settle(sibling);
    fake_driver(DRIVER, 0x1234, 0x11e9);
    fake_driver(OTHER, 0x1234, 0x11ea);
    fake_start();
    cr_expect_eq(method_of(0x0100), PCI_RESET_BUS);
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(ask(SHELL, &m, PCI_CONFIG_READ, REG_COMMAND, 2, 0x0028, 0), 0);
    cr_expect(m.arg[0] & COMMAND_MASTER, "the bridge passes on what it sends");
    cr_expect(f->resets == 1 && sibling->resets == 1);
    cr_expect_eq(get(sibling, REG_BAR, 4), 0xfe401000, "it is restored too");
    cr_expect_eq(method_of(0x0108), PCI_RESET_NONE, "its neighbour is in use");
    cr_assert_eq(attach(OTHER, &m), 0);
    cr_expect(f->resets == 1 && sibling->resets == 1);
    cr_expect_eq(ask(DRIVER, &m, PCI_RESET, 0, 0, 0, 0), -E_NOTSUP);
}

Test(claim, power_state_and_advanced_features) {
    struct message m;
    fake_capability(edu, 0x60, CAP_PM);
    memset(edu->writable + 0x64, 3, 1);
    edu->pm = 0x60;
    edu->forgets_in_d3 = true;
    fake_driver(DRIVER, 0x1234, 0x11e8);
    fake_settle(edu);
    fake_start();
    cr_expect_eq(method_of(0x0020), PCI_RESET_POWER);
    cr_expect_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(edu->resets, 1);
    cr_expect_eq(get(edu, 0x64, 2) & 3, 0);
    cr_expect_eq(get(edu, REG_BAR, 4), 0xfe200000);
    put(edu, 0x64, 2, PM_NO_SOFT_RESET);
    cr_expect_eq(method_of(0x0020), PCI_RESET_NONE);
    fake_capability(edu, 0x70, CAP_AF);
    put(edu, 0x73, 1, AF_BOTH);
    edu->af = 0x70;
    fake_settle(edu);
    devices_scan();
    cr_expect_eq(method_of(0x0020), PCI_RESET_ADVANCED);
}

/* ---- Deaths, storms, restarts ---- */

Test(claim, dead_drivers_device_is_quiet_before_it_is_released) {
    struct message m;
    fake_confines = IOMMU_CONFINES_DMA | IOMMU_CONFINES_INTERRUPTS;
    fake_driver(DRIVER, 0x8086, 0x10d3);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(ask(DRIVER, &m, PCI_CONFIG_WRITE, REG_COMMAND, 2, 0x407, 0), 0);
    claims_look();
    cr_expect(get(card, REG_COMMAND, 2) & COMMAND_MASTER, "it lives");
    fake_drivers[0].state = MONITOR_DRIVER_DEAD;
    claims_look();
    cr_expect_not(get(card, REG_COMMAND, 2) & COMMAND_MASTER);
    cr_expect_not(get(card, 0xa2, 2) & MSIX_ENABLE, "it is reset");
    cr_expect_eq(fake_released, 0, "the reset is under way");
    /* The next driver waits for that. */
    fake_driver(OTHER, 0x8086, 0x10d3);
    cr_expect_eq(attach(OTHER, &m), 0);
    cr_expect_eq(fake_released, DRIVER);
    cr_expect_eq(fake_drivers[1].device, 0x0018);
    cr_expect_eq(card->resets, 3);
}

Test(claim, death_that_nobody_told_of_is_found_when_the_device_is_wanted) {
    struct message m;
    fake_driver(DRIVER, 0x1234, 0x11e8);
    fake_driver(OTHER, 0x1234, 0x11e8);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    fake_drivers[0].state = MONITOR_DRIVER_DEAD;
    cr_expect_eq(attach(OTHER, &m), 0);
    cr_expect_eq(fake_released, DRIVER);
}

Test(claim, driver_that_dies_in_its_reset) {
    struct message m = { .type = PCI_RESET };
    fake_driver(DRIVER, 0x8086, 0x10d3);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    m = (struct message){ .type = PCI_RESET, .source = DRIVER };
    cr_assert_eq(claim_reset(claim_of_driver(DRIVER), &m), 0);
    fake_drivers[0].state = MONITOR_DRIVER_DEAD;
    claims_look();
    fake_run();
    cr_expect_eq(fake_released, DRIVER);
    cr_expect(claim_is_free(device_find(0x0018)));
}

Test(claim, device_of_a_core_that_failed_is_free) {
    struct message m;
    fake_driver(DRIVER, 0x8086, 0x10d3);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    fake_drivers[0].endpoint = 0; /* nobody knows it any more */
    claims_look();
    fake_run();
    cr_expect(claim_is_free(device_find(0x0018)));
    cr_expect_eq(fake_released, 0);
}

Test(claim, storm_is_masked_in_the_device) {
    struct message m;
    fake_driver(DRIVER, 0x1234, 0x11e8);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect(get(edu, 0x42, 2) & MSI_ENABLE);
    fake_drivers[0].state = MONITOR_DRIVER_STORM;
    claims_look();
    cr_expect_not(get(edu, 0x42, 2) & MSI_ENABLE);
    cr_expect_eq(ask(DRIVER, &m, PCI_SELF, PCI_OWN, 0, 0, 0), 0);
    cr_expect(m.arg[3] >> 32 & PCI_STORM);
    fake_drivers[0].state = MONITOR_DRIVER_RUNNING;
    claims_look();
    cr_expect(get(edu, 0x42, 2) & MSI_ENABLE);
}

/* As a server that was killed leaves it: the driver goes on. */
static void running(endpoint_t endpoint, struct function *f, uint16_t vendor, uint16_t device) {
    struct monitor_driver *driver = fake_driver(endpoint, vendor, device);
    driver->state = MONITOR_DRIVER_RUNNING;
    driver->device = f->place;
}

Test(claim, restart_touches_nothing_that_a_driver_uses) {
    struct message m;
    put(edu, REG_COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER | COMMAND_INTX);
    put(edu, 0x42, 2, MSI_64 | MSI_ENABLE);
    put(edu, 0x44, 4, 0xfee03000);
    put(edu, 0x4c, 2, 0x41);
    running(DRIVER, edu, 0x1234, 0x11e8);
    fake_driver(OTHER, 0x1234, 0x11e8);
    struct function before = *edu;
    fake_start();
    cr_expect_arr_eq(edu->config, before.config, sizeof before.config);
    cr_expect_not(edu->bar_written_while_decoding);
    cr_expect_not(get(card, REG_COMMAND, 2) & COMMAND_MASTER, "but this one is free");
    cr_expect_eq(attach(OTHER, &m), -E_BUSY);
    cr_expect_eq(ask(SHELL, &m, PCI_BAR, 0, edu->place, 0, 0), 0);
    cr_expect(m.arg[0] & PCI_BAR_UNSIZED, "nobody but its driver has it sized");
    cr_expect_arr_eq(edu->config, before.config, sizeof before.config);
    cr_expect_eq(ask(DRIVER, &m, PCI_BAR, 0, PCI_OWN, 0, 0), 0);
    cr_expect_eq(m.arg[2], 0x100000);
    cr_expect_arr_eq(edu->config, before.config, sizeof before.config);
    cr_expect_eq(ask(DRIVER, &m, PCI_SELF, PCI_OWN, 0, 0, 0), 0);
    cr_expect_eq(m.arg[3] & 0xffff, 1);
}

Test(claim, restart_finds_the_messages_of_msix) {
    struct message m;
    put(card, 0xa2, 2, 4 | MSIX_ENABLE);
    uint32_t *table = fake_page(0xfe100000);
    for (unsigned i = 0; i < 5; i++)
        table[4 * i + 3] = i < 3 ? 0 : MSIX_MASKED;
    table[0] = 0xfee03000, table[2] = 0x60;
    running(DRIVER, card, 0x8086, 0x10d3);
    fake_start();
    cr_expect_eq(ask(DRIVER, &m, PCI_RESET, 0, 0, 0, 0), 0);
    cr_expect(table[0] == 0xfee03000 && table[2] == 0x60 && table[10] == 0x62);
    cr_expect_eq(table[15], MSIX_MASKED);
}

Test(claim, restart_ends_those_that_died_meanwhile) {
    put(edu, REG_COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
    running(DRIVER, edu, 0x1234, 0x11e8);
    fake_drivers[0].state = MONITOR_DRIVER_DEAD;
    running(OTHER, card, 0x8086, 0x10d3);
    fake_drivers[1].state = MONITOR_DRIVER_DEAD;
    fake_drivers[1].device = 0x0f00; /* it is not there any more */
    fake_start();
    fake_run();
    cr_expect_not(get(edu, REG_COMMAND, 2) & COMMAND_MASTER);
    cr_expect_eq(fake_released, DRIVER);
    cr_expect(claim_is_free(device_find(0x0020)));
}

/* A server was ended in the middle of a reset: the device has forgotten its addresses. */
Test(claim, addresses_that_were_lost_are_found_anew) {
    struct message m;
    struct function *bridge = fake_bridge(0x0028, 1, 1);
    put(bridge, REG_WINDOW_MEMORY, 4, 0xfe50fe40);
    put(bridge, REG_WINDOW_PORTS, 2, 0xd1d1);
    fake_express(bridge, 0x40, false);
    put(bridge, 0x48, 2, 1 << 5);
    struct function *f = fake_function(0x0100, 0x11e91234, 0x00ff00, 0);
    fake_bar(f, 0, 0, 0x1000, 0);
    fake_bar(f, 1, 0, 0x20, BAR_PORTS);
    fake_bar(f, 2, 0, 0x100000, 0);
    fake_express(f, 0x40, true);
    struct function *sibling = fake_function(0x0108, 0x11ea1234, 0x00ff00, 0);
    fake_bar(sibling, 0, 0xfe400000, 0x1000, 0);
    fake_bar(edu, 0, 0, 0x1000, 0); /* and one on bus 0, between the card's */
    fake_settle(f);
    fake_driver(DRIVER, 0x1234, 0x11e9);
    fake_start();
    cr_expect_eq(get(f, REG_BAR, 4), 0xfe401000);
    cr_expect_eq(get(f, REG_BAR + 4, 4), 0xd000 | BAR_PORTS);
    cr_expect_eq(get(f, REG_BAR + 8, 4), 0xfe500000);
    cr_expect_eq(get(f, 0x48, 2), 1 << 5, "payloads as of the port above");
    cr_expect_eq(get(edu, REG_BAR, 4), 0xfe020000);
    cr_expect_eq(attach(DRIVER, &m), 0);
    cr_expect(given(GIVE_MEMORY, 0xfe401, 1) && given(GIVE_MEMORY, 0xfe500, 0x100));
}

Test(claim, driver_whose_device_lost_its_addresses_has_to_begin_anew) {
    struct message m;
    fake_bar(edu, 0, 0, 0x1000, 0);
    running(DRIVER, edu, 0x1234, 0x11e8);
    fake_driver(OTHER, 0x1234, 0x11e8);
    fake_start();
    cr_expect_eq(ask(DRIVER, &m, PCI_RESET, 0, 0, 0, 0), -E_IO);
    cr_expect_eq(get(edu, REG_BAR, 4), 0);
    fake_drivers[0].state = MONITOR_DRIVER_DEAD;
    claims_look();
    cr_expect_eq(attach(OTHER, &m), 0);
    cr_expect_neq(get(edu, REG_BAR, 4), 0);
}

Test(claim, without_room_a_device_has_no_address) {
    struct function *bridge = fake_bridge(0x0028, 1, 1);
    put(bridge, REG_WINDOW_MEMORY, 4, 0xfe40fe40);
    struct function *f = fake_function(0x0100, 0x11e91234, 0x00ff00, 0);
    fake_bar(f, 0, 0, 0x200000, 0);
    fake_bar(f, 1, 0, 0x20, BAR_PORTS);
    fake_start();
    cr_expect_eq(get(f, REG_BAR, 4), 0);
    cr_expect_eq(get(f, REG_BAR + 4, 4), BAR_PORTS);
}

Test(claim, next_lists_all_with_their_drivers) {
    struct message m;
    fake_driver(DRIVER, 0x1234, 0x11e8);
    fake_start();
    cr_assert_eq(attach(DRIVER, &m), 0);
    cr_expect_eq(ask(OTHER, &m, PCI_NEXT, 0, 0, 0, 0), 0, "open to all");
    cr_expect_eq(m.arg[0], 0x0018 | 0x020000ULL << 32);
    cr_expect_eq(m.arg[1], 0x10d38086);
    cr_expect_eq(m.arg[2], 0);
    cr_expect_eq(ask(OTHER, &m, PCI_NEXT, 1, 0, 0, 0), 0);
    cr_expect_eq(m.arg[2], DRIVER);
    cr_expect_eq(ask(OTHER, &m, PCI_NEXT, 2, 0, 0, 0), -E_NOENT);
    cr_expect_eq(ask(OTHER, &m, PCI_NEXT, UINT64_MAX, 0, 0, 0), -E_NOENT);
}
