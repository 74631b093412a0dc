/* Threats to the IPC subsystem: call parameters, and what all share (slides, class a). */
#include "attack.h"

#include "watch.h"

#define KERNEL_STACK 0xffffffffa000c000UL

static struct message request = { .type = MESSAGE_TYPE_SERVICE };

static bool send_to_nobody(void) {
    return ipc_raw(IPC_SEND, victim + (UINT64_C(1) << 32), &request) == 0;
}

static bool ask_nobody(void) {
    return ipc_raw(IPC_SENDREC, victim + (UINT64_C(1) << 32), &request) == 0;
}

static bool notify_nobody(void) {
    return ipc_raw(IPC_NOTIFY, victim + (UINT64_C(1) << 32), &request) == 0;
}

/* Those who mean "any" mean the last slot too. */
static bool ask_any(void) { return ipc_raw(IPC_SENDREC, ENDPOINT_ANY, &request) == 0; }

static bool notify_any(void) { return ipc_raw(IPC_NOTIFY, ENDPOINT_ANY, &request) == 0; }

static void prepare_in_last_slot(void) {
    victim_prepare();
    while (endpoint_slot(victim) != 255) {
        victim_clean();
        victim_prepare();
    }
}

/* The number is an index into a table of functions. */
static bool no_such_primitive(void) {
    bool accepted = false;
    for (unsigned number = IPC_REPLYRECV + 1; number <= IPC_PRIMITIVE_MASK; number++) {
        struct message m = request;
        accepted = ipc_raw(number, ENDPOINT_KERNEL, &m) == 0 || accepted;
    }
    return accepted;
}

static bool ask_without_waiting(void) {
    return ipc_raw(IPC_SENDREC | IPC_NONBLOCK, victim, &request) == 0;
}

static bool table_in_the_kernel(void) {
    struct message one_entry = { .type = 1 };
    return ipc_raw(IPC_ASEND, KERNEL_STACK, &one_entry) == 0;
}

static bool table_in_constants(void) {
    static const struct asend_entry table __attribute__((aligned(128))) = { .state = ASEND_READY };
    struct message one_entry = { .type = 1 };
    return ipc_raw(IPC_ASEND, (uint64_t)&table, &one_entry) == 0;
}

/* ---- Floods: each message makes its receiver work too ---- */

static endpoint_t flooded;

static void flood_prepare(void) {
    victim_prepare();
    flooded = victim;
    watch_prepare();
}

static void flood_permit(endpoint_t attacker) {
    endpoint_t watch = victim;
    victim = flooded;
    victim_allow(attacker);
    victim = watch;
}

static void flood_clean(void) {
    victim_clean();
    child_end(flooded);
}

static void flood_by(uint64_t primitive) {
    uint64_t end = time_now() + WATCH_SPAN;
    while (time_now() < end) {
        struct message m = request;
        ipc_raw(primitive, flooded, &m);
    }
}

static bool flood_by_send(void) {
    flood_by(IPC_SEND);
    return false;
}

static bool flood_by_sendrec(void) {
    flood_by(IPC_SENDREC);
    return false;
}

static bool flood_by_nbsend(void) {
    flood_by(IPC_NBSEND);
    return false;
}

static bool flood_by_notify(void) {
    flood_by(IPC_NOTIFY);
    return false;
}

static bool flood_by_asend(void) {
    static struct asend_entry table[ASEND_MAX] __attribute__((aligned(128)));
    uint64_t end = time_now() + WATCH_SPAN;
    while (time_now() < end) {
        for (unsigned i = 0; i < ASEND_MAX; i++) {
            table[i].destination = flooded;
            table[i].message = request;
            table[i].state = ASEND_READY;
        }
        ipc_asend(table, ASEND_MAX);
    }
    return false;
}

#define TO_NOBODY(text, primitive, function, off)                                           \
    {                                                                                       \
        "nonexisting endpoint: " text, function, IPC(IPC_BIT(primitive)), REFUSED_ENDPOINT, \
            DEFENCE_##off, victim_prepare, victim_allow, victim_received, victim_clean      \
    }
#define FLOOD(text, function, off, works)                                                        \
    {                                                                                            \
        "CPU exhaustion: flood by " text, function, IPC(IPC_ALL), UNCOUNTED, off, flood_prepare, \
            flood_permit, watch_starved, flood_clean, .receiver_works = (works)                  \
    }

const struct attack primitive_attacks[] = {
    { "bad primitive: numbers that there are not", no_such_primitive, IPC(IPC_ALL),
      REFUSED_PRIMITIVE, DEFENCE_PRIMITIVE, .fatal = true },
    { "bad primitive: nonblocking SENDREC", ask_without_waiting, IPC(IPC_BIT(SENDREC)),
      REFUSED_FLAG, DEFENCE_FLAG, victim_prepare, victim_allow, victim_received, victim_clean },
    TO_NOBODY("SEND", SEND, send_to_nobody, ENDPOINT),
    TO_NOBODY("SENDREC", SENDREC, ask_nobody, ENDPOINT),
    TO_NOBODY("NOTIFY", NOTIFY, notify_nobody, ENDPOINT),
    { "nonexisting endpoint: SENDREC to ANY", ask_any, IPC(IPC_BIT(SENDREC)), REFUSED_ENDPOINT,
      DEFENCE_ENDPOINT, prepare_in_last_slot, victim_allow, victim_received, victim_clean },
    { "nonexisting endpoint: NOTIFY to ANY", notify_any, IPC(IPC_BIT(NOTIFY)), REFUSED_ENDPOINT,
      DEFENCE_ENDPOINT, prepare_in_last_slot, victim_allow, victim_received, victim_clean },
    { "illegal buffer: ASEND table in the kernel", table_in_the_kernel, IPC(IPC_BIT(ASEND)),
      REFUSED_BUFFER, DEFENCE_PRIVATE, 0 },
    { "illegal buffer: ASEND table in constants", table_in_constants, IPC(IPC_BIT(ASEND)),
      REFUSED_BUFFER, DEFENCE_READ_ONLY, 0 },
    /* Who waits gives the CPU away each time. */
    FLOOD("SEND", flood_by_send, NO_DEFENCE, false),
    FLOOD("SENDREC", flood_by_sendrec, NO_DEFENCE, false),
    FLOOD("NBSEND", flood_by_nbsend, DEFENCE_PREEMPTION, false),
    FLOOD("ASEND", flood_by_asend, DEFENCE_PREEMPTION, true),
    FLOOD("NOTIFY", flood_by_notify, DEFENCE_PREEMPTION, false),
    { 0 },
};
