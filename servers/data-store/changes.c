#include "changes.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>

bool change_is_valid(const struct change *change) {
    return change->kind >= CHANGE_PUT && change->kind < CHANGE_KINDS &&
           change->type < STORE_TYPE_COUNT && change->bytes <= type_bytes_max(change->type) &&
           (change->type != STORE_TYPE_MAPPED || change->bytes % PAGE_SIZE == 0);
}

struct content change_content(const struct change *change, void *data) {
    return (struct content){ change->type, change->bytes, change->value, data, change->hash };
}

struct change *batch_add(struct batch *batch, const struct change *change, void *data) {
    struct change *added = &batch->change[batch->count];

    *added = *change;
    batch->data[batch->count] = data;
    batch->fresh[batch->count++] = NULL;
    return added;
}

static void empty(struct batch *batch) {
    if (batch->held != NULL)
        batch->held->holds--;
    batch->held = NULL;
    batch->count = 0;
}

void batch_drop(struct batch *batch) {
    for (unsigned i = 0; i < batch->count; i++) {
        free(batch->data[i]);
        free(batch->fresh[i]);
    }
    empty(batch);
}

/* ---- Judging ---- */

/* What a label would use. */
struct use {
    int64_t records, bytes;
};

/* A record as it will be when the changes before the i-th are done. */
struct prospect {
    struct record *record; /* NULL: the batch itself makes it, or there is none */
    bool exists;
    uint64_t bytes; /* its content */
    uint64_t charge;
};

static bool same_key(const struct key *a, const struct key *b) {
    return a->is_private == b->is_private && memcmp(a->name, b->name, sizeof a->name) == 0;
}

/* All changes of a batch that make or delete records are of one label. */
static struct prospect look(const struct store *store, const struct batch *batch, unsigned i) {
    const struct key *key = &batch->change[i].key;
    struct record *record = record_find(store, key);
    struct prospect p = { record, record != NULL, 0, 0 };

    if (record != NULL) {
        p.bytes = content_charge(&record->content);
        p.charge = record_charge(record);
    }
    for (unsigned k = 0; k < i; k++) {
        const struct change *c = &batch->change[k];
        if ((c->kind != CHANGE_PUT && c->kind != CHANGE_DELETE) || !same_key(&c->key, key))
            continue;
        p.exists = c->kind == CHANGE_PUT;
        p.charge = p.exists ? p.charge - p.bytes + c->bytes : 0;
        p.bytes = p.exists ? c->bytes : 0;
        if (!p.exists)
            p.record = NULL;
    }
    return p;
}

static bool owns(const struct change *change, const struct record *record) {
    return memcmp(change->key.label, record->key.label, LABEL_MAX) == 0;
}

static int judge_put(struct batch *batch, unsigned i, const struct prospect *p, struct use *use) {
    const struct change *c = &batch->change[i];
    const struct content *old = p->record != NULL ? &p->record->content : NULL;

    if (p->record != NULL && !owns(c, p->record))
        return -E_PERM;
    if (p->exists && !c->overwrites)
        return -E_EXIST;
    if (old != NULL && p->record->mapper != ENDPOINT_NONE &&
        (c->type != old->type || c->bytes != old->bytes))
        return -E_BUSY;
    use->bytes += (int64_t)c->bytes - (int64_t)p->bytes;
    use->records += !p->exists;
    if (p->exists)
        return 0;
    batch->fresh[i] = calloc(1, sizeof(struct record));
    return batch->fresh[i] != NULL ? 0 : -E_NOMEM;
}

static int judge_delete(const struct batch *batch, unsigned i, const struct prospect *p,
                        struct use *use) {
    if (!p->exists)
        return -E_NOENT;
    if (p->record != NULL && !owns(&batch->change[i], p->record))
        return -E_PERM;
    use->records--;
    use->bytes -= (int64_t)p->charge;
    return 0;
}

