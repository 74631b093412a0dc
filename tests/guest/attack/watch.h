/* A victim that only watches how long it did not get the CPU (watch.c). */
#ifndef TESTS_GUEST_ATTACK_WATCH_H
#define TESTS_GUEST_ATTACK_WATCH_H

#include "attack.h"

/* An attack on CPU time lasts so long, and who had no CPU for so long has starved. */
#define WATCH_SPAN    (40 * QUANTUM)
#define WATCH_STARVED (8 * QUANTUM)

/* One who yields all the time, or one who computes. */
void watch_prepare(void);
void watch_prepare_computing(void);
bool watch_starved(endpoint_t attacker, bool said);

/* Uses the CPU for that span. */
void watch_spin(void);

#endif
