/* Changes, written shortly. */
#ifndef TESTS_HOST_STORE_FIXTURE_H
#define TESTS_HOST_STORE_FIXTURE_H

#define PROGRAM "store-test"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../random.h"

#include <bulkhead/error.h>

#include "changes.h"

#define OWN   "own"
#define OTHER "other"

static const struct quota plenty = { 1000, 1 << 20 };

static inline struct key key_of(const char *label, const char *name, bool is_private) {
    struct key key = { .is_private = is_private };

    memcpy(key.name, name, strlen(name));
    memcpy(key.label, label, strlen(label));
    return key;
}

/* Memory of `bytes` bytes, all `value`; of 0 bytes an integer. */
static inline void add_put(struct batch *batch, const struct key *key, uint64_t value,
                           uint32_t bytes, bool overwrites) {
    struct change change = {
        .kind = CHANGE_PUT,
        .type = bytes != 0 ? STORE_TYPE_MEMORY : STORE_TYPE_INTEGER,
        .overwrites = overwrites,
        .bytes = bytes != 0 ? bytes : sizeof value,
        .key = *key,
        .value = bytes != 0 ? 0 : value,
    };
    void *data = bytes != 0 ? content_memory(change.type, bytes) : NULL;

    if (data != NULL)
        memset(data, (int)value, bytes);
    struct content content = change_content(&change, data);
    change.hash = content_hash(&content, true);
    batch_add(batch, &change, data);
}

static inline void add(struct batch *batch, enum change_kind kind, const struct key *key) {
    batch_add(batch, &(struct change){ .kind = (uint8_t)kind, .key = *key }, NULL);
}

/* Judges it, and does it if it can be done. */
static inline int run(struct store *store, struct batch *batch, const struct quota *quota) {
    int error = batch_judge(store, batch, quota);

    if (error)
        batch_drop(batch);
    else
        cr_assert(batch_apply(store, batch));
    return error;
}

static inline int put(struct store *store, const struct key *key, uint64_t value, uint32_t bytes,
                      bool overwrites) {
    struct batch batch = { .count = 0 };

    add_put(&batch, key, value, bytes, overwrites);
    return run(store, &batch, &plenty);
}

static inline int change(struct store *store, enum change_kind kind, const struct key *key) {
    struct batch batch = { .count = 0 };

    add(&batch, kind, key);
    return run(store, &batch, &plenty);
}

#endif
