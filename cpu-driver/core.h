/* What an instance knows about its own core and itself. */
#ifndef CPU_DRIVER_CORE_H
#define CPU_DRIVER_CORE_H

#include <bulkhead/error.h>

#include "instance.h"

/* Set once, at entry; in the instance's own memory. */
extern struct instance_info *instance;

/* `debug=1` is on the boot command line: calls that are there to test the kernel itself are open.
 */
extern bool core_debug;

/* Counted from the instance's start, for GETINFO. */
struct core_counters {
    uint64_t messages; /* by the general path; those of the fast path are in fastpath_hits */
    uint64_t fastpath_hits;
    uint64_t interrupts, unknown_interrupts;
    uint64_t context_switches;
    uint64_t idle_time; /* ticks of the TSC */
};

extern struct core_counters counters;

/* Reaching the partition's memory by physical address. */
static inline void *direct(uint64_t physical) { return (void *)(DIRECT_BASE + physical); }

/*
 * A debugging check of our own code, never of input: a false condition stops the core with a
 * report. panic() is the same without a condition.
 */
#define assert(condition)                                       \
    do {                                                        \
        if (__builtin_expect(!(condition), 0))                  \
            panic("%s:%d: %s", __FILE__, __LINE__, #condition); \
    } while (0)

_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
