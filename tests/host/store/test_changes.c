/* What may be changed, and what is left of it. */
#include "fixture.h"

static struct store *store;
static struct key key;

static void begin(void) {
    store = calloc(1, sizeof *store);
    key = key_of(OWN, "own.x", false);
}

static void end(void) {
    store_clear(store);
    free(store);
}

TestSuite(changes, .init = begin, .fini = end);

Test(changes, what_there_is_is_not_overwritten_by_mistake) {
    cr_assert_eq(put(store, &key, 1, 0, false), 0);
    cr_assert_eq(put(store, &key, 2, 0, false), -E_EXIST);
    cr_assert_eq(put(store, &key, 2, 0, true), 0);
    cr_assert_eq(record_find(store, &key)->content.value, 2);
}

Test(changes, public_records_are_changed_by_their_label_alone) {
    struct key same = key_of(OTHER, "own.x", false);

    put(store, &key, 1, 0, false);
    cr_assert_eq(put(store, &same, 2, 0, true), -E_PERM);
    cr_assert_eq(change(store, CHANGE_DELETE, &same), -E_PERM);
    cr_assert_eq(change(store, CHANGE_SNAPSHOT, &same), -E_PERM);
}

Test(changes, private_names_are_those_of_a_label) {
    struct key own = key_of(OWN, "x", true), other = key_of(OTHER, "x", true);

    put(store, &own, 1, 0, false);
    cr_assert_null(record_find(store, &other));
    cr_assert_eq(put(store, &other, 2, 0, false), 0);
    cr_assert_eq(record_find(store, &own)->content.value, 1);
    cr_assert_eq(change(store, CHANGE_DELETE, &other), 0);
    cr_assert_not_null(record_find(store, &own));
}

Test(changes, a_batch_is_done_or_not) {
    struct batch batch = { .count = 0 };
    struct key more = key_of(OWN, "own.y", false);

    put(store, &key, 1, 0, false);
    add_put(&batch, &more, 2, 100, false);
    add_put(&batch, &key, 2, 0, false);
    cr_assert_eq(run(store, &batch, &plenty), -E_EXIST);
    cr_assert_null(record_find(store, &more));
    cr_assert_eq(store->bytes, 8);
}

Test(changes, a_batch_sees_what_it_did_before) {
    struct batch batch = { .count = 0 };

    add_put(&batch, &key, 1, 0, false);
    add(&batch, CHANGE_DELETE, &key);
    add_put(&batch, &key, 2, 10, false);
    add_put(&batch, &key, 3, 20, true);
    cr_assert_eq(run(store, &batch, &plenty), 0);
    cr_assert_eq(record_find(store, &key)->content.bytes, 20);
    cr_assert_eq(store->records, 1);
    cr_assert_eq(store->bytes, 20);
    add(&batch, CHANGE_DELETE, &key);
    add(&batch, CHANGE_DELETE, &key);
    cr_assert_eq(run(store, &batch, &plenty), -E_NOENT);
}

Test(changes, quotas_count_records_and_bytes_of_a_label) {
    const struct quota quota = { 2, 100 };
    struct batch batch = { .count = 0 };
    struct key names[] = { key_of(OWN, "a", true), key_of(OWN, "b", true), key_of(OWN, "c", true) };

    add_put(&batch, &names[0], 0, 50, false);
    add_put(&batch, &names[1], 0, 50, false);
    cr_assert_eq(run(store, &batch, &quota), 0);
    add_put(&batch, &names[2], 0, 0, false);
    cr_assert_eq(run(store, &batch, &quota), -E_QUOTA);
    add_put(&batch, &names[0], 0, 51, true);
    cr_assert_eq(run(store, &batch, &quota), -E_QUOTA);
    add_put(&batch, &names[0], 0, 49, true);
    cr_assert_eq(run(store, &batch, &quota), 0);
    add(&batch, CHANGE_SNAPSHOT, &names[0]);
    cr_assert_eq(run(store, &batch, &quota), -E_QUOTA, "snapshots count");
    add(&batch, CHANGE_DELETE, &names[0]);
    add_put(&batch, &names[2], 0, 50, false);
    cr_assert_eq(run(store, &batch, &quota), 0, "what a batch frees it can use");
}

Test(changes, snapshots_are_numbered_and_the_oldest_goes) {
    put(store, &key, 1, 10, false);
    for (unsigned i = 1; i <= STORE_SNAPSHOTS_MAX + 2; i++)
        cr_assert_eq(change(store, CHANGE_SNAPSHOT, &key), 0);
    const struct record *record = record_find(store, &key);
    cr_assert_eq(record->snapshots, STORE_SNAPSHOTS_MAX);
    cr_assert_null(snapshot_find(record, 2));
    cr_assert_not_null(snapshot_find(record, 3));
    cr_assert_eq(store->bytes, 10 * (1 + (uint64_t)STORE_SNAPSHOTS_MAX));
    cr_assert_eq(change(store, CHANGE_DELETE, &key), 0);
    cr_assert_eq(store->bytes, 0);
}

Test(changes, a_snapshot_is_as_the_record_was) {
    put(store, &key, 7, 10, false);
    change(store, CHANGE_SNAPSHOT, &key);
    put(store, &key, 8, 20, true);
    const struct snapshot *snapshot = snapshot_find(record_find(store, &key), 1);
    cr_assert_eq(snapshot->content.bytes, 10);
    cr_assert_eq(((char *)snapshot->content.data)[9], 7);
}

