/* Changes that are not visible yet. */
#include "fixture.h"
#include "transactions.h"

static struct store *store;
static const char own[LABEL_MAX] = OWN;

static void begin(void) { store = calloc(1, sizeof *store); }

static void end(void) {
    store_clear(store);
    free(store);
}

TestSuite(transactions, .init = begin, .fini = end);

static int stage(endpoint_t client, const char *name, uint32_t bytes, const struct quota *quota) {
    struct key key = key_of(OWN, name, true);
    struct batch batch = { .count = 0 };

    add_put(&batch, &key, 1, bytes, false);
    int error = transaction_stage(transaction_find(client), &batch.change[0], batch.data[0], quota);
    if (error)
        batch_drop(&batch);
    return error;
}

Test(transactions, one_of_a_client) {
    cr_assert_null(transaction_find(7));
    cr_assert_eq(transaction_begin(store, 7, own), 0);
    cr_assert_eq(transaction_begin(store, 7, own), -E_BUSY);
    cr_assert_eq(transaction_begin(store, 8, own), 0);
    transactions_gone(7);
    cr_assert_null(transaction_find(7));
    cr_assert_not_null(transaction_find(8));
    transactions_gone(8);
}

Test(transactions, changes_come_together) {
    struct batch batch = { .count = 0 };

    transaction_begin(store, 7, own);
    cr_assert_eq(stage(7, "a", 100, &plenty), 0);
    cr_assert_eq(stage(7, "b", 0, &plenty), 0);
    cr_assert_eq(store->records, 0);
    transaction_end(transaction_find(7), &batch);
    cr_assert_eq(run(store, &batch, &plenty), 0);
    cr_assert_eq(store->records, 2);
}

Test(transactions, what_is_staged_counts) {
    const struct quota quota = { 10, 100 };
    struct key key = key_of(OWN, "c", true);
    struct batch batch = { .count = 0 };

    transaction_begin(store, 7, own);
    cr_assert_eq(stage(7, "a", 60, &quota), 0);
    cr_assert_eq(stage(7, "b", 60, &quota), -E_QUOTA);
    add_put(&batch, &key, 1, 60, false);
    cr_assert_eq(run(store, &batch, &quota), -E_QUOTA);
    transaction_end(transaction_find(7), NULL);
    add_put(&batch, &key, 1, 60, false);
    cr_assert_eq(run(store, &batch, &quota), 0);
}

Test(transactions, there_are_only_so_many_changes_in_one) {
    char name[8];

    transaction_begin(store, 7, own);
    for (unsigned i = 0; i < STORE_TRANSACTION_MAX; i++) {
        snprintf(name, sizeof name, "n%u", i);
        cr_assert_eq(stage(7, name, 0, &plenty), 0);
    }
    cr_assert_eq(stage(7, "one-more", 0, &plenty), -E_QUOTA);
    transactions_gone(7);
}

static bool only_8_lives(endpoint_t client) { return client == 8; }

Test(transactions, those_of_the_dead_are_given_up) {
    for (endpoint_t client = 1; client <= TRANSACTIONS_MAX; client++)
        cr_assert_eq(transaction_begin(store, client, own), 0);
    cr_assert_eq(transaction_begin(store, 99, own), -E_NOSLOT);
    transactions_sweep(only_8_lives);
    cr_assert_not_null(transaction_find(8));
    cr_assert_null(transaction_find(1));
    cr_assert_eq(transaction_begin(store, 99, own), 0);
    transactions_gone(8);
    transactions_gone(99);
}
