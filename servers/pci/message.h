/*
 * Message-signalled interrupts, and keeping a device quiet. MSI-X tables are mapped by the server
 * alone: who could write there could send any interrupt to any core (thesis 3.3.3).
 */
#ifndef PCI_MESSAGE_H
#define PCI_MESSAGE_H

#include "device.h"

/* How many messages its driver can get, at most PCI_MESSAGES_MAX: by MSI-X, else by MSI. */
unsigned messages_possible(const struct device *device);

/* By which of the two. */
bool messages_are_msix(const struct device *device);

/*
 * Message n < count goes to `address` with data + n; `data` is a multiple of the next power of two.
 * Others are masked. Errors: -E_INVAL more than are possible, -E_RANGE an address that this MSI
 * cannot hold, -E_NOTSUP an MSI-X table that cannot be reached.
 */
int messages_program(const struct device *device, uint64_t address, uint32_t data, unsigned count);

/* How many are programmed, and how, by what the hardware says. */
unsigned messages_programmed(const struct device *device, uint64_t *address, uint32_t *data);

/* In the device: from the return on it sends none. */
void messages_off(const struct device *device);

/* It may not send: neither DMA nor interrupts; what it has sent before has arrived. */
void device_quiet(const struct device *device);

/*
 * Registers can be reached (where they have an address), interrupts by pin are off; and the bridges
 * above pass on what it sends.
 */
void device_enable(const struct device *device);

#endif
