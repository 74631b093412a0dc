/*
 * The IOMMU server and its hardware, attacked by a device: QEMU's edu, which this test drives
 * itself and which does as it is told. The test is also the PCI server, the monitor and the driver,
 * so that nothing else stands between the attack and the hardware. Started with IOMMU=intel or amd,
 * and iommu=off, so that the machine's own server leaves the hardware alone.
 */
#include <stdlib.h>

#include <bulkhead/info.h>
#include <bulkhead/protocol/iommu.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/child.h"
#include "edu.h"
#include "fake.h"
#include "server.h"

/* The driver's memory for DMA: pages with a use each. */
#define MEMORY_BYTES 0x10000UL
#define PAGE(n)      (IOMMU_BASE + (n)*PAGE_SIZE)

#define BYTES      256UL
#define NO_MAPPING 0x50000000UL
#define VECTOR     0x90U /* nobody's: the kernel counts it as unknown */

static uint64_t physical;
static bool amd;

static uint8_t *page(unsigned n) { return (uint8_t *)PAGE(n); }

static void fill(unsigned n, uint8_t value) { memset(page(n), value, BYTES); }

static bool is_filled(unsigned n, uint8_t value) {
    for (unsigned i = 0; i < BYTES; i++)
        if (page(n)[i] != value)
            return false;
    return true;
}

/* Has the device copy page `from` to page `to` of the driver, by device addresses. */
static void copy(unsigned from, unsigned to) {
    edu_read_from(PAGE(from), BYTES);
    edu_write_to(PAGE(to), BYTES);
}

/* Does the device reach two pages, for reading and writing? */
static bool reaches(unsigned from, unsigned to, uint8_t value) {
    fill(from, value);
    fill(to, (uint8_t)~value);
    copy(from, to);
    return is_filled(to, value);
}

/* ---- Faults ---- */

static uint64_t faults(void) {
    server_request(IOMMU_STATUS, 0, 0, 0, 0);
    return reply[3];
}

/*
 * Tries to write to an address, or read from it, and checks that this is told of as a fault of the
 * device. QEMU's AMD unit tells only that there was one, and not even that of a right that is
 * missing for a page that is mapped (docs/iommu.md).
 */
static void check_fault(bool write, uint64_t address, enum iommu_reason reason, const char *what) {
    uint64_t before = faults();

    if (write)
        edu_write_to(address, BYTES);
    else
        edu_read_from(address, BYTES);
    uint64_t after = faults();
    if (amd && (reason == IOMMU_NOT_READABLE || reason == IOMMU_NOT_WRITABLE)) {
        tap_note("%s: QEMU's AMD unit does not tell", what);
        return;
    }
    if (!tap_ok(after > before, "%s_is_a_fault", what))
        return;
    tap_is(server_request(IOMMU_FAULT, before, 0, 0, 0), 0, "%s_is_told_of", what);
    if (amd && (reply[2] & 0xffff) == IOMMU_NO_DEVICE)
        return;
    tap_is((int64_t)(reply[2] & 0xffff), edu_device, "%s_is_attributed_to_the_device", what);
    tap_is((int64_t)reply[1], (int64_t)(address & ~0xfffUL), "%s_is_told_with_its_address", what);
    tap_is((int64_t)(reply[2] >> 16 & 0xff), write ? IOMMU_WRITE : IOMMU_READ,
           "%s_is_told_with_its_access", what);
    tap_is((int64_t)(reply[2] >> 24 & 0xff), reason, "%s_is_told_with_its_reason", what);
}

/* Writes to physical memory that is not the device's: nothing of it arrives. */
static void attack(const char *what) {
    fill(0, 0x11);
    edu_write_to(physical, BYTES);
    tap_ok(is_filled(0, 0x11), "%s_memory_is_not_written", what);
}

/* ---- Parts ---- */

/* The positive control: without the server the device reaches all memory, and the test sees it. */
static void test_without(void) {
    fill(0, 0x5a);
    fill(1, 0);
    edu_read_from(physical, BYTES);
    edu_write_to(physical + PAGE_SIZE, BYTES);
    tap_ok(is_filled(1, 0x5a), "without_an_iommu_a_device_reaches_memory");
}

