/* The victim of attackers on other cores: a server with the library's event loop, that serves
 * others too. */
#include <string.h>

#include <runtime/asend.h>
#include <runtime/defence.h>
#include <runtime/event.h>
#include <runtime/grant.h>

#include "cores.h"
#include "remote.h"

static struct victim_numbers numbers;
static uint64_t recorded;

/* A client has the first part of it, another one has all. */
static uint64_t lent[PAGE_SIZE / sizeof(uint64_t)] __attribute__((aligned(PAGE_SIZE)));

static int lend(struct message *m) {
    const unsigned both = GRANT_READ | GRANT_WRITE;
    struct grant_name part, all, page;
    int error = grant_make(m->source, lent, LENT_PART, both, &part);
    if (!error)
        error = grant_make(runtime_self(), lent, sizeof lent, both, &all);
    if (!error)
        error = grant_make(m->source, lent, sizeof lent, both, &page);
    if (error)
        return error;
    m->arg[0] = part.id;
    m->arg[1] = all.id;
    m->arg[2] = page.id;
    return 0;
}

/* It is not trusted, so a trusted server does not wait for it. */
static void ask(endpoint_t untrusted) {
    static ASEND_ENTRIES(entries, 1);
    static struct asend_queue queue;
    struct message m = { .type = MESSAGE_TYPE_SERVICE };
    if (DEFENCE(ASK)) {
        asend_init(&queue, entries, 1, NULL, NULL);
        asend_post(&queue, untrusted, &m);
    } else {
        ipc_call(untrusted, &m);
    }
}

static void send_much(endpoint_t whom) {
    for (unsigned i = 0; i < VICTIM_MESSAGES; i++) {
        struct message m = { .type = MESSAGE_TYPE_SERVICE };
        numbers.accepted += ipc_nbsend(whom, &m) == 0;
    }
}

#ifdef DEFENCE_SWITCHES
extern bool chan_defence_off; /* urpc/ring.c */
static void heed_switch(void) { chan_defence_off = !DEFENCE(CHANNEL); }
#else
static void heed_switch(void) {}
#endif

static enum event_action on_request(void *context, struct message *m) {
    int result = 0;
    (void)context;
    heed_switch();
    numbers.taken++;
    numbers.remote += endpoint_core(m->source) != endpoint_core(runtime_self());
    switch (m->type) {
    case VICTIM_NUMBERS:
        memcpy(m->arg, &numbers, sizeof numbers);
        break;
    case VICTIM_LEND:
        result = lend(m);
        break;
    case VICTIM_TOLD:
        numbers.told = m->arg[0];
        return EVENT_DEFER;
    case VICTIM_ASK:
        ask(m->arg[0]);
        return EVENT_DEFER;
    case VICTIM_SEND:
        send_much(m->arg[0]);
        return EVENT_DEFER;
    case VICTIM_RECORD:
        recorded = m->arg[0];
        return EVENT_DEFER;
    case VICTIM_RECORDED:
        m->arg[0] = recorded;
        break;
    default:
        result = -E_BADCALL;
    }
    message_set_result(m, result);
    return EVENT_REPLY;
}

static void on_gone(void *context, endpoint_t peer) {
    (void)context;
    (void)peer;
    numbers.ended++;
}

static void on_notify(void *context, endpoint_t source) {
    (void)context;
    (void)source;
    numbers.taken++;
}

int cores_serve(void) {
    static const struct event_handlers handlers = { .request = on_request,
                                                    .notify = on_notify,
                                                    .gone = on_gone };
    for (uint64_t i = 0; i < sizeof lent / sizeof lent[0]; i++)
        lent[i] = VICTIM_SECRET;
    heed_switch();
    return event_loop_run(&handlers);
}
