#include "maps.h"

#include <bulkhead/error.h>
#include <runtime/grant.h>
#include <runtime/startup.h>

#include "clients.h"

/*
 * On a core that could not be fenced somebody may still write there: that memory is never used
 * again, nor freed.
 */
void map_end(struct record *record) {
    struct grant_name name = { runtime_self(), record->grant };

    if (record->mapper == ENDPOINT_NONE)
        return;
    record->mapper = ENDPOINT_NONE;
    int error = grant_revoke(name);
    if (error && error != -E_NOENT)
        record->content.data = NULL;
}

int map_lend(struct record *record, endpoint_t client, uint64_t *id) {
    struct grant_name name;

    map_end(record);
    if (record->content.data == NULL)
        return -E_IO;
    int error = grant_make(client, record->content.data, record->content.bytes,
                           GRANT_READ | GRANT_WRITE, &name);
    if (error)
        return error;
    record->mapper = client;
    record->grant = *id = name.id;
    return 0;
}

void maps_gone(struct store *store, endpoint_t client) {
    for (struct record *r = store->oldest; r != NULL; r = r->newer)
        if (r->mapper == client)
            map_end(r);
}

bool maps_sweep(struct store *store) {
    bool some = false;

    for (struct record *r = store->oldest; r != NULL; r = r->newer) {
        if (r->mapper != ENDPOINT_NONE && !client_lives(r->mapper))
            map_end(r);
        some |= r->mapper != ENDPOINT_NONE;
    }
    return some;
}
