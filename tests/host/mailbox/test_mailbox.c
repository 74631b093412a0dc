/* What the mailboxes of two cores tell each other, one step at a time. */
#include <criterion/criterion.h>
#include <string.h>

#include <bulkhead/binding.h>

#include "x86_64/lapic.h"
#include "x86_64/vectors.h"

#include "two.h"

#define PROGRAM "mailbox-test"
#include "../random.h"

static _Alignas(PAGE_SIZE) uint8_t page[PAGE_SIZE];
static unsigned rung[2][BINDINGS_MAX], rung_in_all[2];
static unsigned interrupts[2]; /* that each was sent */

static void rung_at(unsigned core, uint32_t from, uint32_t number) {
    cr_assert_eq(from, 1 - core);
    cr_assert_lt(number, BINDINGS_MAX);
    rung[core][number]++;
    rung_in_all[core]++;
}

static void rung_at_zero(uint32_t from, uint32_t number) { rung_at(0, from, number); }

static void rung_at_one(uint32_t from, uint32_t number) { rung_at(1, from, number); }

static void interrupt(uint32_t apic_id, uint32_t command) {
    cr_assert(apic_id == TWO_APIC_ID(0) || apic_id == TWO_APIC_ID(1));
    cr_assert_eq(command, LAPIC_MAILBOX);
    interrupts[apic_id == TWO_APIC_ID(1)]++;
}

static void reset(void) {
    memset(rung, 0, sizeof rung);
    memset(rung_in_all, 0, sizeof rung_in_all);
    memset(interrupts, 0, sizeof interrupts);
}

/* Two cores that have looked into their mailboxes once. */
static void begin(void) {
    two_make(page);
    two[0].rung = rung_at_zero;
    two[1].rung = rung_at_one;
    two[0].interrupt = two[1].interrupt = interrupt;
    for (unsigned core = 0; core < 2; core++) {
        two[core].init();
        two[core].collect();
    }
    reset();
}

TestSuite(mailbox, .init = begin);

Test(mailbox, the_interrupt_is_that_of_the_vector) {
    cr_assert_eq(LAPIC_MAILBOX & 0xff, VECTOR_MAILBOX);
}

Test(mailbox, every_number_arrives_at_the_other_core_once) {
    for (unsigned core = 0; core < 2; core++) {
        for (uint32_t number = 0; number < BINDINGS_MAX; number++) {
            reset();
            two[core].post(1 - core, number);
            cr_assert_eq(interrupts[1 - core], 1);
            two[core].collect();
            cr_assert_eq(rung_in_all[core], 0, "not at the sender");
            two[1 - core].collect();
            cr_assert(rung[1 - core][number] == 1 && rung_in_all[1 - core] == 1);
            two[1 - core].collect();
            cr_assert_eq(rung_in_all[1 - core], 1);
        }
    }
}

Test(mailbox, what_is_told_twice_before_a_look_is_told_once) {
    for (unsigned i = 0; i < 3; i++)
        for (uint32_t number = 0; number < BINDINGS_MAX; number++)
            two[0].post(1, number);
    cr_assert_eq(interrupts[1], 1, "one interrupt for all of it");
    two[1].collect();
    for (uint32_t number = 0; number < BINDINGS_MAX; number++)
        cr_assert_eq(rung[1][number], 1);
}

Test(mailbox, an_interrupt_is_sent_once_for_each_look) {
    for (unsigned look = 1; look < 10; look++) {
        for (uint32_t i = 0; i < 5; i++)
            two[1].post(0, 100 * i);
        cr_assert_eq(interrupts[0], look);
        two[0].collect();
    }
}

Test(mailbox, who_has_not_looked_yet_is_not_interrupted_but_told_at_the_first_look) {
    two[1].init();
    two[0].post(1, 77);
    cr_assert_eq(interrupts[1], 0);
    two[1].collect();
    cr_assert_eq(rung[1][77], 1);
    two[0].post(1, 78);
    cr_assert_eq(interrupts[1], 1);
}

Test(mailbox, a_core_that_stops_is_told_of_once) {
    two[0].stop();
    cr_assert_eq(interrupts[1], 1);
    two[1].collect();
    cr_assert_eq(two[1].events, 1);
    cr_assert_eq(two[1].stopped(), 1, "the set of core 0");
    cr_assert_eq(two[1].stopped(), 0);
    two[1].collect();
    cr_assert_eq(two[1].events, 1);
    cr_assert_eq(two[0].stopped(), 0);
}

Test(mailbox, bells_of_a_core_that_stops_are_not_lost) {
    two[0].post(1, 5);
    two[0].stop();
    two[1].collect();
    cr_assert_eq(rung[1][5], 1);
    cr_assert_eq(two[1].events, 1);
}

Test(mailbox, a_core_that_starts_again_has_not_stopped) {
    two[0].stop();
    two[1].collect();
    two[1].stopped();
    two[0].init();
    two[0].collect();
    two[0].post(1, 9);
    two[1].collect();
    cr_assert_eq(two[1].events, 1);
    cr_assert_eq(two[1].stopped(), 0);
    cr_assert_eq(rung[1][9], 1);
    two[1].post(0, 8);
    cr_assert_eq(interrupts[0], 1);
}

/* A peer that writes anything: the numbers are numbers, each once, and the other way is untouched.
 */
Test(mailbox, a_broken_peer_rings_bells_at_most) {
    random_start();
    for (unsigned round = 0; round < 1000; round++) {
        begin();
        two[1].post(0, 123);
        random_fill(page, PAGE_SIZE / 2); /* the way from core 0 */
        two[1].collect();
        random_check(rung_in_all[1] <= BINDINGS_MAX && two[1].events <= 1);
        for (uint32_t number = 0; number < BINDINGS_MAX; number++)
            random_check(rung[1][number] <= 1);
        two[0].collect();
        random_check(rung[0][123] == 1 && rung_in_all[0] == 1);
        memset(page, 0, sizeof page);
    }
}

/* Posts and looks of both, in any order, against two sets. */
Test(mailbox, random_steps_agree_with_sets) {
    static bool posted[2][BINDINGS_MAX];
    random_start();
    for (unsigned step = 0; step < 20000; step++) {
        unsigned core = (unsigned)random_below(2);
        uint32_t number = (uint32_t)random_below(BINDINGS_MAX);
        if (random_below(8)) {
            two[core].post(1 - core, number);
            posted[1 - core][number] = true;
            continue;
        }
        random_check(interrupts[core] <= 1);
        interrupts[core] = 0;
        memset(rung, 0, sizeof rung);
        two[core].collect();
        for (number = 0; number < BINDINGS_MAX; number++)
            random_check(rung[core][number] == posted[core][number]);
        memset(posted[core], 0, sizeof posted[core]);
    }
}
