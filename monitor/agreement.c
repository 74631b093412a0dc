/*
 * Two-phase commit in an installed view: the coordinator's side (attempts) and every member's
 * (records). A coordinator is a member like any other, which votes and acts without a message. A
 * member that has others below it in the coordinator's tree passes on what comes, and answers for
 * them.
 */
#include <string.h>

#include "agreement_parts.h"

static core_set_t others(const struct agreement *a) { return a->view.members & ~core_bit(a->core); }

struct message agreement_compose(const struct agreement *a, enum peer_message type, uint64_t number,
                                 uint32_t tag, const struct operation *operation) {
    return (struct message){ .type = type,
                             .tag = tag,
                             .arg = { peer_stamp(number, a->self), operation->client,
                                      operation->sequence } };
}

void agreement_pay(struct agreement *a, core_set_t *owed, const struct message *message) {
    if (*owed)
        *owed &= ~a->actions->multicast(a->context, *owed, message);
}

static bool same(const struct operation *operation, endpoint_t client, uint32_t sequence) {
    return operation->client == client && operation->sequence == sequence;
}

/* ---- Records ---- */

bool record_is(const struct record *record, endpoint_t client, uint32_t sequence) {
    return record->state != RECORD_EMPTY && same(&record->operation, client, sequence);
}

static struct client_log *log_of(struct agreement *a, const struct operation *operation) {
    return &a->log[endpoint_core(operation->client)][operation->lane];
}

void record_decide(struct agreement *a, struct record *record, endpoint_t client, uint32_t sequence,
                   bool commits) {
    if (record->state != RECORD_PREPARED || !same(&record->operation, client, sequence))
        return;
    if (!commits) {
        record->state = RECORD_ABORTED;
        a->actions->cancel(a->context, &record->operation);
        return;
    }
    record->state = RECORD_COMMITTED;
    *log_of(a, &record->operation) = (struct client_log){ client, sequence };
    a->actions->act(a->context, &record->operation);
}

/* Whether an operation cannot be prepared beside those that are. */
static bool conflicts(const struct agreement *a, const struct operation *operation) {
    for (unsigned i = 0; i < AGREEMENT_RECORDS; i++) {
        const struct record *record = &a->record[i];
        if (record->state == RECORD_PREPARED && (record->operation.key == operation->key ||
                                                 record->operation.client == operation->client))
            return true;
    }
    return false;
}

/* The vote of this core, which is logged. */
static void record_prepare(struct agreement *a, struct record *record,
                           const struct operation *operation) {
    const struct client_log *log = log_of(a, operation);

    record->operation = *operation;
    record->error = 0;
    record->state = RECORD_REFUSED;
    if (log->client == operation->client && operation->sequence == log->sequence)
        record->state = RECORD_COMMITTED;
    else if (log->client == operation->client && operation->sequence < log->sequence)
        record->error = -E_STATE;
    else if (conflicts(a, operation))
        record->error = -E_BUSY;
    else
        record->error = a->actions->vote(a->context, operation);
    if (record->state == RECORD_REFUSED && !record->error)
        record->state = RECORD_PREPARED;
}

/* ---- Routes ---- */

static const struct route *route_from(const struct agreement *a, unsigned coordinator,
                                      const struct operation *operation) {
    return a->actions->route(a->context, (enum route_kind)operation->route, a->view.members,
                             coordinator);
}

/* The votes of a subtree are one: what was done before must not be done again, and what one member
 * refuses none does. */
static void vote_with(struct votes *votes, enum record_state state, int error) {
    bool worse = state == RECORD_COMMITTED
                     ? votes->state != RECORD_COMMITTED
                     : state != RECORD_PREPARED && votes->state == RECORD_PREPARED;

    if (worse)
        *votes = (struct votes){ state, error };
}

/* ---- Attempts ---- */

static struct record *own_record(struct agreement *a, const struct attempt *attempt) {
    return &a->record[a->core * AGREEMENT_SLOTS + (unsigned)(attempt - a->attempt)];
}

static void add(struct tally *sum, const struct tally *tally) {
    sum->messages += tally->messages;
    if (sum->rounds < tally->rounds)
        sum->rounds = tally->rounds;
}

static void finish(struct agreement *a, struct attempt *attempt) {
    attempt->stage = ATTEMPT_FREE;
    a->tally = attempt->tally;
    a->actions->finished(a->context, &attempt->operation, attempt->result);
}

