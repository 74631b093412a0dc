/*
 * What callgrind counts the instructions of: a call of the runtime to a process of another core
 * that answers at once, from ipc_call() to its return, and what the server's event loop does for
 * it, from one message to the next. `count WHAT N` does WHAT N times; both sides are compiled as
 * programs are. The other side is played by the test: the answer, or the request, is there before
 * it is looked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <runtime/event.h>
#include <runtime/ipc.h>
#include <runtime/startup.h>

#include "../../../../lib/channel/channel.h"

#define PEER  endpoint_make(0, 3, 1, 40)
#define SLOTS 256U

#define counted __attribute__((noipa))

static struct chan peer;
static const struct startup own = { .self = (endpoint_t)1 << 32, .monitor = 1 };
const struct startup *const startup = &own;

/* ---- The kernel and the monitor, of which nothing is wanted on this path ---- */

int trap_message(uint64_t operation, uint64_t to, struct message *m) {
    (void)operation, (void)to, (void)m;
    return -E_BADCALL;
}

int trap_send(uint64_t operation, endpoint_t to, const struct message *m) {
    (void)operation, (void)to, (void)m;
    return -E_BADCALL;
}

int trap_receive(uint64_t operation, endpoint_t from, struct message *m) {
    static bool looked; /* the loop begins with the kernel */
    (void)operation, (void)from, (void)m;
    return looked ? -E_PERM : (looked = true, -E_WOULDBLOCK);
}

int trap_1(uint64_t operation, uint64_t rdi) {
    (void)operation, (void)rdi;
    return -E_BADCALL;
}

int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi) {
    (void)operation, (void)rdi, (void)rsi;
    return -E_BADCALL;
}

int trap_kernel_4(uint64_t call, uint64_t arg[4]) {
    (void)call;
    return mmap((void *)arg[1], arg[2], PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == (void *)arg[1]
               ? 0
               : -E_NOMEM;
}

int trap_kernel_5(uint64_t call, uint64_t arg[5]) {
    (void)call, (void)arg;
    return -E_BADCALL;
}

uint64_t machine_counter(void) { return 0; }

uint64_t time_from_stamp(uint64_t ticks) { return ticks; }

/* ---- Both sides ---- */

static struct channel *connect(void) {
    struct chan_parameters parameters = { .slots = SLOTS, .origin = BOUND_ORIGIN };
    void *memory = aligned_alloc(CHAN_ALIGNMENT, chan_bytes(SLOTS));
    struct message bound = { .arg = { 7, (uint64_t)memory, SLOTS, chan_bytes(SLOTS) << 32, PEER,
                                      BOUND_CHANNEL_0 } };
    struct channel *c;

    if (chan_format(memory, &parameters) || channel_enter(&bound, &c) ||
        chan_attach(&peer, memory, &parameters, 1, (struct chan_bell){ NULL, NULL }, own.self))
        abort();
    return c;
}

/* The least program that calls: the arguments are in registers, and so is what it wants. */
static counted uint64_t call(endpoint_t to, uint64_t a, uint64_t b) {
    struct message m = { .type = MESSAGE_TYPE_SERVICE, .arg = { a, b, a, b, a, b } };
    return ipc_call(to, &m) ? 0 : m.arg[0];
}

/* What is the caller's of that: to keep two words over a call, and to return. */
static counted uint64_t frame(endpoint_t to, uint64_t a, uint64_t b) {
    (void)to;
    __asm__ volatile("" : "+r"(a), "+r"(b) : : "rbx", "r12", "memory");
    return a;
}

static counted void client(uint64_t a, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        chan_owe(&peer);
        chan_answer(&peer, &(struct message){ .arg = { a } });
        if (call(PEER, a, a) != a || frame(PEER, a, a) != a)
            abort();
    }
}

static enum event_action on_request(void *context, struct message *m) {
    (void)context;
    message_set_result(m, 0);
    return EVENT_REPLY;
}

/* Until the kernel is looked at, which is after the last of them. */
static counted void server(void) {
    static const struct event_handlers handlers = { .request = on_request };
    event_loop_run(&handlers);
}

int main(int argc, char **argv) {
    unsigned count = argc == 3 ? (unsigned)atoi(argv[2]) : 0;
    struct message request = { .type = MESSAGE_TYPE_SERVICE | CHAN_REQUEST };

    channel_set_spin(CHANNEL_SPIN_FOREVER);
    connect();
    if (count > 0 && strcmp(argv[1], "client") == 0) {
        client(1, 1); /* so that the quarter is set up */
        client(1, count);
    } else if (count > 0 && strcmp(argv[1], "server") == 0) {
        for (unsigned i = 0; i < count; i++)
            if (chan_send(&peer.tx, &request))
                abort();
        server();
    } else {
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
