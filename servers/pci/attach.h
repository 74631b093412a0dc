/* What a driver is given with its device. */
#ifndef PCI_ATTACH_H
#define PCI_ATTACH_H

#include "claim.h"

/*
 * The first free device that the driver's policy names. NULL: there is none; *busy then is the
 * first that it names, or NULL.
 */
struct device *attach_match(const struct monitor_driver *driver, struct device **busy);

/*
 * Gives the claim's driver all that belongs to its device, which is quiet, and lets it run. On an
 * error the driver has a part of it, and does not run: it is of no use any more.
 */
int attach_give(struct claim *claim);

#endif
