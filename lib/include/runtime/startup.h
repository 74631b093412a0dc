/*
 * What a program knows when main() runs: who it is, whom it may ask, and the time.
 *
 * main(int argc, char **argv) may return; its value is the exit status. exit() may be called from
 * anywhere.
 */
#ifndef RUNTIME_STARTUP_H
#define RUNTIME_STARTUP_H

#include <bulkhead/startup.h>

#include <runtime/machine.h>

/* Exit status after abort(), a failed assert(), a smashed stack or heap. UNIX's 128 + SIGABRT. */
#define EXIT_ABORTED 134

/* The startup page: read-only, there as long as the program. */
extern const struct startup *const startup;

static inline endpoint_t runtime_self(void) { return startup->self; }

/* ENDPOINT_NONE for the monitor itself. */
static inline endpoint_t runtime_monitor(void) { return startup->monitor; }

/* ENDPOINT_NONE when there is none; output then goes to the kernel log, if that is permitted. */
static inline endpoint_t runtime_console(void) { return startup->console; }

/* Hz. */
static inline uint64_t runtime_tsc_frequency(void) { return startup->tsc_frequency; }

/* The time-stamp counter, in ticks. Not ordered against the instructions around it. */
static inline uint64_t time_stamp(void) { return machine_counter(); }

/* A number of ticks of the time-stamp counter in nanoseconds, exact to one part in 2^40. */
uint64_t time_from_stamp(uint64_t ticks);

/* Nanoseconds since the counter started; never goes back. Costs no kernel call. */
static inline uint64_t time_now(void) { return time_from_stamp(time_stamp()); }

#define TIME_MICROSECOND UINT64_C(1000)
#define TIME_MILLISECOND UINT64_C(1000000)
#define TIME_SECOND      UINT64_C(1000000000)

#endif
