/* The driver framework: what a driver does that has written none of it. */
#include <string.h>

#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "tests.h"

#define LONG_TIME (10 * TIME_SECOND)

static struct driver_statistics statistics(void) {
    struct driver_statistics statistics = { 0 };
    struct message m;

    if (agent_asks(DRIVER_STATISTICS, 0, &m) == 0)
        memcpy(&statistics, m.arg, sizeof statistics);
    return statistics;
}

static void test_requests(void) {
    struct message m;

    start_driver((struct victim){ 0 });
    tap_is(client_asks(VICTIM_ECHO, 41, &m), 0, "a_request_is_served");
    tap_is((int64_t)m.arg[0], 42, "with_its_reply");
    tap_is(m.tag, 5, "and_its_tag");
    tap_is(client_asks(VICTIM_NOTIFIED + 1, 0, &m), -E_BADCALL, "an_unknown_one_is_refused");
    tap_is(client_asks(VICTIM_LATER, TIME_MILLISECOND, &m), 0, "a_deferred_one_is_answered");
    tap_is(m.tag, 5, "with_its_tag");
    m = (struct message){ .type = VICTIM_LATER, .arg = { 1, 1 } };
    tap_is(ipc_request(driver, &m), -E_IO, "or_fails");
    struct driver_statistics s = statistics();
    tap_is((int64_t)s.requests, 4, "requests_are_counted");
    tap_is((int64_t)s.errors, 2, "errors_too");
    tap_is((int64_t)s.pending, 0, "none_is_pending");
    tap_ok(s.time > TIME_MILLISECOND && s.time < 60 * TIME_SECOND, "the_time_is_right");
    client_asks(VICTIM_NOTIFIED, 0, &m);
    tap_is((int64_t)m.arg[1], 5, "idle_is_called_after_each_event");
    end_driver();
}

static void test_heartbeat(void) {
    struct message m;

    start_driver((struct victim){ 0 });
    tap_is(agent_beats(), 0, "a_heartbeat_is_answered");
    tap_is(agent_beats(), 0, "and_the_next");
    ipc_notify(driver);
    client_asks(VICTIM_NOTIFIED, 0, &m);
    tap_is((int64_t)m.arg[0], 1, "a_notification_of_a_client_is_the_drivers");
    tap_is(ipc_receive_nonblock(driver, &m), -E_WOULDBLOCK, "and_is_not_answered");
    m = (struct message){ .type = VICTIM_LATER, .arg = { 50 * TIME_MILLISECOND } };
    ipc_send(driver, &m);
    tap_is(agent_beats(), 0, "a_heartbeat_is_answered_while_a_request_is_pending");
    tap_is((int64_t)statistics().pending, 1, "which_it_still_is");
    tap_is(ipc_receive(driver, &m), 0, "and_is_answered_then");
    tap_is((int64_t)statistics().heartbeats, 3, "heartbeats_are_counted");
    child_end(agent);
    start_agent();
    tap_is(agent_beats(), 0, "a_new_agent_is_known");
    end_driver();
}

static void test_authority(void) {
    struct message m = { 0 };

    start_driver((struct victim){ 0 });
    for (uint32_t type = DRIVER_IDENTIFY; type <= DRIVER_STATISTICS; type++) {
        m.type = type;
        tap_is(ipc_request(driver, &m), -E_PERM, "a_client_may_not_ask_%u", type);
    }
    m.type = DRIVER_STATISTICS + 1;
    tap_is(ipc_request(driver, &m), -E_BADCALL, "what_comes_behind_is_the_drivers");
    tap_is(client_asks(VICTIM_ECHO, 1, &m), 0, "it_lives");
    end_driver();
}

static void test_identity(void) {
    struct driver_identity identity;
    struct message m;

    start_driver((struct victim){ 0 });
    tap_is(agent_asks(DRIVER_IDENTIFY, 0, &m), 0, "it_says_who_it_is");
    memcpy(&identity, m.arg, sizeof identity);
    tap_ok(memcmp(identity.name, "a name of twenty-four c.", 24) == 0, "its_name_in_full");
    tap_is((int64_t)identity.version, DRIVER_VERSION, "its_version");
    tap_is((int64_t)identity.abilities, DRIVER_CAN_PROBE, "what_it_can");
    tap_is((int64_t)identity.starts, 1, "and_that_it_is_the_first");
    end_driver();
}

