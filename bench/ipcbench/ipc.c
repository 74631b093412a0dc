/* Figures of calls and messages. */
#include <runtime/asend.h>
#include <runtime/kcall.h>

#include "bench.h"

#define WARM_UP 16 /* calls before the first that counts */

int bench_kcall_null(struct figure *figure) {
    for (int i = 0; i < WARM_UP + FIGURE_SAMPLES; i++) {
        uint32_t before = stamp();
        int error = kcall_null();
        uint32_t after = stamp();
        if (error)
            return error;
        if (i >= WARM_UP)
            figure_add_stamps(figure, before, after);
    }
    return 0;
}

/*
 * Answers each message with itself. The registers of a message that was received are those of its
 * reply, so this loop is the least that a server can do, and what is measured is the kernel and the
 * client's stub.
 */
static void echo(void *unused) {
    (void)unused;
    __asm__ volatile(
        "0:\n\t"
        "mov %[receive], %%eax\n\t"
        "mov %[any], %%rdi\n\t"
        "syscall\n\t"
        "1:\n\t"
        "mov %[replyrecv], %%eax\n\t"
        "syscall\n\t"
        "test %%eax, %%eax\n\t"
        "jz 1b\n\t"
        "jmp 0b" /* the client did not wait for its reply */
        :
        : [receive] "i"(IPC_RECEIVE), [any] "i"(ENDPOINT_ANY), [replyrecv] "i"(IPC_REPLYRECV)
        : "memory");
    __builtin_unreachable();
}

static const struct partner echo_partner = { .label = "bench-echo",
                                             .run = echo,
                                             .priority = PARTNER_EQUAL };

/*
 * A round trip whose request and reply have no arguments: the registers for them are neither loaded
 * nor read, but they come back changed.
 */
static inline int call_0(endpoint_t to) {
    uint64_t operation = IPC_SENDREC, head = PARTNER_PING;

    __asm__ volatile("syscall"
                     : "+a"(operation), "+D"(to), "+S"(head)
                     :
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "memory");
    return (int)operation;
}

int bench_sendrec_0(struct figure *figure) {
    endpoint_t partner;
    int error = partner_start(&echo_partner, &partner);

    if (error)
        return error;
    for (int i = 0; i < WARM_UP + FIGURE_SAMPLES && !error; i++) {
        uint32_t before = stamp();
        error = call_0(partner);
        uint32_t after = stamp();
        if (i >= WARM_UP)
            figure_add_stamps(figure, before, after);
    }
    partner_end(partner);
    return error;
}

/* Whether a reply carries what was sent. */
static bool came_back(const struct message *m, uint64_t seed) {
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        if (m->arg[i] != seed + i)
            return false;
    return m->type == PARTNER_PING;
}

int bench_sendrec_6(struct figure *figure) {
    endpoint_t partner;
    int error = partner_start(&echo_partner, &partner);

    if (error)
        return error;
    for (uint64_t i = 0; i < WARM_UP + FIGURE_SAMPLES && !error; i++) {
        struct message m = { .type = PARTNER_PING,
                             .arg = { i, i + 1, i + 2, i + 3, i + 4, i + 5 } };
        uint32_t before = stamp();
        error = ipc_call(partner, &m);
        uint32_t after = stamp();
        if (!error && !came_back(&m, i))
            error = -E_IO;
        if (i >= WARM_UP)
            figure_add_stamps(figure, before, after);
    }
    partner_end(partner);
    return error;
}

/* The same with all IPC on the general path. */
int bench_sendrec_slow(struct figure *figure) {
    int error = sysctl_fastpath(false);

    if (!error)
        error = bench_sendrec_6(figure);
    sysctl_fastpath(true);
    return error;
}

/* Takes messages, and answers those that ask for an answer; while it is not asked, it waits. */
static void sink(void *unused) {
    struct message m = { 0 };

    (void)unused;
    ipc_receive(ENDPOINT_ANY, &m);
    for (;;) {
        bool asked = m.type == PARTNER_STAMP;
        if (!asked || ipc_replyrecv(m.source, &m))
            ipc_receive(ENDPOINT_ANY, &m);
    }
}

/* ASEND of one message to a waiting process, until the caller goes on; the receiver runs later. */
int bench_asend(struct figure *figure) {
    static const struct partner sink_partner = { .label = "bench-sink",
                                                 .run = sink,
                                                 .priority = PARTNER_LAST };
    static ASEND_ENTRIES(entry, 1);
    endpoint_t partner;
    int error = partner_start(&sink_partner, &partner);

    if (error)
        return error;
    for (int i = 0; i < WARM_UP + FIGURE_SAMPLES && !error; i++) {
        error = ipc_call(partner, &(struct message){ .type = PARTNER_STAMP }); /* it waits again */
        entry[0] =
            (struct asend_entry){ .destination = partner, .message = { .type = PARTNER_PING } };
        entry[0].state = ASEND_READY;
        uint32_t before = stamp();
        int posted = ipc_asend(entry, 1);
        uint32_t after = stamp();
        if (!error)
            error = posted ? posted : entry[0].state == ASEND_DONE ? entry[0].result : -E_STATE;
        if (i >= WARM_UP)
            figure_add_stamps(figure, before, after);
    }
    partner_end(partner);
    return error;
}

/* Remembers when it was notified last, and tells. */
static void notified(void *unused) {
    uint32_t last = 0;

    (void)unused;
    for (;;) {
        endpoint_t source;
        uint32_t type, now = receive_stamped(&source, &type);
        if (type == MESSAGE_NOTIFY)
            last = now;
        else
            ipc_nbsend(source, &(struct message){ .arg = { last } });
    }
}

/* NOTIFY to a waiting process, until its first instruction. */
int bench_notify(struct figure *figure) {
    static const struct partner notified_partner = { .label = "bench-notified",
                                                     .run = notified,
                                                     .priority = PARTNER_URGENT };
    endpoint_t partner;
    int error = partner_start(&notified_partner, &partner);

    if (error)
        return error;
    for (int i = 0; i < WARM_UP + FIGURE_SAMPLES && !error; i++) {
        uint64_t after = 0;
        uint32_t before = stamp();
        error = ipc_notify(partner);
        if (!error)
            error = partner_ask(partner, PARTNER_STAMP, &after);
        if (i >= WARM_UP)
            figure_add_stamps(figure, before, (uint32_t)after);
    }
    partner_end(partner);
    return error;
}
