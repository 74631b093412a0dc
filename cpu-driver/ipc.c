/* The general path of IPC. The order of the checks is the order of the errors in
 * include/bulkhead/ipc.h. */
#include "ipc.h"

#include "binding.h"
#include "core.h"
#include "defence.h"
#include "sched/sched.h"
#include "time.h"
#include "trace.h"

void ipc_received(struct process *p, endpoint_t source) {
    p->context.rax = 0;
    p->receive_from = ENDPOINT_NONE;
    p->awaits_reply = false;
    p->messages_received++;
    counters.messages++;
    trace(TRACE_EVENT_RECEIVE, p->endpoint, source, (uint32_t)p->context.rsi);
}

void ipc_receiver_wake(struct process *p, endpoint_t source) {
    ipc_received(p, source);
    p->state = PROCESS_READY;
    sched_wake(p, source);
}

/* A call that had blocked ends with an error. */
static void wake_with_error(struct process *p, int error, endpoint_t source) {
    p->context.rax = (uint64_t)(int64_t)error;
    p->receive_from = ENDPOINT_NONE;
    p->awaits_reply = false;
    p->state = PROCESS_READY;
    sched_wake(p, source);
}

/* ---- The queue of those who wait to send to a process: first come, first served. ---- */

static void senders_append(struct process *to, struct process *p) {
    p->senders_next = NULL;
    to->pending |= PENDING_SENDERS;
    if (!DEFENCE(FIFO) && to->senders_head) {
        p->senders_next = to->senders_head;
        to->senders_head = p;
        return;
    }
    if (to->senders_tail)
        to->senders_tail->senders_next = p;
    else
        to->senders_head = p;
    to->senders_tail = p;
}

static void senders_remove(struct process *to, struct process *p) {
    struct process *before = NULL;
    for (struct process *q = to->senders_head; q != p; q = q->senders_next)
        before = q;
    if (before)
        before->senders_next = p->senders_next;
    else
        to->senders_head = p->senders_next;
    if (to->senders_tail == p)
        to->senders_tail = before;
    if (!to->senders_head)
        to->pending &= ~(unsigned)PENDING_SENDERS;
    p->senders_next = NULL;
    p->send_to = NULL;
}

/* ---- Receiving: what is pending, in the order that the ABI promises. ---- */

static void fill_notification(struct process *p, endpoint_t source) {
    p->context.rdi = source;
    p->context.rsi = MESSAGE_NOTIFY;
    p->context.rdx = p->context.r10 = p->context.r8 = 0;
    p->context.r9 = p->context.r12 = p->context.r13 = 0;
}

static bool take_events(struct process *p, endpoint_t from) {
    if (!(p->pending & PENDING_EVENTS) || (from != ENDPOINT_ANY && from != ENDPOINT_KERNEL))
        return false;
    fill_notification(p, ENDPOINT_KERNEL);
    p->context.rdx = p->events;
    p->context.r10 = p->irq_fired;
    p->context.r8 = time_now();
    p->events = p->irq_fired = 0;
    p->pending &= ~(unsigned)PENDING_EVENTS;
    ipc_received(p, ENDPOINT_KERNEL);
    return true;
}

/* The next slot to serve from a set: `from` alone, or any, going round so that no source starves
 * another. */
static int pick_source(const struct process *p, const struct slot_set *set, endpoint_t from) {
    if (from == ENDPOINT_ANY)
        return slot_set_next(set, p->last_served);
    if (from == ENDPOINT_KERNEL)
        return -1;
    unsigned slot = endpoint_slot(from);
    return slot_set_has(set, slot) ? (int)slot : -1;
}

static bool take_notify(struct process *p, endpoint_t from) {
    int slot = p->pending & PENDING_NOTIFY ? pick_source(p, &p->notified_by, from) : -1;
    if (slot < 0)
        return false;
    slot_set_remove(&p->notified_by, (unsigned)slot);
    if (slot_set_empty(&p->notified_by))
        p->pending &= ~(unsigned)PENDING_NOTIFY;
    p->last_served = (uint16_t)slot;
    fill_notification(p, processes[slot].endpoint);
    ipc_received(p, processes[slot].endpoint);
    return true;
}

void ipc_bells_changed(struct process *p) {
    if (!p->bells_head)
        p->pending &= ~(unsigned)PENDING_BELLS;
}

static inline void hear(struct process *p, const struct binding *b) {
    fill_notification(p, b->name);
    p->context.rdx = b->cookie;
    p->context.r10 = binding_has_ended(b);
    ipc_received(p, b->name);
    trace(TRACE_EVENT_BELL_HEARD, p->endpoint, b->name,
          trace_channel(endpoint_core(p->endpoint), endpoint_slot(b->name), 0));
}

