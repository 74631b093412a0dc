/* Changes of clients that are not to be visible yet. They are here alone, not at the backup. */
#ifndef STORE_TRANSACTIONS_H
#define STORE_TRANSACTIONS_H

#include "changes.h"

#define TRANSACTIONS_MAX 16

struct transaction {
    endpoint_t client; /* ENDPOINT_NONE: a free entry */
    struct owner *owner;
    uint64_t staged; /* bytes charged to it */
    struct batch batch;
};

/* NULL: it has begun none. */
struct transaction *transaction_find(endpoint_t client);

/* -E_BUSY it has begun one, -E_NOSLOT too many have, -E_QUOTA too many labels. */
int transaction_begin(struct store *store, endpoint_t client, const char label[LABEL_MAX]);

/* The data are the transaction's if this gives 0. -E_QUOTA also: more than STORE_TRANSACTION_MAX.
 */
int transaction_stage(struct transaction *transaction, const struct change *change, void *data,
                      const struct quota *quota);

/* Ends it: its changes are in *batch, or dropped if that is NULL. */
void transaction_end(struct transaction *transaction, struct batch *batch);

/* Gives up those of a process, or of all for which `lives` says no: whether some are left. */
void transactions_gone(endpoint_t client);
bool transactions_sweep(bool (*lives)(endpoint_t));

#endif
