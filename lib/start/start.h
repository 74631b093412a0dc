/*
 * Inside the library: what start-up offers to the rest.
 */
#ifndef LIB_START_H
#define LIB_START_H

#include <stdint.h>

/* 64 bits that others cannot guess, where the processor has random numbers (crt0.asm). */
uint64_t runtime_entropy(void);

/* Second step of start-up, after crt0.asm; see start.c. */
_Noreturn void runtime_start(void (*entry)(void *), void *arg);

/* Makes time_from_stamp() right for a counter of `frequency` Hz, 2^14 to 2^40. */
void time_init(uint64_t frequency);

/* Completes the thread block for musl's functions (libc/thread.c). */
void runtime_thread_init(void);

#endif
