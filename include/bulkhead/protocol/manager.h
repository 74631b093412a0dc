/*
 * Protocol of the driver manager (servers/driver-manager): it starts drivers and servers, watches
 * them, and starts them again when they fail (thesis 2.2, 4.1, 4.2; docs/driver-manager.md).
 *
 * Each core has an agent of it, a process of the label MANAGER_LABEL, and a client asks its own by
 * SENDREC; MONITOR_LOOKUP finds it. Agents pass what concerns all cores to the one that leads, and
 * answer with NBSEND. The reply's type is 0 or a negated error. Errors of every request: E_BADCALL
 * unknown request, E_PERM it is not for this client, E_WOULDBLOCK the agent has not heard from the
 * one that leads yet: again later.
 *
 * Requests that change something have a sequence number: the client's own, from 1 on, a new one for
 * each. Who gets E_PEERDEAD, as the agent has died, asks the next agent again, with the same
 * number: what was done is then not done again, and has its result as reply.
 */
#ifndef BULKHEAD_PROTOCOL_MANAGER_H
#define BULKHEAD_PROTOCOL_MANAGER_H

#include <bulkhead/kcall.h>

#define MANAGER_LABEL "manager" /* of the agents, and the agreed name of the one that leads */
/*
 * What a service is called in the data store: this and its label. The record stays while it is
 * recovered, with the endpoint of the process that died, and changes when the next one is isolated;
 * it is deleted when there will be none: the service is down, given up, or has ended. So who waits
 * for a successor waits for either change, and needs no time-out.
 */
#define MANAGER_STORE_PREFIX "service."

/* X(name, number): arguments and reply are in the comment. */
#define MANAGER_REQUESTS(X)                                                                       \
    /* Some of the struct manager_parameters of the next UP or UPDATE of the client. arg[0]:      \
     * offset, a multiple of MANAGER_PIECE; arg[1..5]: so many bytes. E_RANGE. For who may        \
     * manage, as all that follow but COMPLAIN */                                                 \
    X(TEXT, MESSAGE_TYPE_SERVICE + 0)                                                             \
    /* Start a service. arg[5]: sequence. Reply arg[0]: endpoint, when it runs. E_EXIST there is  \
     * one of that label, E_NOENT no such program, policy or device, E_BUSY its device is in      \
     * use, E_CORE its policy has it on a core that is no member, E_INVAL parameters, E_RANGE     \
     * its policy lets it be more urgent than its supervisor, E_NOSLOT, and those of starting a   \
     * program (protocol/monitor.h) */                                                            \
    X(UP, MESSAGE_TYPE_SERVICE + 1)                                                               \
    /* Stop a service: it finishes what it does, or is ended. arg[0..2]: label, arg[5]:           \
     * sequence. The reply comes when it is gone. E_NOENT */                                      \
    X(DOWN, MESSAGE_TYPE_SERVICE + 2)                                                             \
    /* Stop and start it again. arg[0..2]: label, arg[5]: sequence. Reply arg[0]: endpoint.       \
     * E_NOENT; also those of UP: it is down then */                                              \
    X(REFRESH, MESSAGE_TYPE_SERVICE + 3)                                                          \
    /* The same, with another program: `program` of the parameters. arg[0..2], arg[5], reply:     \
     * as REFRESH. If the new one does not start the old one is started again */                  \
    X(UPDATE, MESSAGE_TYPE_SERVICE + 4)                                                           \
    /* The same, on another core. arg[0..2]: label, arg[4]: core, arg[5]: sequence. Reply         \
     * arg[0]: endpoint. E_NOENT no such service, or no such core */                              \
    X(MOVE, MESSAGE_TYPE_SERVICE + 5)                                                             \
    /* It works wrongly: end it, and recover it as its policy says. arg[0..2]: label, arg[5]:     \
     * sequence. The reply comes when that is under way. E_NOENT, E_STATE it does not run. For    \
     * who may manage, and those whom `driver complain` of their policies lets (docs/policies.md) \
     */                                                                                           \
    X(COMPLAIN, MESSAGE_TYPE_SERVICE + 6)                                                         \
    /* The first service whose number is arg[0] or more. Reply arg[0]: number, arg[1]: endpoint   \
     * or ENDPOINT_NONE, arg[2]: nanoseconds since it was started or has come into this state,    \
     * arg[3]: enum manager_state | enum manager_reason of the last restart << 8 | core << 16 |   \
     * restarts << 32, arg[4]: complaints | missed heartbeats << 32. E_NOENT there is none */     \
    X(STATUS, MESSAGE_TYPE_SERVICE + 7)                                                           \
    /* Some of the parameters of a service. arg[0]: number, arg[1]: offset, a multiple of         \
     * MANAGER_PIECE. Reply arg[1..5]: so many bytes. E_NOENT, E_RANGE */                         \
    X(PARAMETERS, MESSAGE_TYPE_SERVICE + 8)                                                       \
    /* Who leads? Reply arg[0]: endpoint of the agent, arg[1]: number of the view, arg[2]:        \
     * version of its table, arg[3]: agents that have it */                                       \
    X(LEADER, MESSAGE_TYPE_SERVICE + 9)

