/*
 * Protocol of the driver of QEMU's educational device (drivers/char/edu), the worked example of
 * docs/write-a-driver.md. Clients use SENDREC; the driver answers with NBSEND, one request after
 * the other.
 *
 * The reply's type is 0 or a negated error. Errors: E_BADCALL unknown request, E_RANGE length 0 or
 * above EDU_DATA_MAX, E_BUSY it has EDU_WAITING requests to do already, E_IO the device does not
 * answer.
 */
#ifndef BULKHEAD_PROTOCOL_EDU_H
#define BULKHEAD_PROTOCOL_EDU_H

#include <bulkhead/message.h>

/* X(name, number): arguments and reply are in the comment. */
#define EDU_REQUESTS(X)                                                            \
    /* arg[0]: a number. Reply arg[0]: its factorial, modulo 2^32 */               \
    X(FACTORIAL, MESSAGE_TYPE_SERVICE + 0)                                         \
    /* struct edu_data: carried to the device's memory by DMA, and back to another \
     * place by DMA. Reply: what came back, struct edu_data */                     \
    X(COPY, MESSAGE_TYPE_SERVICE + 1)                                              \
    /* Has the device reset. E_NOTSUP it cannot be */                              \
    X(RESET, MESSAGE_TYPE_SERVICE + 2)

enum edu_request {
#define X(name, number) EDU_##name = (number),
    EDU_REQUESTS(X)
#undef X
};

#define EDU_WAITING  8
#define EDU_DATA_MAX 40

struct edu_data {
    uint64_t length; /* bytes of data, 1 to EDU_DATA_MAX */
    char data[EDU_DATA_MAX];
};

_Static_assert(sizeof(struct edu_data) == MESSAGE_ARG_BYTES, "fits a message");

#endif
