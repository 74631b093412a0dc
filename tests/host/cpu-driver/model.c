#include "model.h"

#include <string.h>

#define SLOTS 256

static int lane_of(const struct model *model, endpoint_t endpoint) {
    for (int i = 0; i < LANES; i++)
        if (model->lane[i].state != MODEL_GONE && model->lane[i].endpoint == endpoint)
            return i;
    return NO_LANE;
}

/* The lane of a live process, or why there is none. */
static int find(const struct model *model, endpoint_t endpoint, int *lane) {
    *lane = lane_of(model, endpoint);
    if (*lane != NO_LANE)
        return model->lane[*lane].state == MODEL_DEAD ? -E_PEERDEAD : 0;
    for (unsigned i = 0; i < model->graves; i++)
        if (model->grave[i] == endpoint)
            return -E_PEERDEAD;
    return -E_BADEP;
}

static bool takes_from(const struct model_process *p, endpoint_t source) {
    return p->state == MODEL_RECEIVING && (p->partner == source || p->partner == ENDPOINT_ANY);
}

/* ---- What ends a wait ---- */

static void wake(struct model_process *p, int result) {
    p->state = MODEL_READY;
    p->result = result;
    p->partner = ENDPOINT_NONE;
    p->wants_reply = p->calls = false;
}

static void deliver(struct model_process *p, endpoint_t source, const struct message *m) {
    p->registers = *m;
    p->registers.source = source;
    p->received++;
    wake(p, 0);
}

static void deliver_events(struct model *model, struct model_process *p) {
    struct message m = { .type = MESSAGE_NOTIFY, .arg = { p->events, p->irqs, model->now } };
    p->events = p->irqs = 0;
    deliver(p, ENDPOINT_KERNEL, &m);
}

static void deliver_notification(struct model_process *p, endpoint_t source) {
    deliver(p, source, &(struct message){ .type = MESSAGE_NOTIFY });
}

/* ---- Receiving ---- */

/* How many slots after the one served last a source is. */
static unsigned turn(const struct model *model, const struct model_process *p, int source) {
    unsigned slot = endpoint_slot(model->lane[source].endpoint);
    return (slot + SLOTS - p->served - 1) % SLOTS;
}

static bool has_asend_for(const struct model_process *source, endpoint_t to) {
    for (unsigned i = 0; i < source->submitted; i++)
        if (source->table[i].state == ASEND_READY && source->table[i].destination == to)
            return true;
    return false;
}

/* Who is next, of those that `from` admits and that have something for `p`. */
static int next_source(const struct model *model, const struct model_process *p, endpoint_t from,
                       bool asend) {
    int best = NO_LANE;
    for (int i = 0; i < LANES; i++) {
        const struct model_process *source = &model->lane[i];
        bool has = source->state != MODEL_DEAD && source->state != MODEL_GONE &&
                   (asend ? has_asend_for(source, p->endpoint) : p->notified[i]);
        if (has && (from == ENDPOINT_ANY || from == source->endpoint) &&
            (best == NO_LANE || turn(model, p, i) < turn(model, p, best)))
            best = i;
    }
    return best;
}

static void complete(struct asend_entry *entry, int result) {
    entry->state = ASEND_DONE;
    entry->result = result;
}

/* Gives `p` the first entry of a table that it may have; true when there was one. */
static bool take_entry(struct model *model, int source, struct model_process *p, int lane) {
    struct model_process *s = &model->lane[source];
    bool taken = false;
    for (unsigned i = 0; i < s->submitted && !taken; i++) {
        struct asend_entry *entry = &s->table[i];
        if (entry->state != ASEND_READY || entry->destination != p->endpoint)
            continue;
        taken = s->target[lane];
        complete(entry, taken ? 0 : -E_TARGET);
        if (taken) {
            s->sent++;
            deliver(p, s->endpoint, &entry->message);
        }
        model_event(model, source, EVENT_ASEND, 0);
    }
    return taken;
}

static bool take_asend(struct model *model, struct model_process *p, int lane, endpoint_t from) {
    int source;
    while ((source = next_source(model, p, from, true)) != NO_LANE) {
        if (!take_entry(model, source, p, lane))
            continue;
        p->served = endpoint_slot(model->lane[source].endpoint);
        return true;
    }
    return false;
}

static void receive_or_wait(struct model *model, int lane, endpoint_t from, bool reply);

static bool take_sender(struct model *model, struct model_process *p, endpoint_t from) {
    int at = 0;
    while (at < p->queued && from != ENDPOINT_ANY && model->lane[p->queue[at]].endpoint != from)
        at++;
    if (at == p->queued)
        return false;
    int lane = p->queue[at];
    struct model_process *sender = &model->lane[lane];
    memmove(&p->queue[at], &p->queue[at + 1], (size_t)(--p->queued - at) * sizeof p->queue[0]);
    bool calls = sender->calls;
    sender->sent++;
    wake(sender, 0);
    deliver(p, sender->endpoint, &sender->registers);
    if (calls)
        receive_or_wait(model, lane, p->endpoint, true);
    return true;
}

