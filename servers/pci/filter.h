/* Which writes to the configuration space of its device a driver may make: few. */
#ifndef PCI_FILTER_H
#define PCI_FILTER_H

#include "device.h"

/*
 * Judges a write of `width` bytes at `offset`: 0: it changes only what a driver may change;
 * -E_PERM; -E_INVAL width or alignment; -E_RANGE outside configuration space.
 */
int filter_write(const struct device *device, unsigned offset, unsigned width, uint32_t value);

/* Width and offset of any access. 0, -E_INVAL, -E_RANGE. */
int filter_access(const struct device *device, unsigned offset, unsigned width);

/* 32 bits of a vendor-specific capability that drivers of such devices may write. */
struct vendor_rule {
    uint16_t vendor, device;
    uint32_t offset; /* in the capability */
    uint32_t mask;
};

#define VENDOR_RULES_MAX 8

/* Adds a rule "VVVV/DDDD/OFFSET/MASK", in hexadecimal. False: it is not one, or there are too many.
 */
bool filter_allow(const char *text);

#endif
