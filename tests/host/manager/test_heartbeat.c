/* Heartbeats: who is asked, who is missed, and how the period adapts. */
#include <criterion/criterion.h>

#include "heartbeat.h"

#define MS UINT64_C(1000000)

static struct heartbeat h;

static void start(uint64_t base) {
    h = (struct heartbeat){ .base = 0 };
    heartbeat_start(&h, base, 0);
}

Test(heartbeat, without_a_period_nobody_is_asked) {
    start(0);
    cr_expect_eq(heartbeat_look(&h, 1000 * MS), HEARTBEAT_NOTHING);
}

Test(heartbeat, who_answers_is_asked_once_in_each_period) {
    start(100 * MS);
    cr_expect_eq(heartbeat_look(&h, 99 * MS), HEARTBEAT_NOTHING);
    for (uint64_t beat = 1; beat <= 50; beat++) {
        cr_expect_eq(heartbeat_look(&h, h.due), HEARTBEAT_ASK);
        heartbeat_answer(&h, h.asked + MS);
        cr_expect_eq(h.due, (beat + 1) * 100 * MS);
    }
    cr_expect_eq(h.total, 0);
    cr_expect_eq(h.period, 100 * MS);
}

Test(heartbeat, who_does_not_is_dead_after_so_many_periods) {
    start(100 * MS);
    for (unsigned beat = 0; beat < HEARTBEAT_MISSES; beat++)
        cr_expect_eq(heartbeat_look(&h, h.due), HEARTBEAT_ASK);
    cr_expect_eq(heartbeat_look(&h, h.due), HEARTBEAT_DEAD);
    cr_expect_eq(h.total, HEARTBEAT_MISSES);
}

Test(heartbeat, one_answer_in_time_and_it_counts_anew) {
    start(100 * MS);
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned beat = 0; beat < HEARTBEAT_MISSES; beat++)
            cr_expect_eq(heartbeat_look(&h, h.due), HEARTBEAT_ASK);
        heartbeat_answer(&h, h.due - 1);
        cr_expect_eq(h.missed, 0);
    }
}

Test(heartbeat, slow_answers_make_it_wait_longer_up_to_a_bound) {
    start(10 * MS);
    for (unsigned beat = 0; beat < 100; beat++) {
        cr_expect_eq(heartbeat_look(&h, h.due), HEARTBEAT_ASK);
        heartbeat_answer(&h, h.asked + 9 * MS);
    }
    cr_expect_gt(h.period, 17 * MS, "twice the time of an answer");
    cr_expect_leq(h.period, HEARTBEAT_FACTOR * 10 * MS);
    for (unsigned beat = 0; beat < 100; beat++) {
        cr_expect_eq(heartbeat_look(&h, h.due), HEARTBEAT_ASK);
        heartbeat_answer(&h, h.asked + 1000 * MS);
        h.due = h.asked + 1000 * MS;
    }
    cr_expect_eq(h.period, HEARTBEAT_FACTOR * 10 * MS);
    for (unsigned beat = 0; beat < 200; beat++) {
        heartbeat_look(&h, h.due);
        heartbeat_answer(&h, h.asked);
    }
    cr_expect_eq(h.period, 10 * MS, "and back again");
}

Test(heartbeat, an_observer_that_slept_proves_nothing) {
    start(100 * MS);
    cr_expect_eq(heartbeat_look(&h, h.due), HEARTBEAT_ASK);
    for (unsigned beat = 0; beat < 10; beat++)
        cr_expect_eq(heartbeat_look(&h, h.due + 51 * MS), HEARTBEAT_ASK);
    cr_expect_eq(h.missed, 0);
    for (unsigned beat = 1; beat < HEARTBEAT_MISSES; beat++)
        cr_expect_eq(heartbeat_look(&h, h.due), HEARTBEAT_ASK);
    cr_expect_eq(heartbeat_look(&h, h.due), HEARTBEAT_DEAD);
}
