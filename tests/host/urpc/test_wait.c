/* Spinning: how long, and how a stream is paced. */
#include <criterion/criterion.h>

#include <urpc/wait.h>

#include "pair.h"

#define SLOTS   64U
#define QUARTER (SLOTS / 4)
#define LONG    ((uint64_t)1 << 40) /* ticks: minutes */

static struct pair pair;
static struct chan_spin spin;
static struct message message;

static void make(void) { pair_make(&pair, SLOTS, 0, 0); }

static void drop(void) { pair_free(&pair); }

TestSuite(wait, .init = make, .fini = drop);

Test(wait, the_budget_shrinks_when_spinning_does_not_pay_and_has_a_floor) {
    chan_spin_init(&spin, &pair.b, 3200);
    cr_assert_eq(spin.budget, 3200);
    for (unsigned n = 0; n < 10; n++)
        cr_assert_eq(chan_receive_spin(&pair.b, &message, &spin), -E_WOULDBLOCK);
    cr_assert_eq(spin.budget, 100);
}

Test(wait, the_budget_grows_when_messages_come_within_the_bound) {
    chan_spin_init(&spin, &pair.b, LONG);
    spin.budget = LONG / 32;
    for (unsigned n = 0; n < 10; n++) {
        spin.since = __builtin_ia32_rdtsc(); /* as if it had waited in vain until now */
        cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        cr_assert_eq(chan_wait(&pair.b, &spin), 0);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    }
    cr_assert_eq(spin.budget, LONG);
}

Test(wait, a_message_that_came_too_late_does_not_grow_the_budget) {
    chan_spin_init(&spin, &pair.b, 3200);
    cr_assert_eq(chan_wait(&pair.b, &spin), -E_WOULDBLOCK);
    spin.since -= 3200;
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    cr_assert_eq(chan_wait(&pair.b, &spin), 0);
    cr_assert_eq(spin.budget, 1600);
}

Test(wait, the_end_of_the_channel_ends_the_wait) {
    chan_spin_init(&spin, &pair.b, LONG);
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    chan_close(&pair.a);
    cr_assert_eq(chan_receive_spin(&pair.b, &message, &spin), 0);
    cr_assert_eq(chan_receive_spin(&pair.b, &message, &spin), -E_PEERDEAD);
    cr_assert_eq(chan_wait(&pair.b, &spin), -E_PEERDEAD);
}

/* One message of a stream whose consumer is always too early. */
static void early_consumer(void) {
    spin.budget = 0;
    cr_assert_eq(chan_receive_spin(&pair.b, &message, &spin), -E_WOULDBLOCK);
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    cr_assert_eq(chan_receive_spin(&pair.b, &message, &spin), 0);
}

static void early_quarters(unsigned count) {
    for (unsigned n = 0; n < count * QUARTER; n++)
        early_consumer();
}

/* No whole quarter comes while this thread waits for one, so the attempt fails, and the next is put
 * off. */
Test(wait, pacing_is_tried_when_a_consumer_is_always_early) {
    chan_spin_init(&spin, &pair.b, LONG);
    early_quarters(11);
    cr_assert_eq(spin.pause, 2);
    cr_assert(!spin.paced);
    early_quarters(20);
    cr_assert_eq(spin.pause, 4);
}

Test(wait, pacing_goes_on_while_quarters_come_faster_than_without_it) {
    chan_spin_init(&spin, &pair.b, LONG);
    spin.paced = 1;
    spin.took[0] = LONG;
    for (unsigned n = 0; n < 30; n++) {
        for (unsigned i = 0; i < QUARTER; i++)
            cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        for (unsigned i = 0; i < QUARTER; i++)
            cr_assert_eq(chan_receive_spin(&pair.b, &message, &spin), 0);
    }
    cr_assert(spin.paced);
    spin.took[0] = 0;
    early_quarters(2 * 8);
    cr_assert(!spin.paced);
}

Test(wait, a_paced_wait_ends_with_what_is_there) {
    chan_spin_init(&spin, &pair.b, LONG);
    spin.paced = 1;
    spin.took[0] = 8000;
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    cr_assert_eq(chan_receive_spin(&pair.b, &message, &spin), 0);
    cr_assert(!spin.paced);
}

Test(wait, a_dialogue_is_not_paced) {
    chan_spin_init(&spin, &pair.b, LONG);
    for (unsigned n = 0; n < 40 * QUARTER; n++) {
        early_consumer();
        cr_assert_eq(chan_send(&pair.b.tx, &message), 0);
        cr_assert_eq(chan_receive(&pair.a.rx, &message), 0);
    }
    cr_assert_eq(spin.pause, 1, "it was not even tried");
}

Test(wait, a_stream_that_takes_longer_than_the_bound_is_not_paced) {
    chan_spin_init(&spin, &pair.b, 1);
    early_quarters(40);
    cr_assert_eq(spin.pause, 1);
}

Test(wait, a_consumer_that_is_never_early_is_not_paced) {
    chan_spin_init(&spin, &pair.b, LONG);
    for (unsigned n = 0; n < 40 * QUARTER; n++) {
        cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        cr_assert_eq(chan_receive_spin(&pair.b, &message, &spin), 0);
    }
    cr_assert_eq(spin.pause, 1);
}
