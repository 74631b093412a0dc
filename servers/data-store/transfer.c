#include "transfer.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>

/* ---- Sending ---- */

enum phase {
    PHASE_CLEAR,
    PHASE_RECORDS,
    PHASE_TOMBSTONES,
    PHASE_SUBSCRIPTIONS,
    PHASE_RESULTS,
    PHASE_COUNTERS,
    PHASE_END
};

void sender_batch(struct sender *sender, const struct batch *batch) {
    *sender = (struct sender){ .batch = batch };
}

void sender_store(struct sender *sender, const struct store *store) {
    *sender = (struct sender){ .store = store, .record = store->oldest };
}

static void describe(struct sender *sender, const struct record *record, enum change_kind kind,
                     const struct content *content) {
    sender->change = (struct change){
        .kind = (uint8_t)kind,
        .type = content->type,
        .last_snapshot = record->last_snapshot,
        .bytes = content->bytes,
        .key = record->key,
        .value = content->value,
        .hash = content->hash,
        .version = record->version,
    };
    sender->data = content->data;
}

/* A record, then its snapshots: `index` counts both. */
static void next_record(struct sender *sender) {
    const struct record *record = sender->record;

    if (sender->index == 0) {
        describe(sender, record, CHANGE_RECORD, &record->content);
    } else {
        const struct snapshot *snapshot = &record->snapshot[sender->index - 1];
        describe(sender, record, CHANGE_SNAPSHOT, &snapshot->content);
        sender->change.snapshot = snapshot->number;
    }
    if (sender->index++ == record->snapshots) {
        sender->record = record->newer;
        sender->index = 0;
    }
}

/* In the order in which they were made. */
static bool next_tombstone(struct sender *sender) {
    const struct store *store = sender->store;
    uint64_t first = store->buried > STORE_TOMBSTONES ? store->buried - STORE_TOMBSTONES : 0;

    if (first + sender->index >= store->buried)
        return false;
    const struct tombstone *t = &store->tombstone[(first + sender->index++) % STORE_TOMBSTONES];
    sender->change =
        (struct change){ .kind = CHANGE_TOMBSTONE, .key = t->key, .version = t->version };
    return true;
}

static bool next_subscription(struct sender *sender) {
    while (sender->index < STORE_SUBSCRIPTIONS) {
        const struct subscription *s = &sender->store->subscription[sender->index++];
        if (s->number == 0)
            continue;
        sender->change = (struct change){ .kind = CHANGE_SUBSCRIBE,
                                          .key.is_private = s->filter.is_private,
                                          .value = s->number,
                                          .client = s->client };
        memcpy(sender->change.key.name, s->filter.pattern, sizeof s->filter.pattern);
        memcpy(sender->change.key.label, s->filter.label, sizeof s->filter.label);
        return true;
    }
    return false;
}

static bool next_result(struct sender *sender) {
    while (sender->index < STORE_RESULTS) {
        const struct result *r = &sender->store->result[sender->index++];
        if (r->client == ENDPOINT_NONE)
            continue;
        sender->change = (struct change){ .kind = CHANGE_RESULT,
                                          .tag = r->tag,
                                          .result = r->result,
                                          .value = r->value,
                                          .client = r->client };
        return true;
    }
    return false;
}

/* False: the phase has no more. */
static bool next_of_phase(struct sender *sender) {
    const struct store *store = sender->store;

    switch (sender->phase) {
    case PHASE_CLEAR:
        sender->change = (struct change){ .kind = CHANGE_CLEAR };
        return sender->index++ == 0;
    case PHASE_RECORDS:
        if (sender->record == NULL)
            return false;
        next_record(sender);
        return true;
    case PHASE_TOMBSTONES:
        return next_tombstone(sender);
    case PHASE_SUBSCRIPTIONS:
        return next_subscription(sender);
    case PHASE_RESULTS:
        return next_result(sender);
    case PHASE_COUNTERS:
        sender->change = (struct change){ .kind = CHANGE_COUNTERS,
                                          .value = store->takeovers,
                                          .version = store->version,
                                          .counter = { store->subscribed, store->forgotten } };
        return sender->index++ == 0;
    default:
        return false;
    }
}

