/*
 * The ACPI table DMAR: which units of Intel's VT-d there are, and which devices each looks after
 * (Intel Virtualization Technology for Directed I/O, Architecture Specification, chapter 8). Pure;
 * the table may hold anything, and what is malformed ends the list that it is in.
 */
#ifndef IOMMU_DMAR_H
#define IOMMU_DMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dmar {
    const uint8_t *table;
    size_t bytes; /* 0: there is none */
    unsigned address_bits;
    bool remaps_interrupts;
};

/* A list of device scopes. */
struct dmar_scopes {
    const uint8_t *at;
    size_t bytes;
};

struct dmar_unit {
    uint64_t registers; /* physical address */
    bool all;           /* it looks after all devices that no other unit names */
    struct dmar_scopes scopes;
};

/* Memory that devices use on behalf of the firmware (RMRR). */
struct dmar_reserved {
    uint64_t base, last;
    struct dmar_scopes scopes;
};

/* How a 32-bit register of a function's configuration space is read; all ones: nothing there. */
typedef uint32_t (*pci_read_t)(void *context, uint16_t device, unsigned offset);

struct pci_reader {
    pci_read_t read;
    void *context;
};

/* False: that is no DMAR table. */
bool dmar_open(struct dmar *dmar, const void *table, size_t bytes);

/* The unit, or reserved range, after *position, which is 0 at first. Units of PCI segment 0 only.
 * False: there are no more. */
bool dmar_next_unit(const struct dmar *dmar, size_t *position, struct dmar_unit *unit);
bool dmar_next_reserved(const struct dmar *dmar, size_t *position, struct dmar_reserved *reserved);

/* Do the scopes name a device, or a bridge that it is behind? */
bool dmar_in_scope(struct dmar_scopes scopes, uint16_t device, const struct pci_reader *pci);

/* The number of the unit that looks after a device, counted as dmar_next_unit() gives them, or -1.
 */
int dmar_unit_of(const struct dmar *dmar, uint16_t device, const struct pci_reader *pci);

/*
 * The I/O APIC of that id: *unit is the number of its unit, *source the device that its interrupts
 * seem to come from. False: the table has none.
 */
bool dmar_ioapic(const struct dmar *dmar, uint8_t id, unsigned *unit, uint16_t *source);

#endif
