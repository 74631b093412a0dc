/* The requests that change nothing, or nothing that is to be at the backup. */
#include "parts.h"

#include <string.h>

#include <bulkhead/error.h>
#include <runtime/grant.h>

#include "clients.h"
#include "maps.h"
#include "transactions.h"

/* The kernel copies from no memory that others have mapped. */
#define BOUNCE (16U * 1024)

static struct record *find(const struct request *r, int *error) {
    struct key key;

    *error = -E_INVAL;
    if (!request_key(r, &key))
        return NULL;
    *error = -E_NOENT;
    struct record *record = record_find(&store, &key);
    if (record != NULL)
        *error = 0;
    return record;
}

static void set_what(struct request *r, const struct content *content, bool is_private,
                     unsigned snapshot) {
    struct store_what what = { content->type, is_private ? STORE_PRIVATE : 0, (uint16_t)snapshot,
                               content->bytes };

    memcpy(&r->m->arg[5], &what, sizeof what);
}

static int deliver(struct grant_name to, const struct content *content) {
    static char bounce[BOUNCE];
    int error = 0;

    for (uint32_t at = 0; at < content->bytes && !error;) {
        uint32_t bytes = content->bytes - at < BOUNCE ? content->bytes - at : BOUNCE;
        memcpy(bounce, (const char *)content->data + at, bytes);
        error = safe_copy_to(to, at, bounce, bytes);
        at += bytes;
    }
    return error;
}

int read_retrieve(struct request *r) {
    struct grant_name to = { r->m->source, r->m->arg[4] };
    uint32_t room = r->what.bytes;
    int error;
    const struct record *record = find(r, &error);

    if (error)
        return error;
    const struct snapshot *snapshot = snapshot_find(record, r->what.snapshot);
    if (r->what.snapshot != 0 && snapshot == NULL)
        return -E_NOENT;
    const struct content *content = snapshot != NULL ? &snapshot->content : &record->content;
    if (!content_is_good(content, snapshot == NULL)) {
        r->m->arg[1] = snapshot_good(record);
        return -E_CHECKSUM;
    }
    unsigned newest = record->snapshots != 0 ? record->snapshot[record->snapshots - 1].number : 0;
    r->m->arg[0] = content->value;
    r->m->arg[1] = newest;
    r->m->arg[2] = record->version;
    set_what(r, content, record->key.is_private, r->what.snapshot);
    if (!type_has_data(content->type) || to.id == 0 || content->bytes == 0)
        return 0;
    if (content->data == NULL)
        return -E_IO;
    return content->bytes > room ? -E_TOOBIG : deliver(to, content);
}

int read_map(struct request *r) {
    int error;
    struct record *record = find(r, &error);

    if (error)
        return error;
    if (memcmp(record->key.label, r->label, LABEL_MAX) != 0)
        return -E_PERM;
    if (record->content.type != STORE_TYPE_MAPPED)
        return -E_INVAL;
    r->m->arg[1] = record->content.bytes;
    return map_lend(record, r->m->source, &r->m->arg[0]);
}

int read_owner(struct request *r) {
    int error;
    const struct record *record = find(r, &error);

    if (error)
        return error;
    memcpy(r->m->arg, record->key.label, LABEL_MAX);
    r->m->arg[3] = record_charge(record);
    r->m->arg[4] = record->version;
    set_what(r, &record->content, record->key.is_private, 0);
    return 0;
}

/* ---- What there is, and what has changed ---- */

static int answer_next(struct request *r, const struct filter *filter, uint64_t version,
                       bool deleted) {
    static const struct content none = { .type = STORE_TYPE_NONE };
    struct next next = store_after(&store, version, filter, deleted);
    const struct key *key = next.record != NULL ? &next.record->key : NULL;

    if (next.tombstone != NULL)
        key = &next.tombstone->key;
    if (key == NULL)
        return -E_NOENT;
    memcpy(r->m->arg, key->name, STORE_NAME_MAX);
    r->m->arg[4] = next.record != NULL ? next.record->version : next.tombstone->version;
    set_what(r, next.record != NULL ? &next.record->content : &none, key->is_private, 0);
    return 0;
}

int read_next(struct request *r) {
    struct filter filter;

    if (!request_filter(r, &filter))
        return -E_INVAL;
    return answer_next(r, &filter, r->m->arg[4], false);
}

int read_check(struct request *r) {
    struct subscription *s = subscription_find(&store, r->m->arg[0]);
    uint64_t known = r->m->arg[1];

    if (s == NULL || s->client != r->m->source)
        return -E_BADEP;
    if (known < store.forgotten) {
        r->m->arg[4] = store.version;
        return -E_RANGE;
    }
    int error = answer_next(r, &s->filter, known, true);
    if (error == -E_NOENT)
        s->told = s->due = false;
    return error;
}

/* ---- Transactions ---- */

int read_begin(struct request *r) {
    int error = transaction_begin(&store, r->m->source, r->label);

    if (error != -E_NOSLOT)
        return error;
    transactions_sweep(client_lives);
    return transaction_begin(&store, r->m->source, r->label);
}

int read_abort(struct request *r) {
    struct transaction *transaction = transaction_find(r->m->source);

    if (transaction == NULL)
        return -E_NOENT;
    transaction_end(transaction, NULL);
    return 0;
}

/* ---- The store itself ---- */

int read_usage(struct request *r) {
    char label[LABEL_MAX];

    memcpy(label, r->m->arg, LABEL_MAX);
    if (label[0] == '\0')
        memcpy(label, r->label, LABEL_MAX);
    else if (memcmp(label, r->label, LABEL_MAX) != 0 && !label_manages(r->label))
        return -E_PERM;
    const struct owner *owner = owner_find(&store, label);
    const struct quota *quota = quota_of(label);
    r->m->arg[0] = owner != NULL ? owner->records : 0;
    r->m->arg[1] = quota->records;
    r->m->arg[2] = owner != NULL ? owner->bytes + owner->staged : 0;
    r->m->arg[3] = quota->bytes;
    return 0;
}

int read_status(struct request *r) {
    uint64_t *arg = r->m->arg;

    arg[0] = store.records;
    arg[1] = store.bytes;
    arg[2] = store.version;
    arg[3] = pair_backup(&pair);
    arg[4] = store.takeovers;
    arg[5] = 0;
    for (unsigned i = 0; i < STORE_SUBSCRIPTIONS; i++)
        arg[5] += store.subscription[i].number != 0;
    return 0;
}
