/* QEMU's educational device (its docs/specs/edu.txt), driven from the test itself: a device that
 * copies between its own 4 KiB and any address that it is told. */
#ifndef TESTS_GUEST_IOMMU_EDU_H
#define TESTS_GUEST_IOMMU_EDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The device, as the IOMMU knows it. */
extern uint16_t edu_device;

/* Finds it and lets it be the master of its bus. Ends the test if there is none. */
void edu_start(void);

/* Copies up to 4 KiB by DMA: from the memory at a device address into the device, and back. Returns
 * when the device says that it is done. */
void edu_read_from(uint64_t address, size_t bytes);
void edu_write_to(uint64_t address, size_t bytes);

/* Programs the device's MSI capability: one message, on or off. */
void edu_message(uint64_t address, uint32_t data, bool on);

/* Makes the device interrupt, and takes that back. */
void edu_interrupt(void);

#endif