static bool next_of_store(struct sender *sender) {
    while (sender->phase < PHASE_END) {
        if (next_of_phase(sender))
            return true;
        sender->phase++;
        sender->index = 0;
    }
    return false;
}

static bool next_of_batch(struct sender *sender) {
    if (sender->index == sender->batch->count)
        return false;
    sender->change = sender->batch->change[sender->index];
    sender->data = sender->batch->data[sender->index++];
    return true;
}

static bool next(struct sender *sender) {
    sender->data = NULL;
    if (!(sender->store != NULL ? next_of_store(sender) : next_of_batch(sender)))
        return false;
    sender->left = sizeof sender->change + change_data(&sender->change);
    return true;
}

/* Where the rest of the present change is, and how much of it lies there. */
static const char *rest(const struct sender *sender, size_t *bytes) {
    size_t data = change_data(&sender->change);

    if (sender->left > data) {
        *bytes = sender->left - data;
        return (const char *)&sender->change + sizeof sender->change - *bytes;
    }
    *bytes = sender->left;
    return (const char *)sender->data + data - sender->left;
}

bool sender_is_done(struct sender *sender) { return sender->left == 0 && !next(sender); }

size_t sender_write(struct sender *sender, void *buffer, size_t room) {
    size_t written = 0;

    while (written < room && !sender_is_done(sender)) {
        size_t bytes;
        const char *from = rest(sender, &bytes);
        if (bytes > room - written)
            bytes = room - written;
        memcpy((char *)buffer + written, from, bytes);
        sender->left -= bytes;
        written += bytes;
    }
    return written;
}

/* ---- Receiving ---- */

void receiver_reset(struct receiver *receiver) {
    free(receiver->data);
    *receiver = (struct receiver){ .full = receiver->full };
}

/* A change has come with all of its data. */
static int complete(struct receiver *receiver, struct store *store, struct batch *batch) {
    void *data = receiver->data;

    receiver->data = NULL;
    receiver->have = 0;
    if (receiver->change.kind == CHANGE_CLEAR) {
        receiver->filling = true;
        receiver->full = false;
    }
    if (batch->count == BATCH_MAX) {
        free(data);
        return -E_PROTOCOL;
    }
    batch_add(batch, &receiver->change, data);
    if (!receiver->filling)
        return 0;
    if (receiver->change.kind == CHANGE_COUNTERS) {
        receiver->filling = false;
        receiver->full = true;
    }
    return batch_apply(store, batch) ? 0 : -E_NOMEM;
}

/* The head of a change is there. */
static int begin_data(struct receiver *receiver) {
    uint32_t bytes = change_data(&receiver->change);

    if (!change_is_valid(&receiver->change))
        return -E_PROTOCOL;
    if (bytes == 0)
        return 0;
    receiver->data = content_memory(receiver->change.type, bytes);
    return receiver->data != NULL ? 0 : -E_NOMEM;
}

int receiver_take(struct receiver *receiver, struct store *store, struct batch *batch,
                  const void *part, size_t bytes) {
    const size_t head = sizeof receiver->change;
    const char *from = part;
    int error = 0;

    while (bytes != 0 && !error) {
        bool in_head = receiver->have < head;
        size_t end = in_head ? head : head + change_data(&receiver->change);
        size_t some = end - receiver->have < bytes ? end - receiver->have : bytes;
        char *to = in_head ? (char *)&receiver->change + receiver->have
                           : (char *)receiver->data + (receiver->have - head);
        memcpy(to, from, some);
        receiver->have += some;
        from += some;
        bytes -= some;
        if (in_head && receiver->have == head)
            error = begin_data(receiver);
        if (!error && receiver->have >= head &&
            receiver->have == head + change_data(&receiver->change))
            error = complete(receiver, store, batch);
    }
    return error;
}
