#include <runtime/event.h>

#include <runtime/defence.h>
#include <runtime/kcall.h>
#include <runtime/lines.h>
#include <runtime/startup.h>

#include "../channel/channel.h"
#include "alarm.h"

/* Messages that one channel has served before another, or the kernel, has its turn. */
#define TURNS       8U
#define TURNS_ALONE 32U

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
    channel_leave();
}

int event_reply(endpoint_t client, const struct message *m) {
    return DEFENCE(REPLY) ? ipc_nbsend(client, m) : ipc_send(client, m);
}

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
    if ((events & EVENT_STORM) && handlers->storm)
        handlers->storm(handlers->context);
    if ((events & EVENT_CORE) && handlers->core)
        handlers->core(handlers->context);
}

static enum event_action refuse(void *context, struct message *m) {
    (void)context;
    message_set_result(m, -E_BADCALL);
    return EVENT_REPLY;
}

static inline bool dispatch_request(const struct event_handlers *handlers, struct message *m) {
    return handlers->request(handlers->context, m) == EVENT_REPLY;
}

/* A message of a process. Returns whether *m is now a reply to send. */
static bool dispatch_process(const struct event_handlers *handlers, struct message *m) {
    if (m->type != MESSAGE_NOTIFY)
        return dispatch_request(handlers, m);
    if (handlers->notify)
        handlers->notify(handlers->context, m->source);
    return false;
}

static void dispatch_lines(const struct event_handlers *handlers, uint32_t lines) {
    if (lines && handlers->irq)
        handlers->irq(handlers->context, lines);
}

/* A message that the kernel delivered, and that is not the library's own. The same. */
static bool dispatch(const struct event_handlers *handlers, struct message *m) {
    if (m->source == ENDPOINT_KERNEL) {
        dispatch_kernel(handlers, m);
        return false;
    }
    if (endpoint_core(m->source) == ENDPOINT_CORE_BINDING) {
        if (m->arg[0] >= BOUND_LINE_COOKIE)
            dispatch_lines(handlers, line_rang(m));
        else if (handlers->bell)
            handlers->bell(handlers->context, m->arg[0], m->arg[1] != 0);
        return false;
    }
    return dispatch_process(handlers, m);
}

/*
 * Handles a message that came on a channel, as channel_arrived_turned() takes it, and replies on
 * it, unless the handler has ended it: then nothing is owed, nor is it the peer's.
 */
static inline void serve(const struct event_handlers *handlers, struct channel *c,
                         struct message *m) {
    if (__builtin_expect(channel_arrived_turned(c, m), 1)) {
        if (__builtin_expect(dispatch_request(handlers, m) && channel_owes(c), 1))
            channel_answer(c, m);
    } else if (!channel_is_torn(c, m) && dispatch_process(handlers, m) && c->kind == CHANNEL_OPEN &&
               c->peer == m->source) {
        channel_offer(c, m);
    }
}

/* Is it the only one that is not armed? */
static bool is_alone(const struct channel *c) {
    return chan_set_is_alone(&channels.set, c->cookie);
}

/* After the first pause of a wait for that one. true: a message has come. */
static __attribute__((noinline)) bool spin_alone(struct channel *c, struct channel_spin *spin) {
    unsigned polls = 0;

    while (chan_peek(&c->chan.rx, 1) <= 0) {
        if (++polls == TURNS_ALONE)
            return false;
        if (!channel_spin(spin))
            return channel_arm_last();
    }
    channel_spun(spin);
    return true;
}

/*
 * That one is empty: spins, and when that does not pay arms it. true: a message has come, false:
 * there is more to look at, or all sleep.
 */
static bool wait_alone(struct channel *c, struct channel_spin *spin) {
    return channel_spin(spin) ? spin_alone(c, spin) : channel_arm_last();
}

/*
 * Serves one channel as long as messages come, up to its turns. A handler that stops the loop or
 * ends the channel takes the turns away.
 */
