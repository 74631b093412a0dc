/*
 * The local APIC (Intel SDM vol. 3, chapter 11) in xAPIC mode: end of interrupt, and the core's
 * one-shot timer, which counts against the TSC itself where the CPU can (TSC-deadline mode).
 */
#ifndef CPU_DRIVER_X86_64_LAPIC_H
#define CPU_DRIVER_X86_64_LAPIC_H

#include <stdint.h>

/* Turns the local APIC on and, if need be, measures its timer against the TSC. After time_init().
 */
void lapic_init(void);

uint32_t lapic_id(void);

/* Ends the interrupt in service, so that the next can be delivered. */
void lapic_end_of_interrupt(void);

/* The deadline (TSC) that the timer is set to; UINT64_MAX: none. */
extern uint64_t lapic_timer_armed;

/*
 * Sets the timer to a deadline. It may go off earlier, too, for one that no longer counts: whoever
 * serves it looks at the clock, so it need not be set again while the deadline that counts is not
 * below lapic_timer_armed.
 */
void lapic_timer_arm(uint64_t deadline);

/* The timer has gone off; it must be armed anew. */
void lapic_timer_fired(void);

#endif
