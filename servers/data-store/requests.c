#include "requests.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>

#include "clients.h"
#include "maps.h"
#include "parts.h"
#include "transactions.h"

struct pair pair;
struct store store;

/* Those that wait, in their order: a ring. A client waits for one. */
static struct message waiting[WAITING_MAX];
static unsigned first, count;

/* The change that is under way. */
static struct batch batch;
static struct message reply; /* to its client; source ENDPOINT_NONE: to nobody */

static const struct kind {
    request_handler *serve;
    request_handler *stage; /* with STORE_TRANSACTION */
    bool changes;
} kinds[] = {
#define ROW(name) [STORE_##name - MESSAGE_TYPE_SERVICE]
    ROW(PUBLISH) = { write_publish, stage_publish, true },
    ROW(RETRIEVE) = { read_retrieve, NULL, false },
    ROW(DELETE) = { write_delete, stage_delete, true },
    ROW(SNAPSHOT) = { write_snapshot, NULL, true },
    ROW(SUBSCRIBE) = { write_subscribe, NULL, true },
    ROW(UNSUBSCRIBE) = { write_unsubscribe, NULL, true },
    ROW(CHECK) = { read_check, NULL, false },
    ROW(NEXT) = { read_next, NULL, false },
    ROW(MAP) = { read_map, NULL, false },
    ROW(BEGIN) = { read_begin, NULL, false },
    ROW(COMMIT) = { write_commit, NULL, true },
    ROW(ABORT) = { read_abort, NULL, false },
    ROW(OWNER) = { read_owner, NULL, false },
    ROW(USAGE) = { read_usage, NULL, false },
    ROW(COLLECT) = { write_collect, NULL, true },
    ROW(STATUS) = { read_status, NULL, false },
#undef ROW
};

/* ---- Changes ---- */

void request_done(struct pair *unused) {
    (void)unused;
    if (reply.source != ENDPOINT_NONE)
        event_reply(reply.source, &reply); /* a client that does not wait for it loses it */
    reply.source = ENDPOINT_NONE;
}

/* To the client, who gets what was answered the first time if it asks for the second. */
static void submit(struct request *r) {
    struct message *m = r->m;

    if (m->tag != 0)
        batch_add(
            &batch,
            &(struct change){
                .kind = CHANGE_RESULT, .tag = m->tag, .value = r->reply[0], .client = m->source },
            NULL);
    memcpy(m->arg, r->reply, sizeof r->reply);
    message_set_result(m, 0);
    reply = *m;
    pair_submit(&pair, &batch);
}

static void refuse(struct message *m, int error) {
    batch_drop(&batch);
    message_set_result(m, error);
    event_reply(m->source, m);
}

/* The pair is free. */
static void change(struct message *m) {
    const struct kind *kind = &kinds[m->type - MESSAGE_TYPE_SERVICE];
    const struct result *former = result_find(&store, m->source);
    struct request r = { .m = m, .batch = &batch };

    if (former != NULL && m->tag != 0 && former->tag == m->tag) {
        m->arg[0] = former->value;
        m->arg[1] = 0;
        refuse(m, former->result);
        return;
    }
    memcpy(&r.what, &m->arg[5], sizeof r.what);
    int error = client_label(m->source, r.label) ? kind->serve(&r) : -E_PERM;
    if (!error)
        error = batch_judge(&store, &batch, quota_of(r.label));
    if (error)
        refuse(m, error);
    else
        submit(&r);
}

static enum event_action wait_for_turn(struct message *m) {
    bool one_of_its_own = false;

    for (unsigned i = 0; i < count; i++)
        one_of_its_own |= waiting[(first + i) % WAITING_MAX].source == m->source;
    if (count == WAITING_MAX || one_of_its_own) {
        message_set_result(m, -E_WOULDBLOCK);
        return EVENT_REPLY;
    }
    waiting[(first + count++) % WAITING_MAX] = *m;
    return EVENT_DEFER;
}

/* A subscription whose client has died. */
static struct subscription *dead_subscription(void) {
    for (struct subscription *s = store.subscription; s < store.subscription + STORE_SUBSCRIPTIONS;
         s++)
        if (s->number != 0 && s->dead)
            return s;
    return NULL;
}

static bool forget_dead(void) {
    const struct subscription *s = dead_subscription();

    if (s == NULL)
        return false;
    batch_add(&batch, &(struct change){ .kind = CHANGE_UNSUBSCRIBE, .value = s->number }, NULL);
    pair_submit(&pair, &batch);
    return true;
}

static void tell_subscribers(void) {
    struct subscription *s;

    while ((s = subscription_take_due(&store)) != NULL)
        if (!s->dead && ipc_notify(s->client))
            s->dead = true;
}

void requests_go_on(void) {
    while (pair.role == PAIR_PRIMARY && pair_is_free(&pair)) {
        tell_subscribers();
        if (forget_dead())
            continue;
        if (count == 0)
            return;
        struct message m = waiting[first];
        first = (first + 1) % WAITING_MAX;
        count--;
        change(&m);
    }
}

/* ---- Requests ---- */

static enum event_action read_or_stage(const struct kind *kind, struct message *m) {
    struct request r = { .m = m };

    memcpy(&r.what, &m->arg[5], sizeof r.what);
    bool staged = kind->changes;
    int error =
        client_label(m->source, r.label) ? (staged ? kind->stage : kind->serve)(&r) : -E_PERM;
    message_set_result(m, error);
    return EVENT_REPLY;
}

enum event_action request_serve(struct message *m) {
    uint32_t number = m->type - MESSAGE_TYPE_SERVICE;
    bool known = number < sizeof kinds / sizeof kinds[0];
    struct store_what what;

    if (!known || pair.role != PAIR_PRIMARY) {
        message_set_result(m, known ? -E_STATE : -E_BADCALL);
        return EVENT_REPLY;
    }
    const struct kind *kind = &kinds[number];
    memcpy(&what, &m->arg[5], sizeof what);
    if (!kind->changes || (kind->stage != NULL && what.flags & STORE_TRANSACTION))
        return read_or_stage(kind, m);
    return wait_for_turn(m);
}

/* ---- Deaths ---- */

void requests_gone(endpoint_t client) {
    transactions_gone(client);
    maps_gone(&store, client);
    for (struct subscription *s = store.subscription; s < store.subscription + STORE_SUBSCRIPTIONS;
         s++)
        if (s->number != 0 && s->client == client)
            s->dead = true;
}

bool requests_sweep(void) {
    bool some = transactions_sweep(client_lives);

    some |= maps_sweep(&store);
    for (struct subscription *s = store.subscription; s < store.subscription + STORE_SUBSCRIPTIONS;
         s++) {
        some |= s->number != 0;
        if (s->number != 0 && !client_lives(s->client))
            s->dead = true;
    }
    return some;
}

/* Memory that nobody has mapped any more is as it was when its owner last said that it was right.
 */
static void restore(struct record *record) {
    struct content *content = &record->content;
    const struct snapshot *snapshot = snapshot_find(record, snapshot_good(record));

    if (content->type == STORE_TYPE_MAPPED && snapshot != NULL &&
        snapshot->content.type == STORE_TYPE_MAPPED && snapshot->content.bytes == content->bytes)
        memcpy(content->data, snapshot->content.data, content->bytes);
}

void requests_lead(void) {
    for (struct record *r = store.oldest; r != NULL; r = r->newer)
        restore(r);
    subscriptions_mark_all(&store);
}