static void test_probe(void) {
    struct message m;

    start_driver((struct victim){ .probe = 0 });
    tap_is(agent_asks(DRIVER_PROBE, 0, &m), 0, "a_probe_that_is_right");
    tap_is(agent_posts(DRIVER_PROBE, 0, 0), 0, "asked_without_waiting");
    tap_is(agent_posts(DRIVER_PROBE, 0, 55 * TIME_MILLISECOND), 0,
           "an_agent_that_looked_away_gets_its_reply");
    tap_is(agent_posts(DRIVER_PROBE, 0, 2 * TIME_SECOND), -E_WOULDBLOCK, "but_not_for_ever");
    tap_is((int64_t)statistics().requests, 0, "the_agents_requests_are_not_counted");
    end_driver();
    start_driver((struct victim){ .probe = -E_CHECKSUM });
    tap_is(agent_asks(DRIVER_PROBE, 0, &m), -E_CHECKSUM, "a_probe_that_is_wrong");
    end_driver();
    start_driver((struct victim){ .no_probe = true });
    tap_is(agent_asks(DRIVER_PROBE, 0, &m), -E_NOTSUP, "a_driver_without_probe");
    end_driver();
    start_driver((struct victim){ .probe = DRIVER_LATER });
    tap_is(agent_asks(DRIVER_PROBE, 0, &m), 0, "a_probe_that_takes_time");
    tap_is(agent_posts(DRIVER_PROBE, 0, 20 * TIME_MILLISECOND), 0, "asked_without_waiting");
    end_driver();
}

static void test_shutdown(void) {
    struct message m;

    start_driver((struct victim){ 0 });
    tap_is(agent_asks(DRIVER_SHUTDOWN, LONG_TIME, &m), 0, "a_driver_ends_in_order");
    tap_is(end_of_driver(), 0, "with_status_0");

    start_driver((struct victim){ 0 });
    m = (struct message){ .type = VICTIM_LATER, .arg = { 20 * TIME_MILLISECOND } };
    ipc_send(driver, &m);
    agent_begins(DRIVER_SHUTDOWN, LONG_TIME);
    sleep_for(TIME_MILLISECOND);
    struct message refused;
    tap_is(client_asks(VICTIM_ECHO, 1, &refused), -E_PEERDEAD, "it_takes_no_more_requests");
    tap_is(ipc_receive(driver, &m), 0, "but_finishes_what_it_has");
    tap_is(agent_ends(), 0, "then_it_ends");
    tap_is(end_of_driver(), 0, "with_status_0");

    start_driver((struct victim){ 0 });
    m = (struct message){ .type = VICTIM_LATER, .arg = { LONG_TIME } };
    ipc_send(driver, &m);
    uint64_t began = time_now();
    tap_is(agent_asks(DRIVER_SHUTDOWN, 10 * TIME_MILLISECOND, &m), 0, "not_for_ever");
    tap_ok(time_now() - began >= 10 * TIME_MILLISECOND && time_now() - began < TIME_SECOND,
           "but_for_as_long_as_it_may");
    tap_is(ipc_receive(driver, &m), -E_PEERDEAD, "what_is_not_finished_is_not_answered");
    tap_is(end_of_driver(), 0, "which_is_in_order");

    start_driver((struct victim){ .busy = 30 * TIME_MILLISECOND });
    began = time_now();
    tap_is(agent_asks(DRIVER_SHUTDOWN, LONG_TIME, &m), 0, "work_that_was_answered_is_done_first");
    tap_ok(time_now() - began >= 15 * TIME_MILLISECOND && time_now() - began < TIME_SECOND,
           "and_no_longer_waited_for");
    end_of_driver();

    start_driver((struct victim){ .shutdown_error = -E_IO });
    tap_is(agent_asks(DRIVER_SHUTDOWN, 0, &m), -E_IO, "a_device_that_is_not_quiet_is_told_of");
    tap_is(end_of_driver(), E_IO, "by_the_exit_status_too");
}

static void test_ends(void) {
    struct message m;

    start_driver((struct victim){ .start_error = -E_NOTSUP });
    tap_is(end_of_driver(), E_NOTSUP, "a_driver_that_cannot_start_says_why");
    start_driver((struct victim){ 0 });
    tap_is(client_asks(VICTIM_FAIL, E_CHECKSUM, &m), 0, "one_that_gives_up_answers_last");
    tap_is(end_of_driver(), E_CHECKSUM, "and_says_why");
    start_driver((struct victim){ 0 });
    tap_is(client_asks(VICTIM_PANIC, 0, &m), -E_PEERDEAD, "one_that_panics_does_not");
    tap_is(end_of_driver(), EXIT_ABORTED, "and_has_aborted");
}

static void test_hold(void) {
    struct message m;

    start_driver((struct victim){ 0 });
    uint64_t began = time_now();
    tap_is(client_asks(VICTIM_HOLD, 20 * TIME_MILLISECOND, &m), 0, "requests_are_held");
    tap_ok(time_now() - began < 10 * TIME_MILLISECOND, "after_the_reply_to_the_last");
    tap_is(client_asks(VICTIM_ECHO, 1, &m), 0, "the_next_is_served");
    tap_ok(time_now() - began >= 20 * TIME_MILLISECOND, "when_they_are_not_held_any_more");
    end_driver();
}

int main(void) {
    tap_plan(0);
    test_requests();
    test_heartbeat();
    test_authority();
    test_identity();
    test_probe();
    test_shutdown();
    test_ends();
    test_hold();
    check_kernel("after_all");
    return tap_done();
}
