/* The requests that change something. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/grant.h>

#include "transactions.h"

#define FLAGS (STORE_PRIVATE | STORE_OVERWRITE | STORE_TRANSACTION)

/* ---- Names ---- */

static bool name_is_valid(const char name[STORE_NAME_MAX]) {
    size_t length = strnlen(name, STORE_NAME_MAX);

    for (size_t i = 0; i < STORE_NAME_MAX; i++)
        if (i < length ? name[i] < 0x21 || name[i] > 0x7e : name[i] != '\0')
            return false;
    return length != 0;
}

bool request_key(const struct request *r, struct key *key) {
    *key = (struct key){ .is_private = r->what.flags & STORE_PRIVATE };
    memcpy(key->name, r->m->arg, sizeof key->name);
    memcpy(key->label, r->label, sizeof key->label);
    return name_is_valid(key->name) && (r->what.flags & ~FLAGS) == 0;
}

bool request_filter(const struct request *r, struct filter *filter) {
    struct key key;
    bool valid = request_key(r, &key);

    *filter = (struct filter){ .is_private = key.is_private };
    memcpy(filter->pattern, key.name, sizeof filter->pattern);
    memcpy(filter->label, key.label, sizeof filter->label);
    return valid;
}

/* Public names are the label's own, or begin with it and a dot. */
static bool may_use(const struct key *key) {
    size_t length = strnlen(key->label, LABEL_MAX);

    if (key->is_private || label_manages(key->label))
        return true;
    return memcmp(key->name, key->label, length) == 0 &&
           (key->name[length] == '\0' || key->name[length] == '.');
}

/* ---- PUBLISH ---- */

/* What a record may be, whoever makes it. */
static int check_what(const struct request *r) {
    const struct store_what *what = &r->what;
    unsigned type = what->type;

    if (type == STORE_TYPE_NONE || type >= STORE_TYPE_COUNT || what->snapshot != 0)
        return -E_INVAL;
    if (type == STORE_TYPE_MAPPED &&
        (what->bytes == 0 || what->bytes % PAGE_SIZE != 0 || what->flags & STORE_TRANSACTION))
        return -E_INVAL;
    if (type_has_data(type) && what->bytes > type_bytes_max(type))
        return -E_TOOBIG;
    return type == STORE_TYPE_LABEL && !label_manages(r->label) ? -E_PERM : 0;
}

/* The client's memory is copied once, and judged then. */
static int fetch(const struct request *r, const struct change *change, void **data) {
    uint32_t bytes = change_data(change);
    struct grant_name grant = { r->m->source, r->m->arg[4] };
    int error = 0;

    *data = NULL;
    if (bytes == 0)
        return 0;
    if (bytes > quota_of(r->label)->bytes)
        return -E_QUOTA;
    *data = content_memory(change->type, bytes);
    if (*data == NULL)
        return -E_NOMEM;
    if (grant.id != 0 || change->type != STORE_TYPE_MAPPED)
        error = safe_copy_from(grant, 0, *data, bytes);
    if (!error && change->type == STORE_TYPE_STRING && memchr(*data, '\0', bytes) != NULL)
        error = -E_INVAL;
    if (error)
        free(*data);
    return error;
}

static int make_put(const struct request *r, struct change *change, void **data) {
    struct key key;

    if (!request_key(r, &key))
        return -E_INVAL;
    int error = check_what(r);
    if (error)
        return error;
    if (!may_use(&key))
        return -E_PERM;
    bool has_data = type_has_data(r->what.type);
    *change = (struct change){
        .kind = CHANGE_PUT,
        .type = r->what.type,
        .overwrites = (r->what.flags & STORE_OVERWRITE) != 0,
        .bytes = has_data ? r->what.bytes : sizeof(uint64_t),
        .key = key,
        .value = has_data ? 0 : r->m->arg[4],
    };
    error = fetch(r, change, data);
    if (error)
        return error;
    struct content content = change_content(change, *data);
    change->hash = content_hash(&content, true);
    return 0;
}

int write_publish(struct request *r) {
    struct change change;
    void *data;
    int error = make_put(r, &change, &data);

    if (!error)
        batch_add(r->batch, &change, data);
    return error;
}

/* ---- DELETE ---- */

static int make_delete(const struct request *r, struct change *change) {
    struct key key;

    if (!request_key(r, &key))
        return -E_INVAL;
    *change = (struct change){
        .kind = r->what.snapshot != 0 ? CHANGE_DROP_SNAPSHOT : CHANGE_DELETE,
        .snapshot = r->what.snapshot,
        .key = key,
    };
    return 0;
}

int write_delete(struct request *r) {
    struct change change;
    int error = make_delete(r, &change);

    if (!error)
        batch_add(r->batch, &change, NULL);
    return error;
}

int write_snapshot(struct request *r) {
    struct change change = { .kind = CHANGE_SNAPSHOT };

    if (!request_key(r, &change.key))
        return -E_INVAL;
    const struct record *record = record_find(&store, &change.key);
    batch_add(r->batch, &change, NULL);
    if (record != NULL) /* as it will be judged */
        r->reply[0] = record->last_snapshot == UINT16_MAX ? 1 : record->last_snapshot + 1U;
    return 0;
}

int write_collect(struct request *r) {
    struct change change = { .kind = CHANGE_COLLECT };

    if (!label_manages(r->label))
        return -E_PERM;
    memcpy(change.key.label, r->m->arg, LABEL_MAX);
    if (change.key.label[0] == '\0')
        return -E_INVAL;
    const struct owner *owner = owner_find(&store, change.key.label);
    r->reply[0] = owner != NULL ? owner->records : 0;
    batch_add(r->batch, &change, NULL);
    return 0;
}

/* ---- Subscriptions ---- */

int write_subscribe(struct request *r) {
    struct change change = { .kind = CHANGE_SUBSCRIBE, .client = r->m->source };

    if (!request_key(r, &change.key))
        return -E_INVAL;
    change.value = store.subscribed + 1;
    batch_add(r->batch, &change, NULL);
    r->reply[0] = change.value;
    r->reply[1] = store.version;
    return 0;
}

int write_unsubscribe(struct request *r) {
    const struct subscription *s = subscription_find(&store, r->m->arg[0]);

    if (s == NULL || s->client != r->m->source)
        return -E_NOENT;
    batch_add(r->batch, &(struct change){ .kind = CHANGE_UNSUBSCRIBE, .value = s->number }, NULL);
    return 0;
}

/* ---- Transactions ---- */

static int stage(const struct request *r, const struct change *change, void *data) {
    struct transaction *transaction = transaction_find(r->m->source);
    int error = transaction != NULL
                    ? transaction_stage(transaction, change, data, quota_of(r->label))
                    : -E_NOENT;

    if (error)
        free(data);
    return error;
}

int stage_publish(struct request *r) {
    struct change change;
    void *data;
    int error = make_put(r, &change, &data);

    return error ? error : stage(r, &change, data);
}

int stage_delete(struct request *r) {
    struct change change;
    int error = make_delete(r, &change);

    if (!error && change.kind != CHANGE_DELETE)
        error = -E_INVAL;
    return error ? error : stage(r, &change, NULL);
}

int write_commit(struct request *r) {
    struct transaction *transaction = transaction_find(r->m->source);

    if (transaction == NULL)
        return -E_NOENT;
    transaction_end(transaction, r->batch);
    return 0;
}
