/*
 * Protocol of a character console (drivers/char/serial). Clients use SENDREC; the driver answers
 * with NBSEND, so that a client that does not wait for its answer loses it and blocks nobody.
 *
 * Every client may write. Input and the interrupt key are for clients whose label the driver has
 * been started with, and that its own supervisor has started (the row of `serial` in
 * monitor/policy.c): whoever reads takes the keys from all others.
 *
 * The reply's type is 0 or a negated error. Errors: E_BADCALL unknown request, E_RANGE length 0 or
 * above CONSOLE_DATA_MAX, E_PERM READ or ATTACH of a client that input is not for.
 */
#ifndef BULKHEAD_PROTOCOL_CONSOLE_H
#define BULKHEAD_PROTOCOL_CONSOLE_H

#include <bulkhead/message.h>

/* X(name, number) */
#define CONSOLE_REQUESTS(X)                                                                        \
    X(WRITE, MESSAGE_TYPE_SERVICE +                                                                \
                 0) /* struct console_data; answered when the driver has taken all of it */        \
    X(READ, MESSAGE_TYPE_SERVICE +                                                                 \
                1) /* answered with struct console_data as soon as there is input; one reader      \
                      at a time, else E_BUSY. E_INTR: the caller is attached, and the              \
                      interrupt key was pressed since its last E_INTR or ATTACH */                 \
    X(FLUSH, MESSAGE_TYPE_SERVICE +                                                                \
                 2) /* answered when all output has left the device; until then, which is as long  \
                       as the line takes for it, no other request is served */                     \
    X(ATTACH, MESSAGE_TYPE_SERVICE +                                                               \
                  3) /* from now on the caller gets a NOTIFY for each interrupt key (^C), which is \
                        not delivered as input, unless its READ gets E_INTR. E_NOSLOT */

enum console_request {
#define X(name, number) CONSOLE_##name = (number),
    CONSOLE_REQUESTS(X)
#undef X
};

#define CONSOLE_DATA_MAX 40

struct console_data {
    uint64_t length; /* bytes of data, 1 to CONSOLE_DATA_MAX */
    char data[CONSOLE_DATA_MAX];
};

_Static_assert(sizeof(struct console_data) == MESSAGE_ARG_BYTES, "fits a message");

#endif
