/* Who only wants to compute while others attack. */
#ifndef TESTS_GUEST_ATTACK_BYSTANDER_H
#define TESTS_GUEST_ATTACK_BYSTANDER_H

#include <stdint.h>

/* The one of this core, for one measurement: how much work it has done so far. */
void bystander_start(void);
uint64_t bystander_work(void);
void bystander_end(void);

/*
 * One on another core, a program of its own: it computes, and now and then asks a partner of its
 * core. aside_start() when all that it is beside is about to start; aside_end() waits for the end
 * of its measurement.
 *
 * Of cores that compute QEMU, when it counts instructions, runs one until the next timer interrupt
 * of any, then another, while the clock of all goes on: what one gets done in a span of time is not
 * for the system to say. So it counts the instructions it was kept from computing by its own core.
 * It looks at the clock all the time. Where a piece of time is missing it asks the kernel whether
 * its core has taken an interrupt or run somebody else since; if not that was another core's turn,
 * in which its own does nothing. If so all of it is counted as lost, though another core's turn may
 * be in it; but of more than ASIDE_OTHERS, which is what no kernel and no monitor has to do at a
 * time, no more than ASIDE_HIDDEN.
 */
/* A measurement can only be too low, so one that is may be done again, so often in all. */
#define ASIDE_TRIES 3

#define ASIDE_OTHERS 20000U
#define ASIDE_HIDDEN 10000U

struct aside_result {
    uint64_t kept;  /* of the instructions of its core, so many of 10,000 were its own */
    uint64_t share; /* of the time, so many of 1,000 it was the one that its core was to run */
};

void aside_start(uint32_t core);
struct aside_result aside_end(void);

/* The program. */
int aside_main(void);

#endif
