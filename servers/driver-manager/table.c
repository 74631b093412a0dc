#include "table.h"

#include <string.h>

version_t table_version(const struct table *t) {
    version_t highest = 0;

    for (unsigned i = 0; i < MANAGER_SERVICES; i++)
        if (t->record[i].version > highest)
            highest = t->record[i].version;
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (t->client[i].version > highest)
            highest = t->client[i].version;
    return highest;
}

int table_find(const struct table *t, const char label[LABEL_MAX]) {
    for (unsigned i = 0; i < MANAGER_SERVICES; i++)
        if (t->record[i].used && memcmp(t->record[i].parameters.label, label, LABEL_MAX) == 0)
            return (int)i;
    return -1;
}

int table_free(const struct table *t) {
    int oldest = -1;

    for (int i = 0; i < (int)MANAGER_SERVICES; i++)
        if (!t->record[i].used && t->record[i].done >= (t->record[i].version != 0) &&
            (oldest < 0 || t->record[i].version < t->record[oldest].version))
            oldest = i;
    return oldest;
}

struct client *table_client(struct table *t, endpoint_t client) {
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (t->client[i].client == client && client != ENDPOINT_NONE)
            return &t->client[i];
    return NULL;
}

void table_note(struct table *t, const struct client *noted) {
    struct client *to = table_client(t, noted->client);

    if (noted->client == ENDPOINT_NONE)
        return;
    for (unsigned i = 0; i < CLIENTS_MAX && to == NULL; i++)
        if (t->client[i].client == ENDPOINT_NONE)
            to = &t->client[i];
    if (to == NULL)
        to = &t->client[0];
    for (unsigned i = 0; i < CLIENTS_MAX && to->client != noted->client; i++)
        if (to->client != ENDPOINT_NONE && t->client[i].version < to->version)
            to = &t->client[i];
    /* A replica may not have heard that a request was done, but none hears of it before. */
    if (to->client != noted->client || to->sequence < noted->sequence ||
        (to->sequence == noted->sequence && !to->done))
        *to = *noted;
}

void table_set(struct table *t, unsigned slot, const struct record *record) {
    t->record[slot] = *record;
    table_note(t, &(struct client){ .client = record->client,
                                    .sequence = record->sequence,
                                    .version = record->version,
                                    .endpoint = record->endpoint,
                                    .result = record->result,
                                    .done = record->done });
}

/* What does not run takes no room. */
static unsigned services_on(const struct table *t, uint16_t core) {
    unsigned count = 0;

    for (unsigned i = 0; i < MANAGER_SERVICES; i++)
        count += t->record[i].used && t->record[i].wanted && t->record[i].core == core;
    return count;
}

uint16_t table_place(const struct table *t, uint16_t bound, uint16_t preferred, uint64_t members) {
    uint16_t best = MANAGER_ANY_CORE;

    if (bound != MANAGER_ANY_CORE)
        return bound < CORES_MAX && members >> bound & 1 ? bound : MANAGER_ANY_CORE;
    if (preferred < CORES_MAX && members >> preferred & 1)
        return preferred;
    for (uint16_t core = 0; core < CORES_MAX; core++)
        if (members >> core & 1 &&
            (best == MANAGER_ANY_CORE || services_on(t, core) < services_on(t, best)))
            best = core;
    return best;
}
