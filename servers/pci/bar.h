/*
 * Base address registers: where a device's registers are, how large that is, and which pages of it
 * its driver may have.
 */
#ifndef PCI_BAR_H
#define PCI_BAR_H

#include "device.h"

/* Bases and kinds; sizes are unknown. Touches nothing. */
void bars_read(struct device *device);

/*
 * Sizes. They are found by writing ones to the registers, with decoding off for that long: nobody
 * may use the device meanwhile. All registers are as they were afterwards.
 */
void bars_size(struct device *device);

/*
 * Marks those that no driver may have: outside the windows of the bridges above, on configuration
 * space, on pages (or ports) of another device's. Those that are not sized count with one page.
 */
void bars_check(struct device *device);

/* Whether a driver may have it, or what is left of it without the pages of MSI-X tables. */
bool bar_is_usable(const struct bar *bar);

#define BAR_PIECES 3

/* The pages of it that a driver may have, at most BAR_PIECES runs. Returns how many. */
unsigned bar_pieces(const struct device *device, unsigned number, struct pages pieces[BAR_PIECES]);

/* The pages of it that nobody may have: at most two runs, apart from each other. */
unsigned bar_holes(const struct device *device, unsigned number, struct pages holes[2]);

#endif
