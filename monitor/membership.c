/* How views change, and what makes them; membership_messages.c has the messages. */
#include <string.h>

#include "membership_parts.h"

static core_set_t others(const struct membership *m, const struct view *view) {
    return view->members & ~core_bit(m->core);
}

void membership_stop(struct membership *m, enum stop_reason why) {
    if (m->stopped)
        return;
    m->stopped = true;
    m->actions->stop(m->context, why);
}

/* ---- A change of view ---- */

void membership_fail(struct membership *m, unsigned core, enum removal why) {
    m->joining &= ~core_bit(core);
    m->expected[core] = 0;
    if (core == m->core || !core_in(membership_newest(m)->members & ~m->failing, core))
        return;
    m->failing |= core_bit(core);
    m->removal[core] = why;
}

void membership_pardon(struct membership *m, unsigned core) {
    m->failing &= ~core_bit(core);
    m->removal[core] = REMOVAL_NONE;
}

void membership_install(struct membership *m) {
    struct view former = m->view;

    m->view = m->next;
    m->next.number = 0;
    m->stage = CHANGE_NONE;
    m->owed_ready = 0;
    m->owed_hello = 0;
    m->touched = m->view.members;
    for_each_core(core, m->joining & m->view.members)
        m->expected[core] = 0;
    m->joining &= ~m->view.members;
    for_each_core(core, m->failing & ~m->view.members)
        membership_pardon(m, core);
    m->actions->installed(m->context, &m->view, &former);
}

void membership_promise(struct membership *m, const struct view *next) {
    m->touched |= membership_newest(m)->members;
    m->next = *next;
    m->stage = CHANGE_NONE;
    m->owed_install = 0;
    memset(m->owed_propose, 0, sizeof m->owed_propose);
    m->owed_ready = next->leader == m->core ? 0 : core_bit(next->leader);
    m->actions->freeze(m->context, next);
}

/* This core has won `number`. */
static void propose(struct membership *m, uint64_t number) {
    struct view next = *membership_newest(m);

    next.number = number;
    next.leader = m->core;
    next.members &= ~m->failing;
    for (unsigned core = 0; core < m->core_count; core++)
        if (!core_in(next.members, core) && next.incarnation[core] < m->given[core])
            next.incarnation[core] = m->given[core];
    for_each_core(core, m->joining & ~next.members) {
        next.members |= core_bit(core);
        next.incarnation[core] = m->expected[core];
    }
    m->noticed = number;
    m->may_overtake = false;
    m->settled = false;
    membership_promise(m, &next);
    m->stage = CHANGE_PROPOSING;
    m->awaited = others(m, &next);
    for (unsigned part = 0; part < view_parts(m->core_count); part++)
        m->owed_propose[part] = m->awaited;
}

/*
 * Whether there is a reason for a change. While its own is under way, a core has one only if a
 * member of that has failed, or if it was overtaken by a core that is no member of it. Two that
 * exclude one another could do that for ever, so each does it once a period at most: meanwhile a
 * third, or fencing, decides between them.
 */
static bool has_cause(const struct membership *m, unsigned leader) {
    const struct view *base = membership_newest(m);
    core_set_t join = m->joining & ~base->members;

    if (m->failing & base->members)
        return true;
    if (m->stage != CHANGE_NONE)
        return m->may_overtake && !core_in(base->members, leader);
    return join != 0;
}

/*
 * Whether the next number may be taken from whoever won the newest: a change that is under way is
 * left to its winner as long as that is a member and may live.
 */
static bool may_win(const struct membership *m, uint64_t word) {
    unsigned leader = view_word_leader(word);

    return view_word_number(word) == m->view.number || leader == m->core ||
           !core_in(membership_newest(m)->members, leader) || core_in(m->failing, leader);
}

/* Somebody has won a number: it lived. */
void membership_notice(struct membership *m, uint64_t word) {
    unsigned leader = view_word_leader(word);

    if (view_word_number(word) <= m->noticed)
        return;
    m->noticed = view_word_number(word);
    suspicion_forgive(&m->suspicion, leader);
    if (m->removal[leader] == REMOVAL_SUSPECTED)
        membership_pardon(m, leader);
}

static void try_to_win(struct membership *m) {
    while (m->view.number) {
        uint64_t word = m->actions->load(m->context);
        membership_notice(m, word);
        if (!has_cause(m, view_word_leader(word)) || !may_win(m, word))
            return;
        uint64_t number = view_word_number(word) + 1;
        if (m->actions->compare_and_swap(m->context, word, view_word(number, m->core))) {
            propose(m, number);
            return;
        }
    }
}

/* Only who still holds the word may fence, and install. */
static bool holds_word(const struct membership *m) {
    return m->actions->load(m->context) == view_word(m->next.number, m->core);
}

static void begin_fencing(struct membership *m) {
    m->stage = CHANGE_FENCING;
    m->fencing = m->touched & ~m->next.members & ~m->next.lost;
    for_each_core(core, m->fencing)
        m->actions->fence(m->context, core, m->removal[core] ? m->removal[core] : REMOVAL_EXCLUDED);
}

static void go_on(struct membership *m) {
    if (m->stage == CHANGE_PROPOSING && !m->awaited && m->settled && holds_word(m))
        begin_fencing(m);
    if (m->stage == CHANGE_FENCING && !m->fencing && holds_word(m)) {
        membership_install(m);
        m->owed_install = others(m, &m->view);
    }
}

