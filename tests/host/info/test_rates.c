/* What two samples say of how fast a core or process does what. */
#include <criterion/criterion.h>
#include <string.h>

#define PROGRAM "info-test"
#include "../random.h"

#include "rates.h"

TestSuite(rates, .timeout = 60);

#define SECOND UINT64_C(1000000000)

Test(rates, a_rate_is_per_second_and_rounded) {
    cr_expect_eq(rate_of(100, SECOND), 100);
    cr_expect_eq(rate_of(1, 2 * SECOND), 1, "one half is rounded up");
    cr_expect_eq(rate_of(1, 3 * SECOND), 0);
    cr_expect_eq(rate_of(7, SECOND / 10), 70);
    cr_expect_eq(rate_of(0, SECOND), 0);
    cr_expect_eq(rate_of(5, 0), 0, "no time has passed");
}

Test(rates, a_rate_does_not_overflow) {
    cr_expect_eq(rate_of(UINT64_MAX, 1), UINT32_MAX);
    cr_expect_eq(rate_of(UINT64_MAX, UINT64_MAX), SECOND);
    cr_expect_eq(rate_of(UINT32_MAX, SECOND), UINT32_MAX);
    cr_expect_eq(rate_of(1, UINT64_MAX), 0);
}

Test(rates, a_share_is_in_thousandths) {
    cr_expect_eq(share_of(1, 2), 500);
    cr_expect_eq(share_of(1, 3), 333);
    cr_expect_eq(share_of(2, 3), 667);
    cr_expect_eq(share_of(3, 2), 1000, "never more than all");
    cr_expect_eq(share_of(0, 0), 0);
    cr_expect_eq(share_of(UINT64_MAX / 2, UINT64_MAX), 500);
}

/* The same as in 128 bits, but for what the shifts take. */
Test(rates, are_right_for_any_numbers) {
    random_start();
    for (unsigned i = 0; i < 200000; i++) {
        uint64_t part = random_next() >> random_below(64),
                 whole = random_next() >> random_below(64);
        if (whole == 0)
            continue;
        unsigned __int128 rate = ((unsigned __int128)part * SECOND + whole / 2) / whole;
        uint32_t expected = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
        uint32_t got = rate_of(part, whole);
        uint32_t off = got > expected ? got - expected : expected - got;
        random_check(off <= 1 + expected / 1000000 || whole < 1000000);
        random_check(share_of(part, whole) <= 1000);
    }
}

static struct core_sample core_at(uint64_t seconds) {
    return (struct core_sample){
        .core = { .core = 3,
                  .state = MONITOR_CORE_MEMBER,
                  .incarnation = 2,
                  .memory_bytes = 64 << 20 },
        .answers = true,
        .info = { .time = seconds * SECOND,
                  .idle_time = seconds * SECOND / 4,
                  .messages = 1000 * seconds,
                  .fastpath_hits = 750 * seconds,
                  .interrupts = 20 * seconds,
                  .context_switches = 30 * seconds },
        .memory = { .frames = { [FRAME_FREE] = 256 } },
        .processes = 5,
    };
}

Test(rates, a_core_is_described_by_what_it_did_between_samples) {
    struct core_sample before = core_at(10), after = core_at(12);
    after.info.messages = before.info.messages + 600;
    after.info.fastpath_hits = before.info.fastpath_hits + 150;
    after.info.idle_time = before.info.idle_time + SECOND;
    struct information_core core = describe_core(&before, &after);

    cr_expect(core.core == 3 && core.state == MONITOR_CORE_MEMBER && core.incarnation == 2);
    cr_expect_eq(core.messages, 300);
    cr_expect_eq(core.fast, 250);
    cr_expect_eq(core.busy, 500);
    cr_expect_eq(core.interrupts, 20);
    cr_expect_eq(core.switches, 30);
    cr_expect(core.processes == 5 && core.up == 12 * SECOND);
    cr_expect(core.free_bytes == 1 << 20 && core.memory_bytes == 64 << 20);
}

static void expect_since_start(const struct core_sample *before, const struct core_sample *after) {
    struct information_core core = describe_core(before, after);

    cr_expect_eq(core.messages, 1000);
    cr_expect_eq(core.busy, 750);
    cr_expect_eq(covered(before, after), after->info.time);
}

Test(rates, without_a_sample_before_they_are_since_the_start) {
    struct core_sample before = core_at(10), after = core_at(2);

    expect_since_start(NULL, &after);
    before.answers = false;
    expect_since_start(&before, &after);
    before = core_at(1);
    before.core.incarnation = 1;
    expect_since_start(&before, &after);
    before = core_at(3); /* the clock of a core never goes back: it is another one */
    expect_since_start(&before, &after);
}

Test(rates, of_a_core_that_does_not_answer_there_is_nothing) {
    struct core_sample before = core_at(10), after = core_at(12);

    after.answers = false;
    after.core.state = MONITOR_CORE_LOST;
    struct information_core core = describe_core(&before, &after);
    cr_expect(core.state == MONITOR_CORE_LOST && core.up == 0 && core.messages == 0 &&
              core.busy == 0 && core.processes == 0);
}

Test(rates, a_process_is_described_by_its_core_s_time) {
    struct process_info before = { .cpu_time = SECOND, .messages_sent = 5, .messages_received = 7 };
    struct process_info after = { .endpoint = endpoint_make(0, 1, 0, 4),
                                  .label = "a-label-of-24-characters",
                                  .state = PROCESS_RECEIVING,
                                  .priority = 4,
                                  .cpu_time = SECOND + SECOND / 2,
                                  .messages_sent = 25,
                                  .messages_received = 47,
                                  .frames = 10,
                                  .refusals = 3 };
    struct information_process process = describe_process(&before, &after, 2 * SECOND);

    cr_expect_eq(process.busy, 250);
    cr_expect(process.sent == 10 && process.received == 20);
    cr_expect(process.memory_bytes == 10 * PAGE_SIZE && process.refusals == 3);
    cr_expect(memcmp(process.label, "a-label-of-24-characters", LABEL_MAX) == 0);
    cr_expect(process.cpu_time == after.cpu_time && process.driver == 0);
    process = describe_process(NULL, &after, 2 * SECOND);
    cr_expect(process.busy == 750 && process.sent == 13 && process.received == 24);
}

Test(rates, the_busiest_come_first) {
    struct information_process processes[] = {
        { .endpoint = 1, .busy = 10 },
        { .endpoint = 2, .busy = 900 },
        { .endpoint = 4, .busy = 10, .sent = 1 },
        { .endpoint = 3, .busy = 10, .received = 1 },
    };
    static const endpoint_t expected[] = { 2, 3, 4, 1 };

    sort_processes(processes, 4);
    for (unsigned i = 0; i < 4; i++)
        cr_expect_eq(processes[i].endpoint, expected[i], "place %u", i);
    sort_processes(NULL, 0);
}
