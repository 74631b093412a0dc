#include "announcements.h"

#include <bulkhead/error.h>
#include <bulkhead/protocol/monitor.h>
#include <runtime/event.h>

#include "agreement.h"
#include "bindings.h"
#include "cores.h"
#include "placement.h"

/* MONITOR_ANNOUNCE's arg[0]. */
enum measured { MEASURE_MULTICAST, MEASURE_AGREEMENT };

/* Who waits for what is announced, and for what is agreed on; ENDPOINT_NONE: nobody. */
static endpoint_t announcer = ENDPOINT_NONE, asker = ENDPOINT_NONE;

static void answer(endpoint_t *client, int result, uint64_t first, uint64_t second) {
    struct message reply = { .source = *client, .arg = { first, second } };

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

int announcements_place(endpoint_t client, const uint64_t arg[MESSAGE_ARGS]) {
    struct announcement announcement = { .kind = ANNOUNCE_PLACE };
    int error = placement_describe(arg, announcement.argument);

    return error ? error : announce(client, &announcement);
}

uint64_t announcements_deliver(const struct announcement *announcement) {
    if (announcement->kind == ANNOUNCE_PLACE)
        return placement_offer(announcement->argument);
    if (announcement->kind == ANNOUNCE_UNMAP)
        bindings_unmap(announcement->argument[0]);
    return MULTICAST_NOTHING;
}

void announcements_gathered(const struct announcement *announcement, const struct tally *tally,
                            uint64_t least) {
    if (announcement->kind == ANNOUNCE_UNMAP)
        bindings_unmap_end(announcement->argument[0]);
    if (announcement->kind != ANNOUNCE_PLACE)
        answer(&announcer, 0, tally->messages, tally->rounds);
    else if (least == MULTICAST_NOTHING)
        answer(&announcer, -E_NOENT, 0, 0);
    else
        answer(&announcer, 0, placement_core(least), 0);
}

void announcements_agreed(int result, const struct tally *tally) {
    answer(&asker, result, tally->messages, tally->rounds);
}
