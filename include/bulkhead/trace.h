/*
 * Trace events: one ring per core, written by the instance, oldest events overwritten. When tracing
 * is off the cost is one test of a byte at each place.
 */
#ifndef BULKHEAD_TRACE_H
#define BULKHEAD_TRACE_H

#include <stdint.h>

#include <bulkhead/endpoint.h>

enum trace_class {
    TRACE_CLASS_SCHED = 1 << 0,
    TRACE_CLASS_IPC = 1 << 1,
    TRACE_CLASS_IRQ = 1 << 2,
    TRACE_CLASS_PROCESS = 1 << 3,
    TRACE_CLASS_KCALL = 1 << 4,
    TRACE_CLASS_ALL = 0x1f,
};

/* X(name, class, text): what can happen. The comment says what `peer` and `value` are. */
#define TRACE_EVENTS(X)                                                                       \
    X(SWITCH, SCHED, "switch")   /* process gets the CPU (NONE: idle); value: priority */     \
    X(BLOCK, SCHED, "block")     /* process waits for peer; value: 1 sending, 2 receiving */  \
    X(WAKE, SCHED, "wake")       /* process is ready; peer: who woke it */                    \
    X(SEND, IPC, "send")         /* process to peer; value: primitive << 32 | message type */ \
    X(RECEIVE, IPC, "receive")   /* process from peer; value: message type */                 \
    X(NOTIFY, IPC, "notify")     /* process to peer */                                        \
    X(IRQ, IRQ, "interrupt")     /* peer: the driver told, or NONE; value: vector */          \
    X(CREATE, PROCESS, "create") /* process; peer: its supervisor */                          \
    X(EXIT, PROCESS, "exit")     /* process; value: enum death_cause */                       \
    X(KCALL, KCALL, "kcall")     /* process; value: result << 32 | call number */

enum trace_type {
    TRACE_EVENT_NONE,
#define X(name, class, text) TRACE_EVENT_##name,
    TRACE_EVENTS(X)
#undef X
};

struct trace_event {
    uint64_t tsc;
    uint32_t type; /* enum trace_type */
    uint32_t reserved;
    endpoint_t process;
    endpoint_t peer;
    uint64_t value;
};

#endif
