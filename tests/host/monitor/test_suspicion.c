/* Suspicion: who is observed, which rounds count, how the period follows round trips. */
#include <criterion/criterion.h>

#include "machine.h"
#include "suspicion.h"

static struct suspicion suspicion;
static uint64_t now;

static void begin(core_set_t observed) {
    now = 1000;
    suspicion_start(&suspicion, now);
    suspicion_observe(&suspicion, observed);
}

/* The timer comes `late` after it is due. */
static core_set_t tick(uint64_t late) {
    core_set_t suspects;

    now = suspicion.due + late;
    cr_assert(suspicion_tick(&suspicion, now, &suspects));
    return suspects;
}

Test(suspicion, who_misses_all_rounds_is_suspected) {
    begin(core_bit(3) | core_bit(5));
    cr_assert_eq(tick(0), 0); /* begins the first round */
    for (unsigned i = 1; i < SUSPICION_MISSES; i++) {
        suspicion_answer(&suspicion, 5, suspicion.round, now);
        cr_assert_eq(tick(0), 0);
    }
    suspicion_answer(&suspicion, 5, suspicion.round, now);
    cr_assert_eq(tick(0), core_bit(3));
}

Test(suspicion, an_answer_to_any_round_counts_as_life) {
    begin(core_bit(1));
    tick(0);
    for (unsigned i = 0; i < 20; i++) {
        if (i % (SUSPICION_MISSES - 1) == 0)
            suspicion_answer(&suspicion, 1, suspicion.round - 1, now);
        cr_assert_eq(tick(0), 0);
    }
}

Test(suspicion, rounds_of_a_late_observer_do_not_count) {
    begin(core_bit(1));
    for (unsigned i = 0; i < 50; i++)
        cr_assert_eq(tick(i % 2 ? 0 : suspicion.period / 2), 0,
                     "late at begin or end of each round");
}

Test(suspicion, a_little_late_is_on_time) {
    core_set_t suspects = 0;

    begin(core_bit(1));
    for (unsigned i = 0; i <= SUSPICION_MISSES; i++)
        suspects |= tick(suspicion.period / SUSPICION_LATE_FRACTION);
    cr_assert_eq(suspects, core_bit(1));
}

Test(suspicion, too_early_is_no_round) {
    core_set_t suspects;

    begin(core_bit(1));
    cr_assert_not(suspicion_tick(&suspicion, suspicion.due - 1, &suspects));
    cr_assert_eq(suspicion.round, 0);
}

Test(suspicion, who_is_newly_observed_has_missed_nothing) {
    begin(core_bit(1));
    for (unsigned i = 0; i < SUSPICION_MISSES; i++)
        cr_assert_eq(tick(0), 0);
    suspicion_observe(&suspicion, 0);
    suspicion_observe(&suspicion, core_bit(1));
    for (unsigned i = 0; i < SUSPICION_MISSES; i++)
        cr_assert_eq(tick(0), 0);
    cr_assert_eq(tick(0), core_bit(1));
}

Test(suspicion, period_follows_round_trips_between_its_bounds) {
    begin(core_bit(1));
    for (unsigned i = 0; i < 50; i++) {
        tick(0);
        suspicion_answer(&suspicion, 1, suspicion.round, now + MILLISECOND);
    }
    cr_assert_eq(suspicion.period, SUSPICION_PERIOD);
    for (unsigned i = 0; i < 100; i++) {
        tick(0);
        suspicion_answer(&suspicion, 1, suspicion.round, now + 5 * SECOND);
    }
    cr_assert_geq(suspicion.period, 5 * SECOND);
    cr_assert_leq(suspicion.period, 8 * SECOND);
    for (unsigned i = 0; i < 100; i++) {
        tick(0);
        suspicion_answer(&suspicion, 1, suspicion.round, now + 500 * SECOND);
    }
    cr_assert_eq(suspicion.period, SUSPICION_PERIOD_MAX);
}

Test(suspicion, successors_form_a_ring) {
    core_set_t members = core_bit(0) | core_bit(7) | core_bit(20) | core_bit(40) | core_bit(63);

    cr_assert_eq(suspicion_successors(members, 0), core_bit(7) | core_bit(20) | core_bit(40));
    cr_assert_eq(suspicion_successors(members, 40), core_bit(63) | core_bit(0) | core_bit(7));
    cr_assert_eq(suspicion_successors(members, 63), core_bit(0) | core_bit(7) | core_bit(20));
    cr_assert_eq(suspicion_successors(core_bit(2) | core_bit(9), 9), core_bit(2));
    cr_assert_eq(suspicion_successors(core_bit(9), 9), 0);
}

Test(suspicion, everybody_is_observed_by_as_many) {
    unsigned observers[CORES_MAX] = { 0 };

    for (unsigned i = 0; i < CORES_MAX; i++)
        for_each_core(core, suspicion_successors(UINT64_MAX, i))
            observers[core]++;
    for (unsigned i = 0; i < CORES_MAX; i++)
        cr_assert_eq(observers[i], SUSPICION_SUCCESSORS);
}