enum manager_request {
#define X(name, number) MANAGER_##name = (number),
    MANAGER_REQUESTS(X)
#undef X
};

#define MANAGER_PIECE    40U /* bytes of parameters that travel in a message */
#define MANAGER_SERVICES 48U /* of all cores */

#define MANAGER_ANY_CORE  0xffffU
#define MANAGER_NO_DEVICE 0xffffU

enum manager_mirror { MANAGER_MIRROR_POLICY = 0, MANAGER_MIRROR_YES = 1, MANAGER_MIRROR_NO = 2 };

#define MANAGER_RECOVERY_POLICY 0xffU /* in the place of an enum policy_recovery */
#define MANAGER_ARGUMENT_BYTES  184U

/*
 * How a service is to be run (thesis 2.2, Fig. 2.4). Texts are zero-padded, and terminated where
 * they are shorter than their field; 0 or empty where nothing else is said: as the policy says.
 */
struct manager_parameters {
    char label[LABEL_MAX];   /* empty: the program */
    char program[LABEL_MAX]; /* its file in the boot archive, or, if `policy` is empty, the label
                                of a policy that names one */
    char policy[LABEL_MAX];  /* --isolation; empty: the program's */
    char hook[LABEL_MAX];    /* program that decides on a recovery */
    uint64_t period;         /* nanoseconds between heartbeats */
    uint64_t refresh;        /* nanoseconds after which it is started anew, to stay young */
    uint64_t recovery_period;
    uint16_t recovery_count; /* recoveries in that period, before it is given up */
    uint8_t recovery;        /* enum policy_recovery, or MANAGER_RECOVERY_POLICY */
    uint8_t mirror;          /* enum manager_mirror */
    uint16_t core;           /* preferred; MANAGER_ANY_CORE: any */
    uint16_t device;         /* PCI device, bus << 8 | device << 3 | function */
    uint16_t standby;        /* the one that takes its place when it is given up with that one */
    uint16_t argument_count; /* beside the program's name */
    uint16_t argument_bytes;
    uint16_t reserved;
    char arguments[MANAGER_ARGUMENT_BYTES]; /* strings, each with its terminating zero */
};

_Static_assert(sizeof(struct manager_parameters) % MANAGER_PIECE == 0, "whole pieces");

/* X(name, text): what a service is doing. */
#define MANAGER_STATES(X)                                                                 \
    X(DOWN, "down")                                                                       \
    X(STARTING, "starting")                                                               \
    X(UP, "up")                                                                           \
    X(STOPPING, "stopping")                                                               \
    X(RECOVERING, "recovering") /* it has died, or is being ended: order of death */      \
    X(WAITING, "waiting")       /* for the end of a pause before it is started again */   \
    X(HOOK, "in its hook")      /* its hook decides */                                    \
    X(GIVEN_UP, "given up")     /* it has failed too often; `service refresh` */          \
    X(ENDED, "ended")           /* by itself, with status 0: it has nothing more to do */ \
    X(HOMELESS, "without core") /* its policy has it on a core that is not there */

enum manager_state {
#define X(name, text) MANAGER_STATE_##name,
    MANAGER_STATES(X)
#undef X
        MANAGER_STATE_COUNT
};

/* X(name, word): why a service was started again (thesis 4.1): the second argument of hooks. */
#define MANAGER_REASONS(X)                                                   \
    X(NONE, "none")                                                          \
    X(EXIT, "exit")                                                          \
    X(PANIC, "panic")         /* it found out by itself that it is broken */ \
    X(EXCEPTION, "exception") /* of the processor */                         \
    X(SIGNAL, "signal")       /* killed by somebody else */                  \
    X(HEARTBEAT, "heartbeat") /* it did not answer any more */               \
    X(PROBE, "probe")         /* it answered wrongly */                      \
    X(COMPLAINT, "complaint")                                                \
    X(CHECKSUM, "checksum") /* its text has changed */                       \
    X(UPDATE, "update")                                                      \
    X(REFRESH, "refresh")                                                    \
    X(REJUVENATION, "rejuvenation")                                          \
    X(MOVE, "move")                                                          \
    X(CORE, "core")   /* its core has failed */                              \
    X(START, "start") /* it could not be started */

enum manager_reason {
#define X(name, word) MANAGER_REASON_##name,
    MANAGER_REASONS(X)
#undef X
        MANAGER_REASON_COUNT
};

#endif
