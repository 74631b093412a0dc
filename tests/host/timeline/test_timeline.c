/* Timelines of cores that these tests make. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/info.h>
#include <bulkhead/ipc.h>

#define PROGRAM "timeline-test"
#include "../random.h"

#include "feed.h"

TestSuite(timeline, .timeout = 120);

#define CHECK "jq --slurp --exit-status --from-file tests/host/timeline/check.jq >/dev/null"

/* What judges texts; it may do so before it has read them all. */
static FILE *open_check(void) {
    FILE *check = popen(CHECK, "w"); // NOLINT(cert-env33-c): nothing of it comes from outside

    cr_assert_not_null(check);
    signal(SIGPIPE, SIG_IGN);
    return check;
}

/* Whether the text keeps to the format. */
static bool is_valid(void) {
    FILE *check = open_check();

    fwrite(text, 1, text_bytes, check);
    return pclose(check) == 0;
}

static void expect_text(const char *string, unsigned count) {
    cr_assert_eq(occurrences(string), count, "%s: %u times in\n%s", string, occurrences(string),
                 text);
}

#define SEND(primitive, type) ((uint64_t)IPC_##primitive << 32 | (type))

/* p1 of core 0 asks p2, which sends on to p1 of core 1 over a channel. */
static void make_example(void) {
    endpoint_t a = process(0, 1), b = process(0, 2), c = process(1, 1);

    record(0, 1000, TRACE_EVENT_SWITCH, a, ENDPOINT_NONE, 4);
    record(0, 1100, TRACE_EVENT_SEND, a, b, SEND(SENDREC, 0x101));
    record(0, 1110, TRACE_EVENT_RECEIVE, b, a, 0x101);
    record(0, 1120, TRACE_EVENT_WAKE, b, a, 0);
    record(0, 1130, TRACE_EVENT_BLOCK, a, b, 2);
    record(0, 1200, TRACE_EVENT_SWITCH, b, ENDPOINT_NONE, 2);
    record(0, 1250, TRACE_EVENT_KCALL, b, ENDPOINT_NONE,
           (uint64_t)(uint32_t)-E_NOENT << 32 | KCALL_PROC_WAIT);
    record(0, 1300, TRACE_EVENT_CHAN_SEND, b, c, trace_channel(1, 67, 17));
    record(0, 1310, TRACE_EVENT_BELL, b, c, trace_channel(1, 67, 0));
    record(0, 1400, TRACE_EVENT_BLOCK, b, ENDPOINT_ANY, 2);
    record(0, 1450, TRACE_EVENT_SWITCH, ENDPOINT_NONE, ENDPOINT_NONE, 0);
    record(0, 1500, TRACE_EVENT_IRQ, ENDPOINT_NONE, b, 52);
    record(0, 1510, TRACE_EVENT_RECEIVE, b, ENDPOINT_KERNEL, MESSAGE_NOTIFY);
    record(0, 1520, TRACE_EVENT_WAKE, b, ENDPOINT_KERNEL, 0);
    record(0, 1600, TRACE_EVENT_SWITCH, b, ENDPOINT_NONE, 2);

    fake[1].offset = 1000; /* its counter started later */
    record(1, 320, TRACE_EVENT_CREATE, c, process(1, 0), 0);
    record(1, 350, TRACE_EVENT_BELL_HEARD, c, b, trace_channel(1, 67, 0));
    record(1, 360, TRACE_EVENT_SWITCH, c, ENDPOINT_NONE, 4);
    record(1, 400, TRACE_EVENT_CHAN_RECEIVE, c, b, trace_channel(1, 67, 17));
    record(1, 450, TRACE_EVENT_EXIT, c, ENDPOINT_NONE, DEATH_EXIT);
    record(1, 460, TRACE_EVENT_SWITCH, ENDPOINT_NONE, ENDPOINT_NONE, 0);
}

Test(timeline, of_two_cores_is_as_in_the_example) {
    static char wanted[1 << 16];
    FILE *file = fopen("tests/host/timeline/example.json", "r");

    make_example();
    cr_assert_eq(write_text(), 0);
    cr_assert_not_null(file);
    wanted[fread(wanted, 1, sizeof wanted - 1, file)] = '\0';
    fclose(file);
    cr_assert_str_eq(text, wanted);
    cr_assert(is_valid());
}

