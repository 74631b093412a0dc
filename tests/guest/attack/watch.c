#include "watch.h"

static volatile uint64_t longest; /* time without the CPU */

static void see(uint64_t gap) {
    if (gap > longest)
        longest = gap;
}

/* One who gives the CPU away again and again: what it waits for is its turn. */
static void yielding_main(void *unused) {
    (void)unused;
    for (;;) {
        uint64_t before = time_now();
        sched_yield();
        see(time_now() - before);
    }
}

/* One who uses up its quanta. */
static void computing_main(void *unused) {
    (void)unused;
    for (uint64_t last = time_now();;) {
        uint64_t now = time_now();
        see(now - last);
        last = now;
    }
}

static void prepare(void (*entry)(void *), uint64_t time) {
    longest = 0;
    victim = start("victim", entry);
    sleep_for(time);
}

void watch_prepare(void) { prepare(yielding_main, QUANTUM); }

/* So long that it has sunk to the lowest priority. */
void watch_prepare_computing(void) { prepare(computing_main, 10 * QUANTUM); }

bool watch_starved(endpoint_t attacker, bool said) {
    (void)attacker;
    (void)said;
    sleep_for(2 * QUANTUM); /* so that it sees the end of it */
    LOOK(victim, longest);
    return longest >= WATCH_STARVED;
}

void watch_spin(void) {
    uint64_t end = time_now() + WATCH_SPAN;
    while (time_now() < end)
        continue;
}