/* One bit, anywhere in what is kept: the record says so, and its good snapshot is known. */
Test(changes, corruption_is_found_out) {
    put(store, &key, 1, 64, false);
    change(store, CHANGE_SNAPSHOT, &key);
    change(store, CHANGE_SNAPSHOT, &key);
    struct record *record = record_find(store, &key);
    cr_assert(content_is_good(&record->content, true));
    for (unsigned bit = 0; bit < 64 * 8; bit++) {
        ((uint8_t *)record->content.data)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(content_is_good(&record->content, true), "bit %u", bit);
        ((uint8_t *)record->content.data)[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    record->content.value ^= 1;
    cr_assert_not(content_is_good(&record->content, true));
    cr_assert_eq(change(store, CHANGE_SNAPSHOT, &key), -E_CHECKSUM, "it gets no good snapshot");
    cr_assert_eq(snapshot_good(record), 2);
    ((uint8_t *)record->snapshot[1].content.data)[5] ^= 4;
    cr_assert_eq(snapshot_good(record), 1, "nor is a corrupt one offered");
    ((uint8_t *)record->snapshot[0].content.data)[5] ^= 4;
    cr_assert_eq(snapshot_good(record), 0);
    cr_assert_eq(put(store, &key, 2, 64, true), 0);
    cr_assert(content_is_good(&record->content, true), "what is published anew is good");
}

Test(changes, what_belonged_to_a_label_is_collected) {
    struct key other = key_of(OTHER, "other.x", false), own = key_of(OWN, "x", true);

    put(store, &key, 1, 10, false);
    put(store, &own, 1, 10, false);
    put(store, &other, 1, 10, false);
    change(store, CHANGE_COLLECT, &key);
    cr_assert_eq(store->records, 1);
    cr_assert_not_null(record_find(store, &other));
    cr_assert_eq(store->bytes, 10);
}

/* ---- What has changed ---- */

static struct filter filter_of(const char *label, const char *pattern, bool is_private) {
    struct key names = key_of(label, pattern, is_private);
    struct filter filter = { .is_private = is_private };

    memcpy(filter.pattern, names.name, sizeof filter.pattern);
    memcpy(filter.label, names.label, sizeof filter.label);
    return filter;
}

Test(changes, what_changes_is_told_in_order_and_what_is_deleted_too) {
    struct key a = key_of(OWN, "own.a", false), b = key_of(OWN, "own.b", false);
    struct filter all = filter_of(OTHER, "own.*", false);

    put(store, &a, 1, 0, false);
    put(store, &b, 1, 0, false);
    put(store, &a, 2, 0, true);
    struct next next = store_after(store, 0, &all, true);
    cr_assert_eq(memcmp(next.record->key.name, b.name, sizeof b.name), 0);
    next = store_after(store, next.record->version, &all, true);
    cr_assert_eq(next.record->content.value, 2);
    uint64_t version = next.record->version;
    cr_assert_null(store_after(store, version, &all, true).record);
    change(store, CHANGE_DELETE, &b);
    next = store_after(store, version, &all, true);
    cr_assert_null(next.record);
    cr_assert_eq(memcmp(next.tombstone->key.name, b.name, sizeof b.name), 0);
    cr_assert_null(store_after(store, version, &all, false).record);
}

Test(changes, private_changes_are_for_their_label) {
    struct key own = key_of(OWN, "secret", true);
    struct filter filters[] = { filter_of(OTHER, "*", false), filter_of(OTHER, "*", true),
                                filter_of(OWN, "*", false) };
    struct filter owner = filter_of(OWN, "*", true);

    put(store, &own, 1, 0, false);
    for (unsigned i = 0; i < 3; i++)
        cr_assert_null(store_after(store, 0, &filters[i], true).record);
    cr_assert_not_null(store_after(store, 0, &owner, true).record);
}

Test(changes, too_many_deletions_are_not_forgotten_silently) {
    cr_assert_eq(store->forgotten, 0);
    for (int i = 0; i < STORE_TOMBSTONES; i++) {
        put(store, &key, 1, 0, false);
        change(store, CHANGE_DELETE, &key);
    }
    cr_assert_eq(store->forgotten, 0);
    put(store, &key, 1, 0, false);
    change(store, CHANGE_DELETE, &key);
    cr_assert_eq(store->forgotten, 2);
}

Test(changes, a_slow_subscriber_is_told_once) {
    struct filter filter = filter_of(OTHER, "own.*", false);

    cr_assert_eq(subscription_allowed(store, filter.label), 0);
    subscription_add(store, 1, 77, &filter);
    put(store, &key, 1, 0, false);
    struct subscription *s = subscription_take_due(store);
    cr_assert_eq(s->client, 77);
    put(store, &key, 2, 0, true);
    cr_assert_null(subscription_take_due(store), "it has not looked yet");
    s->told = false;
    put(store, &key, 3, 0, true);
    cr_assert_eq(subscription_take_due(store), s);
    s->told = false;
    struct key unwanted = key_of(OWN, "x", true);
    put(store, &unwanted, 1, 0, false);
    cr_assert_null(subscription_take_due(store));
}

Test(changes, subscriptions_are_counted_by_label) {
    struct filter filter = filter_of(OTHER, "*", false);

    for (uint64_t i = 1; i <= STORE_SUBSCRIPTIONS_MAX; i++)
        subscription_add(store, i, 7, &filter);
    cr_assert_eq(subscription_allowed(store, filter.label), -E_QUOTA);
    struct filter own = filter_of(OWN, "*", false);
    for (uint64_t i = STORE_SUBSCRIPTIONS_MAX; i < STORE_SUBSCRIPTIONS; i++)
        subscription_add(store, i + 1, 7, &own);
    own = filter_of("third", "*", false);
    cr_assert_eq(subscription_allowed(store, own.label), -E_NOSLOT);
}
