/*
 * The ACPI table IVRS: which units of AMD's I/O virtualization there are, and which devices each
 * looks after (AMD I/O Virtualization Technology (IOMMU) Specification, 48882, chapter 5). Pure;
 * the table may hold anything, and what is malformed ends the list that it is in.
 */
#ifndef IOMMU_IVRS_H
#define IOMMU_IVRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ivrs {
    const uint8_t *table;
    size_t bytes; /* 0: there is none */
    uint8_t type; /* of the unit blocks that count: the highest that is known here */
};

struct ivrs_unit {
    uint64_t registers; /* physical address */
    uint16_t device;    /* the unit itself, as a PCI function */
    const uint8_t *entries;
    size_t bytes;
};

/* Memory that devices use on behalf of the firmware, or that they may not use (IVMD). */
struct ivrs_reserved {
    uint64_t base, bytes;
    uint16_t first, last; /* devices */
};

/* False: that is no IVRS table. */
bool ivrs_open(struct ivrs *ivrs, const void *table, size_t bytes);

/* The unit, or reserved range, after *position, which is 0 at first. PCI segment 0 only. False:
 * there are no more. */
bool ivrs_next_unit(const struct ivrs *ivrs, size_t *position, struct ivrs_unit *unit);
bool ivrs_next_reserved(const struct ivrs *ivrs, size_t *position, struct ivrs_reserved *reserved);

/*
 * The number of the unit that looks after a device, counted as ivrs_next_unit() gives them, or -1;
 * *requester is the device that its DMA seems to come from.
 */
int ivrs_unit_of(const struct ivrs *ivrs, uint16_t device, uint16_t *requester);

/* The device that the interrupts of the I/O APIC of that id seem to come from. False: the table has
 * none. */
bool ivrs_ioapic(const struct ivrs *ivrs, uint8_t id, uint16_t *source);

#endif