static void test_blocked(void) {
    attack("without_a_domain");
    check_fault(true, physical, IOMMU_NO_DOMAIN, "write_without_a_domain");
    check_fault(false, physical, IOMMU_NO_DOMAIN, "read_without_a_domain");
    tap_is(server_request(IOMMU_MAP, PAGE(0), PAGE_SIZE, IOMMU_READ, 0), -E_NOENT,
           "without_a_domain_nothing_is_mapped");
}

static void make_domain(void) {
    tap_is(server_request(IOMMU_DOMAIN, edu_device, runtime_self(), edu_device, 0), 0,
           "a_domain_is_made");
    tap_ok(reply[0] & IOMMU_CONFINES_DMA, "it_confines_dma");
}

static void test_domain(void) {
    make_domain();
    tap_is(server_request(IOMMU_DOMAIN, edu_device, runtime_self(), edu_device, 0), -E_EXIST,
           "a_device_has_one_domain");
    attack("in_an_empty_domain");
    check_fault(true, PAGE(0), IOMMU_NOT_MAPPED, "write_in_an_empty_domain");
    tap_is(server_request(IOMMU_MAP, PAGE(0), 2 * PAGE_SIZE, IOMMU_READ | IOMMU_WRITE, 0), 0,
           "memory_is_mapped");
    tap_is((int64_t)reply[0], PAGE(0), "at_its_own_address");
    tap_ok(reaches(0, 1, 0xa7), "the_device_reads_and_writes_it");
    attack("by_its_physical_address");
    tap_ok(amd || server_refused(REFUSED_DMA) > 0, "faults_count_for_the_driver");
}

static void test_requests(void) {
    static const struct {
        uint64_t address, bytes, access;
        int error;
        const char *name;
    } maps[] = {
        { PAGE(2), PAGE_SIZE, 0, -E_INVAL, "no_rights" },
        { PAGE(2), PAGE_SIZE, 4, -E_INVAL, "unknown_rights" },
        { PAGE(2) + 1, PAGE_SIZE, 1, -E_INVAL, "half_pages" },
        { PAGE(2), 0, 1, -E_INVAL, "nothing" },
        { PAGE(1), 2 * PAGE_SIZE, 1, -E_EXIST, "mapped_already" },
        { PAGE(15), 2 * PAGE_SIZE, 1, -E_FAULT, "not_its_memory" },
        { IOMMU_BASE - PAGE_SIZE, PAGE_SIZE, 1, -E_RANGE, "too_low" },
        { IOMMU_END - PAGE_SIZE, 2 * PAGE_SIZE, 1, -E_RANGE, "too_high" },
        { PAGE(0), UINT64_MAX - PAGE_SIZE + 1, 1, -E_RANGE, "around_the_end" },
        { 0xfee00000, PAGE_SIZE, 2, -E_RANGE, "interrupts" },
    };

    for (unsigned i = 0; i < sizeof maps / sizeof maps[0]; i++)
        tap_is(server_request(IOMMU_MAP, maps[i].address, maps[i].bytes, maps[i].access, 0),
               maps[i].error, "map_refuses_%s", maps[i].name);
    tap_is(server_request(IOMMU_UNMAP, PAGE(1), 2 * PAGE_SIZE, 0, 0), -E_NOENT,
           "unmap_refuses_what_is_not_mapped");
    tap_is(server_request(IOMMU_FAULT + 1, 0, 0, 0, 0), -E_BADCALL, "unknown_requests_are_refused");
    tap_ok(reaches(1, 0, 0x3c), "refused_requests_change_nothing");
    fake.pci = runtime_monitor();
    server_tell_keepers();
    tap_is(server_request(IOMMU_DOMAIN, 8, runtime_self(), 8, 0), -E_PERM,
           "domains_are_for_the_pci_server");
    tap_is(server_request(IOMMU_RELEASE, edu_device, 0, 0, 0), -E_PERM, "and_their_ends");
    tap_is(server_request(IOMMU_INTERRUPT, edu_device, 0, VECTOR, 1), -E_PERM, "and_interrupts");
    fake.pci = runtime_self();
    fake.driver = runtime_monitor();
    server_tell_keepers();
    tap_is(server_request(IOMMU_MAP, PAGE(2), PAGE_SIZE, 1, 0), -E_FAULT,
           "memory_is_the_drivers_own");
    fake.driver = runtime_self();
    server_tell_keepers();
}