/* Decided. All members, whatever they voted, are told; until then the slot is in use. */
static void decide(struct agreement *a, struct attempt *attempt) {
    bool commits = attempt->votes.state == RECORD_PREPARED;

    add(&attempt->tally, &attempt->phase.tally);
    attempt->stage = ATTEMPT_DECIDING;
    attempt->commits = commits;
    attempt->result = attempt->votes.error;
    phase_begin(&attempt->phase, route_from(a, a->core, &attempt->operation), 0);
    record_decide(a, own_record(a, attempt), attempt->operation.client, attempt->operation.sequence,
                  commits);
    if (!attempt->phase.awaited)
        finish(a, attempt);
}

static void begin(struct agreement *a, struct attempt *attempt) {
    struct record *record = own_record(a, attempt);

    record_prepare(a, record, &attempt->operation);
    if (record->state != RECORD_PREPARED) { /* nobody else knows of it */
        attempt->result = record->state == RECORD_COMMITTED ? 0 : record->error;
        finish(a, attempt);
        return;
    }
    attempt->stage = ATTEMPT_VOTING;
    attempt->votes = (struct votes){ RECORD_PREPARED, 0 };
    attempt->tally = (struct tally){ 0, 0 };
    phase_begin(&attempt->phase, route_from(a, a->core, &attempt->operation), 0);
    if (!attempt->phase.awaited)
        decide(a, attempt);
}

static void begin_waiting(struct agreement *a) {
    for (unsigned i = 0; i < AGREEMENT_SLOTS && a->view.number && !a->frozen; i++)
        if (a->attempt[i].stage == ATTEMPT_WAITING)
            begin(a, &a->attempt[i]);
}

/* ---- Sending ---- */

static uint32_t tag_of(unsigned slot, unsigned coordinator) { return slot | coordinator << 8; }

/* What goes down the tree. */
static struct message message_down(const struct agreement *a, bool voting, bool commits,
                                   uint32_t tag, const struct operation *operation) {
    enum peer_message type = voting ? PEER_PREPARE : commits ? PEER_COMMIT : PEER_ABORT;
    struct message message = agreement_compose(a, type, a->view.number, tag, operation);

    if (voting) {
        message.tag |= (uint32_t)operation->lane << 2 | (uint32_t)operation->route << 4 |
                       (uint32_t)operation->kind << 16;
        message.arg[3] = operation->key;
        message.arg[4] = operation->argument[0];
        message.arg[5] = operation->argument[1];
    }
    return message;
}

static void pay_below(struct agreement *a, struct phase *phase, bool voting, bool commits,
                      unsigned slot, unsigned coordinator, const struct operation *operation) {
    if (!phase->owed)
        return;
    struct message message = message_down(a, voting, commits, tag_of(slot, coordinator), operation);
    phase_pay(phase, route_from(a, coordinator, operation), &message, a->actions->multicast,
              a->context);
}

static void pay_attempt(struct agreement *a, unsigned slot) {
    struct attempt *attempt = &a->attempt[slot];

    pay_below(a, &attempt->phase, attempt->stage == ATTEMPT_VOTING, attempt->commits, slot, a->core,
              &attempt->operation);
}

static void pay_children(struct agreement *a, unsigned slot) {
    for_each_core(core, a->owed_below[slot]) {
        struct record *record = &a->record[core * AGREEMENT_SLOTS + slot];
        pay_below(a, &record->phase, record->stage == RELAY_VOTING, record->commits, slot, core,
                  &record->operation);
        if (!record->phase.owed)
            a->owed_below[slot] &= ~core_bit(core);
    }
}

/* VOTE or ACK, whichever is owed to parents for the coordinators' records of this slot. */
static void pay_parents(struct agreement *a, enum peer_message type, unsigned slot,
                        core_set_t *owed) {
    for_each_core(core, *owed) {
        const struct record *record = &a->record[core * AGREEMENT_SLOTS + slot];
        struct message message =
            agreement_compose(a, type, a->view.number, tag_of(slot, core), &record->operation);
        core_set_t to = core_bit(route_from(a, core, &record->operation)->parent);
        if (type == PEER_VOTE) {
            message.arg[3] = record->votes.state;
            message.arg[4] = (uint64_t)-record->votes.error;
        }
        message.arg[5] = phase_tally(&record->phase);
        agreement_pay(a, &to, &message);
        if (!to)
            *owed &= ~core_bit(core);
    }
}

