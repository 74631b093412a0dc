/*
 * Addresses for devices that have none: the firmware gave them none, or a server that was ended in
 * the middle of a reset took along what it had saved.
 */
#ifndef PCI_ASSIGN_H
#define PCI_ASSIGN_H

#include "device.h"

/*
 * Finds places for the BARs of a device that nobody uses, whose sizes are known: in the windows of
 * the bridge above, or on bus 0 between what is there. What finds none stays without an address.
 */
void bars_assign(struct device *device);

#endif
