/*
 * Resetting a function, so that nothing of what one driver did to it is left for the next. It takes
 * a while, in which the server does other things: steps, with a pause after each.
 *
 * What the firmware configured is saved before and restored after; the function is quiet then. (A
 * server that is ended in between takes what it has saved along; the next one finds new addresses
 * for the device: assign.h.)
 */
#ifndef PCI_RESET_H
#define PCI_RESET_H

#include "device.h"

#define RESET_SAVED 8 /* functions that a secondary bus reset may hit, all of them free */

struct saved {
    uint16_t device;
    uint16_t command;
    uint16_t cache;
    uint16_t express_control, express_control_2;
    uint8_t line;
    uint32_t bar[PCI_BARS];
};

struct reset {
    struct device *device;
    enum pci_reset_method method;
    unsigned step, tries;
    unsigned saved_count;
    struct saved saved[RESET_SAVED];
};

/*
 * The best way to reset it now. `is_free` tells whether nobody has another device that a bus reset
 * would hit too.
 */
enum pci_reset_method reset_method(const struct device *device,
                                   bool (*is_free)(const struct device *other));

/* Begins: quiets and saves. PCI_RESET_NONE: it is quiet afterwards, and that is all. */
void reset_begin(struct reset *reset, struct device *device, enum pci_reset_method method);

/*
 * Does the next step. Returns how long to wait before the one after it, in nanoseconds; 0: done;
 * negative: -E_IO the device does not come back.
 */
int64_t reset_step(struct reset *reset);

#endif
