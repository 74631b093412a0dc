#include "pair.h"

#include <string.h>

#include <bulkhead/error.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void restart(struct pair *pair);

static bool send(struct pair *pair, endpoint_t to, enum peer_message type, uint64_t arg) {
    return pair->world->send(pair, to, &(struct message){ .type = type, .arg = { arg } });
}

static void hear(struct pair *pair) { pair->heard = pair->world->now(); }

static void wake(struct pair *pair, uint64_t nanoseconds) {
    pair->due = pair->world->now() + nanoseconds;
    pair->world->wake(pair, nanoseconds);
}

/* At a tick. Who was late itself has not listened, and cannot tell. */
static bool is_silent(struct pair *pair, uint64_t due) {
    uint64_t now = pair->world->now();

    if (now - due > PAIR_BEAT)
        pair->heard = now;
    return now - pair->heard > PAIR_SILENCE;
}

/* ---- The primary ---- */

static void lead(struct pair *pair) {
    pair->role = PAIR_PRIMARY;
    pair->peer = pair->spare = ENDPOINT_NONE;
    pair->sending = pair->filled = pair->fencing = pair->orphaned = false;
    pair->batch = NULL;
    pair->shared = NULL;
    if (pair->world->cores() > 1)
        wake(pair, PAIR_GRACE);
    pair->world->lead(pair);
}

/* Both have it, or there is no other. */
static void finish_batch(struct pair *pair) {
    struct batch *batch = pair->batch;

    if (batch == NULL)
        return;
    pair->batch = NULL;
    if (batch_apply(pair->store, batch))
        pair->world->done(pair);
    else
        pair->world->fail(pair, E_NOMEM);
}

/* The backup, if there is one, has to be dead before anything is done without it. */
static void fence(struct pair *pair) {
    pair->fencing = !pair->world->kill(pair, pair->peer);
    if (pair->fencing) {
        wake(pair, PAIR_RETRY);
        return;
    }
    pair->world->unshare(pair);
    pair->peer = ENDPOINT_NONE;
    pair->sending = pair->filled = false;
    wake(pair, PAIR_GRACE);
    if (pair->spare != ENDPOINT_NONE)
        send(pair, pair->spare, PEER_INVITE, 0);
    finish_batch(pair);
}

/* True: there is another part. */
static bool send_part(struct pair *pair) {
    pair->sending = !sender_is_done(&pair->sender);
    if (!pair->sending)
        return false;
    size_t bytes = sender_write(&pair->sender, pair->shared, PAIR_PART);
    struct message m = { .type = PEER_PART,
                         .arg = { ++pair->sequence, bytes, XXH64(pair->shared, bytes, 0),
                                  sender_is_done(&pair->sender) } };
    hear(pair);
    if (!pair->world->send(pair, pair->peer, &m))
        fence(pair);
    return true;
}

void pair_submit(struct pair *pair, struct batch *batch) {
    pair->batch = batch;
    if (pair->peer == ENDPOINT_NONE) {
        finish_batch(pair);
        return;
    }
    sender_batch(&pair->sender, batch);
    send_part(pair);
}

static void welcome(struct pair *pair, endpoint_t backup) {
    if (pair->peer != ENDPOINT_NONE) {
        if (pair->peer != backup) {
            pair->spare = backup;
            send(pair, backup, PEER_WAIT, 0);
        }
        return;
    }
    pair->shared = pair->world->share(pair, backup);
    if (pair->shared == NULL) {
        send(pair, backup, PEER_WAIT, 0); /* it is of this core, or has gone */
        return;
    }
    pair->peer = backup;
    pair->filled = false;
    wake(pair, PAIR_BEAT);
    if (pair->spare == backup)
        pair->spare = ENDPOINT_NONE;
    if (!send(pair, backup, PEER_WELCOME, 0)) {
        fence(pair);
        return;
    }
    sender_store(&pair->sender, pair->store);
    send_part(pair);
}

static void acknowledged(struct pair *pair, const struct message *m) {
    if (m->source != pair->peer || !pair->sending || pair->fencing || m->arg[0] != pair->sequence)
        return;
    hear(pair);
    if (send_part(pair))
        return;
    pair->filled = true;
    finish_batch(pair);
}

