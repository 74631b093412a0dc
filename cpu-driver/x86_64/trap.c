/*
 * Interrupts and exceptions, as entry.asm hands them on. An exception in user mode ends the
 * process; one in the instance stops the core.
 */
#include "alarm.h"
#include "context.h"
#include "core.h"
#include "cpu.h"
#include "irq.h"
#include "lapic.h"
#include "mailbox.h"
#include "panic.h"
#include "sched/sched.h"
#include "trace.h"
#include "vectors.h"

/* Called by entry.asm, with the frame; from the kernel, and on stacks of their own, it is not a
 * process' context. */
void interrupt_from_user(struct context *c);
void device_interrupt(uint64_t vector);
_Noreturn void fault_in_kernel(struct context *c);
_Noreturn void fault_on_own_stack(struct context *c);

/* Names from Intel SDM vol. 3, table 6-1. */
static const char *const exception_names[VECTOR_EXCEPTIONS] = {
    "divide error",
    "debug exception",
    "NMI",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "device not available",
    "double fault",
    NULL,
    "invalid TSS",
    "segment not present",
    "stack fault",
    "general protection",
    "page fault",
    NULL,
    "x87 floating-point error",
    "alignment check",
    "machine check",
    "SIMD floating-point error",
    "virtualization exception",
    "control protection",
};

static const char *exception_name(uint64_t vector) {
    const char *name = vector < VECTOR_EXCEPTIONS ? exception_names[vector] : NULL;
    return name ? name : "reserved exception";
}

static void exception_from_user(struct context *c) {
    if (c->vector == EXCEPTION_DEVICE_NOT_AVAILABLE && !current->uses_fpu) {
        fpu_first_use(current);
        return;
    }
    current->exception = (uint32_t)c->vector;
    current->fault_address = c->vector == EXCEPTION_PAGE_FAULT ? cpu_read_cr2() : 0;
    process_count_exception(current, c->vector);
    process_die(current, DEATH_EXCEPTION, c->vector);
}

/* From the idle loop too: whoever is woken runs when that looks again. */
void device_interrupt(uint64_t vector) {
    counters.interrupts++;
    if (vector == VECTOR_TIMER) {
        uint64_t now = cpu_rdtsc();
        trace(TRACE_EVENT_IRQ, ENDPOINT_NONE, ENDPOINT_NONE, vector);
        lapic_timer_fired();
        alarm_expire(now);
        sched_timer(now);
    } else if (vector == VECTOR_MAILBOX) {
        mailbox_collect();
    } else if (vector >= VECTOR_IRQ && vector < VECTOR_IRQ + IRQ_VECTORS) {
        irq_fired((unsigned)vector);
    } else {
        if (vector == VECTOR_SPURIOUS && !lapic_in_service(vector))
            return; /* nothing to end; else a device has sent a message with that vector */
        counters.unknown_interrupts++;
        if (vector < VECTOR_IRQ)
            return; /* an 8259's spurious interrupt does not come through the local APIC */
    }
    lapic_end_of_interrupt();
}

void interrupt_from_user(struct context *c) {
    if (c->vector < VECTOR_EXCEPTIONS)
        exception_from_user(c);
    else
        device_interrupt(c->vector);
    sched_finish();
}

/* Our own bug. */
_Noreturn void fault_in_kernel(struct context *c) { panic_exception(c, exception_name(c->vector)); }

/* NMI, double fault, machine check. */
_Noreturn void fault_on_own_stack(struct context *c) {
    panic_exception(c, exception_name(c->vector));
}
