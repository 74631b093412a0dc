/* Switching the CPU from one process to another. Inline: all of it is on the path of IPC and
 * interrupts. */
#ifndef CPU_DRIVER_X86_64_SWITCH_H
#define CPU_DRIVER_X86_64_SWITCH_H

#include "core.h"
#include "cpu.h"
#include "process.h"
#include "segments.h"

/* When the running process, or idleness, was last charged (TSC). */
extern uint64_t context_switched_at;

/* Whose state is in the FPU's registers; NULL: nobody's, they are clear and CR0.TS is set. */
extern struct process *fpu_owner;

/* Puts the FPU's registers in order for `to`, which has others than fpu_owner. */
void fpu_switch(struct process *to);

/* Charges the CPU time since the last switch to `current`, or to idleness. `now` is the TSC, here
 * and below. */
static inline void context_charge(uint64_t now) {
    uint64_t *time = current ? &current->cpu_time : &counters.idle_time;
    *time += now - context_switched_at;
    context_switched_at = now;
}

static inline void save_segment_bases(struct process *p) {
    p->fs_base = cpu_read_fs_base();
    p->gs_base = cpu_read_gs_base();
}

/* From here on `to` runs: its address space, its segment bases, its context as the frame of
 * interrupts. */
static inline void switch_address_space(struct process *to) {
    current = to;
    tss.rsp[0] = (uint64_t)(&to->context + 1);
    cpu_write_fs_base(to->fs_base);
    cpu_write_gs_base(to->gs_base);
    cpu_write_cr3(to->cr3);
}

/* Takes the CPU from `current`: the core is about to be idle, and nobody is current. */
static inline void context_leave(uint64_t now) {
    context_charge(now);
    if (current)
        save_segment_bases(current);
    current = NULL;
}

/*
 * Gives the CPU to `to` (never NULL), which becomes `current`; `current` may have been NULL. The
 * registers themselves are loaded by return_to_user.
 */
static inline void context_switch(struct process *to, uint64_t now) {
    context_leave(now);
    counters.context_switches++;
    if (fpu_owner != (to->uses_fpu ? to : NULL))
        fpu_switch(to);
    switch_address_space(to);
}

#endif
