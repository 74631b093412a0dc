/* The messages of membership: what is owed to whom, and what those that come do. */
#include <bulkhead/error.h>

#include "membership_parts.h"
#include "peer_protocol.h"

/* ---- Sending ---- */

/* Sends to those that are owed it as many as have credit. */
static void pay(struct membership *m, core_set_t *owed, struct message message) {
    if (*owed)
        *owed &= ~m->actions->multicast(m->context, *owed, &message);
}

static struct message compose(const struct membership *m, enum peer_message type, uint64_t number) {
    return (struct message){ .type = type, .arg = { peer_stamp(number, m->self) } };
}

static void pay_pongs(struct membership *m) {
    for_each_core(core, m->owed_pong) {
        core_set_t owed = core_bit(core);
        struct message pong = compose(m, PEER_PONG, m->view.number);
        pong.tag = m->pong_round[core];
        pay(m, &owed, pong);
        if (!owed)
            m->owed_pong &= ~core_bit(core);
    }
}

static void pay_excluded(struct membership *m) {
    for_each_core(core, m->owed_excluded) {
        core_set_t owed = core_bit(core);
        struct message excluded = compose(m, PEER_EXCLUDED, membership_newest(m)->number);
        excluded.arg[1] = m->excluded[core];
        pay(m, &owed, excluded);
        if (!owed)
            m->owed_excluded &= ~core_bit(core);
    }
}

void membership_pay(struct membership *m) {
    if (m->stopped)
        return;
    struct message install = compose(m, PEER_INSTALL, m->view.number);
    install.arg[2] = m->view.lost;
    struct message ping = compose(m, PEER_PING, m->view.number);
    ping.tag = m->suspicion.round;

    pay(m, &m->owed_install, install);
    for (unsigned part = 0; part < view_parts(m->core_count); part++)
        pay(m, &m->owed_propose[part], view_encode(&m->next, part));
    pay(m, &m->owed_ready, compose(m, PEER_READY, m->next.number));
    pay(m, &m->owed_hello, compose(m, PEER_HELLO, 0));
    pay(m, &m->owed_leave, compose(m, PEER_LEAVE, m->view.number));
    pay(m, &m->owed_ping, ping);
    pay_pongs(m);
    pay_excluded(m);
}

/* ---- Messages ---- */

/* A core speaks as a member that is none. */
static void exclude(struct membership *m, unsigned sender, uint64_t stamp) {
    m->excluded[sender] = peer_stamp_incarnation(stamp);
    m->owed_excluded |= core_bit(sender);
}

static void on_ping(struct membership *m, unsigned sender, const struct message *message) {
    m->pong_round[sender] = message->tag;
    m->owed_pong |= core_bit(sender);
}

static void on_pong(struct membership *m, unsigned sender, const struct message *message,
                    uint64_t now) {
    suspicion_answer(&m->suspicion, sender, message->tag, now);
    if (m->removal[sender] == REMOVAL_SUSPECTED && core_in(membership_newest(m)->members, sender))
        membership_pardon(m, sender); /* nobody has acted on it */
}

static int on_hello(struct membership *m, unsigned sender, const struct message *message) {
    uint16_t incarnation = peer_stamp_incarnation(message->arg[0]);

    if (incarnation == 0 || incarnation != m->expected[sender] || !m->view.number)
        return -E_STATE;
    if (!core_in(membership_newest(m)->members, sender))
        m->joining |= core_bit(sender);
    return 0;
}

/*
 * Another member says that it has promised to obey a view without this core. It has if that is
 * newer than what this core is in.
 */
static int on_excluded(struct membership *m, const struct message *message) {
    if (message->arg[1] != m->self || peer_stamp_number(message->arg[0]) <= m->view.number)
        return -E_STATE;
    membership_stop(m, m->wants_to_leave ? STOP_LEFT : STOP_EXCLUDED);
    return 0;
}

/* Whether a proposal comes from a core that may make one, and has this core in it. */
static int check_proposal(struct membership *m, unsigned sender, const struct message *message) {
    const struct view *base = membership_newest(m);
    uint64_t stamp = message->arg[0];

    if (base->number && !view_has(base, sender, peer_stamp_incarnation(stamp))) {
        exclude(m, sender, stamp);
        return -E_STATE;
    }
    if (peer_stamp_number(stamp) <= base->number)
        return -E_STATE;
    return core_in(message->arg[1], m->core) ? 0 : -E_PROTOCOL;
}