/* What is corrupt is no better as a copy. */
static int judge_snapshot(struct batch *batch, unsigned i, const struct prospect *p,
                          struct use *use) {
    struct change *c = &batch->change[i];
    struct record *record = p->record;

    if (record == NULL)
        return -E_NOENT;
    if (!owns(c, record))
        return -E_PERM;
    if (!content_is_good(&record->content, true))
        return -E_CHECKSUM;
    struct content copy = record->content;
    if (copy.data != NULL) {
        copy.data = content_memory(STORE_TYPE_MEMORY, copy.bytes);
        if (copy.data == NULL)
            return -E_NOMEM;
        memcpy(copy.data, record->content.data, copy.bytes);
    }
    c->type = copy.type;
    c->bytes = copy.bytes;
    c->value = copy.value;
    c->hash = content_hash(&copy, false);
    c->snapshot = c->last_snapshot =
        record->last_snapshot == UINT16_MAX ? 1 : (uint16_t)(record->last_snapshot + 1);
    batch->data[i] = copy.data;
    use->bytes += copy.bytes;
    if (record->snapshots == STORE_SNAPSHOTS_MAX)
        use->bytes -= (int64_t)content_charge(&record->snapshot[0].content);
    return 0;
}

static int judge_drop(const struct batch *batch, unsigned i, const struct prospect *p) {
    const struct change *c = &batch->change[i];

    if (p->record == NULL || snapshot_find(p->record, c->snapshot) == NULL)
        return -E_NOENT;
    return owns(c, p->record) ? 0 : -E_PERM;
}

static int judge(struct store *store, struct batch *batch, unsigned i, struct use *use) {
    struct prospect p = look(store, batch, i);

    switch (batch->change[i].kind) {
    case CHANGE_PUT:
        return judge_put(batch, i, &p, use);
    case CHANGE_DELETE:
        return judge_delete(batch, i, &p, use);
    case CHANGE_SNAPSHOT:
        return judge_snapshot(batch, i, &p, use);
    case CHANGE_DROP_SNAPSHOT:
        return judge_drop(batch, i, &p);
    case CHANGE_SUBSCRIBE:
        return subscription_allowed(store, batch->change[i].key.label);
    default:
        return 0;
    }
}

static void hold(struct batch *batch, struct owner *owner) {
    batch->held = owner;
    if (owner != NULL)
        owner->holds++;
}

/* Who is over its quota may still give something up. */
static int check_quota(const struct owner *owner, const struct use *use,
                       const struct quota *quota) {
    uint64_t records = owner->records + (uint64_t)use->records;
    uint64_t bytes = owner->bytes + owner->staged + (uint64_t)use->bytes;

    return (use->records > 0 && records > quota->records) ||
                   (use->bytes > 0 && bytes > quota->bytes)
               ? -E_QUOTA
               : 0;
}

int batch_judge(struct store *store, struct batch *batch, const struct quota *quota) {
    struct use use = { 0, 0 };
    int error = 0;

    for (unsigned i = 0; i < batch->count && !error; i++)
        error = judge(store, batch, i, &use);
    if (error || (use.records <= 0 && use.bytes <= 0))
        return error;
    struct owner *owner = owner_get(store, batch->change[0].key.label);
    if (owner == NULL)
        return -E_QUOTA;
    error = check_quota(owner, &use, quota);
    if (!error)
        hold(batch, owner);
    return error;
}

/* ---- Applying ---- */

static void delete_record(struct store *store, struct record *record) {
    struct key key = record->key;

    record_remove(store, record);
    tombstone_add(store, &key, ++store->version);
    subscriptions_mark(store, &key);
}

/* The oldest first, everywhere. */
static void collect(struct store *store, const char label[LABEL_MAX]) {
    struct record *newer;

    for (struct record *r = store->oldest; r != NULL; r = newer) {
        newer = r->newer;
        if (memcmp(r->key.label, label, LABEL_MAX) == 0)
            delete_record(store, r);
    }
}

