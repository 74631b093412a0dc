/*
 * What the server asks of its monitor and of the IOMMU server, which with it keep drivers where
 * they belong. In the system keeper.c; in tests a fake.
 */
#ifndef PCI_KEEPER_H
#define PCI_KEEPER_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/protocol/monitor.h>
#include <bulkhead/refusal.h>

int keeper_driver(endpoint_t driver, struct monitor_driver *out);

/* Those of a core. *count receives how many. */
int keeper_drivers(uint32_t core, struct monitor_driver *out, size_t most, size_t *count);

/* Cores that the machine has. */
uint32_t keeper_cores(void);

/* MONITOR_GIVE; out[] receives its outputs. */
int keeper_give(endpoint_t driver, enum monitor_give what, uint64_t arg2, uint64_t arg3,
                uint64_t out[2]);

int keeper_attach(endpoint_t driver, uint16_t device);
int keeper_release(endpoint_t driver);
void keeper_refused(endpoint_t client, enum refusal kind);

/* Whether this client may attach and look at all devices. */
bool keeper_manages(endpoint_t client);

/* ---- IOMMU ---- */

/* Makes a domain. *confines: set of enum iommu_confines; 0 where there is no IOMMU for it. */
int keeper_domain(uint16_t device, endpoint_t driver, uint16_t requester, uint32_t *confines);

/* Ends it. 0 also if there is none. */
int keeper_domain_end(uint16_t device);

/* What confines a device that has a domain already. */
uint32_t keeper_confines(uint16_t device);

/*
 * What messages to `count` vectors from `vector` on are to look like. -E_NOTSUP: as the processor
 * understands them, for nothing remaps them.
 */
int keeper_interrupt(uint16_t device, uint32_t apic_id, uint32_t vector, unsigned count,
                     uint64_t *address, uint32_t *data);

#endif
