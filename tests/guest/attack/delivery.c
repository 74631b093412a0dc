/* Threats to the delivery of messages: addressing and contents (slides, class b). */
#include "attack.h"

#include "registers.h"

static struct message request = { .type = MESSAGE_TYPE_SERVICE };

static bool by_send(void) { return ipc_raw(IPC_SEND, victim, &request) == 0; }
static bool by_sendrec(void) { return ipc_raw(IPC_SENDREC, victim, &request) == 0; }
static bool by_nbsend(void) { return ipc_raw(IPC_NBSEND, victim, &request) == 0; }
static bool by_replyrecv(void) { return ipc_raw(IPC_REPLYRECV, victim, &request) == 0; }
static bool by_notify(void) { return ipc_raw(IPC_NOTIFY, victim, &request) == 0; }

static bool by_asend(void) {
    static struct asend_entry entry __attribute__((aligned(128)));
    entry = (struct asend_entry){ .destination = victim, .message = request };
    entry.state = ASEND_READY;
    return ipc_asend(&entry, 1) == 0 && entry.state == ASEND_DONE && entry.result == 0;
}

/* ---- Unintended target: the endpoint of a dead process, whose slot another has now ---- */

static endpoint_t stale;

static void reuse_slot(void) {
    victim_prepare();
    stale = victim;
    do {
        victim_clean();
        victim_prepare();
    } while (endpoint_slot(victim) != endpoint_slot(stale));
}

static bool send_to_the_dead(void) { return ipc_raw(IPC_SEND, stale, &request) == 0; }
static bool ask_the_dead(void) { return ipc_raw(IPC_SENDREC, stale, &request) == 0; }

/* ---- Spoofing ---- */

static endpoint_t claimed;

static void prepare_claim(void) {
    victim_prepare();
    claimed = runtime_self();
}

/* What the sender says of itself is in no register that counts; the kernel without the defence
 * takes the last argument for it. */
static bool claim_to_be_another(void) {
    struct message m = { .source = claimed, .type = MESSAGE_TYPE_SERVICE, .arg[5] = claimed };
    ipc_raw(IPC_SEND, victim, &m);
    return false;
}

static bool taken_for_another(endpoint_t attacker, bool said) {
    victim_received(attacker, said);
    return received.messages == 0 || received.last.source != attacker;
}

/* A client waits for its server. Another answers in its place. */
static volatile struct message answer;

static void client_main(void *server) {
    struct message m = request;
    if (ipc_raw(IPC_SENDREC, (endpoint_t)server, &m) == 0)
        answer = m;
    for (;;)
        ipc_receive(ENDPOINT_KERNEL, &m);
}

static void silent_main(void *unused) {
    struct message m;
    (void)unused;
    ipc_receive(ENDPOINT_ANY, &m);
    for (;;)
        ipc_receive(ENDPOINT_KERNEL, &m);
}

static endpoint_t server;

static void prepare_client(void) {
    static const struct child_policy policy = { .ipc = IPC_ALL, .kcalls = KCALL_BIT(NULL) };
    struct process process;
    answer = (struct message){ 0 };
    server = start("server", silent_main);
    victim = child_make("client", client_main, (void *)server, &policy, &process);
    privctl_allow(victim, server);
    process_start(&process);
    sleep_for(QUANTUM);
}

static void clean_client(void) {
    victim_clean();
    child_end(server);
}

static bool answered(endpoint_t attacker, bool said) {
    (void)said;
    sleep_for(QUANTUM);
    LOOK(victim, answer);
    return answer.source == attacker;
}

/* ---- Oversized message ---- */

static bool send_one_word_more(void) {
    send_with(victim, 0xbad);
    return false;
}

static bool word_arrived(endpoint_t attacker, bool said) {
    victim_received(attacker, said);
    return received.messages == 0 || received.register_14 != VICTIM_SECRET;
}

/* ---- Bells: of the binding between the monitors, whose name anybody can guess ---- */

static bool ring_as_the_monitor(void) {
    const uint16_t to_core_1 = 1;
    uint32_t incarnation = endpoint_incarnation(runtime_self());
    struct message m = request;
    return ipc_raw(IPC_NOTIFY, endpoint_make(incarnation, 1, ENDPOINT_CORE_BINDING, to_core_1),
                   &m) == 0;
}

#define STRANGER(text, function)                                                              \
    {                                                                                         \
        "unauthorised target: " text, function, IPC(IPC_ALL), REFUSED_TARGET, DEFENCE_TARGET, \
            victim_prepare, NULL, victim_received, victim_clean                               \
    }
#define WITHOUT(primitive, function, rights)                                                     \
    {                                                                                            \
        "unauthorised primitive: " primitive, function, IPC(rights), REFUSED_PRIMITIVE_RIGHT,    \
            DEFENCE_PRIMITIVE_RIGHT, victim_prepare, victim_allow, victim_received, victim_clean \
    }

const struct attack delivery_attacks[] = {
    STRANGER("SEND", by_send),
    STRANGER("SENDREC", by_sendrec),
    STRANGER("NBSEND", by_nbsend),
    STRANGER("REPLYRECV", by_replyrecv),
    STRANGER("NOTIFY", by_notify),
    STRANGER("ASEND", by_asend),
    WITHOUT("SEND", by_send, IPC_ALL & ~IPC_BIT(SEND)),
    WITHOUT("SENDREC", by_sendrec, IPC_ALL & ~IPC_BIT(SENDREC)),
    WITHOUT("NBSEND", by_nbsend, IPC_ALL & ~IPC_BIT(NBSEND)),
    WITHOUT("REPLYRECV", by_replyrecv, IPC_ALL & ~IPC_BIT(NBSEND)),
    WITHOUT("NOTIFY", by_notify, IPC_ALL & ~IPC_BIT(NOTIFY)),
    WITHOUT("ASEND", by_asend, IPC_ALL & ~IPC_BIT(ASEND)),
    { "spoofing: ring another's binding", ring_as_the_monitor, IPC(IPC_BIT(NOTIFY)),
      REFUSED_ENDPOINT, DEFENCE_BINDING, 0 },
    { "unintended target: SEND to a dead process", send_to_the_dead, IPC(IPC_ALL), UNCOUNTED,
      DEFENCE_ENDPOINT, reuse_slot, victim_allow, victim_received, victim_clean },
    { "unintended target: SENDREC to a dead process", ask_the_dead, IPC(IPC_ALL), UNCOUNTED,
      DEFENCE_ENDPOINT, reuse_slot, victim_allow, victim_received, victim_clean },
    { "spoofing: send in another's name", claim_to_be_another, IPC(IPC_BIT(SEND)), UNCOUNTED,
      DEFENCE_SOURCE, prepare_claim, victim_allow, taken_for_another, victim_clean },
    { "spoofing: answer in another's place", by_nbsend, IPC(IPC_BIT(NBSEND)), UNCOUNTED,
      DEFENCE_RECEIVE_FROM, prepare_client, victim_allow, answered, clean_client },
    { "oversized message: one word more", send_one_word_more, IPC(IPC_BIT(SEND)), UNCOUNTED,
      DEFENCE_SIZE, victim_prepare, victim_allow, word_arrived, victim_clean },
    { 0 },
};
