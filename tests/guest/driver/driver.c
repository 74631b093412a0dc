/* The driver of the tests. */
#include <driver.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "tests.h"

struct victim victim;

static struct message later[4];
static struct event_alarm later_alarm[4], hold_alarm, probe_alarm, busy_alarm;
static uint64_t notified, idled, began;

static void answer(struct event_alarm *alarm) {
    struct message *m = &later[alarm - later_alarm];

    message_set_result(m, m->arg[1] ? -E_IO : 0);
    driver_reply(m->source, m);
}

static int put_off(const struct message *m) {
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        if (later_alarm[i].set)
            continue;
        later[i] = *m;
        event_alarm_set(&later_alarm[i], m->arg[0], answer);
        return DRIVER_LATER;
    }
    return -E_BUSY;
}

static void let_go(struct event_alarm *alarm) {
    (void)alarm;
    event_loop_hold(false);
}

static int request(struct message *m) {
    switch (m->type) {
    case VICTIM_ECHO:
        m->arg[0]++;
        return 0;
    case VICTIM_LATER:
        return put_off(m);
    case VICTIM_HOLD:
        event_loop_hold(true);
        event_alarm_set(&hold_alarm, m->arg[0], let_go);
        return 0;
    case VICTIM_FAIL:
        driver_fail((int)m->arg[0]);
        return 0;
    case VICTIM_PANIC:
        driver_panic("%s is at its wit's end", "the driver");
    case VICTIM_NOTIFIED:
        m->arg[0] = notified;
        m->arg[1] = idled;
        return 0;
    default:
        return -E_BADCALL;
    }
}

static void probed(struct event_alarm *alarm) {
    (void)alarm;
    driver_probed(0);
}

static int probe(void) {
    if (victim.probe == DRIVER_LATER)
        event_alarm_set(&probe_alarm, 7 * TIME_MILLISECOND, probed);
    return victim.probe;
}

static void hear(endpoint_t source) {
    (void)source;
    notified++;
}

static void idle(void) { idled++; }

static bool busy(void) { return time_now() - began < victim.busy; }

static void look_again(struct event_alarm *alarm) {
    driver_settle();
    if (busy())
        event_alarm_set(alarm, TIME_MILLISECOND, look_again);
}

static int start(bool restarted) {
    (void)restarted;
    began = time_now();
    if (victim.busy)
        event_alarm_set(&busy_alarm, TIME_MILLISECOND, look_again);
    return victim.start_error;
}

static int quiet(void) { return victim.shutdown_error; }

void run_victim(void *unused) {
    struct driver table = {
        .name = "a name of twenty-four c.",
        .start = start,
        .request = request,
        .notify = hear,
        .idle = idle,
        .probe = victim.no_probe ? NULL : probe,
        .busy = busy,
        .shutdown = quiet,
    };

    (void)unused;
    kcall_exit((uint64_t)driver_run(&table));
}
