/*
 * Random changes, beside a reference that is a list; and beside a second store that gets them as a
 * backup does, in parts of random length, or is filled anew.
 */
#include "fixture.h"

#include "transfer.h"

#define LABELS    3
#define NAMES     5
#define STEPS     3000
#define BYTES_MAX 300

static const char *const labels[LABELS] = { "a", "b", "c" };
static const struct quota quota = { 6, 2000 };

/* ---- The reference: what each name has ---- */

struct entry {
    struct key key;
    bool exists;
    uint64_t value;
    uint32_t bytes; /* 0: an integer */
    uint64_t version;
    struct {
        uint64_t value;
        uint32_t bytes;
        uint16_t number;
    } snapshot[STORE_SNAPSHOTS_MAX];
    unsigned snapshots;
};

static struct entry entries[LABELS * NAMES * 2];
static unsigned entry_count;
static uint64_t version;

static uint64_t charge(uint32_t bytes) { return bytes != 0 ? bytes : 8; }

static uint64_t charge_of(const struct entry *e) {
    uint64_t bytes = charge(e->bytes);

    for (unsigned i = 0; i < e->snapshots; i++)
        bytes += charge(e->snapshot[i].bytes);
    return bytes;
}

/* Public names are one label's, by whoever comes first. */
static struct entry *entry_of(const struct key *key) {
    for (unsigned i = 0; i < entry_count; i++) {
        struct entry *e = &entries[i];
        if (e->key.is_private == key->is_private &&
            memcmp(e->key.name, key->name, sizeof key->name) == 0 &&
            (!key->is_private || memcmp(e->key.label, key->label, sizeof key->label) == 0))
            return e;
    }
    entries[entry_count] = (struct entry){ .key = *key };
    return &entries[entry_count++];
}

static void use(const char label[LABEL_MAX], uint64_t *records, uint64_t *bytes) {
    *records = *bytes = 0;
    for (unsigned i = 0; i < entry_count; i++)
        if (entries[i].exists && memcmp(entries[i].key.label, label, LABEL_MAX) == 0) {
            ++*records;
            *bytes += charge_of(&entries[i]);
        }
}

static int reference_put(const struct change *c) {
    struct entry *e = entry_of(&c->key);
    uint32_t bytes = c->type == STORE_TYPE_INTEGER ? 0 : c->bytes;
    uint64_t records, used, former = e->exists ? charge(e->bytes) : 0;

    if (e->exists && memcmp(e->key.label, c->key.label, LABEL_MAX) != 0)
        return -E_PERM;
    if (e->exists && !c->overwrites)
        return -E_EXIST;
    use(c->key.label, &records, &used);
    if ((!e->exists && records + 1 > quota.records) ||
        (charge(bytes) > former && used + charge(bytes) - former > quota.bytes))
        return -E_QUOTA;
    if (!e->exists) {
        e->key = c->key;
        e->snapshots = 0;
    }
    e->exists = true;
    e->value = c->value;
    e->bytes = bytes;
    e->version = ++version;
    return 0;
}

static int reference_delete(const struct change *c) {
    struct entry *e = entry_of(&c->key);

    if (!e->exists)
        return -E_NOENT;
    if (memcmp(e->key.label, c->key.label, LABEL_MAX) != 0)
        return -E_PERM;
    e->exists = false;
    version++;
    return 0;
}

/* ---- Comparing ---- */

static bool same_content(const struct content *content, uint64_t value, uint32_t bytes) {
    if (!content_is_good(content, false))
        return false;
    if (bytes == 0)
        return content->type == STORE_TYPE_INTEGER && content->value == value;
    for (uint32_t i = 0; i < bytes; i++)
        if (((const char *)content->data)[i] != (char)value)
            return false;
    return content->bytes == bytes;
}

static void compare(const struct store *store) {
    uint64_t records = 0, bytes = 0;

    random_check(store->version == version);
    for (unsigned i = 0; i < entry_count; i++) {
        const struct entry *e = &entries[i];
        const struct record *r = record_find(store, &e->key);
        random_check(e->exists == (r != NULL));
        if (r == NULL)
            continue;
        records++;
        bytes += charge_of(e);
        random_check(same_content(&r->content, e->value, e->bytes));
        random_check(r->version == e->version && r->snapshots == e->snapshots);
        random_check(memcmp(r->key.label, e->key.label, LABEL_MAX) == 0);
        for (unsigned k = 0; k < e->snapshots; k++)
            random_check(
                r->snapshot[k].number == e->snapshot[k].number &&
                same_content(&r->snapshot[k].content, e->snapshot[k].value, e->snapshot[k].bytes));
    }
    random_check(store->records == records && store->bytes == bytes);
    uint64_t former = 0;
    for (const struct record *r = store->oldest; r != NULL; r = r->newer) {
        random_check(r->version > former);
        former = r->version;
    }
}

/* ---- Random changes ---- */

static struct key random_key(const char *label) {
    char name[8];

    (void)snprintf(name, sizeof name, "n%d", (int)random_below(NAMES));
    return key_of(label, name, random_below(2));
}

static void do_put(struct batch *batch, const struct key *key) {
    uint32_t bytes = random_below(2) ? 1 + (uint32_t)random_below(BYTES_MAX) : 0;
    uint64_t value = random_below(256);

    add_put(batch, key, value, bytes, random_below(3) != 0);
    batch->change[batch->count - 1].value = bytes != 0 ? 0 : value;
}

/* The value of memory is in its bytes. */
static struct change as_put(const struct batch *batch, unsigned i) {
    struct change c = batch->change[i];