static int on_propose(struct membership *m, unsigned sender, const struct message *message) {
    uint64_t number = peer_stamp_number(message->arg[0]);
    int error = check_proposal(m, sender, message);

    if (error)
        return error;
    if (number < m->arriving.number && m->arrived)
        return -E_STATE;
    if (number != m->arriving.number)
        m->arrived = 0;
    error = view_decode(&m->arriving, message);
    if (error)
        return error;
    m->arriving.leader = (uint16_t)sender;
    m->arrived |= UINT64_C(1) << message->tag;
    if (m->arrived != (UINT64_C(1) << view_parts(m->core_count)) - 1)
        return 0;
    m->arrived = 0;
    if (!view_has(&m->arriving, m->core, m->self) ||
        !view_has(&m->arriving, sender, peer_stamp_incarnation(message->arg[0])))
        return -E_PROTOCOL;
    membership_notice(m, view_word(number, sender));
    membership_promise(m, &m->arriving);
    return 0;
}

static int on_ready(struct membership *m, unsigned sender, uint64_t number) {
    if (m->stage != CHANGE_PROPOSING || number != m->next.number)
        return -E_STATE;
    m->awaited &= ~core_bit(sender);
    return 0;
}

static int on_install(struct membership *m, unsigned sender, const struct message *message) {
    uint64_t number = peer_stamp_number(message->arg[0]);

    if (number && number == m->next.number && sender == m->next.leader)
        membership_install(m);
    else if (number != m->view.number)
        return -E_STATE;
    m->view.lost |= message->arg[2];
    return 0;
}

static int on_leave(struct membership *m, unsigned sender) {
    if (!core_in(membership_newest(m)->members, sender))
        return -E_STATE;
    membership_fail(m, sender, REMOVAL_LEFT);
    return 0;
}

/* Who is unknown, or has been another since, is told so; unless it is yet to become a member. */
static bool is_member(struct membership *m, unsigned sender, uint64_t stamp) {
    uint16_t incarnation = peer_stamp_incarnation(stamp);

    if (view_has(&m->view, sender, incarnation) || view_has(&m->next, sender, incarnation))
        return true;
    if (m->view.number && peer_stamp_number(stamp) < m->view.number)
        exclude(m, sender, stamp);
    return false;
}

static int dispatch(struct membership *m, unsigned sender, const struct message *message,
                    uint64_t now) {
    switch (message->type) {
    case PEER_HELLO:
        return on_hello(m, sender, message);
    case PEER_EXCLUDED:
        return on_excluded(m, message);
    case PEER_PROPOSE:
        return on_propose(m, sender, message);
    default:
        break;
    }
    if (!is_member(m, sender, message->arg[0]))
        return -E_STATE;
    switch (message->type) {
    case PEER_PING:
        on_ping(m, sender, message);
        return 0;
    case PEER_PONG:
        on_pong(m, sender, message, now);
        return 0;
    case PEER_LEAVE:
        return on_leave(m, sender);
    case PEER_READY:
        return on_ready(m, sender, peer_stamp_number(message->arg[0]));
    case PEER_INSTALL:
        return on_install(m, sender, message);
    default:
        return -E_PROTOCOL;
    }
}

int membership_message(struct membership *m, unsigned sender, const struct message *message,
                       uint64_t now) {
    if (m->stopped || sender >= m->core_count || sender == m->core)
        return -E_STATE;
    int error = dispatch(m, sender, message, now);
    membership_consider(m);
    return error;
}

bool membership_accepts(struct membership *m, unsigned sender, uint64_t stamp) {
    uint64_t number = peer_stamp_number(stamp);

    if (m->stopped || sender >= m->core_count || !is_member(m, sender, stamp))
        return false;
    if (number && number == m->next.number && m->stage == CHANGE_NONE &&
        view_has(&m->next, sender, peer_stamp_incarnation(stamp))) {
        membership_install(m); /* the sender has, so all members are READY, and fencing is over */
        membership_consider(m);
    }
    return number && number == m->view.number && !m->next.number;
}
