/*
 * The message: 64 bytes, one cache line. It is the same in kernel IPC, where it travels in
 * registers (ipc.h), and in a channel slot, where it lies in shared memory.
 */
#ifndef BULKHEAD_MESSAGE_H
#define BULKHEAD_MESSAGE_H

#include <stdint.h>

#include <bulkhead/endpoint.h>

#define MESSAGE_ARGS      6
#define MESSAGE_ARG_BYTES (MESSAGE_ARGS * sizeof(uint64_t))

struct message {
    endpoint_t source; /* who sent it: written by the kernel on delivery, cannot be forged */
    uint32_t
        type; /* request: what is asked, from the service's table; reply: 0 or a negated error */
    uint32_t tag; /* chosen by the requester, returned in the reply; matches replies to requests */
    uint64_t arg[MESSAGE_ARGS];
};

_Static_assert(sizeof(struct message) == 64, "a message is one cache line");

/*
 * Types below 0x100 have one meaning in every protocol; each service numbers its own from
 * MESSAGE_TYPE_SERVICE on.
 *
 * MESSAGE_NOTIFY is what a pending NOTIFY turns into on delivery. From a process, arg[] is zero:
 * several notifications of one sender merge into one. From ENDPOINT_KERNEL, arg[0] is a set of enum
 * kernel_event, arg[1] the set of the receiver's interrupt lines that fired (bits as registered by
 * IRQCTL), arg[2] the time of delivery in nanoseconds. From a binding (binding.h), arg[0] is its
 * cookie, arg[1] 1 if it has been closed, else 0.
 */
#define MESSAGE_NOTIFY       1U
#define MESSAGE_TYPE_SERVICE 0x100U

enum kernel_event {
    EVENT_IRQ = 1 << 0,   /* at least one registered interrupt line fired: see arg[1] */
    EVENT_ALARM = 1 << 1, /* the SETALARM deadline has passed */
    EVENT_CHILD = 1 << 2, /* a process supervised by the receiver has died: see PROC_WAIT */
    EVENT_ASEND = 1 << 3, /* entries of the receiver's ASEND table were completed after the call */
    EVENT_CORE = 1 << 4, /* to the monitor: another core's instance has stopped: see CORE_STOPPED */
    /* an interrupt of a process supervised by the receiver, which counts REFUSED_STORM, came more
     * often than PRIVCTL_IRQ_LIMIT says, and is masked: see PRIVCTL_IRQ_RESUME; to the monitor also
     * if a line did for another core's process: see BIND_LINE */
    EVENT_STORM = 1 << 5,
};

#endif
