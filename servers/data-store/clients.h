/* Who asks: by the label that the monitor of its core vouches for. */
#ifndef STORE_CLIENTS_H
#define STORE_CLIENTS_H

#include <stdbool.h>

#include <bulkhead/kcall.h>

/*
 * The label of a process that a monitor has started; of its children nobody knows by what right
 * they have theirs. Waits for no more than the monitors. False: it has none, or is dead.
 */
bool client_label(endpoint_t client, char label[LABEL_MAX]);

/* Whether a process of this core lives; of other cores the end of their channels tells. */
bool client_lives(endpoint_t client);

#endif