/* One comes of its own accord, as it is started again elsewhere, or has waited; or is started. */
static void look_after_backup(struct pair *pair, uint64_t due) {
    wake(pair, PAIR_BEAT);
    if (pair->peer != ENDPOINT_NONE) {
        if (pair->fencing || is_silent(pair, due))
            fence(pair);
    } else {
        pair->world->spawn(pair);
    }
}

/* ---- The backup ---- */

static void claim(struct pair *pair) {
    int error = pair->world->claim(pair);

    if (error) {
        wake(pair, PAIR_START);
        return;
    }
    bool successor = pair->role == PAIR_FULL;
    batch_drop(&pair->incoming);
    receiver_reset(&pair->receiver);
    if (successor)
        pair->store->takeovers++;
    else
        store_clear(pair->store);
    lead(pair);
}

/* The primary has gone: if that is certain, its name is for the one that has all that it had. */
static void succeed(struct pair *pair) {
    endpoint_t primary = pair->world->primary(pair);

    if (primary != ENDPOINT_NONE && primary != pair->peer && primary != pair->self) {
        restart(pair); /* which is known only to one that was not asked before it claimed */
        return;
    }
    pair->orphaned = true;
    if (!pair->world->kill(pair, pair->peer)) {
        wake(pair, PAIR_RETRY);
        return;
    }
    if (pair->shared != NULL)
        pair->world->unshare(pair);
    pair->shared = NULL;
    claim(pair);
}

static void lose_primary(struct pair *pair) {
    if (pair->role == PAIR_FULL)
        succeed(pair);
    else
        restart(pair);
}

static void accept(struct pair *pair) {
    pair->shared = pair->world->borrow(pair, pair->peer);
    if (pair->shared == NULL) {
        pair->world->fail(pair, E_NOMEM);
        return;
    }
    pair->role = PAIR_FILLING;
    pair->receiver.full = false;
    hear(pair);
    wake(pair, PAIR_BEAT);
}

/*
 * What the other side can still write to is copied, then judged. If the primary has died meanwhile
 * there are zeroes in the place of the part: it is not taken, and what had come before of its batch
 * goes when this process takes over. A primary that lives gets no answer, and ends this one.
 */
static void take_part(struct pair *pair, const struct message *m) {
    size_t bytes = m->arg[1] <= PAIR_PART ? m->arg[1] : 0;

    memcpy(pair->part, pair->shared, bytes);
    if (XXH64(pair->part, bytes, 0) != m->arg[2])
        return;
    int error = receiver_take(&pair->receiver, pair->store, &pair->incoming, pair->part, bytes);
    if (!error && m->arg[3] != 0 && !batch_apply(pair->store, &pair->incoming))
        error = -E_NOMEM;
    if (error) {
        pair->world->fail(pair, -error);
        return;
    }
    if (pair->receiver.full)
        pair->role = PAIR_FULL;
    hear(pair);
    if (!send(pair, pair->peer, PEER_ACK, m->arg[0]))
        lose_primary(pair);
}

/* ---- Who starts ---- */

static void restart(struct pair *pair) {
    if (pair->shared != NULL)
        pair->world->unshare(pair);
    pair->shared = NULL;
    pair->role = PAIR_STARTING;
    pair->peer = ENDPOINT_NONE;
    pair->orphaned = false;
    pair->asked_count = pair->answered = 0;
    pair->round = 0;
    pair->somebody_is_full = false;
    receiver_reset(&pair->receiver);
    pair->receiver.full = false;
    batch_drop(&pair->incoming);
    wake(pair, PAIR_START);
}

static void ask_again(struct pair *pair, const endpoint_t *others, unsigned count) {
    memcpy(pair->asked, others, count * sizeof *others);
    pair->asked_count = count;
    pair->answered = 0;
    pair->somebody_is_full = false;
    pair->round++;
    hear(pair);
    for (unsigned i = 0; i < count; i++)
        send(pair, others[i], PEER_ASK, pair->round);
}

/*
 * All that there are have to say, in one round, that they have nothing. A message to a process of
 * this core that does not wait for one is lost: it is asked again.
 */
