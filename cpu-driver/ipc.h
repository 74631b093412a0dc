/*
 * IPC between the processes of this core (thesis 2.1.3, 3.3.4; the ABI is include/bulkhead/ipc.h).
 * A message is seven words in the sender's registers that become the receiver's; nothing is
 * buffered but one bit per sender and kind.
 */
#ifndef CPU_DRIVER_IPC_H
#define CPU_DRIVER_IPC_H

#include "defence.h"
#include "process.h"

struct binding;

/*
 * Every system call comes here from entry.asm, with the caller's registers in its context. Serves
 * SENDREC and REPLYRECV in a straight line when the partner is waiting and nothing else is to be
 * done; hands all else to ipc_slow(). On return `current` is who runs next.
 */
void ipc_entry(struct process *p);

/* The general path: every primitive, every condition. */
void ipc_slow(struct process *p);

/* Why the fast path is not to be taken: all IPC goes through the general path, where it can be
 * seen. */
enum fastpath_off {
    FASTPATH_OFF_TRACE = 1 << 0,
    FASTPATH_OFF_SYSCTL = 1 << 1,
    FASTPATH_OFF_ASK = 1 << 2,    /* alone: it may be taken if the policy's handoff() agrees */
    FASTPATH_OFF_URGENT = 1 << 3, /* somebody ready is more urgent than the donor of the quantum */
};
extern unsigned ipc_fastpath_off;

/* Whom a process waits for, to receive its message or to send it one; NULL: nobody in particular.
 */
struct process *ipc_waits_for(const struct process *p);

/* Raises a kernel event at a process; delivers it at once when the process is waiting for such. */
void ipc_event(struct process *p, enum kernel_event event);

/*
 * A binding of the process rings: goes to the process at once if it is waiting for such, or into
 * its queue of bells. ipc_bells_changed(): one may have been taken out of that.
 */
void ipc_bell(struct process *p, struct binding *b);
void ipc_bells_changed(struct process *p);

/* Two processes may no longer send to each other: whichever waits for the other gets -E_TARGET. */
void ipc_part(struct process *a, struct process *b);

/* Takes a process out of every queue of IPC, because it is about to die. */
void ipc_leave(struct process *p);

/* Wakes with -E_PEERDEAD all that wait for a dead process, and forgets what it has left pending
 * elsewhere. */
void ipc_peer_died(struct process *p);

/*
 * ASEND (asend.c). asend_submit() is the primitive. asend_take() gives `receiver`, which is about
 * to receive, the first message of `source`'s table that is for it: false when there was none after
 * all. asend_withdraw() forgets the table.
 */
int asend_submit(struct process *p, uint64_t table, uint64_t entries);
bool asend_take(struct process *receiver, struct process *source);
void asend_withdraw(struct process *p);

/* Completes with -E_PEERDEAD all ASEND messages to a process that has died. */
void asend_peer_died(struct process *dead);

/* Whether `p` would take a message from `source` this moment. */
static inline bool ipc_receives_from(const struct process *p, endpoint_t source) {
    return p->receive_from == source || p->receive_from == ENDPOINT_ANY ||
           (!DEFENCE(RECEIVE_FROM) && p->receive_from != ENDPOINT_NONE);
}

/* The seven words of a message, from one process' registers to another's, whose source is `from`.
 */
static inline void ipc_copy_registers(struct process *to, const struct process *from) {
    to->context.rdi = DEFENCE(SOURCE) ? from->endpoint : from->context.r13;
    to->context.rsi = from->context.rsi;
    to->context.rdx = from->context.rdx;
    to->context.r10 = from->context.r10;
    to->context.r8 = from->context.r8;
    to->context.r9 = from->context.r9;
    to->context.r12 = from->context.r12;
    to->context.r13 = from->context.r13;
    if (!DEFENCE(SIZE))
        to->context.r14 = from->context.r14;
}

/* Ends a receive whose message is in the registers now; ipc_receiver_wake() also makes the
 * receiver, which had blocked, runnable. */
void ipc_received(struct process *p, endpoint_t source);
void ipc_receiver_wake(struct process *p, endpoint_t source);

/* Checks that `p` may send to `endpoint`, by whatever primitive. Errors: -E_BADEP, -E_PEERDEAD,
 * -E_TARGET. */
static inline int ipc_target(struct process *p, endpoint_t endpoint, struct process **target) {
    struct process *to = process_at(endpoint);
    *target = to;
    if ((DEFENCE(ENDPOINT) && to->endpoint != endpoint) || to->state == PROCESS_DEAD)
        return process_find(endpoint, target);
    if (DEFENCE(TARGET) && !slot_set_has(&p->targets, endpoint_slot(endpoint) % MAX_PROCESSES))
        return process_refuse(p, REFUSED_TARGET, -E_TARGET);
    return 0;
}

#endif