/* The attack is the first access to its page: what QEMU's units have cached of one that is mapped,
 * they refuse in silence. */
static void test_rights(void) {
    tap_is(server_request(IOMMU_MAP, PAGE(4), PAGE_SIZE, IOMMU_READ, 0), 0, "a_page_to_read");
    check_fault(true, PAGE(4), IOMMU_NOT_WRITABLE, "write_to_read_only_memory");
    tap_is(server_request(IOMMU_MAP, PAGE(5), PAGE_SIZE, IOMMU_WRITE, 0), 0, "a_page_to_write");
    check_fault(false, PAGE(5), IOMMU_NOT_READABLE, "read_of_write_only_memory");
    tap_is(server_request(IOMMU_MAP, PAGE(2), PAGE_SIZE, IOMMU_READ, 0), 0, "read_only_is_mapped");
    tap_is(server_request(IOMMU_MAP, PAGE(3), PAGE_SIZE, IOMMU_WRITE, 0), 0,
           "write_only_is_mapped");
    tap_ok(reaches(2, 3, 0x77), "what_is_allowed_is_done");
    fill(2, 0x22);
    edu_write_to(PAGE(2), BYTES);
    tap_ok(is_filled(2, 0x22), "read_only_memory_is_not_written");
    fill(0, 0x66);
    fill(3, 0x33);
    edu_read_from(PAGE(0), BYTES);
    edu_read_from(PAGE(3), BYTES);
    edu_write_to(PAGE(0), BYTES);
    tap_ok(!is_filled(0, 0x33), "write_only_memory_is_not_read");
    check_fault(true, NO_MAPPING, IOMMU_NOT_MAPPED, "write_to_no_mapping");
    check_fault(false, NO_MAPPING + 0x123000, IOMMU_NOT_MAPPED, "read_of_no_mapping");
    check_fault(true, UINT64_C(0x8000000000), IOMMU_NOT_MAPPED, "write_above_all_mappings");
}

static void test_unmap(void) {
    tap_ok(reaches(0, 1, 0x42), "before_the_end_of_a_mapping_it_is_reached");
    tap_is(server_request(IOMMU_UNMAP, PAGE(1), PAGE_SIZE, 0, 0), 0, "memory_is_unmapped");
    fill(1, 0x99);
    edu_write_to(PAGE(1), BYTES);
    tap_ok(is_filled(1, 0x99), "unmapped_memory_is_not_written");
    check_fault(true, PAGE(1), IOMMU_NOT_MAPPED, "write_to_unmapped_memory");
    tap_is(server_request(IOMMU_MAP, PAGE(1), PAGE_SIZE, IOMMU_READ | IOMMU_WRITE, 0), 0,
           "it_can_be_mapped_again");
    tap_ok(reaches(1, 0, 0x43), "and_is_reached");
}

/* ---- Interrupts ---- */

static uint64_t unknown_interrupts(void) {
    struct core_info info = { 0 };

    getinfo(INFO_CORE, &info, sizeof info, 0, NULL, NULL);
    return info.unknown_interrupts;
}

/* Whether the device's MSI reaches the processor. */
static bool interrupts(uint64_t address, uint32_t data) {
    uint64_t before = unknown_interrupts();

    edu_message(address, data, true);
    edu_interrupt();
    sleep_for(TIME_MILLISECOND);
    edu_message(address, data, false);
    return unknown_interrupts() > before;
}

/* Whether a message that the device makes up, by DMA, does. */
static bool fakes(uint64_t address, uint32_t data) {
    uint64_t before = unknown_interrupts();

    memcpy(page(0), &data, sizeof data);
    edu_read_from(PAGE(0), sizeof data);
    edu_write_to(address, sizeof data);
    sleep_for(TIME_MILLISECOND);
    return unknown_interrupts() > before;
}

