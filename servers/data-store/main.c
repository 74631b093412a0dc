/*
 * The data store: state that outlives its owners, and the names of components. docs/data-store.md.
 *
 *     store [LABEL... | quota:RECORDS/BYTES/LABELS...]
 *
 * The labels are of managers, who may publish those of components. There are two processes of it
 * where there are two cores: a primary, and a backup that takes over (pair.h).
 */
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/event.h>
#include <runtime/startup.h>

#include "clients.h"
#include "maps.h"
#include "quotas.h"
#include "requests.h"
#include "world.h"

/* Clients of this core that have died are looked for so often. */
#define SWEEP (2 * TIME_SECOND)

/* A process of the store: by the label that only its own policy gives. */
static bool is_peer(endpoint_t process) {
    static const char own[LABEL_MAX] = STORE_NAME;
    char label[LABEL_MAX];

    return process == pair.peer ||
           (client_label(process, label) && memcmp(label, own, LABEL_MAX) == 0);
}

static struct event_alarm sweeper;

/* As long as there is something to look after. */
static void sweep(struct event_alarm *alarm) {
    bool again = requests_sweep();

    requests_go_on();
    if (again)
        event_alarm_set(alarm, SWEEP, sweep);
}

static enum event_action request(void *context, struct message *m) {
    enum event_action action = EVENT_DEFER;

    (void)context;
    if (!sweeper.set)
        event_alarm_set(&sweeper, SWEEP, sweep);
    if (is_peer_message(m->type) && is_peer(m->source))
        pair_message(&pair, m);
    else
        action = request_serve(m);
    requests_go_on();
    return action;
}

static void gone(void *context, endpoint_t peer) {
    (void)context;
    pair_gone(&pair, peer);
    requests_gone(peer);
    requests_go_on();
}

int main(int argc, char **argv) {
    static const struct event_handlers handlers = { .request = request, .gone = gone };

    for (int i = 1; i < argc; i++)
        if (!quotas_add(argv[i])) {
            printf("'%s' is not an argument of the data store\n", argv[i]);
            return E_INVAL;
        }
    world_init(argc, argv);
    store.unmap = map_end;
    pair_start(&pair, &world, &store, runtime_self());
    return -event_loop_run(&handlers);
}
