/* Recovery policies: budgets, pauses, and what does not count. */
#include <criterion/criterion.h>

#include "recovery.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)

static struct recovery r;

static void forget(void) { r = (struct recovery){ .level = 0 }; }

TestSuite(recovery, .init = forget);

static const struct recovery_policy direct = { RECOVERY_DIRECT, 5, 60 * SECOND };

Test(recovery, none_is_given_up_at_once) {
    const struct recovery_policy none = { RECOVERY_NONE, 0, 0 };

    cr_expect_eq(recovery_decide(&r, &none, 0, SECOND).verdict, RECOVERY_GIVE_UP);
    cr_expect_eq(r.failures, 1);
}

Test(recovery, direct_starts_at_once_as_often_as_the_budget_says) {
    uint64_t now = SECOND;

    for (unsigned i = 0; i < 5; i++, now += 20 * MS) {
        struct recovery_decision d = recovery_decide(&r, &direct, now - 15 * MS, now);
        cr_expect(d.verdict == RECOVERY_START && d.pause == 0, "failure %u", i);
    }
    cr_expect_eq(recovery_decide(&r, &direct, now, now).verdict, RECOVERY_GIVE_UP);
    cr_expect_eq(r.failures, 6);
}

Test(recovery, the_budget_fills_up_evenly) {
    uint64_t now = SECOND;

    for (unsigned i = 0; i < 100; i++, now += 12 * SECOND)
        cr_expect_eq(recovery_decide(&r, &direct, now - 12 * SECOND, now).verdict, RECOVERY_START);
}

Test(recovery, what_is_started_on_purpose_has_its_whole_budget) {
    for (unsigned i = 0; i < 6; i++)
        recovery_decide(&r, &direct, SECOND, 2 * SECOND);
    recovery_forget(&r);
    for (unsigned i = 0; i < 5; i++)
        cr_expect_eq(recovery_decide(&r, &direct, SECOND, 2 * SECOND).verdict, RECOVERY_START);
    cr_expect_eq(r.failures, 11, "hooks are told all of them");
}

Test(recovery, backoff_pauses_twice_as_long_each_time) {
    const struct recovery_policy backoff = { RECOVERY_BACKOFF, 1000, 600 * SECOND };
    uint64_t now = SECOND, expected = BACKOFF_FIRST;

    for (unsigned i = 0; i < 20; i++) {
        struct recovery_decision d = recovery_decide(&r, &backoff, now - 20 * MS, now);
        cr_expect_eq(d.pause, expected, "failure %u", i);
        expected = 2 * expected < BACKOFF_MOST ? 2 * expected : BACKOFF_MOST;
        now += d.pause + 20 * MS;
    }
    now += 600 * SECOND;
    cr_expect_eq(recovery_decide(&r, &backoff, now - 600 * SECOND, now).pause, BACKOFF_FIRST,
                 "who has lived for a period is forgiven");
}

Test(recovery, a_crash_loop_is_slowed_down_whatever_the_policy) {
    const struct recovery_policy many = { RECOVERY_DIRECT, 1000, SECOND };
    uint64_t now = SECOND, paused = 0;

    for (unsigned i = 0; i < 100; i++) {
        struct recovery_decision d = recovery_decide(&r, &many, now, now + MS);
        cr_expect_eq(d.verdict, RECOVERY_START);
        cr_expect_eq(d.pause != 0, i >= LOOP_FREE, "life %u", i);
        cr_expect_leq(d.pause, LOOP_MOST);
        paused += d.pause;
        now += d.pause + MS;
    }
    cr_expect_gt(paused, 80 * SECOND, "most of the time it waits");
    cr_expect_eq(recovery_decide(&r, &many, now, now + LOOP_LIFE + 1).pause, 0);
}

Test(recovery, a_hook_is_asked_within_its_budget) {
    const struct recovery_policy hook = { RECOVERY_HOOK, 2, 10 * SECOND };

    cr_expect_eq(recovery_decide(&r, &hook, SECOND, 2 * SECOND).verdict, RECOVERY_ASK);
    cr_expect_eq(recovery_decide(&r, &hook, SECOND, 2 * SECOND).verdict, RECOVERY_ASK);
    cr_expect_eq(recovery_decide(&r, &hook, SECOND, 2 * SECOND).verdict, RECOVERY_GIVE_UP);
}
