#include <stdlib.h>

#include <runtime/asend.h>
#include <runtime/event.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "tests.h"

/* ---- Alarms ---- */

static struct event_alarm alarms[4];
static int fired[16];
static size_t fired_count;
static int repetitions;

static void on_alarm(struct event_alarm *alarm) { fired[fired_count++] = (int)(alarm - alarms); }

static void on_last(struct event_alarm *alarm) {
    on_alarm(alarm);
    event_loop_stop(11);
}

static void on_repeat(struct event_alarm *alarm) {
    if (++repetitions < 3)
        event_alarm_set(alarm, TIME_MILLISECOND, on_repeat);
}

static void test_alarms(void) {
    static const struct event_handlers none;
    uint64_t before = time_now();

    event_alarm_set(&alarms[0], 9 * TIME_MILLISECOND, on_last);
    event_alarm_set(&alarms[1], 2 * TIME_MILLISECOND, on_alarm);
    event_alarm_set(&alarms[2], 1 * TIME_MILLISECOND, on_alarm);
    event_alarm_set(&alarms[3], 1 * TIME_MILLISECOND, on_repeat);
    struct event_alarm cancelled = { 0 };
    event_alarm_set(&cancelled, TIME_MILLISECOND / 2, on_alarm);
    event_alarm_cancel(&cancelled);

    tap_is(event_loop_run(&none), 11, "event_loop_returns_what_stop_was_given");
    tap_ok(time_now() - before >= 9 * TIME_MILLISECOND, "last_alarm_was_not_early");
    tap_ok(fired_count == 3 && fired[0] == 2 && fired[1] == 1 && fired[2] == 0,
           "alarms_fire_in_order_and_cancelled_ones_not");
    tap_is(repetitions, 3, "alarm_set_again_by_its_callback_fires_again");
}

/* ---- A server in a clone ---- */

enum { ECHO = MESSAGE_TYPE_SERVICE, LATER, RELEASE, STOP };

static struct message waiting;
static struct event_alarm release;

static void on_release(struct event_alarm *alarm) {
    (void)alarm;
    message_set_result(&waiting, 0);
    event_reply(waiting.source, &waiting);
}

static enum event_action on_request(void *context, struct message *m) {
    (void)context;
    switch (m->type) {
    case ECHO:
        m->arg[5] += m->arg[0];
        message_set_result(m, 0);
        return EVENT_REPLY;
    case LATER:
        waiting = *m;
        event_alarm_set(&release, m->arg[0], on_release);
        return EVENT_DEFER;
    case STOP:
        event_loop_stop(5);
        message_set_result(m, 0);
        return EVENT_REPLY;
    default:
        message_set_result(m, -E_BADCALL);
        return EVENT_REPLY;
    }
}

static void serve(void *arg) {
    static const struct event_handlers handlers = { .request = on_request };
    (void)arg;
    exit(event_loop_run(&handlers));
}

static void test_server(void) {
    struct death_report report;
    endpoint_t server = start_clone("server", serve, NULL, IPC_ALL, KCALL_BIT(SETALARM));

    struct message m = { .type = ECHO, .tag = 9, .arg = { 1, 2, 3, 4, 5, 6 } };
    tap_is(ipc_request(server, &m), 0, "server_answers");
    tap_ok(m.source == server && m.tag == 9, "reply_has_source_and_tag");
    tap_ok(m.arg[0] == 1 && m.arg[4] == 5 && m.arg[5] == 7, "reply_has_its_arguments");

    m.type = LATER;
    m.arg[0] = 2 * TIME_MILLISECOND;
    uint64_t before = time_now();
    tap_is(ipc_request(server, &m), 0, "deferred_reply_arrives");
    tap_ok(time_now() - before >= 2 * TIME_MILLISECOND, "deferred_reply_was_deferred");

    m.type = 0x999;
    tap_is(ipc_request(server, &m), -E_BADCALL, "server_refuses_what_it_does_not_know");
    m.type = ECHO;
    tap_is(ipc_send(server, &m), 0, "request_without_waiting_for_the_reply");
    m.type = ECHO;
    tap_is(ipc_request(server, &m), 0, "server_goes_on_after_an_unwanted_reply");
    m.type = STOP;
    tap_is(ipc_request(server, &m), 0, "server_answers_before_it_stops");
    wait_for_death(server, &report);
    tap_is((int64_t)report.status, 5, "server_exits_with_the_status_of_stop");
    m.type = ECHO;
    tap_is(ipc_request(server, &m), -E_PEERDEAD, "request_to_a_dead_server_fails");
}

/* ---- ASEND ---- */

#define POSTED 12

/* Receives after a while, so that its messages wait. */
static void receive_late(void *arg) {
    struct message m;
    (void)arg;
    alarm_set(3 * TIME_MILLISECOND, NULL);
    ipc_receive(ENDPOINT_KERNEL, &m);
    for (uint32_t i = 0; i < POSTED; i++)
        if (ipc_receive(ENDPOINT_ANY, &m) != 0 || m.tag != i)
            exit(1);
    exit(0);
}

static unsigned delivered;

static void on_done(void *context, endpoint_t destination, const struct message *m, int result) {
    (void)context;
    (void)destination;
    delivered += result == 0 && m->tag == delivered;
}

static void test_asend(void) {
    static ASEND_ENTRIES(entries, POSTED);
    static struct asend_queue queue;
    struct death_report report;
    struct message m = { .type = MESSAGE_TYPE_SERVICE };

    asend_init(&queue, entries, POSTED, on_done, NULL);
    endpoint_t child = start_clone("receiver", receive_late, NULL, IPC_ALL, KCALL_BIT(SETALARM));
    int error = 0;
    for (m.tag = 0; m.tag < POSTED && !error; m.tag++)
        error = asend_post(&queue, child, &m);
    tap_is(error, 0, "asend_queues_without_waiting");
    tap_is(asend_post(&queue, child, &m), -E_NOSLOT, "full_asend_queue_refuses");
    tap_is((int64_t)asend_collect(&queue), POSTED, "messages_wait_for_their_destination");
    while (asend_collect(&queue) > 0)
        ipc_receive(ENDPOINT_ANY, &m);
    tap_is(delivered, POSTED, "all_are_delivered_and_reported");
    wait_for_death(child, &report);
    tap_is((int64_t)report.status, 0, "they_arrive_in_order");
}

void test_events(void) {
    test_alarms();
    test_server();
    test_asend();
}