static void ask_others(struct pair *pair) {
    endpoint_t others[PAIR_OTHERS];
    unsigned count = 0;

    wake(pair, PAIR_START);
    if (!pair->world->others(pair, others, &count))
        return;
    bool same = pair->round != 0 && count == pair->asked_count &&
                memcmp(others, pair->asked, count * sizeof *others) == 0;
    bool complete = pair->answered == count;
    if (same && complete && !pair->somebody_is_full)
        claim(pair);
    else if (!same || complete || pair->world->now() - pair->heard > PAIR_BEAT)
        ask_again(pair, others, count);
}

static void look_for_primary(struct pair *pair) {
    endpoint_t primary = pair->world->primary(pair);

    if (primary == ENDPOINT_NONE) {
        ask_others(pair);
        return;
    }
    wake(pair, PAIR_RETRY);
    if (primary == pair->self) {
        claim(pair);
        return;
    }
    pair->role = PAIR_JOINING;
    pair->peer = primary;
    send(pair, primary, PEER_JOIN, 0);
}

static void answer(struct pair *pair, const struct message *m) {
    bool full = pair->role == PAIR_PRIMARY || pair->role == PAIR_FULL;

    pair->world->send(pair, m->source,
                      &(struct message){ .type = PEER_ANSWER, .arg = { full, m->arg[0] } });
}

/* ---- Events ---- */

void pair_start(struct pair *pair, const struct pair_world *world, struct store *store,
                endpoint_t self) {
    memset(pair, 0, sizeof *pair);
    pair->world = world;
    pair->store = store;
    pair->self = self;
    restart(pair);
}

void pair_tick(struct pair *pair) {
    uint64_t due = pair->due;

    switch (pair->role) {
    case PAIR_STARTING:
        look_for_primary(pair);
        break;
    case PAIR_JOINING:
        restart(pair);
        look_for_primary(pair);
        break;
    case PAIR_FILLING:
    case PAIR_FULL:
        wake(pair, PAIR_BEAT);
        if (pair->orphaned)
            succeed(pair);
        else if (is_silent(pair, due) || !send(pair, pair->peer, PEER_PING, 0))
            lose_primary(pair);
        break;
    case PAIR_PRIMARY:
        look_after_backup(pair, due);
        break;
    }
}

void pair_gone(struct pair *pair, endpoint_t process) {
    if (process == pair->spare)
        pair->spare = ENDPOINT_NONE;
    if (process != pair->peer || process == ENDPOINT_NONE || pair->orphaned || pair->fencing)
        return;
    if (pair->role == PAIR_PRIMARY)
        fence(pair);
    else if (pair->role != PAIR_STARTING)
        lose_primary(pair);
}

void pair_message(struct pair *pair, const struct message *m) {
    bool primary = pair->role == PAIR_PRIMARY, from_peer = m->source == pair->peer;

    switch (m->type) {
    case PEER_JOIN:
        if (primary)
            welcome(pair, m->source);
        break;
    case PEER_WELCOME:
        if (pair->role == PAIR_JOINING && from_peer)
            accept(pair);
        break;
    case PEER_INVITE:
        if (pair->role == PAIR_JOINING && from_peer)
            send(pair, m->source, PEER_JOIN, 0);
        break;
    case PEER_PART:
        if ((pair->role == PAIR_FILLING || pair->role == PAIR_FULL) && from_peer && !pair->orphaned)
            take_part(pair, m);
        break;
    case PEER_ACK:
        if (primary)
            acknowledged(pair, m);
        break;
    case PEER_ASK:
        answer(pair, m);
        break;
    case PEER_ANSWER:
        if (pair->role != PAIR_STARTING || m->arg[1] != pair->round)
            break;
        pair->answered++;
        pair->somebody_is_full |= m->arg[0] != 0;
        break;
    case PEER_PING:
        if (!primary || !from_peer)
            break;
        hear(pair);
        send(pair, m->source, PEER_PONG, 0);
        break;
    case PEER_PONG:
        if (from_peer)
            hear(pair);
        break;
    case PEER_WAIT:
        if (pair->role == PAIR_JOINING && from_peer)
            wake(pair, PAIR_BEAT);
        break;
    default:
        break;
    }
}