/* A reply is a message of the partner, never a notification. */
static bool take_pending(struct model *model, int lane, endpoint_t from, bool reply) {
    struct model_process *p = &model->lane[lane];
    if (!reply && p->events && (from == ENDPOINT_ANY || from == ENDPOINT_KERNEL)) {
        deliver_events(model, p);
        return true;
    }
    int source = reply ? NO_LANE : next_source(model, p, from, false);
    if (source != NO_LANE) {
        p->notified[source] = false;
        p->served = endpoint_slot(model->lane[source].endpoint);
        deliver_notification(p, model->lane[source].endpoint);
        return true;
    }
    if (take_asend(model, p, lane, from) || take_sender(model, p, from))
        return true;
    bool own = !reply && p->events && (from == ENDPOINT_ANY || from == ENDPOINT_KERNEL);
    if (own) /* of an ASEND to itself that failed */
        deliver_events(model, p);
    return own;
}

static void receive_or_wait(struct model *model, int lane, endpoint_t from, bool reply) {
    struct model_process *p = &model->lane[lane];
    if (take_pending(model, lane, from, reply))
        return;
    p->state = MODEL_RECEIVING;
    p->partner = from;
    p->wants_reply = reply;
}

/* ---- Cycles: would anybody wait for itself, if `lane` waited for `partner`? ---- */

static bool closes_cycle(const struct model *model, int lane, endpoint_t partner) {
    int at = lane_of(model, partner);
    for (int steps = 0; at != NO_LANE && steps <= LANES; steps++) {
        const struct model_process *p = &model->lane[at];
        if (at == lane)
            return true;
        bool waits = p->state == MODEL_SENDING || p->state == MODEL_RECEIVING;
        at = waits ? lane_of(model, p->partner) : NO_LANE;
    }
    return false;
}

/* ---- Primitives ---- */

static int target(const struct model *model, int lane, endpoint_t endpoint, int *to) {
    int error = find(model, endpoint, to);
    if (error)
        return error;
    return model->lane[lane].target[*to] ? 0 : -E_TARGET;
}

static int send(struct model *model, int lane, enum ipc_primitive primitive) {
    struct model_process *p = &model->lane[lane];
    endpoint_t endpoint = p->registers.source;
    int to, error = target(model, lane, endpoint, &to);
    if (error)
        return error;
    struct model_process *receiver = &model->lane[to];
    if (takes_from(receiver, p->endpoint)) {
        deliver(receiver, p->endpoint, &p->registers);
        p->sent++;
        if (primitive == IPC_SENDREC)
            receive_or_wait(model, lane, endpoint, true);
        return 0;
    }
    if (primitive == IPC_NBSEND)
        return -E_WOULDBLOCK;
    if (closes_cycle(model, lane, endpoint))
        return -E_DEADLOCK;
    p->state = MODEL_SENDING;
    p->partner = endpoint;
    p->calls = primitive == IPC_SENDREC;
    receiver->queue[receiver->queued++] = lane;
    return 0;
}

static int receive(struct model *model, int lane, bool nonblock) {
    endpoint_t from = model->lane[lane].registers.source;
    bool process = from != ENDPOINT_ANY && from != ENDPOINT_KERNEL;
    int source, error = process ? find(model, from, &source) : 0;
    if (error)
        return error;
    if (take_pending(model, lane, from, false))
        return 0;
    if (nonblock)
        return -E_WOULDBLOCK;
    if (process && closes_cycle(model, lane, from))
        return -E_DEADLOCK;
    receive_or_wait(model, lane, from, false);
    return 0;
}

static int notify(struct model *model, int lane) {
    struct model_process *p = &model->lane[lane];
    int to, error = target(model, lane, p->registers.source, &to);
    if (error)
        return error;
    p->sent++;
    struct model_process *receiver = &model->lane[to];
    if (takes_from(receiver, p->endpoint) && !receiver->wants_reply)
        deliver_notification(receiver, p->endpoint);
    else
        receiver->notified[lane] = true;
    return 0;
}

static int replyrecv(struct model *model, int lane) {
    int error = send(model, lane, IPC_NBSEND);
    if (!error)
        receive_or_wait(model, lane, ENDPOINT_ANY, false);
    return error;
}

