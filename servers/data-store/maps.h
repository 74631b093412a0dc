/* Memory of records that their owners map: it is the store's, so it outlives them. */
#ifndef STORE_MAPS_H
#define STORE_MAPS_H

#include "records.h"

/* Lets a client map it, and nobody else any more: 0 and the id of a grant. */
int map_lend(struct record *record, endpoint_t client, uint64_t *id);

/* Nobody has it mapped when this returns. For struct store. */
void map_end(struct record *record);

/* Ends what is lent to a process, or to all that are dead: whether something is still lent. */
void maps_gone(struct store *store, endpoint_t client);
bool maps_sweep(struct store *store);

#endif
