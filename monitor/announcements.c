#include "announcements.h"

#include <bulkhead/error.h>
#include <bulkhead/protocol/monitor.h>
#include <runtime/event.h>

#include "agreement.h"
#include "bindings.h"
#include "cores.h"

/* MONITOR_ANNOUNCE's arg[0]. */
enum measured { MEASURE_MULTICAST, MEASURE_AGREEMENT };

/* Who waits for what is announced, and for what is agreed on; ENDPOINT_NONE: nobody. */
static endpoint_t announcer = ENDPOINT_NONE, asker = ENDPOINT_NONE;

static void answer(endpoint_t *client, int result, const struct tally *tally) {
    struct message reply = { .source = *client, .arg = { tally->messages, tally->rounds } };

    *client = ENDPOINT_NONE;
    if (reply.source == ENDPOINT_NONE)
        return;
    message_set_result(&reply, result);
    event_reply(reply.source, &reply);
}

static int announce(endpoint_t client, const struct announcement *announcement) {
    if (announcer != ENDPOINT_NONE)
        return -E_BUSY;
    announcer = client;
    int error = cores_announce(announcement);
    if (!error)
        return 1;
    announcer = ENDPOINT_NONE;
    return error;
}

static int agree(endpoint_t client, uint64_t route) {
    struct operation operation = { .kind = OPERATION_NOTHING, .route = (uint8_t)route };

    if (asker != ENDPOINT_NONE)
        return -E_BUSY;
    operation.key = client;
    asker = client;
    int error = cores_agree(&operation);
    if (!error)
        return 1;
    asker = ENDPOINT_NONE;
    return error;
}

int announcements_measure(endpoint_t client, const uint64_t arg[MESSAGE_ARGS]) {
    if (arg[1] >= ROUTE_KINDS || arg[0] > MEASURE_AGREEMENT)
        return -E_INVAL;
    if (arg[0] == MEASURE_AGREEMENT)
        return agree(client, arg[1]);
    return announce(client,
                    &(struct announcement){ .kind = ANNOUNCE_NOTHING, .route = (uint8_t)arg[1] });
}

int announcements_unmap(endpoint_t client, const uint64_t arg[MESSAGE_ARGS]) {
    if (arg[0] >= ROUTE_KINDS)
        return -E_INVAL;
    if (announcer != ENDPOINT_NONE)
        return -E_BUSY;
    int error = bindings_unmap_begin(client);
    return error ? error
                 : announce(client, &(struct announcement){ .kind = ANNOUNCE_UNMAP,
                                                            .route = (uint8_t)arg[0],
                                                            .argument = { client } });
}

void announcements_deliver(unsigned root, const struct announcement *announcement) {
    (void)root;
    if (announcement->kind == ANNOUNCE_UNMAP)
        bindings_unmap(announcement->argument[0]);
}

void announcements_gathered(const struct announcement *announcement, const struct tally *tally) {
    if (announcement->kind == ANNOUNCE_UNMAP)
        bindings_unmap_end(announcement->argument[0]);
    answer(&announcer, 0, tally);
}

void announcements_agreed(int result, const struct tally *tally) { answer(&asker, result, tally); }
