#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "internal.h"

#define LINE_BITS 32U

const struct driver *driver_running;
struct driver_statistics driver_counts;

static int failed; /* the error of driver_fail(), negated */

static struct {
    uint32_t used; /* bits that have a line */
    uint32_t line[LINE_BITS];
} lines;

void driver_settle(void) {
    if (driver_running->idle && !failed)
        driver_running->idle();
    manage_settle();
}

static void count_answer(const struct message *reply) {
    driver_counts.errors += message_result(reply) < 0;
}

static int serve(struct message *m) {
    if (manage_ending())
        return -E_PEERDEAD;
    return driver_running->request ? driver_running->request(m) : -E_BADCALL;
}

static enum event_action on_request(void *context, struct message *m) {
    (void)context;
    if (manage_is_request(m->type)) {
        manage_request(m);
        return EVENT_DEFER;
    }
    driver_counts.requests++;
    driver_counts.pending++;
    int result = serve(m);
    if (result != DRIVER_LATER) {
        driver_counts.pending--;
        message_set_result(m, result);
        count_answer(m);
    }
    driver_settle();
    return result == DRIVER_LATER ? EVENT_DEFER : EVENT_REPLY;
}

int driver_reply(endpoint_t client, const struct message *m) {
    count_answer(m);
    int error = event_reply(client, m);
    driver_forget();
    return error;
}

void driver_forget(void) {
    driver_counts.pending--;
    manage_settle();
}

static void on_notify(void *context, endpoint_t source) {
    (void)context;
    if (agent_is(source)) {
        driver_counts.heartbeats++;
        ipc_notify(source);
        return;
    }
    if (driver_running->notify)
        driver_running->notify(source);
    driver_settle();
}

/*
 * Lines are unmasked before the device is looked at. A line is masked while its interrupt is
 * served, and an edge that comes meanwhile would be lost (Intel 82093AA data sheet, 3.2.4); so
 * whatever came for it is seen, and what comes later interrupts again.
 */
static void on_irq(void *context, uint32_t bits) {
    (void)context;
    driver_counts.interrupts++;
    for (uint32_t rest = bits & lines.used; rest != 0; rest &= rest - 1) {
        int error = irqctl_unmask(lines.line[__builtin_ctz(rest)]);
        if (error)
            driver_fail(error);
    }
    if (driver_running->irq && !failed)
        driver_running->irq(bits & lines.used);
    driver_settle();
}

static void on_gone(void *context, endpoint_t client) {
    (void)context;
    if (driver_running->gone)
        driver_running->gone(client);
    driver_settle();
}

int driver_irq(uint32_t line, unsigned bit) {
    int error = bit < LINE_BITS ? irqctl_register(line, bit) : -E_RANGE;

    if (error)
        return error;
    lines.used |= 1U << bit;
    lines.line[bit] = line;
    return irqctl_unmask(line);
}

void driver_fail(int error) {
    failed = error > 0 ? -error : error;
    event_loop_stop(-failed);
}

void driver_panic(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
    abort();
}

int driver_save(void) { return state_save(); }

struct driver_statistics driver_statistics(void) {
    struct driver_statistics statistics = driver_counts;

    statistics.time = time_now() - driver_counts.time;
    return statistics;
}

/* What entry points have in common until the loop runs: driver_fail() has an effect there too. */
static int start(const struct driver *driver) {
    driver_running = driver;
    state_load();
    int error = driver->start ? driver->start(state_starts() > 1) : 0;
    driver_counts.time = time_now();
    if (!error)
        driver_settle();
    return error ? error : failed;
}

int driver_run(const struct driver *driver) {
    static const struct event_handlers handlers = {
        .request = on_request,
        .gone = on_gone,
        .notify = on_notify,
        .irq = on_irq,
    };
    int error = start(driver);
    int status = error ? error : event_loop_run(&handlers);

    return status < 0 ? -status : status;
}
