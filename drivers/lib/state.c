#include <runtime/store.h>

#include "internal.h"

/* Records of the data store, private to the label. */
#define STARTS "driver.starts"
#define STATE  "driver.state"

static uint64_t starts = 1;

uint64_t state_starts(void) { return starts; }

static void count_start(void) {
    uint64_t before;

    if (store_retrieve_integer(STARTS, STORE_PRIVATE, &before) == 0)
        starts = before + 1;
    store_publish_integer(STARTS, starts, STORE_PRIVATE | STORE_OVERWRITE);
}

/* A record that has been damaged has been good once, if a snapshot was ever made of it. */
static int retrieve(void *state, size_t *bytes) {
    int error = store_retrieve_memory(STATE, STORE_PRIVATE, 0, state, DRIVER_STATE_MAX, bytes);

    if (error == -E_CHECKSUM && *bytes != 0)
        error = store_retrieve_memory(STATE, STORE_PRIVATE, (unsigned)*bytes, state,
                                      DRIVER_STATE_MAX, bytes);
    return error;
}

/* What is of no use must not be so again. */
void state_load(void) {
    uint8_t state[DRIVER_STATE_MAX];
    size_t bytes = 0;

    if (!driver_running->save)
        return;
    count_start();
    int error = retrieve(state, &bytes);
    if (!error && driver_running->restore)
        error = driver_running->restore(state, bytes);
    if (error && error != -E_NOENT)
        store_delete(STATE, STORE_PRIVATE);
}

int state_save(void) {
    uint8_t state[DRIVER_STATE_MAX];

    if (!driver_running->save)
        return -E_NOTSUP;
    size_t bytes = driver_running->save(state, sizeof state);
    if (bytes > sizeof state)
        return -E_TOOBIG;
    return store_publish_memory(STATE, state, bytes, STORE_PRIVATE | STORE_OVERWRITE);
}