static void serve_stream(const struct event_handlers *handlers, struct channel *c,
                         struct channel_spin *spin) {
    struct message m;

    channels.current = c;
    channels.set.members[c->cookie].empty = 0;
    channels.turns = is_alone(c) ? TURNS_ALONE : TURNS;
    do {
        while (chan_unlikely(chan_receive_turned(&c->chan.rx, &m) != 0)) {
            if (!is_alone(c) || !wait_alone(c, spin))
                return;
        }
        serve(handlers, c, &m);
    } while (--channels.turns > 0);
}

static void serve_end(const struct event_handlers *handlers, struct channel *c) {
    endpoint_t peer = c->peer;

    channel_end(c);
    if (handlers->gone)
        handlers->gone(handlers->context, peer);
}

/* Serves the channels until it is the kernel's turn. */
static void serve_channels(const struct event_handlers *handlers, struct channel_spin *spin) {
    struct message m;
    struct channel *c;

    for (uint32_t rounds = channels.rounds; rounds > 0 && channels.awake && !loop.stopped;
         rounds--) {
        int state = channel_look(&m, &c);
        if (state == 0 && !c) {
            dispatch(handlers, &m);
        } else if (state == 0) {
            channel_busy(spin);
            channels.current = c;
            chan_turn(&m);
            serve(handlers, c, &m);
            if (channels.current == c)
                serve_stream(handlers, c, spin);
        } else if (state == CHAN_READY) {
            c = channel_first();
            if (is_alone(c) && wait_alone(c, spin))
                serve_stream(handlers, c, spin);
            else if (channels.awake)
                channel_idle(spin);
        } else if (state != -E_WOULDBLOCK) {
            serve_end(handlers, c);
        }
    }
}

/* Without channels that are not armed: waits, in the trap that sends the last reply if there is
 * one. A client that does not wait for its reply loses it. */
static int await_kernel(struct message *m, bool reply) {
    if (reply && !DEFENCE(REPLY))
        trap_send(IPC_SEND, m->source, m);
    else if (reply && trap_message(IPC_REPLYRECV, m->source, m) == 0)
        return 0;
    return trap_receive(IPC_RECEIVE, ENDPOINT_ANY, m);
}

/*
 * Takes a bell of the library's. When all other channels sleep, its own is served without a look at
 * the others.
 */
static bool hear(const struct event_handlers *handlers, const struct message *m,
                 struct channel_spin *spin) {
    bool slept = !channels.awake;

    if (!channel_own(m))
        return false;
    if (slept && channels.awake && channels.notices == 0 &&
        chan_set_is_alone(&channels.set, (uint32_t)m->arg[0]))
        serve_stream(handlers, channel_first(), spin);
    return true;
}

/* The next message that the kernel has, waiting for one only if there is nothing else to do. */
static int next(const struct event_handlers *handlers, struct message *m, bool reply,
                struct channel_spin *spin) {
    if (!channels.awake)
        return await_kernel(m, reply);
    if (reply)
        trap_send(IPC_NBSEND, m->source, m);
    serve_channels(handlers, spin);
    return channels.awake ? channel_look_at_kernel(m) : -E_WOULDBLOCK;
}

static int run(const struct event_handlers *handlers) {
    struct channel_spin spin = { 0 };
    struct message m = { 0 };
    bool reply = false;

    while (!loop.stopped) {
        dispatch_lines(handlers, line_take_due());
        int error = arm_alarm();
        if (!error)
            error = next(handlers, &m, reply, &spin);
        if (error && error != -E_WOULDBLOCK)
            return error;
        reply = !error && !hear(handlers, &m, &spin) && dispatch(handlers, &m);
    }
    if (reply)
        event_reply(m.source, &m);
    return loop.status;
}

int event_loop_run(const struct event_handlers *handlers) {
    struct event_handlers own = *handlers;

    if (!own.request)
        own.request = refuse;
    loop.stopped = false;
    channels.looped = true;
    int status = run(&own);
    channels.looped = false;
    return status;
}