Test(timeline, of_no_events_is_empty_and_valid) {
    fake_cores = 2;
    cr_assert_eq(write_text(), 0);
    cr_assert(is_valid());
    expect_text("\"ph\":\"X\"", 0);
}

Test(timeline, an_arrow_joins_a_message_to_its_receipt_whatever_comes_between) {
    endpoint_t a = process(0, 1), b = process(0, 2), c = process(0, 3);

    record(0, 1, TRACE_EVENT_SEND, a, b, SEND(SEND, 1000));
    record(0, 2, TRACE_EVENT_SEND, c, b, SEND(SEND, 1000));
    record(0, 3, TRACE_EVENT_NOTIFY, a, b, 0);
    record(0, 4, TRACE_EVENT_RECEIVE, b, a, MESSAGE_NOTIFY);
    record(0, 5, TRACE_EVENT_RECEIVE, b, a, 1000);
    record(0, 6, TRACE_EVENT_RECEIVE, b, c, 1000);
    record(0, 7, TRACE_EVENT_RECEIVE, b, c, 1000);
    cr_assert_eq(write_text(), 0);
    expect_text("\"ts\":0.003,\"bp\":\"e\",\"id\":3,\"cat\":\"notify\"", 1);
    expect_text("\"ts\":0.004,\"bp\":\"e\",\"id\":1,\"cat\":\"message\"", 1);
    expect_text("\"ts\":0.005,\"bp\":\"e\",\"id\":2,\"cat\":\"message\"", 1);
    expect_text("\"ph\":\"f\"", 3);
    cr_assert(is_valid());
}

Test(timeline, notifications_that_merge_are_one_arrow) {
    endpoint_t a = process(0, 1), b = process(0, 2);

    for (unsigned i = 0; i < 5; i++)
        record(0, i, TRACE_EVENT_NOTIFY, a, b, 0);
    record(0, 9, TRACE_EVENT_RECEIVE, b, a, MESSAGE_NOTIFY);
    cr_assert_eq(write_text(), 0);
    expect_text("\"name\":\"NOTIFY to p2\"", 5);
    expect_text("\"ph\":\"s\"", 1);
    expect_text("\"ph\":\"f\"", 1);
}

Test(timeline, who_loses_the_processor_is_ready) {
    record(0, 10, TRACE_EVENT_SWITCH, process(0, 1), ENDPOINT_NONE, 8);
    record(0, 20, TRACE_EVENT_SWITCH, process(0, 2), ENDPOINT_NONE, 8);
    record(0, 30, TRACE_EVENT_SWITCH, process(0, 1), ENDPOINT_NONE, 8);
    cr_assert_eq(write_text(), 0);
    expect_text("\"ts\":0.010,\"dur\":0.009,\"name\":\"ready\"", 1);
    cr_assert(is_valid());
}

Test(timeline, says_how_many_events_are_overwritten) {
    for (unsigned i = 0; i < 300; i++)
        record(0, i, TRACE_EVENT_SWITCH, process(0, i % 5), ENDPOINT_NONE, 8);
    fake[0].oldest = 100;
    cr_assert_eq(write_text(), 0);
    expect_text("\"name\":\"100 events lost\"", 1);
    cr_assert(is_valid());
}

Test(timeline, nothing_is_taken_for_granted_across_a_gap) {
    endpoint_t a = process(0, 1), b = process(0, 2);

    fake[0].piece = 2;
    fake[0].lost_at = 2;
    record(0, 0, TRACE_EVENT_SWITCH, a, ENDPOINT_NONE, 8);
    record(0, 1, TRACE_EVENT_SEND, a, b, SEND(SEND, 1000));
    for (unsigned i = 2; i < 12; i++)
        record(0, i, TRACE_EVENT_WAKE, a, b, 0);
    record(0, 100, TRACE_EVENT_RECEIVE, b, a, 1000);
    cr_assert_eq(write_text(), 0);
    expect_text("\"name\":\"10 events lost\"", 1);
    expect_text("\"ts\":0.000,\"dur\":0.000,\"args\":{\"priority\":8},\"name\":\"run\"", 1);
    expect_text("\"ph\":\"f\"", 0);
    cr_assert(is_valid());
}

