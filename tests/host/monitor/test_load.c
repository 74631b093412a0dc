/* How busy a core says that it is. */
#include <criterion/criterion.h>

#include "load.h"

static struct load load;
static uint64_t now, idle;

/* Time passes, so many tenths of it idle. */
static void pass(uint64_t nanoseconds, unsigned tenths) {
    now += nanoseconds;
    idle += nanoseconds / 10 * tenths;
}

/* Periods with a sample at the end of each. */
static void run(unsigned periods, unsigned tenths_idle) {
    for (unsigned i = 0; i < periods; i++) {
        pass(LOAD_PERIOD, tenths_idle);
        load_sample(&load, now, idle);
    }
}

Test(load, is_nothing_when_the_core_starts) { cr_expect_eq(load_now(&load, 0, 0, 0), 0); }

Test(load, before_the_first_sample_it_is_since_the_start) {
    pass(LOAD_PERIOD / 2, 3);
    cr_expect_eq(load_now(&load, now, idle, 0), 7);
}

Test(load, is_of_the_recent_time) {
    run(1000, 0);
    cr_expect_eq(load_now(&load, now, idle, 0), 10);
    pass(LOAD_PERIOD, 10);
    cr_expect_eq(load_now(&load, now, idle, 0), 5);
}

Test(load, of_before_the_last_two_samples_is_forgotten) {
    run(1000, 0);
    run(2, 10); /* of which the first begins the time that counts */
    cr_expect_eq(load_now(&load, now, idle, 0), 0);
    run(1000, 10);
    run(2, 0);
    cr_expect_eq(load_now(&load, now, idle, 0), 10);
}

/* Who asks again at once is told the same: asking is no sample. */
Test(load, asking_changes_nothing) {
    run(3, 4);
    for (unsigned i = 0; i < 100; i++)
        cr_expect_eq(load_now(&load, now, idle, 0), 6);
}

Test(load, of_the_time_since_the_last_sample_counts) {
    run(3, 10);
    pass(LOAD_PERIOD / 4, 0);
    cr_expect_eq(load_now(&load, now, idle, 0), 2);
}

/* It has been busy for no measurable time yet. */
Test(load, who_waits_for_the_cpu_counts_at_once) {
    run(3, 10);
    cr_expect_eq(load_now(&load, now, idle, 1), 10);
    cr_expect_eq(load_now(&load, now, idle, 3), 30);
}

Test(load, has_a_greatest_value) {
    run(3, 0);
    cr_expect_eq(load_now(&load, now, idle, 23), 240);
    cr_expect_eq(load_now(&load, now, idle, 24), 250);
    cr_expect_eq(load_now(&load, now, idle, 25), LOAD_MAX);
    cr_expect_eq(load_now(&load, now, idle, 256), LOAD_MAX);
}

/* The clock of the idle time is read after the other. */
Test(load, more_idle_time_than_time_is_idle) {
    run(3, 10);
    cr_expect_eq(load_now(&load, now, idle + 1, 0), 0);
}