static void pay_all(struct agreement *a) {
    begin_waiting(a);
    if (a->frozen) {
        settlement_pay(a);
        return;
    }
    for (unsigned slot = 0; slot < AGREEMENT_SLOTS; slot++) {
        pay_attempt(a, slot);
        pay_children(a, slot);
        pay_parents(a, PEER_VOTE, slot, &a->owed_vote[slot]);
        pay_parents(a, PEER_ACK, slot, &a->owed_ack[slot]);
    }
}

/* ---- Messages ---- */

/* Which record a message is about: its slot, and who coordinates it. */
static int address(const struct agreement *a, const struct message *message, unsigned *slot,
                   unsigned *coordinator) {
    *slot = message->tag & (AGREEMENT_SLOTS - 1);
    *coordinator = message->tag >> 8 & 0xff;
    return *coordinator < CORES_MAX && core_in(a->view.members, *coordinator) ? 0 : -E_PROTOCOL;
}

/* What comes down the tree passes here: the members below are sent it, if there are any. */
static void relay(struct agreement *a, struct record *record, unsigned slot, unsigned coordinator,
                  enum relay_stage stage, const struct message *message, core_set_t *answers) {
    record->stage = stage;
    phase_begin(&record->phase, route_from(a, coordinator, &record->operation),
                phase_round(message));
    if (record->phase.awaited)
        a->owed_below[slot] |= core_bit(coordinator);
    else
        *answers |= core_bit(coordinator);
}

static int on_prepare(struct agreement *a, unsigned sender, const struct message *message) {
    unsigned slot, coordinator;
    struct operation operation = { .client = message->arg[1],
                                   .sequence = (uint32_t)message->arg[2],
                                   .kind = (uint16_t)(message->tag >> 16),
                                   .lane = message->tag >> 2 & (AGREEMENT_LANES - 1),
                                   .route = message->tag >> 4 & 0xf,
                                   .key = message->arg[3],
                                   .argument = { message->arg[4], message->arg[5] } };

    if (address(a, message, &slot, &coordinator) || coordinator == a->core ||
        operation.route >= ROUTE_KINDS || endpoint_core(operation.client) >= CORES_MAX ||
        route_from(a, coordinator, &operation)->parent != sender)
        return -E_PROTOCOL;
    struct record *record = &a->record[coordinator * AGREEMENT_SLOTS + slot];
    if (record->state == RECORD_PREPARED)
        return -E_PROTOCOL; /* its slot is in use */
    record_prepare(a, record, &operation);
    record->votes = (struct votes){ record->state, record->error };
    relay(a, record, slot, coordinator, RELAY_VOTING, message, &a->owed_vote[slot]);
    return 0;
}

/* An answer of a child, to what this core has sent, or passed on. */
static int on_answer(struct agreement *a, unsigned sender, const struct message *message,
                     bool votes) {
    unsigned slot, coordinator;

    if (address(a, message, &slot, &coordinator))
        return -E_PROTOCOL;
    bool own = coordinator == a->core;
    struct attempt *attempt = &a->attempt[slot];
    struct record *record = &a->record[coordinator * AGREEMENT_SLOTS + slot];
    const struct operation *operation = own ? &attempt->operation : &record->operation;
    bool awaits = own ? attempt->stage == (votes ? ATTEMPT_VOTING : ATTEMPT_DECIDING)
                      : record->stage == (votes ? RELAY_VOTING : RELAY_DECIDING);
    if (!awaits || !same(operation, message->arg[1], (uint32_t)message->arg[2]))
        return -E_STATE;
    if (votes)
        vote_with(own ? &attempt->votes : &record->votes, (enum record_state)message->arg[3],
                  -(int)message->arg[4]);
    if (!phase_answered(own ? &attempt->phase : &record->phase, sender, message->arg[5]))
        return 0;
    if (!own) {
        *(votes ? &a->owed_vote[slot] : &a->owed_ack[slot]) |= core_bit(coordinator);
    } else if (votes) {
        decide(a, attempt);
    } else {
        add(&attempt->tally, &attempt->phase.tally);
        finish(a, attempt);
    }
    return 0;
}