Test(timeline, a_core_that_dies_ends_there_and_the_others_go_on) {
    make_example();
    fake[0].piece = 6;
    fake[0].dies_at = 6;
    cr_assert_eq(write_text(), 0);
    expect_text("\"name\":\"no more events: the peer has died\"", 1);
    expect_text("\"ts\":0.200,\"dur\":0.000,\"args\":{\"priority\":2},\"name\":\"run\"", 1);
    expect_text("\"name\":\"exited\"", 1);
    cr_assert(is_valid());
}

Test(timeline, a_write_that_fails_ends_it) {
    for (unsigned i = 0; i < 1000; i++)
        record(0, i, TRACE_EVENT_SWITCH, process(0, i % 5), ENDPOINT_NONE, 8);
    failing_write = 3;
    cr_assert_eq(write_text(), -E_IO);
}

Test(timeline, time_does_not_go_back) {
    record(0, 1000, TRACE_EVENT_SWITCH, process(0, 1), ENDPOINT_NONE, 8);
    record(0, 500, TRACE_EVENT_SWITCH, process(0, 2), ENDPOINT_NONE, 8);
    record(0, UINT64_MAX, TRACE_EVENT_SWITCH, process(0, 3), ENDPOINT_NONE, 8);
    record(0, 7, TRACE_EVENT_SWITCH, process(0, 4), ENDPOINT_NONE, 8);
    cr_assert_eq(write_text(), 0);
    cr_assert(is_valid());
}

Test(timeline, more_processes_than_are_remembered) {
    for (unsigned i = 0; i < FEED_EVENTS; i++)
        record(0, i, TRACE_EVENT_SWITCH, process(0, i), ENDPOINT_NONE, 8);
    cr_assert_eq(write_text(), 0);
    cr_assert(is_valid());
}

/* ---- Random events ---- */

/* Mostly what a kernel could record, sometimes anything. */
static endpoint_t random_endpoint(unsigned core) {
    static const endpoint_t special[] = { ENDPOINT_NONE, ENDPOINT_ANY, ENDPOINT_KERNEL,
                                          ENDPOINT_SELF };

    switch (random_below(20)) {
    case 0:
        return special[random_below(4)];
    case 1:
        return random_next();
    case 2:
        return process((unsigned)random_below(FEED_CORES), (unsigned)random_below(300));
    default:
        return process(core, (unsigned)random_below(12));
    }
}

static uint64_t random_value(void) {
    switch (random_below(4)) {
    case 0:
        return random_next();
    case 1:
        return MESSAGE_NOTIFY;
    default:
        return random_below(3) << 32 | random_below(3);
    }
}

static void random_core(unsigned core) {
    size_t count = random_below(600);
    uint64_t tsc = 1000 + random_below(1000);

    fake[core] = (struct fake_core){ .offset = random_below(2) ? 0 : -random_below(1000) };
    for (size_t i = 0; i < count; i++) {
        tsc += random_below(50);
        record(core, random_below(200) ? tsc : random_next() >> 20,
               (enum trace_type)random_below(TRACE_EVENT_BELL_HEARD + 3), random_endpoint(core),
               random_endpoint(core), random_value());
    }
    fake[core].piece = random_below(2) ? random_below(70) : 0;
    fake[core].oldest = random_below(3) ? 0 : random_below(count + 1);
    fake[core].lost_at = count < 12 || random_below(3) ? 0 : random_below(count - 10);
    fake[core].dies_at = random_below(3) ? 0 : random_below(count + 1);
}

Test(timeline, of_random_events_is_valid) {
    random_start();
    FILE *check = open_check();

    for (unsigned round = 0; round < 100; round++) {
        fake_cores = 1 + random_below(FEED_CORES);
        for (unsigned core = 0; core < fake_cores; core++)
            random_core(core);
        random_check(write_text() == 0);
        fwrite(text, 1, text_bytes, check);
    }
    random_check(pclose(check) == 0);
}
