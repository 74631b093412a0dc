/* Threats to groups: flow control and caller blockage (slides, class c; thesis Fig. 3.2). */
#include "attack.h"

#include <runtime/asend.h>
#include <runtime/defence.h>
#include <runtime/event.h>

static struct message request = { .type = MESSAGE_TYPE_SERVICE };

static void spend(uint64_t time) {
    uint64_t end = time_now() + time;
    while (time_now() < end)
        continue;
}

/* ---- Scheduling order: two ask in turn, and a third wants to be served too ---- */

/* Longer than a quantum, so that others run and ask while the server works. */
#define SERVICE_TIME (2 * QUANTUM)
#define ORDER_SPAN   (40 * SERVICE_TIME)
#define ORDER_WAIT   (12 * SERVICE_TIME)

static volatile uint64_t longest_wait;
static endpoint_t server, accomplice;

static void server_main(void *unused) {
    struct message m;
    (void)unused;
    if (ipc_receive(ENDPOINT_ANY, &m))
        return;
    for (;;) {
        spend(SERVICE_TIME);
        message_set_result(&m, 0);
        if (ipc_replyrecv(m.source, &m) && ipc_receive(ENDPOINT_ANY, &m))
            return;
    }
}

static void ask_for(uint64_t time) {
    uint64_t end = time_now() + time;
    while (time_now() < end) {
        struct message m = request;
        ipc_call(server, &m);
    }
}

static void accomplice_main(void *unused) {
    (void)unused;
    for (;;)
        ask_for(ORDER_SPAN);
}

/* It waits by itself: what counts is the longest wait, and the one that has not ended. */
static volatile uint64_t asked_at;

static void waiting_main(void *unused) {
    (void)unused;
    for (;;) {
        struct message m = request;
        asked_at = time_now();
        ipc_call(server, &m);
        uint64_t wait = time_now() - asked_at;
        if (wait > longest_wait)
            longest_wait = wait;
    }
}

static endpoint_t start_client(const char *label, void (*entry)(void *)) {
    static const struct child_policy policy = { .ipc = IPC_ALL, .kcalls = KCALL_BIT(NULL) };
    struct process process;
    child_make(label, entry, NULL, &policy, &process);
    privctl_allow(process.endpoint, server);
    sched_quantum(process.endpoint, QUANTUM);
    process_start(&process);
    return process.endpoint;
}

static void prepare_queue(void) {
    longest_wait = 0;
    server = start("server", server_main);
    accomplice = start_client("accomplice", accomplice_main);
    victim = start_client("victim", waiting_main);
}

static void permit_server(endpoint_t attacker) { privctl_allow(attacker, server); }

static bool jump_the_queue(void) {
    ask_for(ORDER_SPAN);
    return false;
}

static bool waited_too_long(endpoint_t attacker, bool said) {
    (void)attacker;
    (void)said;
    LOOK(victim, longest_wait);
    LOOK(victim, asked_at);
    return longest_wait >= ORDER_WAIT || time_now() - asked_at >= ORDER_WAIT;
}

static void clean_queue(void) {
    victim_clean();
    child_end(accomplice);
    child_end(server);
}

/* ---- Deadlock: the victim asks the attacker, who asks the victim ---- */

/* The runner tells a victim whom to ask. */
static endpoint_t who_to_ask(void) {
    struct message m;
    return ipc_receive(ENDPOINT_ANY, &m) ? ENDPOINT_NONE : m.arg[0];
}

static void tell_victim(endpoint_t attacker) {
    struct message m = { .type = MESSAGE_TYPE_SERVICE, .arg = { attacker } };
    if (privctl_allow(victim, attacker) || ipc_send(victim, &m))
        tap_bail_out("the victim cannot ask the attacker");
    sleep_for(QUANTUM);
}

static void asking_main(void *unused) {
    struct message m = request;
    (void)unused;
    ipc_call(who_to_ask(), &m);
    for (;;)
        ipc_receive(ENDPOINT_ANY, &m);
}