/* The decision. */
static int on_decision(struct agreement *a, unsigned sender, const struct message *message) {
    unsigned slot, coordinator;

    if (address(a, message, &slot, &coordinator) || coordinator == a->core)
        return -E_PROTOCOL;
    struct record *record = &a->record[coordinator * AGREEMENT_SLOTS + slot];
    endpoint_t client = message->arg[1];
    uint32_t sequence = (uint32_t)message->arg[2];
    if (!record_is(record, client, sequence) || record->stage != RELAY_VOTING ||
        route_from(a, coordinator, &record->operation)->parent != sender)
        return -E_PROTOCOL; /* all were asked, in this view */
    record->commits = message->type == PEER_COMMIT;
    record_decide(a, record, client, sequence, record->commits);
    relay(a, record, slot, coordinator, RELAY_DECIDING, message, &a->owed_ack[slot]);
    return 0;
}

static int dispatch(struct agreement *a, unsigned sender, const struct message *message) {
    if (peer_class(message->type) == PEER_CLASS_SETTLE)
        return settlement_message(a, sender, message);
    if (a->frozen || peer_stamp_number(message->arg[0]) != a->view.number ||
        !core_in(others(a), sender))
        return -E_STATE;
    switch (message->type) {
    case PEER_PREPARE:
        return on_prepare(a, sender, message);
    case PEER_VOTE:
        return on_answer(a, sender, message, true);
    case PEER_COMMIT:
    case PEER_ABORT:
        return on_decision(a, sender, message);
    case PEER_ACK:
        return on_answer(a, sender, message, false);
    default:
        return -E_PROTOCOL;
    }
}

int agreement_message(struct agreement *a, unsigned sender, const struct message *message) {
    int error = dispatch(a, sender, message);
    pay_all(a);
    return error;
}

/* ---- Other events ---- */

void agreement_start(struct agreement *a, const struct agreement_actions *actions, void *context,
                     unsigned core, uint16_t incarnation) {
    memset(a, 0, sizeof *a);
    a->actions = actions;
    a->context = context;
    a->core = (uint16_t)core;
    a->self = incarnation;
}

int agreement_request(struct agreement *a, const struct operation *operation) {
    struct attempt *free_attempt = NULL;

    if (operation->lane >= AGREEMENT_LANES || operation->route >= ROUTE_KINDS ||
        endpoint_core(operation->client) >= CORES_MAX)
        return -E_INVAL;
    const struct client_log *log = log_of(a, operation);
    if (log->client == operation->client && operation->sequence <= log->sequence)
        return operation->sequence == log->sequence ? AGREEMENT_DONE : -E_STATE;
    for (unsigned i = 0; i < AGREEMENT_SLOTS; i++) {
        if (a->attempt[i].stage == ATTEMPT_FREE)
            free_attempt = &a->attempt[i];
        else if (a->attempt[i].operation.client == operation->client)
            return -E_BUSY;
    }
    if (!free_attempt)
        return -E_NOSLOT;
    *free_attempt = (struct attempt){ .operation = *operation, .stage = ATTEMPT_WAITING };
    pay_all(a);
    return 0;
}

/* Nothing more is said about the old view; undecided attempts wait for the new one. */
void agreement_freeze(struct agreement *a, const struct view *next) {
    for (unsigned i = 0; i < AGREEMENT_RECORDS; i++)
        a->record[i].stage = RELAY_NONE;
    for (unsigned i = 0; i < AGREEMENT_SLOTS; i++) {
        a->owed_below[i] = a->owed_vote[i] = a->owed_ack[i] = 0;
        a->attempt[i].phase.owed = 0;
        if (a->attempt[i].stage == ATTEMPT_VOTING)
            a->attempt[i].stage = ATTEMPT_WAITING;
    }
    a->frozen = true;
    a->next = *next;
    a->leads = next->leader == a->core;
    settlement_freeze(a);
}

/* Who is no member any more, or is another now, has neither operations nor clients. */
static void forget(struct agreement *a, unsigned core) {
    for (unsigned slot = 0; slot < AGREEMENT_SLOTS; slot++)
        a->record[core * AGREEMENT_SLOTS + slot] = (struct record){ .state = RECORD_EMPTY };
    memset(a->log[core], 0, sizeof a->log[core]);
}

void agreement_install(struct agreement *a, const struct view *view) {
    for (unsigned core = 0; core < CORES_MAX; core++)
        if (!view_has(view, core, a->view.incarnation[core]))
            forget(a, core);
    a->view = *view;
    a->frozen = false;
    a->leads = false;
    for (unsigned i = 0; i < AGREEMENT_SLOTS; i++)
        if (a->attempt[i].stage == ATTEMPT_DECIDING)
            finish(a, &a->attempt[i]); /* settled */
    pay_all(a);
}

void agreement_credit(struct agreement *a) { pay_all(a); }
