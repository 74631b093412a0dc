/*
 * How a proposed view settles what the old one has left undecided. Every member reports its
 * PREPARED records (STATE, FROZEN) to the leader. For each, the leader asks all members (QUERY): if
 * any has committed, all have to (SETTLE), else none may: a coordinator commits only what all
 * members had prepared, and whoever has not reported or answered cannot commit any more, as it
 * obeys no older view.
 */
#include <string.h>

#include "agreement_parts.h"

static core_set_t others(const struct agreement *a) { return a->next.members & ~core_bit(a->core); }

static struct message compose(const struct agreement *a, enum peer_message type, unsigned record) {
    return (struct message){ .type = type,
                             .tag = record,
                             .arg = { peer_stamp(a->next.number, a->self) } };
}

/* ---- The leader ---- */

static void tell(struct agreement *a, unsigned index, bool commits) {
    struct settlement *settlement = &a->settlement[index];

    settlement->commits = commits;
    settlement->awaited = settlement->owed = others(a);
    settlement->stage = settlement->awaited ? SETTLEMENT_TELLING : SETTLEMENT_DONE;
    record_decide(a, &a->record[index], settlement->client, settlement->sequence, commits);
}

/* `knower` is known not to have committed. */
static void ask(struct agreement *a, unsigned index, unsigned knower, endpoint_t client,
                uint32_t sequence) {
    struct settlement *settlement = &a->settlement[index];
    const struct record *own = &a->record[index];

    settlement->stage = SETTLEMENT_ASKING;
    settlement->client = client;
    settlement->sequence = sequence;
    settlement->awaited = settlement->owed = others(a) & ~core_bit(knower);
    if (record_is(own, client, sequence) && own->state == RECORD_COMMITTED)
        tell(a, index, true);
    else if (!settlement->awaited)
        tell(a, index, false);
}

/* A report, or an answer: both say what the sender has of a record. */
static int on_state(struct agreement *a, unsigned sender, const struct message *message) {
    struct settlement *settlement = &a->settlement[message->tag];
    endpoint_t client = message->arg[1];
    uint32_t sequence = (uint32_t)message->arg[2];

    if (settlement->stage == SETTLEMENT_NONE) {
        if (message->arg[3] != RECORD_PREPARED)
            return -E_PROTOCOL; /* never asked */
        ask(a, message->tag, sender, client, sequence);
        return 0;
    }
    if (settlement->stage != SETTLEMENT_ASKING)
        return 0; /* decided without it */
    settlement->awaited &= ~core_bit(sender);
    settlement->owed &= ~core_bit(sender);
    if (message->arg[3] == RECORD_COMMITTED && settlement->client == client &&
        settlement->sequence == sequence)
        tell(a, message->tag, true);
    else if (!settlement->awaited)
        tell(a, message->tag, false);
    return 0;
}

static int on_settled(struct agreement *a, unsigned sender, const struct message *message) {
    struct settlement *settlement = &a->settlement[message->tag];

    if (settlement->stage != SETTLEMENT_TELLING)
        return -E_PROTOCOL;
    settlement->awaited &= ~core_bit(sender);
    if (!settlement->awaited)
        settlement->stage = SETTLEMENT_DONE;
    return 0;
}

bool agreement_settled(const struct agreement *a) {
    if (!a->leads || a->not_frozen)
        return false;
    for (unsigned i = 0; i < AGREEMENT_RECORDS; i++)
        if (a->settlement[i].stage == SETTLEMENT_ASKING ||
            a->settlement[i].stage == SETTLEMENT_TELLING)
            return false;
    return true;
}

/* Only who has said FROZEN is spoken to: before, it may not have all of the proposal yet. */
static void pay_frozen(struct agreement *a, core_set_t *owed, const struct message *message) {
    core_set_t frozen = *owed & ~a->not_frozen, unpaid = frozen;

    agreement_pay(a, &unpaid, message);
    *owed &= ~frozen | unpaid;
}

static void pay_settlement(struct agreement *a, unsigned index) {
    struct settlement *settlement = &a->settlement[index];

    if (settlement->stage == SETTLEMENT_ASKING) {
        struct message query = compose(a, PEER_QUERY, index);
        pay_frozen(a, &settlement->owed, &query);
    } else if (settlement->stage == SETTLEMENT_TELLING) {
        struct message settle = compose(a, PEER_SETTLE, index);
        settle.arg[1] = settlement->client;
        settle.arg[2] = settlement->sequence;
        settle.arg[3] = settlement->commits ? RECORD_COMMITTED : RECORD_ABORTED;
        pay_frozen(a, &settlement->owed, &settle);
    }
}

