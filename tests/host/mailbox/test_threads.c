/*
 * Two threads at once, as two cores would, in rounds: each posts a few bells, looks into its
 * mailbox whenever it is interrupted, and only when it knows all that the other has posted goes on.
 * So that a bell that is lost is missed, and fails the test after a while. Built a second time with
 * ThreadSanitizer (mk/mailbox.mk).
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <criterion/criterion.h>

#include <bulkhead/binding.h>

#include "two.h"

/* Fewer where every access is watched. */
#ifndef THREADS_ROUNDS
#define THREADS_ROUNDS 100000U
#endif
#define NUMBERS      4 /* at most two of which are in one word */
#define number_of(i) ((i) % 2 * 64 + (i))
#define LOST_SECONDS 20

#define must(condition)                                                     \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

/* In which round a number was posted to a core for the last time, and what the core knows of it. */
static _Atomic uint32_t news[2][NUMBERS];
static uint32_t known[2][NUMBERS];
static _Atomic unsigned waiting[2]; /* interrupts */

static void interrupt(uint32_t apic_id, uint32_t command) {
    (void)command;
    must(atomic_fetch_add(&waiting[apic_id == TWO_APIC_ID(1)], 1) == 0); /* or one too many */
}

static void rung(unsigned core, uint32_t number) {
    unsigned i = number % 64;
    must(i < NUMBERS && number == number_of(i));
    known[core][i] = atomic_load_explicit(&news[core][i], memory_order_relaxed);
}

static void rung_at_zero(uint32_t from, uint32_t number) {
    must(from == 1);
    rung(0, number);
}

static void rung_at_one(uint32_t from, uint32_t number) {
    must(from == 0);
    rung(1, number);
}

static void look_if_interrupted(unsigned core) {
    if (atomic_load(&waiting[core])) {
        atomic_store(&waiting[core], 0);
        two[core].collect();
    }
}

static void loiter(uint32_t *random) {
    *random = *random * 1664525 + 1013904223;
    for (uint32_t i = *random >> 25; i > 0; i--)
        __asm__ volatile("pause");
}

static bool knows_all_of(unsigned core, uint32_t round) {
    for (unsigned i = 0; i < NUMBERS; i++)
        if (known[core][i] < round)
            return false;
    return true;
}

/* There may be fewer processors than threads. */
static void wait_for_all_of(unsigned core, uint32_t round) {
    time_t end = time(NULL) + LOST_SECONDS;
    for (unsigned i = 1; !knows_all_of(core, round); i++) {
        look_if_interrupted(core);
        if (i % 1024 == 0) {
            must(time(NULL) < end);
            sched_yield();
        }
    }
}

static void *run_core(void *argument) {
    unsigned core = *(unsigned *)argument;
    uint32_t random = core + 1;
    for (uint32_t round = 1; round <= THREADS_ROUNDS; round++) {
        for (unsigned i = 0; i < NUMBERS; i++) {
            atomic_store_explicit(&news[1 - core][i], round, memory_order_relaxed);
            two[core].post(1 - core, number_of(i));
            loiter(&random);
            look_if_interrupted(core);
        }
        wait_for_all_of(core, round);
    }
    return NULL;
}

Test(threads, no_bell_is_lost_and_no_interrupt_is_sent_that_was_not_asked_for, .timeout = 120) {
    static _Alignas(PAGE_SIZE) uint8_t page[PAGE_SIZE];
    unsigned core[2] = { 0, 1 };
    pthread_t thread[2];

    two_make(page);
    two[0].rung = rung_at_zero;
    two[1].rung = rung_at_one;
    for (unsigned i = 0; i < 2; i++) {
        two[i].interrupt = interrupt;
        two[i].init();
        two[i].collect();
    }
    for (unsigned i = 0; i < 2; i++)
        must(pthread_create(&thread[i], NULL, run_core, &core[i]) == 0);
    for (unsigned i = 0; i < 2; i++)
        must(pthread_join(thread[i], NULL) == 0);
}
