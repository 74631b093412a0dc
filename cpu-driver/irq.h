/*
 * Interrupt lines of devices, for user-level drivers (thesis 3.3.3): the kernel masks a line that
 * fires and notifies its driver, which unmasks it when it has served the device.
 */
#ifndef CPU_DRIVER_IRQ_H
#define CPU_DRIVER_IRQ_H

#include "process.h"

void irq_init(void);

/* IRQCTL's operations, permissions checked by the caller. Errors: -E_NOENT, -E_BUSY, -E_STATE. */
int irq_register(struct process *p, uint64_t line, unsigned bit);
int irq_unregister(struct process *p, uint64_t line);
int irq_set_mask(struct process *p, uint64_t line, bool masked);

/* A process dies: its lines are masked and nobody's. */
void irq_release_all(struct process *p);

/* Verifies that every line's driver lives and may have it: returns the number of violations. */
unsigned irq_check(void);

/* An interrupt with the vector of `line` has come. */
void irq_fired(unsigned line);

#endif