static bool take_bell(struct process *p, endpoint_t from) {
    const struct binding *b = p->pending & PENDING_BELLS ? binding_take(p, from) : NULL;
    if (!b)
        return false;
    ipc_bells_changed(p);
    hear(p, b);
    return true;
}

static bool take_asend(struct process *p, endpoint_t from) {
    int slot;
    while (p->pending & PENDING_ASEND && (slot = pick_source(p, &p->asend_from, from)) >= 0) {
        bool taken = asend_take(p, &processes[slot]);
        if (slot_set_empty(&p->asend_from))
            p->pending &= ~(unsigned)PENDING_ASEND;
        if (taken) {
            p->last_served = (uint16_t)slot;
            ipc_received(p, processes[slot].endpoint);
            return true;
        }
    }
    return false;
}

static void receive_or_block(struct process *p, endpoint_t from, bool reply);

static bool take_sender(struct process *p, endpoint_t from) {
    struct process *sender = p->senders_head;
    while (sender && from != ENDPOINT_ANY && sender->endpoint != from)
        sender = sender->senders_next;
    if (!sender)
        return false;
    senders_remove(p, sender);
    ipc_copy_registers(p, sender);
    ipc_received(p, sender->endpoint);
    sender->messages_sent++;
    if (sender->context.rax == IPC_SENDREC) {
        receive_or_block(sender, p->endpoint, true);
    } else {
        sender->context.rax = 0;
        sender->state = PROCESS_READY;
        sched_wake(sender, p->endpoint);
    }
    return true;
}

/* Gives `p` a message that is there already. A reply is a message of the partner, never a
 * notification. */
static bool receive_pending(struct process *p, endpoint_t from, bool reply) {
    if (!p->pending)
        return false;
    if (endpoint_core(from) == ENDPOINT_CORE_BINDING) /* its low bits are no process' slot */
        return take_bell(p, from);
    if (!reply && (take_events(p, from) || take_notify(p, from) || take_bell(p, from)))
        return true;
    if (take_asend(p, from) || take_sender(p, from))
        return true;
    return !reply &&
           take_events(p,
                       from); /* raised just now by an ASEND message of p's to itself that failed */
}

static void block_receiving(struct process *p, endpoint_t from, bool reply) {
    bool ran = p->state == PROCESS_READY;
    p->receive_from = from;
    p->awaits_reply = reply;
    p->state = PROCESS_RECEIVING;
    trace(TRACE_EVENT_BLOCK, p->endpoint, from, 2);
    if (ran)
        sched_block();
}

/*
 * Receives, waiting if need be. `p` is the caller, or a sender whose SENDREC has just been taken:
 * then it is blocked, and is woken should its reply be there already.
 */
static void receive_or_block(struct process *p, endpoint_t from, bool reply) {
    if (!receive_pending(p, from, reply)) {
        block_receiving(p, from, reply);
    } else if (p->state != PROCESS_READY) {
        p->state = PROCESS_READY;
        sched_wake(p, from);
    }
}

/* ---- Whom a process waits for, and cycles of it. ---- */

struct process *ipc_waits_for(const struct process *p) {
    struct process *partner = NULL;
    if (p->state == PROCESS_SENDING)
        return p->send_to;
    if (p->state == PROCESS_RECEIVING && process_find(p->receive_from, &partner) == 0)
        return partner;
    return NULL;
}

/* Would `p`, by waiting for `partner`, close a cycle? Bounded: the processes that wait form a
 * forest. */
static bool deadlocks(const struct process *p, const struct process *partner) {
    while (partner && partner != p)
        partner = ipc_waits_for(partner);
    return DEFENCE(DEADLOCK) && partner == p;
}

/* ---- The primitives. Each leaves its result in the caller's rax, unless the caller waits: then
 * rax stays as it is. ---- */

static void finish(struct process *p, int result) {
    p->context.rax = (uint64_t)(int64_t)result;
    if (__builtin_expect(result < 0 && result != -E_WOULDBLOCK, 0))
        process_count_error(p, result);
}

static void trace_send(const struct process *p, endpoint_t to, enum ipc_primitive primitive) {
    trace(TRACE_EVENT_SEND, p->endpoint, to, (uint64_t)primitive << 32 | (uint32_t)p->context.rsi);
}

/* Sends if the destination is waiting; if not, -E_WOULDBLOCK and the destination in *to. */
static int send_now(struct process *p, enum ipc_primitive primitive, struct process **to) {
    int error = ipc_target(p, p->context.rdi, to);
    if (error)
        return error;
    if (!ipc_receives_from(*to, p->endpoint))
        return -E_WOULDBLOCK;
    trace_send(p, (*to)->endpoint, primitive);
    ipc_copy_registers(*to, p);
    p->messages_sent++;
    ipc_receiver_wake(*to, p->endpoint);
    return 0;
}

