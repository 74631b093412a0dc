/*
 * Interrupts of devices, for user-level drivers (thesis 3.3.3): lines of the I/O APICs, and
 * messages (PCI Local Bus 3.0, 6.8). The kernel masks what fires and notifies the driver, which
 * unmasks it when it has served the device; what comes meanwhile is remembered. A line is masked in
 * the I/O APIC, a message here.
 */
#ifndef CPU_DRIVER_IRQ_H
#define CPU_DRIVER_IRQ_H

#include "process.h"

void irq_init(void);

/* IRQCTL's operations, permissions checked by the caller. Errors: -E_NOENT, -E_BUSY, -E_STATE,
 * -E_NOSLOT no vector is free. */
int irq_register(struct process *p, uint64_t line, unsigned bit);
int irq_unregister(struct process *p, uint64_t line);
int irq_set_mask(struct process *p, uint64_t line, bool masked);

/*
 * Reserves vectors for messages, `count` (a power of two) in a row: p->msi_vector, which is a
 * multiple of that. They are its lines from IRQ_MSI_BASE on. -E_STATE it has some, -E_NOSLOT.
 */
int irq_give_messages(struct process *p, unsigned count);

/*
 * A line rings a binding: its interrupts do, and what the other end rings unmasks it. `limit`: as
 * PRIVCTL_IRQ_LIMIT. -E_NOENT, -E_BUSY, -E_NOSLOT.
 */
int irq_bind_line(uint64_t line, unsigned binding, uint32_t limit);
void irq_unmask_bound(unsigned line);
void irq_unbind_line(unsigned line);

/*
 * IRQCTL_REMAP: what a line's interrupts are now. handle: the index of its entry in the IOMMU's
 * table and 1 more, or 0. -E_NOENT, -E_NOSLOT.
 */
struct irq_remapped {
    uint8_t vector, apic_id, ioapic_id;
    bool level;
};
int irq_remap(uint64_t line, uint32_t handle, struct irq_remapped *now);

/* Ends the storms of a process' sources. */
void irq_resume(struct process *p);

/* A process dies: nothing is told to it any more, its lines are nobody's. It is destroyed: its
 * vectors are free. */
void irq_release_all(struct process *p);
void irq_forget(struct process *p);

/* Verifies that whoever is told of a source lives and may be: returns the number of violations. */
unsigned irq_check(void);

/* An interrupt of one of IRQ_VECTORS vectors has come. */
void irq_fired(unsigned vector);

#endif
