/*
 * Drivers of PCI devices, for tests that start them. Whatever should not fail here ends the test
 * with "Bail out!".
 */
#ifndef TESTS_GUEST_SUPPORT_DEVICES_H
#define TESTS_GUEST_SUPPORT_DEVICES_H

#include <stdbool.h>

#include <bulkhead/info.h>
#include <bulkhead/protocol/pci.h>

#define NO_DEVICE 0xffffU

/* The first device with these identifiers, or NO_DEVICE. *driver, unless NULL: who has it. */
uint16_t device_find(uint16_t vendor, uint16_t device, endpoint_t *driver);

/*
 * Starts a driver, whose arguments are `args` up to an empty one; it waits for its device. `core`
 * may be CORE_HERE.
 */
endpoint_t driver_spawn(uint64_t core, const char *args);

/* PCI_ATTACH. *m: its reply. */
int driver_attach(endpoint_t driver, struct message *m);

/* Both, of what must succeed. */
endpoint_t driver_start(uint64_t core, const char *args);

/* Waits for a program's end, ended by itself or by driver_end(); its exit status, or -1. */
int64_t driver_wait(endpoint_t driver);
void driver_end(endpoint_t driver);

/* Ends the PCI server, and waits for the new one. */
void pci_server_restart(void);

#endif
