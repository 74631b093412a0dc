/*
 * Changes: what is sent to the backup, and what both apply. A batch is what becomes visible
 * together. The primary judges it first; then applying it cannot fail, and comes to the same
 * everywhere.
 */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include "records.h"

enum change_kind {
    CHANGE_PUT = 1,
    CHANGE_DELETE,
    CHANGE_SNAPSHOT, /* with its content */
    CHANGE_DROP_SNAPSHOT,
    CHANGE_COLLECT, /* all records of key.label */
    CHANGE_SUBSCRIBE,
    CHANGE_UNSUBSCRIBE,
    CHANGE_RESULT,
    /* How a new backup is filled: everything goes, then this comes, with SNAPSHOT, SUBSCRIBE and
     * RESULT. */
    CHANGE_CLEAR,
    CHANGE_RECORD,
    CHANGE_TOMBSTONE,
    CHANGE_COUNTERS, /* and it is complete */
    CHANGE_KINDS
};

/* As it is sent; its data follow it. */
struct change {
    uint8_t kind;       /* enum change_kind */
    uint8_t type;       /* of the content: enum store_type */
    uint8_t overwrites; /* PUT: what there is */
    uint8_t reserved;
    uint16_t snapshot;      /* its number */
    uint16_t last_snapshot; /* the number that the record gave last */
    uint32_t bytes;         /* of the content */
    uint32_t tag;           /* RESULT */
    int32_t result;
    struct key key;      /* SUBSCRIBE: pattern and label */
    uint64_t value;      /* of the content; (UN)SUBSCRIBE: number; COUNTERS: takeovers */
    uint64_t hash;       /* of the content */
    uint64_t version;    /* RECORD, TOMBSTONE, COUNTERS */
    endpoint_t client;   /* (UN)SUBSCRIBE, RESULT */
    uint64_t counter[2]; /* COUNTERS: number of the last subscription, forgotten */
};

/* Bytes that follow. */
static inline uint32_t change_data(const struct change *change) {
    bool has = change->kind == CHANGE_PUT || change->kind == CHANGE_RECORD ||
               change->kind == CHANGE_SNAPSHOT;
    return has && type_has_data(change->type) ? change->bytes : 0;
}

/* Whether what came from elsewhere is a change: of a known kind and type, not too long. */
bool change_is_valid(const struct change *change);

/* Changes, their data, and what is needed to apply them. */
#define BATCH_MAX (STORE_TRANSACTION_MAX + 1) /* those of a transaction, and its result */

struct batch {
    unsigned count;
    struct change change[BATCH_MAX];
    void *data[BATCH_MAX];           /* allocated; the record's once it is applied */
    struct record *fresh[BATCH_MAX]; /* allocated for those that make a record */
    struct owner *held;              /* NULL: none */
};

struct quota {
    uint64_t records, bytes;
};

/* The content of a PUT, RECORD or SNAPSHOT, with its data. */
struct content change_content(const struct change *change, void *data);

/* Appends a change; there is room for it. */
struct change *batch_add(struct batch *batch, const struct change *change, void *data);

/*
 * Whether all of it can be done, by the rules of protocol/store.h; gets ready what applying takes.
 * 0, or -E_EXIST, -E_NOENT, -E_PERM, -E_BUSY, -E_QUOTA, -E_NOMEM, -E_CHECKSUM.
 */
int batch_judge(struct store *store, struct batch *batch, const struct quota *quota);

/* Does it, and empties the batch. False: there is no memory; cannot be if it was judged here. */
bool batch_apply(struct store *store, struct batch *batch);

/* Empties it: nothing is done. */
void batch_drop(struct batch *batch);

#endif
