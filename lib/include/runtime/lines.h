/*
 * Interrupt lines for drivers on cores other than 0, whose instance owns the I/O APICs: a line
 * rings a binding, and what the driver rings unmasks it (bulkhead/binding.h, BIND_LINE). Behind
 * irqctl_*() of <runtime/kcall.h>, for processes that have an event loop: its irq() gets the bits
 * either way.
 */
#ifndef RUNTIME_LINES_H
#define RUNTIME_LINES_H

#include <stdbool.h>

#include <bulkhead/kcall.h>
#include <runtime/startup.h>

#define REMOTE_LINES_MAX 8 /* of a process */

/* Whether it is a line of another core's: messages are always the own core's. */
static inline bool line_is_remote(uint32_t line) {
    return line < IRQ_MSI_BASE && endpoint_core(runtime_self()) != 0;
}

/* As IRQCTL's operations. E_NOSLOT more than REMOTE_LINES_MAX; E_PEERDEAD core 0 has failed. */
int line_register(uint32_t line, unsigned bit);
int line_unregister(uint32_t line);
int line_set_mask(uint32_t line, bool masked);

/* A bell of a binding: the bits to tell of, 0: it is none of a line, or that is masked. */
uint32_t line_rang(const struct message *bell);

/* Bits of lines that had fired when they were unmasked, once: after any of the above. */
uint32_t line_take_due(void);

#endif