static void test_interrupts(void) {
    int error = server_request(IOMMU_INTERRUPT, edu_device, 0, VECTOR, 2);
    uint64_t address = reply[0];
    uint32_t data = (uint32_t)reply[1];

    if (!tap_is(error, 0, "a_message_is_remapped"))
        return;
    tap_ok(interrupts(address, data), "the_message_arrives");
    tap_ok(interrupts(address, data + 1), "so_does_the_second");
    tap_ok(!interrupts(address, data + 2), "a_third_does_not");
    tap_ok(!interrupts(address, data + IOMMU_MESSAGES), "nor_one_of_another_device");
    bool plain = interrupts(0xfee00000, VECTOR);
    if (amd)
        tap_ok(!plain, "a_message_that_is_not_remapped_does_not_arrive");
    else
        tap_note("QEMU's Intel unit %s messages in compatibility format",
                 plain ? "lets through" : "refuses");
    bool faked = fakes(0xfee00000, VECTOR);
    if (amd)
        tap_ok(!faked, "a_message_made_up_by_dma_does_not_arrive");
    else
        tap_note("QEMU's Intel unit %s made-up messages in compatibility format",
                 faked ? "lets through" : "refuses");
    tap_ok(!fakes(0xfee00010 | 0x1f00 << 5, 0), "a_made_up_message_of_no_entry_does_not_arrive");
    tap_is(server_request(IOMMU_INTERRUPT, edu_device, 0, 0, 0), -E_RANGE,
           "vectors_of_exceptions_are_refused");
    tap_is(server_request(IOMMU_INTERRUPT, edu_device, 0, VECTOR, 0), 0, "messages_are_taken_away");
    tap_ok(!interrupts(address, data), "then_they_do_not_arrive");
    tap_is(server_request(IOMMU_INTERRUPT, edu_device, 0, VECTOR, 1), 0, "and_given_back");
    tap_ok(interrupts(reply[0], (uint32_t)reply[1]), "then_they_do");
}

/* ---- The end of a domain ---- */

static void test_release(void) {
    server_request(IOMMU_INTERRUPT, edu_device, 0, VECTOR, 1);
    uint64_t address = reply[0];
    uint32_t data = (uint32_t)reply[1];

    tap_ok(reaches(0, 1, 0x21), "before_the_end_of_a_domain_memory_is_reached");
    tap_is(server_request(IOMMU_RELEASE, edu_device, 0, 0, 0), 0, "a_domain_ends");
    fill(1, 0x98);
    edu_write_to(PAGE(1), BYTES);
    tap_ok(is_filled(1, 0x98), "after_its_end_memory_is_not_written");
    check_fault(true, PAGE(1), IOMMU_NO_DOMAIN, "write_after_the_end_of_a_domain");
    tap_ok(!interrupts(address, data), "nor_does_an_interrupt_arrive");
    tap_is(server_request(IOMMU_RELEASE, edu_device, 0, 0, 0), -E_NOENT, "it_ends_once");
    make_domain();
    fill(1, 0x97);
    edu_write_to(PAGE(1), BYTES);
    tap_ok(is_filled(1, 0x97), "its_successor_is_empty");
    server_request(IOMMU_MAP, PAGE(0), 2 * PAGE_SIZE, IOMMU_READ | IOMMU_WRITE, 0);
    tap_ok(reaches(0, 1, 0x20), "and_can_be_used");
}

/* ---- A server that dies ---- */

static void test_restart(void) {
    uint64_t used;

    server_request(IOMMU_STATUS, 0, 0, 0, 0);
    used = reply[4];
    server_kill();
    tap_ok(reaches(0, 1, 0x81), "without_its_server_a_domain_goes_on");
    attack("without_its_server_other");
    server_start();
    tap_ok(reaches(1, 0, 0x82), "with_a_new_server_too");
    attack("with_a_new_server_other");
    check_fault(true, NO_MAPPING, IOMMU_NOT_MAPPED, "write_with_a_new_server");
    server_request(IOMMU_STATUS, 0, 0, 0, 0);
    tap_is((int64_t)reply[4], (int64_t)used, "the_new_server_uses_the_same_tables");
    tap_is(server_request(IOMMU_DEVICE, 0, 0, 0, 0), 0, "it_knows_the_domain");
    tap_is((int64_t)(reply[0] & 0xffff), edu_device, "of_the_device");
    tap_is((int64_t)(reply[1] >> 32), 2, "with_its_pages");
    tap_is(server_request(IOMMU_UNMAP, PAGE(1), PAGE_SIZE, 0, 0), 0, "and_unmaps_them");
    fill(1, 0x83);
    edu_write_to(PAGE(1), BYTES);
    tap_ok(is_filled(1, 0x83), "then_they_are_not_written");
    server_request(IOMMU_MAP, PAGE(1), PAGE_SIZE, IOMMU_READ | IOMMU_WRITE, 0);
    tap_ok(reaches(0, 1, 0x84), "what_it_maps_is_reached");
}

