#include <runtime/event.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "alarm.h"

static struct {
    struct alarm_queue alarms;
    uint64_t armed; /* deadline of the kernel's alarm; 0: it is not set */
    bool stopped;
    int status;
} loop;

void event_alarm_set(struct event_alarm *alarm, uint64_t nanoseconds,
                     void (*callback)(struct event_alarm *)) {
    event_alarm_cancel(alarm);
    if (__builtin_add_overflow(time_now(), nanoseconds, &alarm->deadline))
        alarm->deadline = ALARM_NEVER;
    alarm->callback = callback;
    alarm_insert(&loop.alarms, alarm);
}

void event_alarm_cancel(struct event_alarm *alarm) {
    if (alarm->set)
        alarm_remove(&loop.alarms, alarm);
}

void event_loop_stop(int status) {
    loop.stopped = true;
    loop.status = status;
}

int event_reply(endpoint_t client, const struct message *m) { return ipc_nbsend(client, m); }

/*
 * Makes the kernel's alarm go off no later than the first of ours. It is left as it is when it goes
 * off earlier, because that alarm was cancelled: a timeout that is set and cancelled with each
 * request costs no kernel call, and a superfluous wake-up now and then.
 */
static int arm_alarm(void) {
    uint64_t first = alarm_next(&loop.alarms);
    if (first == ALARM_NEVER || (loop.armed != 0 && loop.armed <= first))
        return 0;

    uint64_t now = time_now();
    int error = alarm_set(first > now ? first - now : 1, NULL);
    if (!error)
        loop.armed = first;
    return error;
}

/* A notification of the kernel. Nobody else can send from ENDPOINT_KERNEL. */
static void dispatch_kernel(const struct event_handlers *handlers, const struct message *m) {
    uint64_t events = m->arg[0];

    if ((events & EVENT_IRQ) && handlers->irq)
        handlers->irq(handlers->context, (uint32_t)m->arg[1]);
    if (events & EVENT_ALARM) {
        loop.armed = 0;
        alarm_expire(&loop.alarms, time_now());
    }
    if ((events & EVENT_CHILD) && handlers->child)
        handlers->child(handlers->context);
    if ((events & EVENT_ASEND) && handlers->asend)
        handlers->asend(handlers->context);
    if ((events & EVENT_CORE) && handlers->core)
        handlers->core(handlers->context);
}

/* Returns whether *m is now a reply to send. */
static bool dispatch(const struct event_handlers *handlers, struct message *m) {
    if (m->source == ENDPOINT_KERNEL) {
        dispatch_kernel(handlers, m);
        return false;
    }
    if (endpoint_core(m->source) == ENDPOINT_CORE_BINDING) {
        if (handlers->bell)
            handlers->bell(handlers->context, m->arg[0], m->arg[1] != 0);
        return false;
    }
    if (m->type == MESSAGE_NOTIFY) {
        if (handlers->notify)
            handlers->notify(handlers->context, m->source);
        return false;
    }
    if (!handlers->request) {
        message_set_result(m, -E_BADCALL);
        return true;
    }
    return handlers->request(handlers->context, m) == EVENT_REPLY;
}

int event_loop_run(const struct event_handlers *handlers) {
    struct message m = { 0 };
    bool reply = false;

    loop.stopped = false;
    while (!loop.stopped) {
        int error = arm_alarm();
        if (error)
            return error;
        /* A client that does not wait for its reply loses it; the next message is received all the
         * same. */
        if (!reply || ipc_replyrecv(m.source, &m) != 0)
            error = ipc_receive(ENDPOINT_ANY, &m);
        if (error)
            return error;
        reply = dispatch(handlers, &m);
    }
    if (reply)
        event_reply(m.source, &m);
    return loop.status;
}