/* ---- Every other member ---- */

static bool pay_leader(struct agreement *a, const struct message *message) {
    core_set_t owed = core_bit(a->next.leader);

    agreement_pay(a, &owed, message);
    return owed == 0;
}

static bool pay_state(struct agreement *a, unsigned index) {
    const struct record *record = &a->record[index];
    struct message state =
        agreement_compose(a, PEER_STATE, a->next.number, index, &record->operation);

    state.arg[3] = record->state;
    return pay_leader(a, &state);
}

/* Reports all that is undecided, then that it has. */
static void report(struct agreement *a) {
    while (a->reported < AGREEMENT_RECORDS) {
        if (a->record[a->reported].state == RECORD_PREPARED && !pay_state(a, a->reported))
            return;
        a->reported++;
    }
    struct message frozen = compose(a, PEER_FROZEN, 0);
    if (a->owes_frozen)
        a->owes_frozen = !pay_leader(a, &frozen);
}

static void pay_answers(struct agreement *a) {
    for (unsigned slot = 0; slot < AGREEMENT_SLOTS; slot++) {
        for_each_core(core, a->owed_state[slot])
            if (pay_state(a, core * AGREEMENT_SLOTS + slot))
                a->owed_state[slot] &= ~core_bit(core);
        for_each_core(core, a->owed_settled[slot]) {
            struct message settled = compose(a, PEER_SETTLED, core * AGREEMENT_SLOTS + slot);
            if (pay_leader(a, &settled))
                a->owed_settled[slot] &= ~core_bit(core);
        }
    }
}

static void on_query(struct agreement *a, unsigned index) {
    a->owed_state[index % AGREEMENT_SLOTS] |= core_bit(record_coordinator(index));
}

static void on_settle(struct agreement *a, const struct message *message) {
    unsigned index = message->tag;
    core_set_t coordinator = core_bit(record_coordinator(index));

    record_decide(a, &a->record[index], message->arg[1], (uint32_t)message->arg[2],
                  message->arg[3] == RECORD_COMMITTED);
    a->owed_state[index % AGREEMENT_SLOTS] &= ~coordinator;
    a->owed_settled[index % AGREEMENT_SLOTS] |= coordinator;
}

/* ---- Both ---- */

void settlement_pay(struct agreement *a) {
    if (a->leads) {
        for (unsigned i = 0; i < AGREEMENT_RECORDS; i++)
            pay_settlement(a, i);
        return;
    }
    report(a);
    pay_answers(a);
}

void settlement_freeze(struct agreement *a) {
    a->reported = 0;
    a->owes_frozen = !a->leads;
    a->not_frozen = a->leads ? others(a) : 0;
    memset(a->owed_state, 0, sizeof a->owed_state);
    memset(a->owed_settled, 0, sizeof a->owed_settled);
    memset(a->settlement, 0, sizeof a->settlement);
    for (unsigned i = 0; i < AGREEMENT_RECORDS && a->leads; i++) {
        const struct record *record = &a->record[i];
        if (record->state == RECORD_PREPARED)
            ask(a, i, a->core, record->operation.client, record->operation.sequence);
    }
}

int settlement_message(struct agreement *a, unsigned sender, const struct message *message) {
    if (!a->frozen || peer_stamp_number(message->arg[0]) != a->next.number ||
        !core_in(a->leads ? others(a) : core_bit(a->next.leader), sender))
        return -E_STATE;
    if (message->tag >= AGREEMENT_RECORDS)
        return -E_PROTOCOL;
    if (a->leads) {
        switch (message->type) {
        case PEER_FROZEN:
            a->not_frozen &= ~core_bit(sender);
            return 0;
        case PEER_STATE:
            return on_state(a, sender, message);
        case PEER_SETTLED:
            return on_settled(a, sender, message);
        default:
            return -E_PROTOCOL;
        }
    }
    switch (message->type) {
    case PEER_QUERY:
        on_query(a, message->tag);
        return 0;
    case PEER_SETTLE:
        on_settle(a, message);
        return 0;
    default:
        return -E_PROTOCOL;
    }
}
