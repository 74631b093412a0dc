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

#define BINDING  UINT64_C(0xfffe0000)
#define CHANNELS 64U

#define counted __attribute__((noipa))

static struct chan peer, idle[CHANNELS];
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

/* The channel with number `cookie`; that of number 0 is the one that is talked on. */
static void connect(uint64_t cookie) {
    struct chan_parameters parameters = { .slots = SLOTS, .origin = BOUND_ORIGIN };
    void *memory = aligned_alloc(CHAN_ALIGNMENT, chan_bytes(SLOTS));
    struct message bound = { .arg = { BINDING + cookie, (uint64_t)memory, SLOTS,
                                      chan_bytes(SLOTS) << 32 | cookie << 16, PEER + cookie,
                                      BOUND_CHANNEL_0 } };
    struct channel *c;
    struct chan *other = cookie == 0 ? &peer : &idle[cookie];

    if (chan_format(memory, &parameters) || channel_enter(&bound, &c) ||
        chan_attach(other, memory, &parameters, 1, (struct chan_bell){ NULL, NULL }, own.self))
        abort();
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

static void send_requests(unsigned count) {
    const struct message request = { .type = MESSAGE_TYPE_SERVICE | CHAN_REQUEST };

    for (unsigned i = 0; i < count; i++)
        if (chan_send(&peer.tx, &request))
            abort();
}

/* All but the first are idle: the loop has armed them, and sleeps until the bell of that one. */
static void sleep_on_many(void) {
    static const struct event_handlers none;
    const struct message bell = { .source = BINDING, .type = MESSAGE_NOTIFY };

    for (uint64_t cookie = 1; cookie < CHANNELS; cookie++)
        connect(cookie);
    channel_set_spin(0);
    while (channels.awake)
        event_loop_run(&none);
    send_requests(1);
    channel_rang(channel_entry(0), &bell);
}

int main(int argc, char **argv) {
    unsigned count = argc == 3 ? (unsigned)atoi(argv[2]) : 0;

    channel_set_spin(CHANNEL_SPIN_FOREVER);
    connect(0);
    if (count > 0 && strcmp(argv[1], "client") == 0) {
        client(1, 1); /* so that the quarter is set up */
        client(1, count);
    } else if (count > 0 && strcmp(argv[1], "server") == 0) {
        send_requests(count);
        server();
    } else if (count > 0 && strcmp(argv[1], "server_of_many") == 0) {
        sleep_on_many();
        send_requests(count);
        server();
    } else {
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
