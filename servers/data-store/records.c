#include "records.h"

#include <stdlib.h>
#include <string.h>

/* ---- Owners ---- */

struct owner *owner_find(struct store *store, const char label[LABEL_MAX]) {
    for (struct owner *o = store->owner; o < store->owner + STORE_OWNERS; o++)
        if (o->label[0] != '\0' && memcmp(o->label, label, LABEL_MAX) == 0)
            return o;
    return NULL;
}

/* Of one that has nothing any more the entry is free. */
static bool is_free(const struct owner *o) {
    return o->label[0] == '\0' || (o->records == 0 && o->staged == 0 && o->holds == 0);
}

struct owner *owner_get(struct store *store, const char label[LABEL_MAX]) {
    struct owner *owner = owner_find(store, label);

    for (struct owner *o = store->owner; o < store->owner + STORE_OWNERS && owner == NULL; o++)
        if (is_free(o)) {
            *o = (struct owner){ .records = 0 };
            memcpy(o->label, label, LABEL_MAX);
            owner = o;
        }
    return owner;
}

static void charge(struct store *store, struct owner *owner, int64_t bytes) {
    owner->bytes += (uint64_t)bytes;
    store->bytes += (uint64_t)bytes;
}

/* ---- Finding ---- */

/* FNV-1a. */
static unsigned bucket_of(const struct key *key) {
    uint32_t hash = 2166136261;

    for (size_t i = 0; i < STORE_NAME_MAX; i++)
        hash = (hash ^ (uint8_t)key->name[i]) * 16777619;
    return hash % STORE_BUCKETS;
}

static bool same(const struct key *a, const struct key *b) {
    return a->is_private == b->is_private && memcmp(a->name, b->name, STORE_NAME_MAX) == 0 &&
           (!a->is_private || memcmp(a->label, b->label, LABEL_MAX) == 0);
}

struct record *record_find(const struct store *store, const struct key *key) {
    for (struct record *r = store->bucket[bucket_of(key)]; r != NULL; r = r->chain)
        if (same(&r->key, key))
            return r;
    return NULL;
}

/* ---- Order of versions ---- */

static void unlink_age(struct store *store, struct record *record) {
    *(record->older != NULL ? &record->older->newer : &store->oldest) = record->newer;
    *(record->newer != NULL ? &record->newer->older : &store->newest) = record->older;
}

static void link_newest(struct store *store, struct record *record) {
    record->older = store->newest;
    record->newer = NULL;
    *(store->newest != NULL ? &store->newest->newer : &store->oldest) = record;
    store->newest = record;
}

void record_date(struct store *store, struct record *record, uint64_t version) {
    unlink_age(store, record);
    link_newest(store, record);
    record->version = version;
}

void record_touch(struct store *store, struct record *record) {
    record_date(store, record, ++store->version);
    subscriptions_mark(store, &record->key);
}

struct next store_after(const struct store *store, uint64_t version, const struct filter *filter,
                        bool deleted) {
    struct next next = { NULL, NULL };

    for (const struct record *r = store->newest; r != NULL && r->version > version; r = r->older)
        if (filter_admits(filter, &r->key))
            next.record = r;
    for (const struct tombstone *t = store->tombstone;
         deleted && t < store->tombstone + STORE_TOMBSTONES; t++)
        if (t->version > version && (next.record == NULL || t->version < next.record->version) &&
            (next.tombstone == NULL || t->version < next.tombstone->version) &&
            filter_admits(filter, &t->key))
            next.tombstone = t;
    if (next.tombstone != NULL)
        next.record = NULL;
    return next;
}

/* ---- Making and removing ---- */

bool record_insert(struct store *store, struct record *record, const struct key *key) {
    struct owner *owner = owner_get(store, key->label);

    if (owner == NULL)
        return false;
    struct record **bucket = &store->bucket[bucket_of(key)];
    record->key = *key;
    record->owner = owner;
    record->chain = *bucket;
    *bucket = record;
    link_newest(store, record);
    owner->records++;
    store->records++;
    return true;
}

