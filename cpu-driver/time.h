/*
 * Time is the TSC of this core, shown to processes as nanoseconds since the instance started. The
 * frequency is measured once, at boot.
 */
#ifndef CPU_DRIVER_TIME_H
#define CPU_DRIVER_TIME_H

#include <stdint.h>

/* Finds the TSC's frequency: CPUID where it tells, else against the ACPI PM timer, the HPET or the
 * PIT, whichever is there. */
void time_init(void);

uint64_t time_frequency(void); /* Hz */

/* Nanoseconds since time_init(). */
uint64_t time_now(void);

/* Conversions between ticks of the TSC and nanoseconds; time_to_ticks() saturates. */
uint64_t time_to_ticks(uint64_t nanoseconds);
uint64_t time_from_ticks(uint64_t ticks);

/* Spins for the given time; at boot only. */
void time_delay(uint64_t nanoseconds);

#endif
