/*
 * chanbench [FIGURE...]: measures what lies between two cores. It starts itself on another core,
 * as a partner that serves, and prints a line per figure; without names, of all.
 *
 * Figures are differences of the time-stamp counter. In QEMU with -icount it counts the
 * instructions of all cores together: those of both sides, and those that either spends waiting.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <runtime/channel.h>
#include <runtime/event.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <urpc/wait.h>

#include "bench.h"
#include "chanbench.h"

#define WARM_UP 16
#define SAMPLES 500
#define BINDS   50

/* ---- The partner ---- */

static uint64_t notified;

static void send_burst(endpoint_t to) {
    const struct message m = { .type = DROP };
    for (unsigned i = 0; i < BURST; i++)
        ipc_nbsend(to, &m);
}

static enum event_action on_request(void *context, struct message *m) {
    int result = 0;

    (void)context;
    switch ((enum request)m->type) {
    case ECHO:
        break;
    case DROP:
        return EVENT_DEFER;
    case SEND:
        send_burst(m->source);
        break;
    case WHEN:
        m->arg[0] = time_stamp();
        break;
    case STAMP:
        m->arg[0] = notified;
        break;
    case SPIN:
        channel_set_spin(m->arg[0]);
        break;
    case BORROW:
    case ENDED:
        result = serve_pool(m);
        break;
    }
    message_set_result(m, result);
    return EVENT_REPLY;
}

static void on_notify(void *context, endpoint_t source) {
    (void)context;
    (void)source;
    notified = time_stamp();
}

static int serve(void) {
    static const struct event_handlers handlers = { .request = on_request, .notify = on_notify };
    return event_loop_run(&handlers);
}

/* ---- The figures ---- */

endpoint_t partner;

int ask(enum request what, uint64_t *value) {
    struct message m = { .type = what, .arg = { *value } };
    int error = ipc_request(partner, &m);

    *value = m.arg[0];
    return error;
}

int spin(uint64_t nanoseconds) {
    uint64_t value = nanoseconds;

    channel_set_spin(nanoseconds);
    return ask(SPIN, &value);
}

static int measure_calls(struct figure *figure) {
    int error = 0;

    for (unsigned i = 0; i < WARM_UP + SAMPLES && !error; i++) {
        uint64_t value = 0, before = time_stamp();
        error = ask(ECHO, &value);
        if (i >= WARM_UP)
            figure_add(figure, time_stamp() - before);
    }
    return error;
}

static int bench_rpc_polled(struct figure *figure) {
    int error = spin(CHANNEL_SPIN_FOREVER);
    return error ? error : measure_calls(figure);
}

/* The partner is armed and its core halted: one bell, and one interrupt, for each call. */
static int bench_rpc_armed(struct figure *figure) {
    int error = spin(0);

    channel_set_spin(CHANNEL_SPIN_FOREVER);
    return error ? error : measure_calls(figure);
}

/* The same, up to the handler: what follows there until it halts is on nobody's way. */
static int bench_wake_remote(struct figure *figure) {
    int error = spin(0);

    channel_set_spin(CHANNEL_SPIN_FOREVER);
    for (unsigned i = 0; i < SAMPLES && !error; i++) {
        uint64_t value = 0, before = time_stamp();
        error = ask(WHEN, &value);
        figure_add(figure, value - before);
    }
    return error;
}

/* We are asleep as well when the reply comes. */
static int bench_rpc_asleep(struct figure *figure) {
    int error = spin(0);
    return error ? error : measure_calls(figure);
}

/* While the partner has them all received, the ring is empty when the next burst begins. */
static int bench_chan_send(struct figure *figure) {
    const struct message m = { .type = DROP, .arg = { 1, 2, 3, 4, 5, 6 } };
    int error = spin(CHANNEL_SPIN_FOREVER);

    for (unsigned i = 0; figure->count < SAMPLES && !error; i++) {
        uint64_t value = 0, before = time_stamp();
        error = ipc_nbsend(partner, &m);
        figure_add(figure, time_stamp() - before);
        if (!error && i % BURST == 0)
            error = ask(ECHO, &value);
    }
    return error;
}

/* They are there: the partner has replied after it sent them. */
int measure_receive(struct figure *figure, endpoint_t from) {
    int error = spin(CHANNEL_SPIN_FOREVER);

    while (figure->count < SAMPLES && !error) {
        uint64_t value = 0;
        error = ask(SEND, &value);
        for (unsigned i = 0; i < BURST && !error; i++) {
            struct message m;
            uint64_t before = time_stamp();
            error = ipc_receive(from, &m);
            figure_add(figure, time_stamp() - before);
        }
    }
    return error;
}

static int bench_chan_recv(struct figure *figure) { return measure_receive(figure, partner); }

static int bench_recv_any(struct figure *figure) { return measure_receive(figure, ENDPOINT_ANY); }

/* From NOTIFY to the handler of a partner that sleeps. */
static int bench_notify_remote(struct figure *figure) {
    int error = spin(0);

    for (unsigned i = 0; i < SAMPLES && !error; i++) {
        uint64_t after = 0, before = time_stamp();
        error = ipc_notify(partner);
        while (!error && after < before)
            error = ask(STAMP, &after);
        figure_add(figure, after - before);
    }
    return error;
}

/* A channel, from asking for it to its being there; the partner is told later. */
static int bench_bind(struct figure *figure) {
    int error = 0;

    for (unsigned i = 0; i < BINDS && !error; i++) {
        uint64_t value = 0;
        channel_disconnect(partner);
        uint64_t before = time_stamp();
        error = channel_connect(partner, 64);
        figure_add(figure, time_stamp() - before);
        if (!error)
            error = ask(ECHO, &value);
    }
    return error;
}

int start_partner(const char *args, endpoint_t *started) {
    size_t name = strlen(args) + 1, bytes = name + strlen(args + name) + 1;
    struct message m = { .type = MONITOR_SPAWN, .arg = { (uint64_t)args, bytes, 2 } };

    m.arg[5] = endpoint_core(runtime_self()) == 0 ? 1 : 0;
    int error = ipc_request(runtime_monitor(), &m);
    *started = error ? ENDPOINT_NONE : m.arg[0];
    return error;
}

void end_partner(endpoint_t started) {
    ipc_request(runtime_monitor(), &(struct message){ .type = MONITOR_KILL, .arg = { started } });
}

int main(int argc, char **argv) {
    static const struct bench benches[] = {
        { "chan_send", bench_chan_send, NULL },
        { "chan_recv", bench_chan_recv, NULL },
        { "rpc_polled", bench_rpc_polled, NULL },
        { "rpc_armed", bench_rpc_armed, NULL },
        { "wake_remote", bench_wake_remote, NULL },
        { "rpc_asleep", bench_rpc_asleep, NULL },
        { "bind", bench_bind, NULL },
        { "notify_remote", bench_notify_remote, NULL },
        { "map_remote", bench_map_remote, NULL },
        { "revoke_remote", bench_revoke_remote, NULL },
        { "core_start", bench_core_start, NULL },
        { "recv_1_of_1", bench_recv_any, NULL },
        { "recv_1_of_64", bench_recv_1_of_64, NULL },
        { NULL, NULL, NULL },
    };

    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        return serve();

    int error = start_partner("chanbench\0serve", &partner);
    if (error) {
        printf("chanbench: no partner on another core: %s\n", error_text(error));
        return 1;
    }
    int status = bench_main(benches, argc, argv);
    end_partner(partner);
    return status;
}
