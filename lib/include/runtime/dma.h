/*
 * Memory for DMA (docs/iommu.md): a driver's own memory, which its device can reach. Needs MAPDMA,
 * and where the machine has an IOMMU, "iommu" among the driver's targets.
 */
#ifndef RUNTIME_DMA_H
#define RUNTIME_DMA_H

#include <stdint.h>

#include <bulkhead/protocol/iommu.h>

/*
 * New zeroed memory of `bytes` bytes, at most IOMMU_MAP_MAX, rounded up to pages, which follow each
 * other for the device too. `access` is what the device may do: a set of enum iommu_access.
 * *memory is where the driver finds it, *device where its device does, below 4 GiB. It stays until
 * the driver's end. Errors: those of MAPDMA and of IOMMU_MAP; -E_RANGE there is no room for more.
 */
int dma_alloc(uint64_t bytes, unsigned access, void **memory, uint64_t *device);

/*
 * Lets the device reach such memory no more, or again, with whatever access. Without an IOMMU it
 * reaches all memory always. Errors: those of IOMMU_UNMAP and IOMMU_MAP.
 */
int dma_unmap(uint64_t device, uint64_t bytes);
int dma_map(uint64_t device, uint64_t bytes, unsigned access);

/* A request to the IOMMU server, as ipc_request(); a server that is being started again is waited
 * for. -E_NOENT: there is none. */
int iommu_request(struct message *m);

#endif
