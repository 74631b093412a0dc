/*
 * Mailboxes: what one instance tells another. Each pair of cores has a page that their two kernels
 * alone map, with one mailbox for each direction. It holds a bit for every binding of the receiver:
 * what is told twice before it is read is told once, so nothing can overflow. The sender interrupts
 * the receiver only when asked to, which the receiver does again whenever it has read.
 */
#ifndef CPU_DRIVER_MAILBOX_H
#define CPU_DRIVER_MAILBOX_H

#include <stdint.h>

/* Nobody is asked for interrupts yet: the first mailbox_collect() does. */
void mailbox_init(void);

/* Sets the bit of the binding `number` at another core, and interrupts it if it asked for that. */
void mailbox_post(uint32_t core, uint32_t number);

/*
 * Hands what the mailboxes hold to binding_rung(): when one of them interrupts, and once when there
 * is a first process to tell, for what was sent before.
 */
void mailbox_collect(void);

/* Tells all others that this instance has stopped. */
void mailbox_stop(void);

/* The set of the cores whose instances have said that they stopped since this was last asked. */
uint64_t mailbox_stopped(void);

#endif