/* Sends, waiting for the destination if need be: 0 when it has been sent, 1 when the caller waits.
 */
static int send_or_block(struct process *p, enum ipc_primitive primitive) {
    struct process *to;
    int error = send_now(p, primitive, &to);
    if (error != -E_WOULDBLOCK)
        return error;
    if (deadlocks(p, to))
        return -E_DEADLOCK;
    trace_send(p, to->endpoint, primitive);
    p->send_to = to;
    p->state = PROCESS_SENDING;
    senders_append(to, p);
    trace(TRACE_EVENT_BLOCK, p->endpoint, to->endpoint, 1);
    sched_block();
    return 1;
}

static void send(struct process *p) {
    int result = send_or_block(p, IPC_SEND);
    if (result <= 0)
        finish(p, result);
}

static void sendrec(struct process *p) {
    int result = send_or_block(p, IPC_SENDREC);
    if (result == 0)
        receive_or_block(p, p->context.rdi, true);
    else if (result < 0)
        finish(p, result);
}

static void nbsend(struct process *p) {
    struct process *to;
    finish(p, send_now(p, IPC_NBSEND, &to));
}

/* Whom a RECEIVE names: a process in *source, or NULL for what is none. */
static int receive_source(const struct process *p, endpoint_t from, struct process **source) {
    *source = NULL;
    if (from == ENDPOINT_ANY || from == ENDPOINT_KERNEL)
        return 0;
    if (endpoint_core(from) == ENDPOINT_CORE_BINDING)
        return binding_await(p, from);
    return process_find(from, source);
}

static void receive(struct process *p) {
    endpoint_t from = p->context.rdi;
    struct process *source;
    int error = receive_source(p, from, &source);
    if (error)
        finish(p, error);
    else if (receive_pending(p, from, false))
        return;
    else if (p->context.rax & IPC_NONBLOCK)
        finish(p, -E_WOULDBLOCK);
    else if (source && deadlocks(p, source))
        finish(p, -E_DEADLOCK);
    else
        block_receiving(p, from, false);
}

static void replyrecv(struct process *p) {
    struct process *to;
    int error = send_now(p, IPC_REPLYRECV, &to);
    if (error)
        finish(p, error);
    else
        receive_or_block(p, ENDPOINT_ANY, false);
}

static void asend(struct process *p) { finish(p, asend_submit(p, p->context.rdi, p->context.rsi)); }

/* What a bell is traced with: its other end. */
static uint64_t bell_value(const struct process *p, endpoint_t name) {
    const struct binding *b = binding_find(p, name);
    return trace_channel(b->peer_core, b->peer_number, 0);
}

/* To the other end of a binding. Apart from the other way, so that each saves only the registers
 * that it needs. */
static __attribute__((noinline)) void notify_binding(struct process *p) {
    endpoint_t to = p->context.rdi;
    int error = binding_notify(p, to);
    finish(p, error);
    if (error)
        return;
    trace(TRACE_EVENT_BELL, p->endpoint, to, bell_value(p, to));
    p->messages_sent++;
}

/* The error of an endpoint that is no process to notify. */
__attribute__((cold, noinline)) static void notify_nobody(struct process *p) {
    struct process *nobody;
    finish(p, ipc_target(p, p->context.rdi, &nobody));
}

/*
 * To a process of the core. Who is found by the first look is not looked for: a variable that
 * process_find() is given would be kept in memory for the rest of the way.
 */
static __attribute__((noinline)) void notify_process(struct process *p) {
    struct process *to = process_at(p->context.rdi);
    if ((DEFENCE(ENDPOINT) && to->endpoint != p->context.rdi) || to->state == PROCESS_DEAD ||
        (DEFENCE(TARGET) &&
         !slot_set_has(&p->targets, endpoint_slot(p->context.rdi) % MAX_PROCESSES))) {
        notify_nobody(p);
        return;
    }
    finish(p, 0);
    trace(TRACE_EVENT_NOTIFY, p->endpoint, to->endpoint, 0);
    p->messages_sent++;
    if (ipc_receives_from(to, p->endpoint) && !to->awaits_reply) {
        fill_notification(to, p->endpoint);
        ipc_receiver_wake(to, p->endpoint);
    } else {
        slot_set_add(&to->notified_by, process_slot(p));
        to->pending |= PENDING_NOTIFY;
    }
}