/* What is wrong with rax. */
static int vet(const struct model_process *p, uint64_t operation) {
    uint64_t primitive = operation & IPC_PRIMITIVE_MASK, flags = operation & ~0xffUL;
    if (primitive < IPC_SEND || primitive > IPC_REPLYRECV)
        return -E_BADCALL;
    if (flags && !(primitive == IPC_RECEIVE && flags == IPC_NONBLOCK))
        return -E_FLAG;
    uint32_t need =
        primitive == IPC_REPLYRECV ? IPC_BIT(NBSEND) | IPC_BIT(RECEIVE) : 1U << primitive;
    return (p->primitives & need) == need ? 0 : -E_PERM;
}

void model_call(struct model *model, int lane, uint64_t operation, const struct message *m) {
    struct model_process *p = &model->lane[lane];
    p->registers = *m;
    int result = vet(p, operation);
    if (!result) {
        switch (operation & IPC_PRIMITIVE_MASK) {
        case IPC_RECEIVE:
            result = receive(model, lane, operation & IPC_NONBLOCK);
            break;
        case IPC_NOTIFY:
            result = notify(model, lane);
            break;
        case IPC_REPLYRECV:
            result = replyrecv(model, lane);
            break;
        default:
            result = send(model, lane, (enum ipc_primitive)(operation & IPC_PRIMITIVE_MASK));
        }
    }
    if (p->state == MODEL_READY)
        p->result = result;
}

static void submit_entry(struct model *model, int lane, struct asend_entry *entry) {
    struct model_process *p = &model->lane[lane];
    int to, error;
    if (entry->state != ASEND_READY)
        return;
    if ((error = target(model, lane, entry->destination, &to)) != 0) {
        complete(entry, error);
    } else if (takes_from(&model->lane[to], p->endpoint)) {
        p->sent++;
        deliver(&model->lane[to], p->endpoint, &entry->message);
        complete(entry, 0);
    }
}

void model_asend(struct model *model, int lane, unsigned entries, int error) {
    struct model_process *p = &model->lane[lane];
    int result = vet(p, IPC_ASEND);
    if (!result)
        result = error;
    if (!result) {
        p->submitted = entries;
        for (unsigned i = 0; i < entries; i++)
            submit_entry(model, lane, &p->table[i]);
    }
    p->result = result;
}

void model_event(struct model *model, int lane, uint32_t events, uint32_t irqs) {
    struct model_process *p = &model->lane[lane];
    p->events |= events;
    p->irqs |= irqs;
    if (takes_from(p, ENDPOINT_KERNEL) && !p->wants_reply)
        deliver_events(model, p);
}

/* ---- Life and death ---- */

void model_create(struct model *model, int lane, endpoint_t endpoint) {
    model->lane[lane] = (struct model_process){ .endpoint = endpoint, .primitives = IPC_ALL };
}

static void leave_queue(struct model_process *of, int lane) {
    int left = 0;
    for (int i = 0; i < of->queued; i++)
        if (of->queue[i] != lane)
            of->queue[left++] = of->queue[i];
    of->queued = left;
}

static void stop_waiting(struct model *model, int lane, int partner) {
    struct model_process *p = &model->lane[lane];
    bool waits = p->state == MODEL_SENDING || p->state == MODEL_RECEIVING;
    if (!waits || p->partner != model->lane[partner].endpoint)
        return;
    leave_queue(&model->lane[partner], lane);
    wake(p, -E_TARGET);
}

void model_part(struct model *model, int a, int b) {
    model->lane[a].target[b] = model->lane[b].target[a] = false;
    stop_waiting(model, a, b);
    stop_waiting(model, b, a);
}

void model_kill(struct model *model, int lane) {
    struct model_process *dead = &model->lane[lane];
    dead->state = MODEL_DEAD;
    dead->partner = ENDPOINT_NONE;
    dead->submitted = 0;
    dead->queued = 0;
    for (int i = 0; i < LANES; i++) {
        struct model_process *p = &model->lane[i];
        bool waits = p->state == MODEL_SENDING || p->state == MODEL_RECEIVING;
        if (waits && p->partner == dead->endpoint)
            wake(p, -E_PEERDEAD);
        leave_queue(p, lane);
        p->notified[lane] = false;
    }
    for (int i = 0; i < LANES; i++) {
        struct model_process *p = &model->lane[i];
        bool completed = false;
        for (unsigned e = 0; e < p->submitted; e++) {
            if (p->table[e].state != ASEND_READY || p->table[e].destination != dead->endpoint)
                continue;
            complete(&p->table[e], -E_PEERDEAD);
            completed = true;
        }
        if (completed)
            model_event(model, i, EVENT_ASEND, 0);
    }
}

void model_destroy(struct model *model, int lane) {
    struct model_process *dead = &model->lane[lane];
    for (int i = 0; i < LANES; i++)
        model->lane[i].target[lane] = false;
    dead->state = MODEL_GONE;
    if (model->graves < GRAVES)
        model->grave[model->graves++] = dead->endpoint;
}