    if (batch->data[i] != NULL)
        c.value = *(const uint8_t *)batch->data[i];
    return c;
}

static int expect_one(const struct batch *batch) {
    struct change c = as_put(batch, 0);
    struct entry *e = entry_of(&c.key);
    bool own = memcmp(e->key.label, c.key.label, LABEL_MAX) == 0;
    uint64_t records, used;

    switch (c.kind) {
    case CHANGE_PUT:
        return reference_put(&c);
    case CHANGE_DELETE:
        return reference_delete(&c);
    default:
        break;
    }
    if (!e->exists || !own)
        return e->exists ? -E_PERM : -E_NOENT;
    use(c.key.label, &records, &used);
    uint64_t oldest = e->snapshots == STORE_SNAPSHOTS_MAX ? charge(e->snapshot[0].bytes) : 0;
    if (charge(e->bytes) > oldest && used + charge(e->bytes) - oldest > quota.bytes)
        return -E_QUOTA;
    if (e->snapshots == STORE_SNAPSHOTS_MAX)
        memmove(&e->snapshot[0], &e->snapshot[1], --e->snapshots * sizeof e->snapshot[0]);
    return 0;
}

/* ---- The other store ---- */

static struct receiver receiver;
static struct batch incoming;

static void transfer(struct sender *sender, struct store *to) {
    static char part[512], copy[512];
    size_t bytes;

    while (!sender_is_done(sender)) {
        bytes = sender_write(sender, part, 1 + random_below(sizeof part));
        memcpy(copy, part, bytes);
        random_check(receiver_take(&receiver, to, &incoming, copy, bytes) == 0);
    }
    random_check(batch_apply(to, &incoming));
}

static void step(struct store *store, struct store *backup) {
    struct batch batch = { .count = 0 };
    const char *label = labels[random_below(LABELS)];
    struct key key = random_key(label);
    uint64_t what = random_below(10);
    struct sender sender;

    if (what < 6)
        do_put(&batch, &key);
    else
        add(&batch, what < 8 ? CHANGE_DELETE : CHANGE_SNAPSHOT, &key);
    int expected = expect_one(&batch);
    int error = batch_judge(store, &batch, &quota);
    random_check(error == expected);
    if (error) {
        batch_drop(&batch);
        return;
    }
    if (what >= 8) {
        struct entry *e = entry_of(&key);
        e->snapshot[e->snapshots].value = e->value;
        e->snapshot[e->snapshots].bytes = e->bytes;
        e->snapshot[e->snapshots++].number = batch.change[0].snapshot;
    }
    sender_batch(&sender, &batch);
    transfer(&sender, backup);
    random_check(batch_apply(store, &batch));
}

Test(model, stores_are_as_a_list_and_alike) {
    struct store *store = calloc(1, sizeof *store), *backup = calloc(1, sizeof *backup);
    struct sender sender;

    random_start();
    for (int i = 0; i < STEPS; i++) {
        step(store, backup);
        if (random_below(100) == 0) {
            sender_store(&sender, store);
            transfer(&sender, backup);
            random_check(receiver.full && backup->takeovers == store->takeovers);
        }
        compare(store);
        compare(backup);
        random_check(store->forgotten == backup->forgotten);
    }
    store_clear(store);
    store_clear(backup);
    free(store);
    free(backup);
}

/* Several changes of one label at once come to all of them, or to nothing. */
Test(model, batches_are_as_their_changes_one_after_the_other) {
    struct store *store = calloc(1, sizeof *store);
    struct entry before[sizeof entries / sizeof entries[0]];

    random_start();
    for (int i = 0; i < STEPS; i++) {
        struct batch batch = { .count = 0 };
        const char *label = labels[random_below(LABELS)];
        unsigned count = 1 + (unsigned)random_below(6), entries_before = entry_count;
        uint64_t version_before = version;
        int expected = 0;
        memcpy(before, entries, sizeof before);
        for (unsigned k = 0; k < count; k++) {
            struct key key = random_key(label);
            if (random_below(4))
                do_put(&batch, &key);
            else
                add(&batch, CHANGE_DELETE, &key);
            struct change c = as_put(&batch, k);
            int error = c.kind == CHANGE_PUT ? reference_put(&c) : reference_delete(&c);
            expected = expected ? expected : error;
        }
        int error = run(store, &batch, &plenty);
        /* The quota is of the whole: it has a test of its own. */
        if (expected == -E_QUOTA || error != expected) {
            random_check(expected == -E_QUOTA);
            store_clear(store);
            memset(entries, 0, sizeof entries);
            entry_count = 0;
            version = 0;
            continue;
        }
        if (error) {
            memcpy(entries, before, sizeof before);
            entry_count = entries_before;
            version = version_before;
        }
        compare(store);
    }
    store_clear(store);
    free(store);
}

/* Whatever comes instead of changes does no harm. */
Test(model, a_garbled_stream_is_refused) {
    struct store *store = calloc(1, sizeof *store);
    unsigned refused = 0;

    random_start();
    for (int i = 0; i < 2000; i++) {
        struct receiver r = { .have = 0 };
        struct batch batch = { .count = 0 };
        char part[600];
        random_fill(part, sizeof part);
        part[0] = (char)random_below(CHANGE_KINDS + 1);
        part[1] = (char)random_below(STORE_TYPE_COUNT + 1);
        memset(part + offsetof(struct change, bytes) + 1, 0, 3);
        refused += receiver_take(&r, store, &batch, part, sizeof part) != 0;
        receiver_reset(&r);
        batch_drop(&batch);
        store_clear(store);
    }
    random_check(refused > 1000);
    free(store);
}
