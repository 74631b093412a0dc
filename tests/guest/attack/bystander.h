/* Who only wants to compute while others attack. */
#ifndef TESTS_GUEST_ATTACK_BYSTANDER_H
#define TESTS_GUEST_ATTACK_BYSTANDER_H

#include <stdint.h>

/* The one of this core, for one measurement: how much work it has done so far. */
void bystander_start(void);
uint64_t bystander_work(void);
void bystander_end(void);

/*
 * What another core has had to do so far, in instructions, at most. Of two cores that compute QEMU,
 * when it counts instructions, runs one until the next timer interrupt of either, then the other:
 * how much of a span of time each of them gets is not for the system to say. So the other core has
 * nothing to do when shares of this one are measured, and what somebody there would lose is what
 * its kernel and its monitor do.
 */
uint64_t disturbance_of(uint32_t core);

#endif