static void prepare_asking(void) { victim = start("victim", asking_main); }

static bool send_to_who_sends(void) { return ipc_send(victim, &request) == 0; }

static bool both_wait(endpoint_t attacker, bool said) {
    struct process_info a = process_info(attacker), v = process_info(victim);
    (void)said;
    return a.state == PROCESS_SENDING && a.partner == victim && v.partner == attacker;
}

/* ---- Caller blockage ---- */

/* Goes on for longer than the runner waits. */
static bool compute(void) {
    spend(2 * PATIENCE);
    return false;
}

/* Fig. 3.2 (b): a server, with the library's event loop, and a client that takes no reply. */
static enum event_action serve(void *context, struct message *m) {
    (void)context;
    message_set_result(m, 0);
    return EVENT_REPLY;
}

static void event_server_main(void *unused) {
    static const struct event_handlers handlers = { .request = serve };
    (void)unused;
    event_loop_run(&handlers);
}

static void prepare_event_server(void) { victim = start("victim", event_server_main); }

static bool take_no_reply(void) {
    ipc_send(victim, &request);
    return compute();
}

static bool server_is_stuck(endpoint_t attacker, bool said) {
    struct message m = request;
    (void)said;
    struct process_info v = process_info(victim);
    if (v.state == PROCESS_SENDING && v.partner == attacker)
        return true;
    return ipc_call(victim, &m) != 0; /* another is served */
}

/* Fig. 3.2 (c) and (d): a client that is trusted asks a server that is not, and goes on. */
static void trusting_main(void *unused) {
    static ASEND_ENTRIES(entries, 1);
    struct asend_queue queue;
    struct message m = request;
    endpoint_t untrusted = who_to_ask();
    (void)unused;
    if (DEFENCE(ASK)) {
        asend_init(&queue, entries, 1, NULL, NULL);
        asend_post(&queue, untrusted, &m);
    } else {
        ipc_call(untrusted, &m);
    }
    for (;;)
        ipc_receive(ENDPOINT_ANY, &m);
}

static void prepare_trusting(void) { victim = start("victim", trusting_main); }

static bool do_not_receive(void) { return compute(); }

static bool do_not_reply(void) {
    struct message m;
    ipc_receive(ENDPOINT_ANY, &m);
    return compute();
}

static bool client_is_stuck(endpoint_t attacker, bool said) {
    (void)said;
    return process_info(victim).partner == attacker;
}

/* A server that dies while a client waits for its reply. */
static bool die_without_reply(void) {
    struct message m;
    ipc_receive(ENDPOINT_ANY, &m);
    kcall_exit(0);
}

#define BLOCKAGE(text, function, victims, stuck, kind, off)                             \
    {                                                                                   \
        "caller blockage: " text, function, IPC(IPC_ALL), kind, DEFENCE_##off, victims, \
            tell_victim, stuck, victim_clean, .early = true                             \
    }

const struct attack group_attacks[] = {
    { "scheduling order: two ask in turn", jump_the_queue, IPC(IPC_BIT(SENDREC)), UNCOUNTED,
      DEFENCE_FIFO, prepare_queue, permit_server, waited_too_long, clean_queue, .crowd = true },
    BLOCKAGE("deadlock of two SENDs", send_to_who_sends, prepare_asking, both_wait,
             REFUSED_DEADLOCK, DEADLOCK),
    { "caller blockage: client takes no reply", take_no_reply, IPC(IPC_BIT(SEND)), UNCOUNTED,
      DEFENCE_REPLY, prepare_event_server, victim_allow, server_is_stuck, victim_clean },
    BLOCKAGE("server does not receive", do_not_receive, prepare_trusting, client_is_stuck,
             UNCOUNTED, ASK),
    BLOCKAGE("server does not reply", do_not_reply, prepare_trusting, client_is_stuck, UNCOUNTED,
             ASK),
    BLOCKAGE("server dies without a reply", die_without_reply, prepare_asking, client_is_stuck,
             UNCOUNTED, WAKE),
    { 0 },
};
