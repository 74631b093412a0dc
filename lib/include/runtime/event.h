/*
 * The event loop of a server or driver: receives one message after the other and calls the handler
 * that it is for. A process has one loop; it never waits for a client: a reply that its client does
 * not wait for is dropped.
 *
 *     static enum event_action request(void *context, struct message *m) {
 *         message_set_result(m, m->type == ECHO ? 0 : -E_BADCALL);
 *         return EVENT_REPLY;
 *     }
 *     static const struct event_handlers handlers = {.request = request};
 *     return event_loop_run(&handlers);
 */
#ifndef RUNTIME_EVENT_H
#define RUNTIME_EVENT_H

#include <stdbool.h>

#include <runtime/ipc.h>

enum event_action {
    EVENT_REPLY, /* the message is now the reply: send it */
    EVENT_DEFER, /* nothing to send now: the sender wants no reply, or event_reply() will send it
                    later */
};

struct event_handlers {
    /*
     * A message from a process. It becomes the reply in place: the handler sets type
     * (message_set_result()) and arg[], and leaves source, which says where the reply goes, and
     * tag. Without this handler: -E_BADCALL.
     */
    enum event_action (*request)(void *context, struct message *m);
    /*
     * The channel with a process of another core has ended: it has died or closed it, or broken the
     * protocol. What it sent before has been handled.
     */
    void (*gone)(void *context, endpoint_t peer);
    /* A NOTIFY of a process. */
    void (*notify)(void *context, endpoint_t source);
    /* Interrupts: the bits, as registered with IRQCTL, of lines that fired and are masked now. */
    void (*irq)(void *context, uint32_t lines);
    /* At least one child has died: call proc_wait() until it gives -E_NOENT. */
    void (*child)(void *context);
    /* ASEND entries were completed: call asend_collect(). */
    void (*asend)(void *context);
    /* A bell of a binding that the process itself looks after (bulkhead/binding.h), as the monitor
     * does: one that has no channels of the library. */
    void (*bell)(void *context, uint64_t cookie, bool closed);
    /* An interrupt of a child came too often, and is masked: see EVENT_STORM. */
    void (*storm)(void *context);
    /* Another core's instance has stopped: to the monitor, see CORE_STOPPED. */
    void (*core)(void *context);
    void *context; /* handed to each */
};

/*
 * Runs until event_loop_stop(), and returns its argument; or a negated error if the process may not
 * receive. A handler that is NULL is not called. Not reentrant: handlers must not call it.
 */
int event_loop_run(const struct event_handlers *handlers);

/* Makes event_loop_run() return `status` when the present handler is done and its reply sent. */
void event_loop_stop(int status);

/*
 * Sends a reply that a handler had deferred: *m as the handler left it (tag and all). Never waits.
 * -E_WOULDBLOCK, -E_PEERDEAD: the client does not wait for it any more.
 */
int event_reply(endpoint_t client, const struct message *m);

/*
 * Alarms, any number over the kernel's one. The caller owns the struct; while set it is linked into
 * the loop's queue and must stay where it is. Zero-initialised it is an alarm that is not set.
 */
struct event_alarm {
    struct event_alarm *next, *previous; /* the queue's */
    uint64_t deadline;                   /* time_now() when it is due */
    void (*callback)(struct event_alarm *alarm);
    bool set;
};

/*
 * Calls back once from the event loop, `nanoseconds` from now or as soon as possible after. An
 * alarm that is set already is moved. The callback may set its alarm again.
 */
void event_alarm_set(struct event_alarm *alarm, uint64_t nanoseconds,
                     void (*callback)(struct event_alarm *));

/* After it the callback is not called. Nothing if the alarm is not set. */
void event_alarm_cancel(struct event_alarm *alarm);

#endif
