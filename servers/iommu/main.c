/*
 * The IOMMU server: decides which memory each device can reach, and which interrupts it can cause.
 * docs/iommu.md says what it enforces, and how it was verified.
 *
 * It exits with status E_NOTSUP when the machine has no IOMMU that can confine devices, or when
 * `iommu=off` is on the boot command line.
 */
#include <stdarg.h>
#include <stdio.h>

#include <bulkhead/info.h>
#include <runtime/kcall.h>

#include "faults.h"
#include "keepers.h"
#include "requests.h"

/* Where the server maps what it works with. */
#define TABLES_ADDRESS    0x0000001000000000UL
#define REGISTERS_ADDRESS 0x0000002000000000UL

/* How often the hardware is asked for faults. */
#define POLL_PERIOD (250 * TIME_MILLISECOND)

static _Alignas(8) uint8_t firmware_table[4096];

void log_line(const char *format, ...) {
    char line[LOG_LINE_MAX + 1];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length > 0)
        kernel_log(line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

void *map_registers(uint64_t physical, size_t bytes) {
    static uint64_t next = REGISTERS_ADDRESS;
    uint64_t address = next;

    if (physical % PAGE_SIZE != 0 ||
        memmap(address, physical, bytes, PROT_READ | PROT_WRITE) != 0) {
        log_line("the registers at 0x%lx cannot be mapped", physical);
        return NULL;
    }
    next += bytes;
    /* cppcheck-suppress intToPointerCast; the kernel has mapped it there */
    return (void *)address;
}

/* By the ports of configuration mechanism #1 (PCI 3.0, 3.2.2.3.2), both in one kernel call, so that
 * nobody's accesses come between. */
static uint32_t access_pci(uint16_t device, unsigned offset, enum vdevio_op op, uint32_t value) {
    struct vdevio_entry access[] = {
        { .port = 0xcf8,
          .op = VDEVIO_OUT32,
          .value = 1U << 31 | (uint32_t)device << 8 | (offset & 0xfc) },
        { .port = 0xcfc, .op = (uint16_t)op, .value = value },
    };

    return vdevio_vector(access, 2) == 0 ? access[1].value : UINT32_MAX;
}

static uint32_t read_pci(void *context, uint16_t device, unsigned offset) {
    (void)context;
    return access_pci(device, offset, VDEVIO_IN32, 0);
}

void pci_write(uint16_t device, unsigned offset, uint32_t value) {
    access_pci(device, offset, VDEVIO_OUT32, value);
}

const struct pci_reader pci_reader = { .read = read_pci };

/* The table that one kind of hardware is described by, into firmware_table. 0: there is none. */
static size_t read_firmware(const char signature[4]) {
    size_t written = 0;
    uint32_t selector;

    memcpy(&selector, signature, sizeof selector);
    int error =
        getinfo(INFO_FIRMWARE, firmware_table, sizeof firmware_table, selector, &written, NULL);
    return error ? 0 : written;
}

static int find_hardware(void) {
    size_t bytes = read_firmware("DMAR");

    hardware = &intel_hardware;
    if (bytes == 0) {
        bytes = read_firmware("IVRS");
        hardware = &amd_hardware;
    }
    return bytes != 0 ? hardware->find(firmware_table, bytes) : -E_NOTSUP;
}

/* The memory that boot/ has set aside. */
static int map_tables(uint64_t *physical, size_t *pages) {
    struct firmware_memory memory = { 0 };
    int error = getinfo(INFO_FIRMWARE, &memory, sizeof memory, INFO_FIRMWARE_IOMMU, NULL, NULL);

    if (error)
        return error;
    uint64_t bytes = memory.end - memory.base;
    if (bytes > TABLE_PAGES_MAX * PAGE_SIZE)
        bytes = TABLE_PAGES_MAX * PAGE_SIZE;
    *physical = memory.base;
    *pages = bytes / PAGE_SIZE;
    /* cppcheck-suppress intToPointerCast; the kernel maps it there */
    tables.state = (struct state *)TABLES_ADDRESS;
    return memmap(TABLES_ADDRESS, memory.base, bytes, PROT_READ | PROT_WRITE | MEMMAP_CACHED);
}

static bool lives(const struct domain *domain) {
    return keepers_has_device(domain->driver, domain->device);
}

/* Goes on with the tables of a server before this one, or begins anew, all DMA blocked. */
static int start(uint64_t physical, size_t pages) {
    bool adopt = state_is_sealed(tables.state, physical, pages, hardware->kind) &&
                 hardware->runs(tables.state->units_page);
    int error = 0;

    if (!adopt) {
        state_init(&tables, physical, pages, hardware->kind);
        error = hardware->build();
        state_seal(tables.state);
    }
    if (!error)
        error = hardware->start();
    if (!error && adopt)
        domains_adopt(lives);
    return error;
}

static void tell_reserved(void) {
    uint64_t base, last;

    for (unsigned n = 0; hardware->reserved(n, &base, &last); n++)
        log_line("the firmware's devices do not reach 0x%lx to 0x%lx any more", base, last);
}

static void poll(struct event_alarm *alarm) {
    faults_poll();
    event_alarm_set(alarm, POLL_PERIOD, poll);
}

int main(void) {
    static const struct event_handlers handlers = { .request = requests_serve };
    static struct event_alarm alarm;
    uint64_t physical;
    size_t pages;
    int error = keepers_switched_off() ? -E_NOTSUP : find_hardware();

    if (!error)
        error = map_tables(&physical, &pages);
    if (!error)
        error = start(physical, pages);
    if (error)
        return -error;
    requests_start();
    tell_reserved();
    poll(&alarm);
    return -event_loop_run(&handlers);
}
