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
    TRACE_CLASS_CHANNEL = 1 << 5,
    TRACE_CLASS_ALL = 0x3f,
};

/*
 * The two ends of a message over a channel are recorded on two cores, with the same value: the
 * receiver's core, the number of its binding there (binding.h), and the message's position in the
 * channel, modulo 2^48.
 *
 *   63    58 57       48 47          0
 *   | core  |  binding  |  position  |
 */
#define TRACE_POSITION_BITS 48
#define TRACE_BINDING_BITS  10

static inline uint64_t trace_channel(unsigned core, unsigned binding, uint64_t position) {
    uint64_t end = (uint64_t)core << TRACE_BINDING_BITS | binding;
    return end << TRACE_POSITION_BITS | (position & ((UINT64_C(1) << TRACE_POSITION_BITS) - 1));
}

static inline unsigned trace_channel_core(uint64_t value) {
    return (unsigned)(value >> (TRACE_POSITION_BITS + TRACE_BINDING_BITS));
}

static inline unsigned trace_channel_binding(uint64_t value) {
    return (unsigned)(value >> TRACE_POSITION_BITS) & ((1U << TRACE_BINDING_BITS) - 1);
}

static inline uint64_t trace_channel_position(uint64_t value) {
    return value & ((UINT64_C(1) << TRACE_POSITION_BITS) - 1);
}

/* X(name, class, text): what can happen. The comment says what `peer` and `value` are. */
#define TRACE_EVENTS(X)                                                                          \
    X(SWITCH, SCHED, "switch")   /* process gets the CPU (NONE: idle); value: priority */        \
    X(BLOCK, SCHED, "block")     /* process waits for peer; value: 1 sending, 2 receiving */     \
    X(WAKE, SCHED, "wake")       /* process is ready; peer: who woke it */                       \
    X(SEND, IPC, "send")         /* process to peer; value: primitive << 32 | message type */    \
    X(RECEIVE, IPC, "receive")   /* process from peer; value: message type */                    \
    X(NOTIFY, IPC, "notify")     /* process to peer */                                           \
    X(IRQ, IRQ, "interrupt")     /* peer: the driver told, or NONE; value: vector */             \
    X(CREATE, PROCESS, "create") /* process; peer: its supervisor */                             \
    X(EXIT, PROCESS, "exit")     /* process; value: enum death_cause */                          \
    X(KCALL, KCALL, "kcall")     /* process; value: result << 32 | call number */                \
    /* peer: the process at the other end, or the name of the own binding */                     \
    X(CHAN_SEND, CHANNEL, "chan send")       /* process to peer; value: trace_channel() */       \
    X(CHAN_RECEIVE, CHANNEL, "chan receive") /* process from peer; value: the same */            \
    X(BELL, CHANNEL, "bell")                 /* process rings peer; value: that of position 0 */ \
    X(BELL_HEARD, CHANNEL, "bell heard")     /* process is told of peer's bell; value: the same */

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
