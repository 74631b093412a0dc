/* What belongs to a process beside its general registers. switch.h has the switch itself. */
#ifndef CPU_DRIVER_X86_64_CONTEXT_H
#define CPU_DRIVER_X86_64_CONTEXT_H

#include "process.h"

/* Registers of a process that has not run: all zero but these. */
void context_init(struct context *c, uint64_t rip, uint64_t rsp);

/* Brings what the CPU still holds of a process (segment bases, FPU) into its struct, before it is
 * looked at. */
void context_collect(struct process *p);

/* A process' first use of the FPU (#NM): gives it registers in their initial state. */
void fpu_first_use(struct process *p);

/* Finds out how much the CPU's XSAVE needs; -E_NOTSUP when it is more than a frame. */
int fpu_init(void);

#endif
