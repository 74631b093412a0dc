#include <criterion/criterion.h>

#include <runtime/event.h>
#include <runtime/startup.h>

#include "../../../lib/start/start.h"

#define CLIENT       endpoint_make(0, 7, 0, 5)
#define OTHER_CLIENT endpoint_make(0, 7, 0, 6)
#define REQUEST      0x100
#define QUIT         0x101
#define LATER        0x102

static uint32_t lines;
static endpoint_t notifier;
static int children, asends, rings;
static struct message deferred;
static struct event_alarm alarm_a, alarm_b;

static enum event_action on_request(void *context, struct message *m) {
    cr_assert_eq(context, &children);
    switch (m->type) {
    case LATER:
        deferred = *m;
        return EVENT_DEFER;
    case QUIT:
        event_loop_stop(42);
        break;
    default:
        m->arg[0]++;
        break;
    }
    message_set_result(m, 0);
    return EVENT_REPLY;
}

static void on_notify(void *context, endpoint_t source) {
    (void)context;
    notifier = source;
}

static void on_irq(void *context, uint32_t set) {
    (void)context;
    lines = set;
}

static void on_child(void *context) { ++*(int *)context; }

static void on_asend(void *context) {
    (void)context;
    asends++;
}

static void on_alarm(struct event_alarm *alarm) {
    (void)alarm;
    rings++;
}

static const struct event_handlers handlers = {
    .request = on_request,
    .notify = on_notify,
    .irq = on_irq,
    .child = on_child,
    .asend = on_asend,
    .context = &children,
};

static void deliver(endpoint_t source, uint32_t type, uint64_t arg0, uint64_t arg1) {
    fake_deliver(
        &(struct message){ .source = source, .type = type, .tag = 77, .arg = { arg0, arg1 } });
}

static void init(void) { time_init(runtime_tsc_frequency()); }

TestSuite(loop, .init = init);

static int run(const struct event_handlers *h) {
    kernel.receive_error = -E_PERM; /* ends the loop when all messages are received */
    return event_loop_run(h);
}

Test(loop, reply_goes_out_with_the_next_receive) {
    deliver(CLIENT, REQUEST, 5, 0);
    deliver(OTHER_CLIENT, REQUEST, 9, 0);
    cr_assert_eq(run(&handlers), -E_PERM);
    cr_assert_eq(kernel.sent_count, 2);
    cr_assert_eq(kernel.sent_by[0], IPC_REPLYRECV);
    cr_assert_eq(kernel.sent_to[0], CLIENT);
    cr_assert_eq(kernel.sent[0].type, 0);
    cr_assert_eq(kernel.sent[0].tag, 77);
    cr_assert_eq(kernel.sent[0].arg[0], 6);
    cr_assert_eq(kernel.sent_to[1], OTHER_CLIENT);
}

Test(loop, reply_that_nobody_waits_for_is_dropped) {
    deliver(CLIENT, REQUEST, 0, 0);
    deliver(CLIENT, LATER, 0, 0);
    kernel.send_error = -E_WOULDBLOCK;
    cr_assert_eq(run(&handlers), -E_PERM);
    cr_assert_eq(kernel.sent_count, 0);
    cr_assert_eq(kernel.inbox_taken, 2);
}

Test(loop, deferred_reply_is_sent_later) {
    deliver(CLIENT, LATER, 0, 0);
    run(&handlers);
    cr_assert_eq(kernel.sent_count, 0);
    message_set_result(&deferred, -E_BUSY);
    cr_assert_eq(event_reply(deferred.source, &deferred), 0);
    cr_assert_eq(kernel.sent_by[0], IPC_NBSEND);
    cr_assert_eq(kernel.sent_to[0], CLIENT);
    cr_assert_eq(message_result(&kernel.sent[0]), -E_BUSY);
    cr_assert_eq(kernel.sent[0].tag, 77);
}

Test(loop, stop_sends_the_last_reply) {
    deliver(CLIENT, QUIT, 0, 0);
    cr_assert_eq(run(&handlers), 42);
    cr_assert_eq(kernel.sent_count, 1);
    cr_assert_eq(kernel.sent_by[0], IPC_NBSEND);
}

