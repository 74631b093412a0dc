/*
 * What the server under test is told by its keepers, the monitor and the PCI server, whose part the
 * test plays: the test writes here into the server's memory, and reads what the server has told.
 */
#ifndef TESTS_GUEST_IOMMU_FAKE_H
#define TESTS_GUEST_IOMMU_FAKE_H

#include <bulkhead/refusal.h>

struct fake_keepers {
    endpoint_t pci, driver;
    uint32_t drivers_live;
    uint64_t address, bytes, physical; /* the driver's one piece of memory for DMA */
    uint32_t refused[REFUSAL_COUNT];   /* of the driver */
};

extern struct fake_keepers fake;

#endif