/*
 * Whom this core waits for it observes: its successors, at all times; all members of a view that it
 * makes; the winner of a change that it knows of.
 */
static core_set_t to_observe(const struct membership *m) {
    core_set_t cores = suspicion_successors(m->view.members, m->core);
    uint64_t word = m->actions->load(m->context);

    if (m->stage == CHANGE_PROPOSING)
        cores |= m->next.members;
    if (view_word_number(word) > m->view.number)
        cores |= core_bit(view_word_leader(word));
    if (m->next.number)
        cores |= core_bit(m->next.leader);
    return cores & ~core_bit(m->core);
}

/* After anything that has happened. */
void membership_consider(struct membership *m) {
    if (m->stopped)
        return;
    try_to_win(m);
    go_on(m);
    try_to_win(m); /* what came up while a view was made */
    go_on(m);
    if (m->view.number)
        suspicion_observe(&m->suspicion, to_observe(m));
    membership_pay(m);
}

/* ---- Other events ---- */

static void start(struct membership *m, const struct membership_actions *actions, void *context,
                  unsigned core, unsigned core_count, uint16_t incarnation, uint64_t now) {
    memset(m, 0, sizeof *m);
    m->actions = actions;
    m->context = context;
    m->core = (uint16_t)core;
    m->core_count = core_count;
    m->self = incarnation;
    suspicion_start(&m->suspicion, now);
}

void membership_found(struct membership *m, const struct membership_actions *actions, void *context,
                      unsigned core, unsigned core_count, uint16_t incarnation, uint64_t now) {
    start(m, actions, context, core, core_count, incarnation, now);
    m->next = (struct view){ .number = 1, .members = core_bit(core), .leader = (uint16_t)core };
    m->next.incarnation[core] = incarnation;
    uint64_t word = actions->load(context);
    if (actions->compare_and_swap(context, word, view_word(1, core)))
        membership_install(m);
    else
        membership_stop(m, STOP_NOT_ADMITTED); /* somebody was there first */
}

void membership_join(struct membership *m, const struct membership_actions *actions, void *context,
                     unsigned core, unsigned core_count, uint16_t incarnation, unsigned starter,
                     uint64_t now) {
    start(m, actions, context, core, core_count, incarnation, now);
    m->starter = (uint16_t)starter;
    m->owed_hello = core_bit(starter);
    membership_consider(m);
}

uint16_t membership_next_incarnation(const struct membership *m, unsigned core) {
    uint16_t last = membership_newest(m)->incarnation[core];

    if (last < m->given[core])
        last = m->given[core];
    if (last == ENDPOINT_INCARNATION_MAX || core_in(membership_newest(m)->lost, core))
        return 0;
    return last + 1;
}

void membership_given(struct membership *m, unsigned core, uint16_t incarnation) {
    if (m->given[core] < incarnation)
        m->given[core] = incarnation;
}

void membership_expect(struct membership *m, unsigned core, uint16_t incarnation) {
    membership_given(m, core, incarnation);
    m->expected[core] = incarnation;
    m->joining &= ~core_bit(core);
    membership_consider(m);
}

void membership_remove(struct membership *m, unsigned core, enum removal why) {
    membership_fail(m, core, why);
    membership_consider(m);
}

/* Its leader is asked, or if that is this core itself, some other member. */
static void ask_to_leave(struct membership *m) {
    core_set_t left = others(m, &m->view);

    if (!m->view.number || !left)
        membership_stop(m, STOP_LEFT);
    else
        m->owed_leave =
            core_bit(core_in(left, m->view.leader) ? m->view.leader : core_next(left, 0));
}

void membership_leave(struct membership *m) {
    m->wants_to_leave = true;
    ask_to_leave(m);
    membership_consider(m);
}

void membership_fenced(struct membership *m, unsigned core, bool acknowledged) {
    if (m->stage != CHANGE_FENCING || !core_in(m->fencing, core))
        return; /* of a change that is off */
    m->fencing &= ~core_bit(core);
    if (!acknowledged)
        m->next.lost |= core_bit(core);
    membership_consider(m);
}

void membership_settled(struct membership *m, uint64_t number) {
    if (m->stage != CHANGE_PROPOSING || number != m->next.number)
        return;
    m->settled = true;
    membership_consider(m);
}

static void new_round(struct membership *m, core_set_t suspects) {
    m->owed_ping = m->suspicion.observed;
    m->may_overtake = true;
    for_each_core(core, suspects)
        membership_fail(m, core, REMOVAL_SUSPECTED);
    if (m->wants_to_leave)
        ask_to_leave(m);
    if (m->view.number)
        return;
    m->owed_hello = core_bit(m->starter);
    if (++m->periods_outside > MEMBERSHIP_JOIN_PERIODS)
        membership_stop(m, STOP_NOT_ADMITTED);
}

uint64_t membership_tick(struct membership *m, uint64_t now) {
    core_set_t suspects;

    if (!m->stopped && suspicion_tick(&m->suspicion, now, &suspects)) {
        new_round(m, suspects);
        membership_consider(m);
    }
    return m->suspicion.due;
}

void membership_credit(struct membership *m) { membership_consider(m); }
