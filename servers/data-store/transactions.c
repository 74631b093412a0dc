#include "transactions.h"

#include <bulkhead/error.h>

static struct transaction transactions[TRANSACTIONS_MAX];

static struct transaction *find(endpoint_t client) {
    for (struct transaction *t = transactions; t < transactions + TRANSACTIONS_MAX; t++)
        if (t->client == client)
            return t;
    return NULL;
}

struct transaction *transaction_find(endpoint_t client) {
    return client != ENDPOINT_NONE ? find(client) : NULL;
}

int transaction_begin(struct store *store, endpoint_t client, const char label[LABEL_MAX]) {
    struct transaction *transaction = find(ENDPOINT_NONE);

    if (transaction_find(client) != NULL)
        return -E_BUSY;
    if (transaction == NULL)
        return -E_NOSLOT;
    struct owner *owner = owner_get(store, label);
    if (owner == NULL)
        return -E_QUOTA;
    owner->holds++;
    transaction->client = client;
    transaction->owner = owner;
    transaction->staged = 0;
    transaction->batch.count = 0;
    return 0;
}

int transaction_stage(struct transaction *transaction, const struct change *change, void *data,
                      const struct quota *quota) {
    struct owner *owner = transaction->owner;
    uint32_t bytes = change->kind == CHANGE_PUT ? change->bytes : 0;

    if (transaction->batch.count == STORE_TRANSACTION_MAX ||
        owner->bytes + owner->staged + bytes > quota->bytes)
        return -E_QUOTA;
    owner->staged += bytes;
    transaction->staged += bytes;
    batch_add(&transaction->batch, change, data);
    return 0;
}

void transaction_end(struct transaction *transaction, struct batch *batch) {
    transaction->owner->staged -= transaction->staged;
    transaction->owner->holds--;
    transaction->client = ENDPOINT_NONE;
    if (batch == NULL) {
        batch_drop(&transaction->batch);
        return;
    }
    *batch = transaction->batch;
    transaction->batch.count = 0;
}

void transactions_gone(endpoint_t client) {
    struct transaction *transaction = transaction_find(client);

    if (transaction != NULL)
        transaction_end(transaction, NULL);
}

bool transactions_sweep(bool (*lives)(endpoint_t)) {
    bool some = false;

    for (struct transaction *t = transactions; t < transactions + TRANSACTIONS_MAX; t++) {
        if (t->client != ENDPOINT_NONE && !lives(t->client))
            transaction_end(t, NULL);
        some |= t->client != ENDPOINT_NONE;
    }
    return some;
}
