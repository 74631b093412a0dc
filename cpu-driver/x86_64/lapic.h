/*
 * The local APIC (Intel SDM vol. 3, chapter 11), in x2APIC mode where the CPU has that: end of
 * interrupt, interrupts to other cores, and the core's one-shot timer, which counts against the TSC
 * itself where the CPU can (TSC-deadline mode).
 */
#ifndef CPU_DRIVER_X86_64_LAPIC_H
#define CPU_DRIVER_X86_64_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Turns the local APIC on and, if need be, measures its timer against the TSC, unless it is told
 * the ratio (struct instance_info). After time_init().
 */
void lapic_init(void);

/* What an instance that is started from here is told of the timer: counts per 2^32 ticks. */
uint64_t lapic_timer_ratio(void);

uint32_t lapic_id(void);

/* What another core can be sent: the low word of the interrupt command register (11.6.1). */
enum lapic_command {
    LAPIC_MAILBOX = 0x40f1, /* VECTOR_MAILBOX */
    LAPIC_NMI = 0x4400,
    LAPIC_INIT = 0x4500,
    LAPIC_STARTUP = 0x4600, /* added to it: the page where the core begins */
};

void lapic_send(uint32_t apic_id, uint32_t command);

/* Ends the interrupt in service, so that the next can be delivered. */
void lapic_end_of_interrupt(void);

/* Whether an interrupt of a vector is being served, which is not so for a spurious one. */
bool lapic_in_service(uint64_t vector);

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
