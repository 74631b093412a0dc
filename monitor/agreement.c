/*
 * Two-phase commit in an installed view: the coordinator's side (attempts) and every member's
 * (records). A coordinator is a member like any other, which votes and acts without a message.
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

/* ---- Attempts ---- */

static struct record *own_record(struct agreement *a, const struct attempt *attempt) {
    return &a->record[a->core * AGREEMENT_SLOTS + (unsigned)(attempt - a->attempt)];
}

static void finish(struct agreement *a, struct attempt *attempt) {
    attempt->stage = ATTEMPT_FREE;
    a->actions->finished(a->context, &attempt->operation, attempt->result);
}

/* Decided. All members, whatever they voted, are told; until then the slot is in use. */
static void decide(struct agreement *a, struct attempt *attempt, bool commits, int result) {
    attempt->stage = ATTEMPT_DECIDING;
    attempt->commits = commits;
    attempt->result = result;
    attempt->awaited = attempt->owed = others(a);
    record_decide(a, own_record(a, attempt), attempt->operation.client, attempt->operation.sequence,
                  commits);
    if (!attempt->awaited)
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
    attempt->awaited = attempt->owed = others(a);
    if (!attempt->awaited)
        decide(a, attempt, true, 0);
}

static void begin_waiting(struct agreement *a) {
    for (unsigned i = 0; i < AGREEMENT_SLOTS && a->view.number && !a->frozen; i++)
        if (a->attempt[i].stage == ATTEMPT_WAITING)
            begin(a, &a->attempt[i]);
}

/* ---- Sending ---- */

static struct message attempt_message(const struct agreement *a, unsigned slot) {
    const struct attempt *attempt = &a->attempt[slot];
    const struct operation *operation = &attempt->operation;
    enum peer_message type = attempt->stage == ATTEMPT_VOTING ? PEER_PREPARE
                             : attempt->commits               ? PEER_COMMIT
                                                              : PEER_ABORT;
    struct message message = agreement_compose(a, type, a->view.number, slot, operation);

    if (type == PEER_PREPARE) {
        message.tag |= (uint32_t)operation->lane << 8 | (uint32_t)operation->kind << 16;
        message.arg[3] = operation->key;
        message.arg[4] = operation->argument[0];
        message.arg[5] = operation->argument[1];
    }
    return message;
}

/* VOTE or ACK, whichever is owed to coordinators for their records of this slot. */
static void pay_coordinators(struct agreement *a, enum peer_message type, unsigned slot,
                             core_set_t *owed) {
    for_each_core(core, *owed) {
        const struct record *record = &a->record[core * AGREEMENT_SLOTS + slot];
        struct message message =
            agreement_compose(a, type, a->view.number, slot, &record->operation);
        core_set_t to = core_bit(core);
        if (type == PEER_VOTE) {
            message.arg[3] = record->state;
            message.arg[4] = (uint64_t)-record->error;
        }
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
        struct message message = attempt_message(a, slot);
        agreement_pay(a, &a->attempt[slot].owed, &message);
        pay_coordinators(a, PEER_VOTE, slot, &a->owed_vote[slot]);
        pay_coordinators(a, PEER_ACK, slot, &a->owed_ack[slot]);
    }
}

/* ---- Messages ---- */

static int on_prepare(struct agreement *a, unsigned sender, const struct message *message) {
    unsigned slot = message->tag & 0xff, lane = message->tag >> 8 & 0xff;
    struct operation operation = { .client = message->arg[1],
                                   .sequence = (uint32_t)message->arg[2],
                                   .kind = (uint16_t)(message->tag >> 16),
                                   .lane = (uint8_t)lane,
                                   .key = message->arg[3],
                                   .argument = { message->arg[4], message->arg[5] } };

    if (slot >= AGREEMENT_SLOTS || lane >= AGREEMENT_LANES ||
        endpoint_core(operation.client) >= CORES_MAX)
        return -E_PROTOCOL;
    struct record *record = &a->record[sender * AGREEMENT_SLOTS + slot];
    if (record->state == RECORD_PREPARED)
        return -E_PROTOCOL; /* its slot is in use */
    record_prepare(a, record, &operation);
    a->owed_vote[slot] |= core_bit(sender);
    return 0;
}

static int on_vote(struct agreement *a, unsigned sender, const struct message *message) {
    if (message->tag >= AGREEMENT_SLOTS)
        return -E_PROTOCOL;
    struct attempt *attempt = &a->attempt[message->tag];
    if (attempt->stage != ATTEMPT_VOTING ||
        !same(&attempt->operation, message->arg[1], (uint32_t)message->arg[2]))
        return -E_STATE;
    attempt->awaited &= ~core_bit(sender);
    if (message->arg[3] == RECORD_COMMITTED)
        decide(a, attempt, false, 0); /* in a former view: it must not be done again */
    else if (message->arg[3] != RECORD_PREPARED)
        decide(a, attempt, false, -(int)message->arg[4]);
    else if (!attempt->awaited)
        decide(a, attempt, true, 0);
    return 0;
}

/* The decision. A member that was not even asked has nothing to undo. */
static int on_decision(struct agreement *a, unsigned sender, const struct message *message) {
    if (message->tag >= AGREEMENT_SLOTS)
        return -E_PROTOCOL;
    struct record *record = &a->record[sender * AGREEMENT_SLOTS + message->tag];
    endpoint_t client = message->arg[1];
    uint32_t sequence = (uint32_t)message->arg[2];

    record_decide(a, record, client, sequence, message->type == PEER_COMMIT);
    if (!record_is(record, client, sequence)) {
        *record = (struct record){ .state = RECORD_ABORTED };
        record->operation.client = client;
        record->operation.sequence = sequence;
    }
    a->owed_vote[message->tag] &= ~core_bit(sender);
    a->owed_ack[message->tag] |= core_bit(sender);
    return 0;
}

static int on_ack(struct agreement *a, unsigned sender, const struct message *message) {
    if (message->tag >= AGREEMENT_SLOTS)
        return -E_PROTOCOL;
    struct attempt *attempt = &a->attempt[message->tag];
    if (attempt->stage != ATTEMPT_DECIDING ||
        !same(&attempt->operation, message->arg[1], (uint32_t)message->arg[2]))
        return -E_STATE;
    attempt->awaited &= ~core_bit(sender);
    if (!attempt->awaited)
        finish(a, attempt);
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
        return on_vote(a, sender, message);
    case PEER_COMMIT:
    case PEER_ABORT:
        return on_decision(a, sender, message);
    case PEER_ACK:
        return on_ack(a, sender, message);
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

    if (operation->lane >= AGREEMENT_LANES || endpoint_core(operation->client) >= CORES_MAX)
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
    for (unsigned i = 0; i < AGREEMENT_SLOTS; i++) {
        a->owed_vote[i] = a->owed_ack[i] = 0;
        a->attempt[i].owed = 0;
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