static void notify(struct process *p) {
    if (endpoint_core(p->context.rdi) == ENDPOINT_CORE_BINDING)
        notify_binding(p);
    else
        notify_process(p);
}

static void bad_call(struct process *p) {
    finish(p, process_refuse(p, REFUSED_PRIMITIVE, -E_BADCALL));
}

/* What each primitive takes: permissions, all of them, and flags, any of them. */
#define TAKES(permitted_bits, flag_bits) \
    .permissions = (permitted_bits), .refused = ~(uint64_t)(IPC_PRIMITIVE_MASK | (flag_bits))

static const struct primitive {
    void (*act)(struct process *p);
    uint64_t refused; /* bits of rax that are no flags of it */
    uint32_t permissions;
} primitives[] = {
    { .act = bad_call },
    [IPC_SEND] = { send, TAKES(IPC_BIT(SEND), 0) },
    [IPC_RECEIVE] = { receive, TAKES(IPC_BIT(RECEIVE), IPC_NONBLOCK) },
    [IPC_SENDREC] = { sendrec, TAKES(IPC_BIT(SENDREC), 0) },
    [IPC_NBSEND] = { nbsend, TAKES(IPC_BIT(NBSEND), 0) },
    [IPC_ASEND] = { asend, TAKES(IPC_BIT(ASEND), 0) },
    [IPC_NOTIFY] = { notify, TAKES(IPC_BIT(NOTIFY), 0) },
    [IPC_REPLYRECV] = { replyrecv, TAKES(IPC_BIT(NBSEND) | IPC_BIT(RECEIVE), 0) },
};

__attribute__((cold, noinline)) static void refuse(struct process *p, enum refusal kind,
                                                   int error) {
    finish(p, process_refuse(p, kind, error));
}

void ipc_slow(struct process *p) {
    uint64_t operation = p->context.rax, number = operation & IPC_PRIMITIVE_MASK;
    bool known = number <= IPC_REPLYRECV || !DEFENCE(PRIMITIVE);
    const struct primitive *primitive = &primitives[known ? number : 0];
    if (DEFENCE(FLAG) && operation & primitive->refused)
        refuse(p, REFUSED_FLAG, -E_FLAG);
    else if (DEFENCE(PRIMITIVE_RIGHT) && primitive->permissions & ~(unsigned)p->ipc_permitted)
        refuse(p, REFUSED_PRIMITIVE_RIGHT, -E_PERM);
    else
        primitive->act(p);
    sched_finish();
}

/* ---- Events and deaths. ---- */

void ipc_event(struct process *p, enum kernel_event event) {
    p->events |= event;
    p->pending |= PENDING_EVENTS;
    if (ipc_receives_from(p, ENDPOINT_KERNEL) && !p->awaits_reply) {
        take_events(p, p->receive_from);
        p->state = PROCESS_READY;
        sched_wake(p, ENDPOINT_KERNEL);
    }
}

void ipc_bell(struct process *p, struct binding *b) {
    if (!ipc_receives_from(p, b->name) || p->awaits_reply) {
        p->pending |= PENDING_BELLS;
        binding_queue(p, b);
        return;
    }
    hear(p, b);
    p->state = PROCESS_READY;
    sched_wake(p, ENDPOINT_KERNEL);
}

static void stop_waiting(struct process *p, struct process *partner) {
    if (p->state == PROCESS_SENDING && p->send_to == partner)
        senders_remove(partner, p);
    else if (p->state != PROCESS_RECEIVING || p->receive_from != partner->endpoint)
        return;
    wake_with_error(p, -E_TARGET, partner->endpoint);
}

void ipc_part(struct process *a, struct process *b) {
    stop_waiting(a, b);
    stop_waiting(b, a);
}

void ipc_leave(struct process *p) {
    if (p->state == PROCESS_SENDING)
        senders_remove(p->send_to, p);
    p->receive_from = ENDPOINT_NONE;
    p->awaits_reply = false;
    asend_withdraw(p);
}

void ipc_peer_died(struct process *p) {
    while (p->senders_head) {
        struct process *sender = p->senders_head;
        senders_remove(p, sender);
        wake_with_error(sender, -E_PEERDEAD, p->endpoint);
    }
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        struct process *q = &processes[slot];
        if (DEFENCE(WAKE) && q->state == PROCESS_RECEIVING && q->receive_from == p->endpoint)
            wake_with_error(q, -E_PEERDEAD, p->endpoint);
        if (!slot_set_has(&q->notified_by, process_slot(p)))
            continue;
        slot_set_remove(&q->notified_by, process_slot(p));
        if (slot_set_empty(&q->notified_by))
            q->pending &= ~(unsigned)PENDING_NOTIFY;
    }
    asend_peer_died(p);
}
