/*
 * ASEND to other cores. One table serves both: what is for another core is marked so that the
 * kernel skips it, and sent from here when there is room.
 */
#include "channel.h"

#include <runtime/ipc.h>

/* A state of an entry that the kernel does not know, and skips. */
#define ASEND_REMOTE 3U

static struct {
    struct asend_entry *table;
    size_t entries;
    size_t waiting; /* of them, in the state ASEND_REMOTE */
} remote;

static void complete(struct asend_entry *entry, int result) {
    entry->result = result;
    entry->state = ASEND_DONE;
    remote.waiting--;
}

/* Has an entry before this one the same destination? */
static bool is_behind(size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (remote.table[i].state == ASEND_REMOTE &&
            remote.table[i].destination == remote.table[index].destination)
            return true;
    }
    return false;
}

/* The doorbell rings when there is room again. -E_WOULDBLOCK: there is none. */
static int submit(struct channel *c, const struct message *m) {
    if (channel_is_answer(c, m)) {
        channel_answer(c, m);
        return 0;
    }
    struct chan_tx *tx = &c->chan.tx;
    int error = chan_forward(tx, m);

    while (error == -E_WOULDBLOCK && chan_arm_credit(tx) == CHAN_READY)
        error = chan_forward(tx, m);
    return error;
}

void channel_asend_pump(void) {
    for (size_t i = 0; i < remote.entries && remote.waiting > 0; i++) {
        struct asend_entry *entry = &remote.table[i];
        if (entry->state != ASEND_REMOTE || is_behind(i))
            continue;
        struct channel *c = channel_find(entry->destination);
        int error = c ? submit(c, &entry->message) : -E_PEERDEAD;
        if (error == -E_WOULDBLOCK)
            continue;
        complete(entry, error);
        channels.completed = channels.awake = true;
    }
}

bool channel_asend_waits(endpoint_t peer) {
    for (size_t i = 0; i < remote.entries && remote.waiting > 0; i++) {
        if (remote.table[i].state == ASEND_REMOTE && remote.table[i].destination == peer)
            return true;
    }
    return false;
}

void channel_asend_fail(endpoint_t peer, int error) {
    for (size_t i = 0; i < remote.entries && remote.waiting > 0; i++) {
        struct asend_entry *entry = &remote.table[i];
        if (entry->state == ASEND_REMOTE && entry->destination == peer) {
            complete(entry, error);
            channels.completed = channels.awake = true;
        }
    }
}

/*
 * What is for other cores the kernel has refused just now. (An entry that was refused here, with
 * the same error, and still lies in the table, is tried again and refused again: such endpoints
 * never become good.)
 */
static size_t find_remote(struct asend_entry *table, size_t entries) {
    size_t found = 0;

    for (size_t i = 0; i < entries; i++) {
        if (!endpoint_is_remote(table[i].destination))
            continue;
        if (table[i].state == ASEND_DONE && table[i].result == -E_BADEP)
            table[i].state = ASEND_REMOTE;
        found += table[i].state == ASEND_REMOTE;
    }
    return found;
}

/* Makes the channels that are missing. Messages whose channels cannot be made have failed. */
static void connect(void) {
    for (size_t i = 0; i < remote.entries; i++) {
        struct asend_entry *entry = &remote.table[i];
        struct channel *c;
        if (entry->state != ASEND_REMOTE)
            continue;
        int error = entry->message.type - CHAN_REQUEST < CHAN_REQUEST
                        ? -E_INVAL
                        : channel_get(entry->destination, &c);
        if (error)
            complete(entry, error);
    }
}

void channel_asended(struct asend_entry *table, size_t entries) {
    remote.waiting = find_remote(table, entries);
    remote.entries = remote.waiting > 0 ? entries : 0;
    remote.table = table;
    channel_hot.asend_waits = remote.waiting > 0;
    if (remote.waiting > 0) {
        bool before = channels.completed;
        connect();
        channel_asend_pump();
        channels.completed = before;
    }
}
