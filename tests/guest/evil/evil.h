/*
 * A driver that does to QEMU's edu device whatever test-evil tells it: `evil` in
 * tests/guest/drivers.conf. Orders are requests; the reply's type is 0 or a negated error.
 */
#ifndef TESTS_GUEST_EVIL_H
#define TESTS_GUEST_EVIL_H

#include <bulkhead/kcall.h>

/* Its memory for DMA: pages with a use each, then enough of them that others get some of those. */
#define EVIL_BYTES    0x100000UL
#define EVIL_TRANSFER (PAGE_SIZE - 8) /* QEMU's device stops the machine at all its 4 KiB */
#define EVIL_OUT      0               /* what goes into the device */
#define EVIL_IN       1               /* what comes from it */
#define EVIL_MINE     2               /* for the test */

/* X(name): arguments and reply are in the comment. */
#define EVIL_ORDERS(X)                                                                       \
    /* reply arg[0]: device address of its memory, arg[1]: physical address */               \
    X(WHERE)                                                                                 \
    /* arg[0]: a value: the device's memory holds it, as EVIL_TRANSFER bytes */              \
    X(LOAD)                                                                                  \
    /* arg[0]: address, arg[1]: bytes: the device writes its memory there */                 \
    X(WRITE)                                                                                 \
    /* arg[0], arg[1] as above: the device is told to, and nobody waits for that */          \
    X(BEGIN)                                                                                 \
    /* arg[0], arg[1] as above: the device reads there; reply arg[0..5]: what it has read */ \
    X(READ)                                                                                  \
    /* arg[0]: page of its memory; reply arg[0]: first word there */                         \
    X(LOOK)                                                                                  \
    /* arg[0]: offset, arg[1]: width, arg[2]: value, of its device's configuration */        \
    X(CONFIG)                                                                                \
    /* arg[0]: offset; reply arg[0]: the 32 bits there */                                    \
    X(CONFIG_LOOK)                                                                           \
    /* arg[0]: offset, arg[1]: value, of its device's registers, by the PCI server */        \
    X(REGISTER)                                                                              \
    /* arg[0]: offset; reply arg[0]: what is there */                                        \
    X(REGISTER_LOOK)                                                                         \
    /* arg[0]: physical address: maps that page */                                           \
    X(MEMMAP)                                                                                \
    /* arg[0]: type, arg[1..3]: arguments of a request to the IOMMU server */                \
    X(IOMMU)

enum evil_order {
    EVIL_BEFORE_FIRST = MESSAGE_TYPE_SERVICE - 1,
#define X(name) EVIL_##name,
    EVIL_ORDERS(X)
#undef X
};

/* What the driver does; never returns but with an error. */
int evil_driver(void);

#endif
