/* Two threads, each pinned to a processor, that do the same work at the same time. */
#ifndef BENCH_HOST_PAIR_H
#define BENCH_HOST_PAIR_H

#include <stdint.h>

/*
 * Starts the second thread; the caller is the first. With `first`, both run before everything else
 * on their processors. 1: they do; 0: they do not, or the kernel does not permit it.
 */
int pair_start(int first);

/* Pins side 0 and side 1. */
void pair_pin(int processor0, int processor1);

/* Both sides call work(side, context). The ticks from the start until both have returned. */
uint64_t pair_run(void (*work)(unsigned side, void *context), void *context);

/*
 * Are they hyperthreads of one core? 0, 1, or PAIR_UNKNOWN: this is a virtual machine, whose
 * processors are moved.
 */
#define PAIR_UNKNOWN (-1)
int pair_siblings(int processor0, int processor1);

/* The processors that this process may run on, at most `most`: how many there are. */
int pair_processors(int *processors, int most);

#endif