void record_remove(struct store *store, struct record *record) {
    struct record **link = &store->bucket[bucket_of(&record->key)];

    if (store->unmap != NULL)
        store->unmap(record);
    while (*link != record)
        link = &(*link)->chain;
    *link = record->chain;
    unlink_age(store, record);
    charge(store, record->owner, -(int64_t)record_charge(record));
    record->owner->records--;
    store->records--;
    for (unsigned i = 0; i < record->snapshots; i++)
        content_free(&record->snapshot[i].content);
    content_free(&record->content);
    free(record);
}

/* What is mapped stays where it is, if it is of the same length. */
void record_set(struct store *store, struct record *record, struct content *content) {
    struct content *old = &record->content;

    if (old->type == STORE_TYPE_MAPPED && content->type == STORE_TYPE_MAPPED &&
        old->bytes == content->bytes) {
        memcpy(old->data, content->data, old->bytes);
        content_free(content);
        return;
    }
    if (store->unmap != NULL)
        store->unmap(record);
    charge(store, record->owner, (int64_t)content_charge(content) - (int64_t)content_charge(old));
    content_free(old);
    *old = *content;
}

uint64_t record_charge(const struct record *record) {
    uint64_t bytes = content_charge(&record->content);

    for (unsigned i = 0; i < record->snapshots; i++)
        bytes += content_charge(&record->snapshot[i].content);
    return bytes;
}

/* ---- Snapshots ---- */

void snapshot_remove(struct store *store, struct record *record, unsigned index) {
    struct snapshot *at = &record->snapshot[index];

    charge(store, record->owner, -(int64_t)content_charge(&at->content));
    content_free(&at->content);
    record->snapshots--;
    memmove(at, at + 1, (record->snapshots - index) * sizeof *at);
}

void snapshot_add(struct store *store, struct record *record, uint16_t number,
                  struct content *content) {
    if (record->snapshots == STORE_SNAPSHOTS_MAX)
        snapshot_remove(store, record, 0);
    charge(store, record->owner, (int64_t)content_charge(content));
    record->snapshot[record->snapshots++] = (struct snapshot){ number, *content };
}

const struct snapshot *snapshot_find(const struct record *record, unsigned number) {
    for (unsigned i = 0; i < record->snapshots; i++)
        if (record->snapshot[i].number == number)
            return &record->snapshot[i];
    return NULL;
}

unsigned snapshot_good(const struct record *record) {
    for (unsigned i = record->snapshots; i-- > 0;)
        if (content_is_good(&record->snapshot[i].content, false))
            return record->snapshot[i].number;
    return 0;
}

/* ---- Tombstones, results ---- */

void tombstone_add(struct store *store, const struct key *key, uint64_t version) {
    struct tombstone *t = &store->tombstone[store->buried++ % STORE_TOMBSTONES];

    if (store->buried > STORE_TOMBSTONES)
        store->forgotten = t->version;
    *t = (struct tombstone){ *key, version };
}

const struct result *result_find(const struct store *store, endpoint_t client) {
    for (const struct result *r = store->result; r < store->result + STORE_RESULTS; r++)
        if (r->client == client && client != ENDPOINT_NONE)
            return r;
    return NULL;
}

void result_add(struct store *store, const struct result *result) {
    for (struct result *r = store->result; r < store->result + STORE_RESULTS; r++)
        if (r->client == result->client) {
            *r = *result;
            return;
        }
    store->result[store->answered++ % STORE_RESULTS] = *result;
}

void store_clear(struct store *store) {
    void (*unmap)(struct record *) = store->unmap;

    for (struct record *r = store->oldest, *newer; r != NULL; r = newer) {
        newer = r->newer;
        record_remove(store, r);
    }
    memset(store, 0, sizeof *store);
    store->unmap = unmap;
}
