/*
 * Configuration space by ECAM (PCIe 7.2.2; PCI Firmware Specification 3.3, 4.1.2: MCFG), a MiB for
 * each bus, mapped when it is first used; without it by ports (PCI 3.2.2.3.2), which is 256 bytes
 * of each function. Nobody else may use these ports while the server does: one kernel call does
 * both.
 */
#include <string.h>

#include <runtime/kcall.h>

#include "access.h"
#include "config.h"
#include "registers.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc

#define ECAM_WINDOW   UINT64_C(0x3100000000)
#define ECAM_BUS      (UINT64_C(1) << 20)
#define ECAM_FUNCTION 4096U
#define TABLE_WINDOW  UINT64_C(0x3000000000)

struct mcfg {
    char signature[4];
    uint32_t length;
    char rest[36];
    struct {
        uint64_t base; /* of bus 0, whatever the first bus is */
        uint16_t segment;
        uint8_t first, last;
        uint32_t reserved;
    } __attribute__((packed)) entry[16];
} __attribute__((packed));

static struct {
    uint64_t base;
    unsigned first, last;
    bool there;
} ecam;

/* Buses whose ECAM is mapped, or cannot be. */
static enum { UNUSED, MAPPED, ABSENT } buses[256];

void access_init(void) {
    static struct mcfg mcfg;
    uint32_t signature;
    size_t bytes = 0;

    memcpy(&signature, "MCFG", sizeof signature);
    if (getinfo(INFO_FIRMWARE, &mcfg, sizeof mcfg, signature, &bytes, NULL))
        return;
    for (size_t i = 0; i < 16 && offsetof(struct mcfg, entry[i + 1]) <= bytes; i++)
        if (mcfg.entry[i].segment == 0) {
            ecam.base = mcfg.entry[i].base;
            ecam.first = mcfg.entry[i].first;
            ecam.last = mcfg.entry[i].last;
            ecam.there = true;
            return;
        }
}

const char *access_name(void) { return ecam.there ? "ECAM" : "ports 0xcf8 and 0xcfc"; }

static bool map_bus(unsigned bus) {
    if (buses[bus] == UNUSED) {
        bool mapped = ecam.there && bus >= ecam.first && bus <= ecam.last &&
                      memmap(ECAM_WINDOW + bus * ECAM_BUS, ecam.base + bus * ECAM_BUS, ECAM_BUS,
                             PROT_READ | PROT_WRITE) == 0;
        buses[bus] = mapped ? MAPPED : ABSENT;
    }
    return buses[bus] == MAPPED;
}

bool config_is_extended(uint16_t device) { return map_bus(device >> 8); }

bool config_lies_in(uint64_t base, uint64_t bytes) {
    uint64_t first = ecam.base + ecam.first * ECAM_BUS;
    uint64_t end = ecam.base + (ecam.last + UINT64_C(1)) * ECAM_BUS;

    return ecam.there && base < end && first < base + bytes;
}

static volatile void *ecam_address(uint16_t device, unsigned offset) {
    return (volatile char *)ECAM_WINDOW + (uint64_t)device * ECAM_FUNCTION + offset;
}

static uint32_t port_access(uint16_t device, unsigned offset, uint16_t op, uint32_t value) {
    struct vdevio_entry entries[] = {
        { PORT_ADDRESS, VDEVIO_OUT32, 1U << 31 | (uint32_t)device << 8 | (offset & 0xfc) },
        { (uint16_t)(PORT_DATA + (offset & 3)), op, value },
    };

    return vdevio_vector(entries, 2) == 0 ? entries[1].value : UINT32_MAX;
}

uint32_t config_read(uint16_t device, unsigned offset, unsigned width) {
    uint32_t ones = width < 4 ? (1U << 8 * width) - 1 : UINT32_MAX;

    if (!map_bus(device >> 8))
        return offset < CONFIG_BYTES ? port_access(device, offset, (uint16_t)width, 0) & ones
                                     : ones;
    volatile void *at = ecam_address(device, offset);
    return width == 1   ? *(volatile uint8_t *)at
           : width == 2 ? *(volatile uint16_t *)at
                        : *(volatile uint32_t *)at;
}

void config_write(uint16_t device, unsigned offset, unsigned width, uint32_t value) {
    if (!map_bus(device >> 8)) {
        if (offset < CONFIG_BYTES)
            port_access(device, offset, (uint16_t)(VDEVIO_WRITE | width), value);
        return;
    }
    volatile void *at = ecam_address(device, offset);
    if (width == 1)
        *(volatile uint8_t *)at = (uint8_t)value;
    else if (width == 2)
        *(volatile uint16_t *)at = (uint16_t)value;
    else
        *(volatile uint32_t *)at = value;
}

volatile void *registers_map(uint64_t physical) {
    int error = memmap(TABLE_WINDOW, physical, PAGE_SIZE, PROT_READ | PROT_WRITE);

    return error ? NULL : (volatile void *)TABLE_WINDOW;
}

void registers_unmap(void) { memmap_remove(TABLE_WINDOW, PAGE_SIZE); }