/* The record of a PUT or RECORD. NULL: there is no memory. */
static struct record *find_or_make(struct store *store, const struct change *c,
                                   struct record **fresh) {
    struct record *record = record_find(store, &c->key);

    if (record != NULL)
        return record;
    if (*fresh == NULL)
        *fresh = calloc(1, sizeof **fresh);
    if (*fresh == NULL || !record_insert(store, *fresh, &c->key))
        return NULL;
    record = *fresh;
    *fresh = NULL;
    return record;
}

static bool put(struct store *store, const struct change *c, void **data, struct record **fresh) {
    struct record *record = find_or_make(store, c, fresh);
    struct content content = change_content(c, *data);

    if (record == NULL)
        return false;
    record_set(store, record, &content);
    *data = NULL;
    if (c->kind == CHANGE_PUT) {
        record_touch(store, record);
    } else {
        record_date(store, record, c->version);
        record->last_snapshot = c->last_snapshot;
    }
    return true;
}

/*
 * Where memory is mapped by nobody it is as its newest snapshot: a backup that takes over has that
 * of it.
 */
static void snapshot(struct store *store, const struct change *c, void **data) {
    struct record *record = record_find(store, &c->key);
    struct content content = change_content(c, *data);

    if (record == NULL)
        return;
    snapshot_add(store, record, c->snapshot, &content);
    record->last_snapshot = c->last_snapshot;
    *data = NULL;
}

static void drop_snapshot(struct store *store, const struct change *c) {
    struct record *record = record_find(store, &c->key);

    for (unsigned i = 0; record != NULL && i < record->snapshots; i++)
        if (record->snapshot[i].number == c->snapshot)
            snapshot_remove(store, record, i);
}

static void subscribe(struct store *store, const struct change *c) {
    struct filter filter = { .is_private = c->key.is_private };

    memcpy(filter.pattern, c->key.name, sizeof filter.pattern);
    memcpy(filter.label, c->key.label, sizeof filter.label);
    subscription_add(store, c->value, c->client, &filter);
}

static void unsubscribe(struct store *store, const struct change *c) {
    struct subscription *s = subscription_find(store, c->value);

    if (s != NULL)
        s->number = 0;
}

static void set_counters(struct store *store, const struct change *c) {
    store->version = c->version;
    store->takeovers = c->value;
    store->subscribed = c->counter[0];
    store->forgotten = c->counter[1];
}

static bool apply(struct store *store, const struct change *c, void **data, struct record **fresh) {
    struct record *record;

    switch (c->kind) {
    case CHANGE_PUT:
    case CHANGE_RECORD:
        return put(store, c, data, fresh);
    case CHANGE_DELETE:
        record = record_find(store, &c->key);
        if (record != NULL)
            delete_record(store, record);
        break;
    case CHANGE_SNAPSHOT:
        snapshot(store, c, data);
        break;
    case CHANGE_DROP_SNAPSHOT:
        drop_snapshot(store, c);
        break;
    case CHANGE_COLLECT:
        collect(store, c->key.label);
        break;
    case CHANGE_SUBSCRIBE:
        subscribe(store, c);
        break;
    case CHANGE_UNSUBSCRIBE:
        unsubscribe(store, c);
        break;
    case CHANGE_RESULT:
        result_add(store, &(struct result){ c->client, c->tag, c->result, c->value });
        break;
    case CHANGE_CLEAR:
        store_clear(store);
        break;
    case CHANGE_TOMBSTONE:
        tombstone_add(store, &c->key, c->version);
        break;
    case CHANGE_COUNTERS:
        set_counters(store, c);
        break;
    default:
        break;
    }
    return true;
}

bool batch_apply(struct store *store, struct batch *batch) {
    bool done = true;

    for (unsigned i = 0; i < batch->count && done; i++)
        done = apply(store, &batch->change[i], &batch->data[i], &batch->fresh[i]);
    for (unsigned i = 0; i < batch->count; i++) {
        free(batch->data[i]);
        free(batch->fresh[i]);
    }
    empty(batch);
    return done;
}
