/*
 * What every driver understands, whatever its device: requests of the driver manager's agent on its
 * core. The framework answers them (drivers/lib, <driver.h>), and so does any server that uses it.
 *
 * Heartbeat: the agent sends NOTIFY, and the driver answers with NOTIFY. There is no message for
 * it: neither side has to wait, and many unanswered ones are one.
 *
 * The requests are for processes of the label `manager` that have the driver's own supervisor,
 * which gave them that label; others get E_PERM. The agent does not wait for a driver: it sends by
 * NBSEND or ASEND, and has a deadline. The reply comes by NBSEND with the request's tag; while the
 * agent is not receiving it is tried again, for DRIVER_REPLY_TIME. Who may wait can use SENDREC.
 *
 * The reply's type is 0 or a negated error: E_BADCALL unknown request.
 */
#ifndef BULKHEAD_PROTOCOL_DRIVER_H
#define BULKHEAD_PROTOCOL_DRIVER_H

#include <bulkhead/message.h>

/* Who may ask: the label of the driver manager's agents. */
#define DRIVER_MANAGER "manager"

/* No protocol of a device has numbers from here on. */
#define DRIVER_REQUEST_BASE (MESSAGE_TYPE_SERVICE + 0x8000U)

/* X(name, number): arguments and reply are in the comment. */
#define DRIVER_REQUESTS(X)                                                                       \
    /* Who is there? Reply: struct driver_identity */                                            \
    X(IDENTIFY, DRIVER_REQUEST_BASE + 0)                                                         \
    /* Do a real request whose answer is known. The reply comes when it is done: 0 it was as it  \
     * has to be, E_IO the device failed, E_CHECKSUM the answer was another. E_NOTSUP the driver \
     * has no probe, E_BUSY one is under way */                                                  \
    X(PROBE, DRIVER_REQUEST_BASE + 1)                                                            \
    /* End in order: take no more requests, finish those that were taken, for arg[0] nanoseconds \
     * at most; save state, quiet the device, reply, exit. The exit status is 0 if all that went \
     * well, else an error. Clients whose requests were not taken, or not finished, see a driver \
     * that died: E_PEERDEAD. E_BUSY it has been told before */                                  \
    X(SHUTDOWN, DRIVER_REQUEST_BASE + 2)                                                         \
    /* What has it done since it started? Reply: struct driver_statistics */                     \
    X(STATISTICS, DRIVER_REQUEST_BASE + 3)

enum driver_request {
#define X(name, number) DRIVER_##name = (number),
    DRIVER_REQUESTS(X)
#undef X
        DRIVER_REQUESTS_END
};

#define DRIVER_REQUESTS_COUNT (DRIVER_REQUESTS_END - DRIVER_REQUEST_BASE)

/* How long a reply is tried that the agent is not there for, in nanoseconds. */
#define DRIVER_REPLY_TIME UINT64_C(1000000000)

/* Number of this protocol: the framework's, to be changed with it. */
#define DRIVER_VERSION 1

enum driver_ability {
    DRIVER_CAN_PROBE = 1 << 0,
    DRIVER_HAS_STATE = 1 << 1, /* it saves state, and gets that of its predecessor */
    DRIVER_RESTARTED = 1 << 2, /* it has had a predecessor */
};

struct driver_identity {
    char name[24];      /* of the driver, not of the process; zero-padded, else not terminated */
    uint64_t version;   /* DRIVER_VERSION */
    uint64_t abilities; /* set of enum driver_ability */
    uint64_t starts; /* processes of this label that saved state here, this one included; else 1 */
};

/* Counts since the process started; the agent's own requests are not in them. */
struct driver_statistics {
    uint64_t requests;   /* taken from clients */
    uint64_t errors;     /* of those: answered with an error */
    uint64_t pending;    /* of those: not answered yet */
    uint64_t interrupts; /* notifications of them: those that came close together are one */
    uint64_t heartbeats; /* answered */
    uint64_t time;       /* nanoseconds since it is ready */
};

_Static_assert(sizeof(struct driver_identity) == MESSAGE_ARG_BYTES, "fits a message");
_Static_assert(sizeof(struct driver_statistics) == MESSAGE_ARG_BYTES, "fits a message");

#endif
