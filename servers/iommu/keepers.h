/* What this server asks the monitor (protocol/monitor.h), which it trusts and waits for. */
#ifndef IOMMU_KEEPERS_H
#define IOMMU_KEEPERS_H

#include <stdbool.h>

#include <bulkhead/refusal.h>
#include <runtime/ipc.h>

/* Does the boot command line say `iommu=off`? */
bool keepers_switched_off(void);

/* Is that the PCI server? */
bool keepers_is_pci(endpoint_t client);

/* The label of a process; empty if there is none. */
void keepers_label(endpoint_t process, char label[LABEL_MAX]);

/* Does the driver live, with that device? */
bool keepers_has_device(endpoint_t driver, uint16_t device);

/*
 * The physical addresses of `count` pages of a driver from `address` on, if all are its own memory
 * for DMA. Errors: -E_FAULT, -E_BADEP, -E_PEERDEAD.
 */
int keepers_frames(endpoint_t driver, uint64_t address, uint64_t count, uint64_t *frames);

/* Something of a process has been refused: its kernel counts that. */
void keepers_refused(endpoint_t process, enum refusal kind);

#endif