static void test_restart_without_driver(void) {
    server_kill();
    fake.drivers_live = 0;
    server_start();
    fill(1, 0x85);
    edu_write_to(PAGE(1), BYTES);
    tap_ok(is_filled(1, 0x85), "a_domain_whose_driver_is_gone_ends_with_the_new_server");
    tap_is(server_request(IOMMU_DEVICE, 0, 0, 0, 0), -E_NOENT, "which_does_not_know_it");
    fake.drivers_live = 1;
    server_tell_keepers();
}

/* The tables' memory holds anything: the new server starts anew, and all is blocked. */
static void test_restart_with_damage(void) {
    const uint64_t window = 0x0000004000000000UL;
    struct firmware_memory memory = { 0 };

    make_domain();
    server_request(IOMMU_MAP, PAGE(0), 2 * PAGE_SIZE, IOMMU_READ | IOMMU_WRITE, 0);
    tap_ok(reaches(0, 1, 0x61), "before_the_damage_memory_is_reached");
    server_kill();
    getinfo(INFO_FIRMWARE, &memory, sizeof memory, INFO_FIRMWARE_IOMMU, NULL, NULL);
    if (memmap(window, memory.base, PAGE_SIZE, PROT_READ | PROT_WRITE | MEMMAP_CACHED) != 0)
        tap_bail_out("the tables cannot be mapped");
    *(volatile uint64_t *)(window + 16) ^= 1;
    server_start();
    attack("after_the_damage");
    fill(1, 0x62);
    edu_write_to(PAGE(1), BYTES);
    tap_ok(is_filled(1, 0x62), "after_the_damage_memory_is_not_written");
    make_domain();
    server_request(IOMMU_MAP, PAGE(0), 2 * PAGE_SIZE, IOMMU_READ | IOMMU_WRITE, 0);
    tap_ok(reaches(0, 1, 0x63), "a_new_domain_works");
}

/* More faults than are kept, and than are told in the log. */
static void test_many_faults(void) {
    uint64_t before = faults(), number;

    for (unsigned i = 0; i < IOMMU_FAULTS + 6; i++) {
        edu_write_to(NO_MAPPING + i * PAGE_SIZE, 4);
        faults();
    }
    tap_ok(faults() >= before + IOMMU_FAULTS + 6, "all_faults_are_counted");
    tap_is(server_request(IOMMU_FAULT, 0, 0, 0, 0), 0, "old_faults_are_asked_for");
    number = reply[0];
    tap_is((int64_t)number, (int64_t)(faults() - IOMMU_FAULTS), "the_oldest_kept_is_told");
    tap_is(server_request(IOMMU_FAULT, faults(), 0, 0, 0), -E_NOENT, "later_ones_are_not_there");
}

int main(void) {
    tap_plan(0);
    edu_start();
    int error = mapdma(MAPDMA_ANYWHERE, IOMMU_BASE, MEMORY_BYTES, &physical);
    if (error)
        tap_bail_out("no memory for DMA: %s", error_text(error));
    fake = (struct fake_keepers){
        .pci = runtime_self(),
        .driver = runtime_self(),
        .drivers_live = 1,
        .address = IOMMU_BASE,
        .bytes = MEMORY_BYTES,
        .physical = physical,
    };
    test_without();
    server_start();
    amd = reply[0] == IOMMU_KIND_AMD;
    test_blocked();
    test_domain();
    test_requests();
    test_rights();
    test_unmap();
    test_interrupts();
    test_release();
    test_restart();
    test_many_faults();
    test_restart_without_driver();
    test_restart_with_damage();
    server_kill();
    return tap_done();
}