Test(loop, request_without_handler_is_refused) {
    static const struct event_handlers none;
    deliver(CLIENT, REQUEST, 0, 0);
    run(&none);
    cr_assert_eq(message_result(&kernel.sent[0]), -E_BADCALL);
}

Test(loop, kernel_events_reach_their_handlers) {
    deliver(ENDPOINT_KERNEL, MESSAGE_NOTIFY, EVENT_IRQ | EVENT_CHILD | EVENT_ASEND, 0x22);
    run(&handlers);
    cr_assert_eq(lines, 0x22);
    cr_assert_eq(children, 1);
    cr_assert_eq(asends, 1);
    cr_assert_eq(kernel.sent_count, 0);
}

Test(loop, events_without_handler_are_ignored) {
    static const struct event_handlers none;
    deliver(ENDPOINT_KERNEL, MESSAGE_NOTIFY, ~UINT64_C(0), ~UINT64_C(0));
    deliver(CLIENT, MESSAGE_NOTIFY, 0, 0);
    cr_assert_eq(run(&none), -E_PERM);
    cr_assert_eq(kernel.sent_count, 0);
}

Test(loop, notification_of_a_process_is_no_request) {
    deliver(CLIENT, MESSAGE_NOTIFY, EVENT_IRQ, 0x22);
    run(&handlers);
    cr_assert_eq(notifier, CLIENT);
    cr_assert_eq(lines, 0);
    cr_assert_eq(kernel.sent_count, 0);
}

Test(loop, first_alarm_is_armed_before_waiting) {
    kernel.now = 1000;
    event_alarm_set(&alarm_a, 500, on_alarm);
    event_alarm_set(&alarm_b, 300, on_alarm);
    cr_assert_eq(kernel.alarm_calls, 0);
    run(&handlers);
    cr_assert_eq(kernel.alarm_calls, 1);
    cr_assert_eq(kernel.alarm, 300);
}

Test(loop, due_alarms_are_called_and_the_next_armed) {
    kernel.now = 1000;
    event_alarm_set(&alarm_a, 500, on_alarm);
    event_alarm_set(&alarm_b, 300, on_alarm);
    run(&handlers);
    kernel.now = 1310;
    deliver(ENDPOINT_KERNEL, MESSAGE_NOTIFY, EVENT_ALARM, 0);
    run(&handlers);
    cr_assert_eq(rings, 1);
    cr_assert_eq(kernel.alarm, 190);
}

Test(loop, alarm_that_fires_early_is_armed_again) {
    kernel.now = 1000;
    event_alarm_set(&alarm_a, 500, on_alarm);
    run(&handlers);
    kernel.now = 1499;
    deliver(ENDPOINT_KERNEL, MESSAGE_NOTIFY, EVENT_ALARM, 0);
    run(&handlers);
    cr_assert_eq(rings, 0);
    cr_assert_eq(kernel.alarm, 1);
}

Test(loop, alarm_set_and_cancelled_costs_no_kernel_call) {
    for (int i = 0; i < 10; i++) {
        event_alarm_set(&alarm_a, 500, on_alarm);
        event_alarm_cancel(&alarm_a);
        run(&handlers);
    }
    cr_assert_eq(kernel.alarm_calls, 0);
}

Test(loop, alarm_already_late_is_armed_for_now) {
    event_alarm_set(&alarm_a, 10, on_alarm);
    kernel.now = 100;
    run(&handlers);
    cr_assert_eq(kernel.alarm, 1);
}

Test(loop, setting_an_alarm_again_moves_it) {
    event_alarm_set(&alarm_a, 10, on_alarm);
    event_alarm_set(&alarm_a, UINT64_MAX - 1, on_alarm);
    kernel.now = 100;
    deliver(ENDPOINT_KERNEL, MESSAGE_NOTIFY, EVENT_ALARM, 0);
    run(&handlers);
    cr_assert_eq(rings, 0);
}

Test(loop, refused_alarm_ends_the_loop) {
    kernel.alarm_error = -E_PERM;
    event_alarm_set(&alarm_a, 10, on_alarm);
    deliver(CLIENT, REQUEST, 0, 0);
    cr_assert_eq(event_loop_run(&handlers), -E_PERM);
    cr_assert_eq(kernel.inbox_taken, 0);
}
