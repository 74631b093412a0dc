/*
 * Drivers of PCI devices: programs whose policy has `pci` entries. Each is created and isolated,
 * but waits until the PCI server has given it what belongs to its device, and runs then; when it
 * dies its memory is kept until that server says that the device is quiet (order of death). The
 * requests are in include/bulkhead/protocol/monitor.h.
 */
#ifndef MONITOR_DRIVERS_H
#define MONITOR_DRIVERS_H

#include <runtime/process.h>

#include "children.h"
#include "cores.h"
#include "requests.h"

/* A new child, which is isolated, waits for its device. */
void driver_wait(struct child *child, const struct process *process);

/* A child has died: whether it is to be kept. */
bool driver_died(struct child *child);

/* Interrupts of a child came too often: finds out whose, and tells the PCI server. */
void drivers_storm(void);

/* For cores_listen(): a PCI server here is told that drivers of other cores are gone. */
void drivers_cores_gone(core_set_t gone);

/* MONITOR_DRIVER to MONITOR_REFUSED. */
int driver_describe(struct call *call);
int drivers_list(struct call *call);
int driver_give(struct call *call);
int driver_attach(struct call *call);
int driver_release(struct call *call);
int driver_dma(struct call *call);
int driver_refused(struct call *call);

#endif
