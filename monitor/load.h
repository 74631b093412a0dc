/*
 * How busy a core is. Its time and its idle time are sampled every LOAD_PERIOD, so whoever asks is
 * told at once of the last one to two periods, whenever anybody asked before.
 *
 * Pure: the caller has the clocks.
 */
#ifndef MONITOR_LOAD_H
#define MONITOR_LOAD_H

#include <stdint.h>

#define LOAD_PERIOD UINT64_C(200000000) /* nanoseconds */
#define LOAD_MAX    255U                /* what load_now() gives at most */

/* All zero it has been sampled at the start of the core. */
struct load {
    struct load_sample {
        uint64_t time, idle; /* nanoseconds since the start of the core, and idle ones of them */
    } last, before;
};

void load_sample(struct load *load, uint64_t time, uint64_t idle);

/*
 * The load at a moment, 0 to LOAD_MAX: ten for each process that waits for the CPU just now, and
 * tenths of the recent time that the core was busy. So one that was given something to do a moment
 * ago is busy already.
 */
unsigned load_now(const struct load *load, uint64_t time, uint64_t idle, unsigned ready);

#endif
