/*
 * The records, what their owners use, and what has been deleted. All of it follows from the changes
 * that have been applied, in their order: so primary and backup have the same.
 */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include "content.h"
#include "subscriptions.h"

#define STORE_BUCKETS    256
#define STORE_OWNERS     128
#define STORE_TOMBSTONES 128
#define STORE_RESULTS    256

/* A label that has something here. */
struct owner {
    char label[LABEL_MAX]; /* empty: a free entry */
    uint64_t records, bytes;
    uint64_t staged; /* bytes of transactions that are not committed; not at a backup */
    unsigned holds;  /* by who is about to make a record of it */
};

/* Under what a record is known: private names are those of a label. */
struct key {
    char name[STORE_NAME_MAX];
    char label[LABEL_MAX]; /* of its owner; public records are found whatever it is */
    bool is_private;
};

struct record {
    struct record *chain;         /* of its bucket */
    struct record *older, *newer; /* by version */
    struct key key;
    struct owner *owner;
    uint64_t version;
    struct content content;
    struct snapshot {
        uint16_t number;
        struct content content;
    } snapshot[STORE_SNAPSHOTS_MAX]; /* oldest first */
    unsigned snapshots;
    uint16_t last_snapshot; /* number that was last given */
    /* Who has its memory mapped, at the primary. */
    endpoint_t mapper; /* ENDPOINT_NONE: nobody */
    uint64_t grant;    /* id */
};

struct tombstone {
    struct key key;
    uint64_t version;
};

/* The last request of a client that changed something, and its reply. */
struct result {
    endpoint_t client; /* ENDPOINT_NONE: a free entry */
    uint32_t tag;
    int32_t result;
    uint64_t value; /* arg[0] of the reply */
};

struct store {
    uint64_t version;
    struct record *bucket[STORE_BUCKETS];
    struct record *oldest, *newest;
    uint64_t records, bytes;
    struct owner owner[STORE_OWNERS];
    struct tombstone tombstone[STORE_TOMBSTONES]; /* a ring */
    uint64_t buried;                              /* so many have been put into it */
    uint64_t forgotten;                           /* version of the last that was overwritten */
    struct subscription subscription[STORE_SUBSCRIPTIONS];
    uint64_t subscribed; /* number that was last given */
    struct result result[STORE_RESULTS];
    uint64_t answered;  /* results that have taken a new entry */
    uint64_t takeovers; /* by backups */
    /* Unless NULL: nobody is to have a record's memory any more. */
    void (*unmap)(struct record *record);
};

/* NULL: there is none. */
struct record *record_find(const struct store *store, const struct key *key);

/* Puts in a new one, empty, allocated and zeroed by the caller. False: there are too many owners.
 */
bool record_insert(struct store *store, struct record *record, const struct key *key);

/* Takes it out, with its snapshots, and frees it. */
void record_remove(struct store *store, struct record *record);

/* The content is the record's from now on; the former is freed. */
void record_set(struct store *store, struct record *record, struct content *content);

/* It has just been changed. */
void record_touch(struct store *store, struct record *record);

/* The same with a version that is known: the newest one. */
void record_date(struct store *store, struct record *record, uint64_t version);

/* A snapshot is the record's from now on; the oldest goes if there are too many. */
void snapshot_add(struct store *store, struct record *record, uint16_t number,
                  struct content *content);
void snapshot_remove(struct store *store, struct record *record, unsigned index);

/* NULL: there is none of that number. */
const struct snapshot *snapshot_find(const struct record *record, unsigned number);

/* Number of the newest one that is as it was made; 0: none. */
unsigned snapshot_good(const struct record *record);

/* What its owner is charged for it. */
uint64_t record_charge(const struct record *record);

/* NULL: it has nothing here. owner_get() makes an entry: NULL: there are too many. */
struct owner *owner_find(struct store *store, const char label[LABEL_MAX]);
struct owner *owner_get(struct store *store, const char label[LABEL_MAX]);

/* Remembers that a record is no more. */
void tombstone_add(struct store *store, const struct key *key, uint64_t version);

/*
 * What may be seen by a label: the next record or tombstone after a version that a pattern matches,
 * private ones of that label or public ones. Either is NULL.
 */
struct next {
    const struct record *record;
    const struct tombstone *tombstone;
};
struct next store_after(const struct store *store, uint64_t version, const struct filter *filter,
                        bool deleted);

/* Of a client. NULL: none is remembered. */
const struct result *result_find(const struct store *store, endpoint_t client);
void result_add(struct store *store, const struct result *result);

/* Forgets everything. */
void store_clear(struct store *store);

#endif
