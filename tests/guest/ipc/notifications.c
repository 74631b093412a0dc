/* NOTIFY, kernel events, and the order in which a receiver is served. */
#include "tests.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>

static const struct message empty = { .type = MESSAGE_NOTIFY };

static void test_notify(void) {
    struct partner a;
    struct message m = { 0 };

    partner_start(&a, "a");
    is(ipc_notify(a.endpoint), 0, "notify_does_not_wait");
    is(ipc_notify(a.endpoint), 0, "nor_a_second_time");
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    m = partner_message(&a);
    ok(same_content(&m, &empty) && m.source == runtime_self(), "notification_is_an_empty_message");
    partner_do(&a, IPC_RECEIVE | IPC_NONBLOCK, runtime_self(), 0);
    partner_is(&a, -E_WOULDBLOCK, "two_notifications_merge");

    partner_do(&a, IPC_RECEIVE, runtime_self(), 0);
    is(ipc_notify(a.endpoint), 0, "notify_to_a_receiver");
    partner_is(&a, 0, "wakes_it");
    partner_end(&a);
}

static void test_not_a_reply(void) {
    struct partner a;
    struct message m = { 0 };

    partner_start(&a, "a");
    partner_do(&a, IPC_SENDREC, runtime_self(), 0);
    ipc_receive(a.endpoint, &m);
    is(ipc_notify(a.endpoint), 0, "notify_to_a_caller");
    partner_waits(&a, PROCESS_RECEIVING, runtime_self(), "is_not_taken_for_the_reply");
    ipc_nbsend(a.endpoint, &full);
    partner_is(&a, 0, "the_reply_is");
    m = partner_message(&a);
    ok(same_content(&m, &full), "with_its_content");
    partner_do(&a, IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, 0);
    partner_is(&a, 0, "the_notification_is_received_later");
    m = partner_message(&a);
    ok(same_content(&m, &empty), "as_a_notification");
    partner_end(&a);
}

/* One that notifies again and again does not keep another's notification from being received. */
static void test_turns(void) {
    struct partner p[2];
    struct message m = { 0 };

    partner_start(&p[0], "a");
    partner_start(&p[1], "b");
    partner_do(&p[0], IPC_NOTIFY, runtime_self(), 0);
    partner_do(&p[1], IPC_NOTIFY, runtime_self(), 0);
    ipc_receive(ENDPOINT_ANY, &m);
    struct partner *eager = m.source == p[0].endpoint ? &p[0] : &p[1];
    struct partner *patient = eager == &p[0] ? &p[1] : &p[0];
    partner_do(eager, IPC_NOTIFY, runtime_self(), 0);
    ipc_receive(ENDPOINT_ANY, &m);
    is((int64_t)m.source, (int64_t)patient->endpoint, "notifiers_take_turns");
    ipc_receive(ENDPOINT_ANY, &m);
    is((int64_t)m.source, (int64_t)eager->endpoint, "and_none_is_lost");
    partner_end(&p[0]);
    partner_end(&p[1]);
}

static void test_kernel_events(void) {
    struct message m = { 0 };
    struct process child;

    drop_events();
    uint64_t before = time_now();
    is(alarm_set(2 * TIME_MILLISECOND, NULL), 0, "alarm_is_set");
    is(ipc_receive(ENDPOINT_KERNEL, &m), 0, "receive_from_the_kernel");
    ok(m.source == ENDPOINT_KERNEL && m.type == MESSAGE_NOTIFY && m.arg[0] == EVENT_ALARM &&
           m.arg[1] == 0,
       "alarm_arrives_as_a_kernel_event");
    ok(time_now() - before >= 2 * TIME_MILLISECOND, "not_too_early");
    uint64_t first = m.arg[2];

    child_make("child", NULL, NULL, &(struct child_policy){ 0 }, &child);
    proc_kill(child.endpoint, 0);
    alarm_set(1, NULL);
    while (time_now() - before < 6 * TIME_MILLISECOND)
        continue;
    is(ipc_receive_nonblock(ENDPOINT_ANY, &m), 0, "events_wait_for_the_receiver");
    is((int64_t)m.arg[0], EVENT_ALARM | EVENT_CHILD, "and_merge");
    ok(m.arg[2] > first, "with_the_time_of_delivery");
    is(ipc_receive_nonblock(ENDPOINT_KERNEL, &m), -E_WOULDBLOCK, "each_is_told_once");
    proc_destroy(child.endpoint);
}

static void test_service_order(void) {
    struct partner sender, poster, notifier;
    struct process child;
    struct message m = { 0 };
    endpoint_t order[4];

    partner_start(&sender, "sender");
    partner_do(&sender, IPC_SEND, runtime_self(), 0);
    partner_start(&poster, "poster");
    partner_start(&notifier, "notifier");
    partner_entry(&poster, 0, runtime_self(), 0);
    partner_asend(&poster, 1);
    partner_do(&notifier, IPC_NOTIFY, runtime_self(), 0);
    child_make("child", NULL, NULL, &(struct child_policy){ 0 }, &child);
    proc_kill(child.endpoint, 0);

    for (unsigned i = 0; i < 4; i++) {
        ipc_receive(ENDPOINT_ANY, &m);
        order[i] = m.source;
    }
    is((int64_t)order[0], (int64_t)ENDPOINT_KERNEL, "first_the_kernels_notification");
    is((int64_t)order[1], (int64_t)notifier.endpoint, "then_those_of_processes");
    is((int64_t)order[2], (int64_t)poster.endpoint, "then_asend_messages");
    is((int64_t)order[3], (int64_t)sender.endpoint, "then_senders");
    proc_destroy(child.endpoint);
    partner_end(&notifier);
    partner_end(&poster);
    partner_end(&sender);
}

void test_notifications(void) {
    test_notify();
    test_not_a_reply();
    test_turns();
    test_kernel_events();
    test_service_order();
    drop_events();
}
