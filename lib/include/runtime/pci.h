/*
 * A driver's own PCI device (protocol/pci.h; docs/pci.md). Its policy names the device; the PCI
 * server has found one and given it by the time main() runs. All functions return 0 or a negated
 * error; -E_NOENT: the process has no device.
 *
 *     struct pci_region registers;
 *     int error = pci_bar_map(0, &registers);
 *     if (!error)
 *         error = irqctl_register(pci_line(0), 0);
 *     if (!error)
 *         error = pci_bus_master(true);
 *     pci_write_32(&registers, 0x20, 0x80);
 *
 * A server that has died meanwhile is waited for, until it has been started again.
 */
#ifndef RUNTIME_PCI_H
#define RUNTIME_PCI_H

#include <stdbool.h>

#include <bulkhead/protocol/pci.h>

#include <runtime/kcall.h>

struct pci_self {
    struct pci_place place;
    struct pci_ids ids;
    unsigned messages; /* that it can send: 0, it has neither MSI nor MSI-X */
    uint32_t state;    /* set of enum pci_state: whether an IOMMU confines it */
    enum pci_reset_method reset;
};

int pci_self(struct pci_self *self);

/* Registers: memory that is mapped, or ports. */
struct pci_region {
    bool direct; /* memory without vetted registers: loads and stores reach it */
    bool ports;
    unsigned bar;
    uint64_t base; /* address or first port */
    uint64_t bytes;
    struct pci_pages vetted; /* pages that the server reads and writes */
};

/*
 * Makes what a base address register points to usable, once. Pages of MSI-X tables are left out: to
 * touch them is to die. Errors: -E_NOENT there is none, -E_NOTSUP the firmware has put it where
 * nobody can have it, those of MEMMAP.
 */
int pci_bar_map(unsigned bar, struct pci_region *region);

/* The interrupt line of a message, for irqctl_register() and the others. */
#define pci_line(message) (IRQ_MSI_BASE + (message))

/* Lets the device send: DMA and messages. Off at first. */
int pci_bus_master(bool on);

/* As RESET: bus mastering is off afterwards, messages are as before. -E_NOTSUP, -E_IO. */
int pci_reset(void);

/* -E_PERM: not for drivers, and counted. */
int pci_config_read(unsigned offset, unsigned width, uint32_t *value);
int pci_config_write(unsigned offset, unsigned width, uint32_t value);

/* The next capability with this ID (PCI_EXTENDED, PCI_ANY) after *offset, 0 for the first. */
int pci_capability(uint32_t id, unsigned *offset);

/* A request to the PCI server, whichever it is now. For the above, and for managers. */
int pci_request(struct message *m);

/* ---- Registers: `offset` is a multiple of the width, within the region ---- */

/* Where a load or store does not reach it. A read gives ones, and a write does nothing, on an
 * error; refusals are counted. */
uint32_t pci_read_slowly(const struct pci_region *region, uint64_t offset, unsigned width);
int pci_write_slowly(const struct pci_region *region, uint64_t offset, unsigned width,
                     uint32_t value);

static inline uint8_t pci_read_8(const struct pci_region *region, uint64_t offset) {
    return region->direct ? *(volatile uint8_t *)(region->base + offset)
                          : (uint8_t)pci_read_slowly(region, offset, 1);
}

static inline uint16_t pci_read_16(const struct pci_region *region, uint64_t offset) {
    return region->direct ? *(volatile uint16_t *)(region->base + offset)
                          : (uint16_t)pci_read_slowly(region, offset, 2);
}

static inline uint32_t pci_read_32(const struct pci_region *region, uint64_t offset) {
    return region->direct ? *(volatile uint32_t *)(region->base + offset)
                          : pci_read_slowly(region, offset, 4);
}

static inline void pci_write_8(const struct pci_region *region, uint64_t offset, uint8_t value) {
    if (region->direct)
        *(volatile uint8_t *)(region->base + offset) = value;
    else
        pci_write_slowly(region, offset, 1, value);
}

static inline void pci_write_16(const struct pci_region *region, uint64_t offset, uint16_t value) {
    if (region->direct)
        *(volatile uint16_t *)(region->base + offset) = value;
    else
        pci_write_slowly(region, offset, 2, value);
}

static inline void pci_write_32(const struct pci_region *region, uint64_t offset, uint32_t value) {
    if (region->direct)
        *(volatile uint32_t *)(region->base + offset) = value;
    else
        pci_write_slowly(region, offset, 4, value);
}

/* In memory without vetted registers alone: elsewhere it reads as ones, and changes nothing. */
static inline uint64_t pci_read_64(const struct pci_region *region, uint64_t offset) {
    return region->direct ? *(volatile uint64_t *)(region->base + offset) : UINT64_MAX;
}

static inline void pci_write_64(const struct pci_region *region, uint64_t offset, uint64_t value) {
    if (region->direct)
        *(volatile uint64_t *)(region->base + offset) = value;
}

#endif
