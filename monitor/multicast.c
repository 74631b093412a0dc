#include "multicast.h"

#include <string.h>

#include <bulkhead/error.h>

#include "peer_protocol.h"

static const struct route *route_from(const struct multicast *m, unsigned root) {
    return m->actions->route(m->context, (enum route_kind)m->relay[root].announcement.route,
                             m->members, root);
}

static struct message compose(const struct multicast *m, enum peer_message type, unsigned root) {
    const struct announcement *announcement = &m->relay[root].announcement;

    return (struct message){
        .type = type,
        .tag = announcement->kind | (uint32_t)announcement->route << 4 | (uint32_t)root << 8,
        .arg = { peer_stamp(m->number, m->self), 0, announcement->sequence },
    };
}

static void pay_below(struct multicast *m) {
    for_each_core(root, m->owed_below) {
        struct relay *relay = &m->relay[root];
        struct message message = compose(m, PEER_MULTICAST, root);
        message.arg[1] = relay->announcement.argument[0];
        message.arg[3] = relay->announcement.argument[1];
        message.arg[4] = relay->announcement.argument[2];
        phase_pay(&relay->phase, route_from(m, root), &message, m->actions->multicast, m->context);
        if (!relay->phase.owed)
            m->owed_below &= ~core_bit(root);
    }
}

static void pay_above(struct multicast *m) {
    for_each_core(root, m->owed_above) {
        struct message message = compose(m, PEER_GATHER, root);
        message.arg[1] = m->relay[root].least;
        message.arg[5] = phase_tally(&m->relay[root].phase);
        if (m->actions->multicast(m->context, core_bit(route_from(m, root)->parent), &message))
            m->owed_above &= ~core_bit(root);
    }
}

static void pay(struct multicast *m) {
    if (!m->members)
        return;
    pay_below(m);
    pay_above(m);
}

/* All below have it. */
static void gathered(struct multicast *m, unsigned root) {
    struct relay *relay = &m->relay[root];

    relay->active = false;
    if (root != m->core) {
        m->owed_above |= core_bit(root);
        return;
    }
    m->requested = false;
    m->actions->gathered(m->context, &relay->announcement, &relay->phase.tally, relay->least);
}

/* It is here: done, and passed on. */
static void spread(struct multicast *m, unsigned root, unsigned round) {
    struct relay *relay = &m->relay[root];

    relay->active = true;
    relay->least = m->actions->deliver(m->context, root, &relay->announcement);
    phase_begin(&relay->phase, route_from(m, root), round);
    if (relay->phase.awaited)
        m->owed_below |= core_bit(root);
    else
        gathered(m, root);
}

static int on_multicast(struct multicast *m, unsigned sender, unsigned root,
                        const struct message *message) {
    struct announcement announcement = {
        .sequence = (uint32_t)message->arg[2],
        .kind = message->tag & 0xf,
        .route = message->tag >> 4 & 0xf,
        .argument = { message->arg[1], message->arg[3], message->arg[4] },
    };

    if (root == m->core || announcement.kind >= ANNOUNCEMENT_KINDS ||
        announcement.route >= ROUTE_KINDS || m->relay[root].active)
        return -E_PROTOCOL;
    m->relay[root].announcement = announcement;
    if (route_from(m, root)->parent != sender)
        return -E_PROTOCOL;
    spread(m, root, phase_round(message));
    return 0;
}

static int on_gather(struct multicast *m, unsigned sender, unsigned root,
                     const struct message *message) {
    struct relay *relay = &m->relay[root];

    if (!relay->active || relay->announcement.sequence != (uint32_t)message->arg[2])
        return -E_STATE;
    if (message->arg[1] < relay->least && core_in(relay->phase.awaited, sender))
        relay->least = message->arg[1];
    if (phase_answered(&relay->phase, sender, message->arg[5]))
        gathered(m, root);
    return 0;
}

int multicast_message(struct multicast *m, unsigned sender, const struct message *message) {
    unsigned root = message->tag >> 8 & 0xff;
    int error = -E_PROTOCOL;

    if (!m->members || peer_stamp_number(message->arg[0]) != m->number)
        return -E_STATE;
    if (root >= CORES_MAX || !core_in(m->members, root))
        return -E_PROTOCOL;
    if (message->type == PEER_MULTICAST)
        error = on_multicast(m, sender, root, message);
    else if (message->type == PEER_GATHER)
        error = on_gather(m, sender, root, message);
    pay(m);
    return error;
}

void multicast_start(struct multicast *m, const struct multicast_actions *actions, void *context,
                     unsigned core, uint16_t incarnation) {
    memset(m, 0, sizeof *m);
    m->actions = actions;
    m->context = context;
    m->core = (uint16_t)core;
    m->self = incarnation;
}

static void begin(struct multicast *m) {
    m->relay[m->core].announcement.sequence++;
    spread(m, m->core, 0);
    pay(m);
}

int multicast_request(struct multicast *m, const struct announcement *announcement) {
    if (announcement->kind >= ANNOUNCEMENT_KINDS || announcement->route >= ROUTE_KINDS)
        return -E_INVAL;
    if (m->requested)
        return -E_BUSY;
    uint32_t sequence = m->relay[m->core].announcement.sequence;
    m->relay[m->core].announcement = *announcement;
    m->relay[m->core].announcement.sequence = sequence;
    m->requested = true;
    if (m->members)
        begin(m);
    return 0;
}

/* Nothing more is said about the old view. */
void multicast_freeze(struct multicast *m) {
    m->members = 0;
    m->owed_below = m->owed_above = 0;
    for (unsigned root = 0; root < CORES_MAX; root++)
        m->relay[root].active = false;
}

void multicast_install(struct multicast *m, const struct view *view) {
    multicast_freeze(m);
    m->members = view->members;
    m->number = view->number;
    if (m->requested)
        begin(m);
}

void multicast_credit(struct multicast *m) { pay(m); }
