/*
 * The functions that the machine has, as enumeration finds them. What is here of the hardware is
 * constant while the server runs, but for `bar`, which is completed later where a driver runs since
 * before (bar.h).
 */
#ifndef PCI_DEVICE_H
#define PCI_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/protocol/pci.h>

#define DEVICES_MAX 256

struct bar {
    uint64_t base;
    uint64_t bytes; /* 0: not implemented, or the upper half of the one before */
    uint32_t flags; /* set of enum pci_bar */
};

/* An address range that a bridge passes on. first > last: none. */
struct window {
    uint64_t first, last;
};

/* Pages of a BAR, [first, end). */
struct pages {
    uint32_t first, end;
};

struct device {
    struct pci_place place;
    struct pci_ids ids;
    struct device *bridge; /* that it is behind; NULL: on bus 0 */
    struct bar bar[PCI_BARS];
    uint16_t pm, msi, express, msix, af; /* offsets of capabilities; 0: none */
    uint8_t table_bar, pba_bar;          /* MSI-X */
    struct pages table, pba;             /* in those */
    /* Bridges only. */
    uint8_t secondary, subordinate;
    struct window ports, memory, prefetch;
};

extern struct device devices[DEVICES_MAX];
extern size_t device_count;

/* NULL: there is none. */
struct device *device_find(uint16_t place);

static inline uint16_t device_bus(const struct device *device) { return device->place.device >> 8; }

/* An AMD IOMMU's function, which the IOMMU server looks after: it is left as it is. */
static inline bool device_is_iommu(const struct device *device) {
    return device->place.class24 >> 8 == 0x0806;
}

static inline bool device_is_for_drivers(const struct device *device) {
    return device->place.header == 0 && !device_is_iommu(device);
}

/*
 * Who the device seems to be for an IOMMU: itself, or the bridge from conventional PCI that it is
 * behind (PCIe to PCI bridges use their secondary bus and device 0; VT-d specification, 3.4.1).
 */
uint16_t device_requester(const struct device *device);

/* Enumerates: what can be found out without touching anything. Sizes are still to be found. */
void devices_scan(void);

/*
 * The next capability with this ID (PCI_EXTENDED added: extended; PCI_ANY: any) after offset
 * `after`, 0 for the first. 0: none. *id, unless NULL, receives its ID. Lists that loop end.
 */
unsigned device_capability(const struct device *device, uint32_t wanted, unsigned after,
                           uint32_t *id);

/* How many bytes of configuration space it has. */
unsigned device_config_bytes(const struct device *device);

#endif
