/*
 * Context switches.
 *
 * FPU registers: a process has none until it first uses them. From then on they are saved and
 * loaded eagerly, and cleared before a process without any runs: one process' registers are never
 * in the CPU while another runs, so there is nothing that speculation past CR0.TS could read.
 */
#include "context.h"

#include "core.h"
#include "cpu.h"
#include "defence.h"
#include "segments.h"
#include "string.h"
#include "switch.h"
#include "vectors.h"

_Static_assert(offsetof(struct process, context) == 0, "entry.asm stores registers at `current`");
#define SAME_OFFSET(field, offset) \
    _Static_assert(offsetof(struct context, field) == (offset), "context.inc")
SAME_OFFSET(r15, 0);
SAME_OFFSET(r14, 8);
SAME_OFFSET(r13, 16);
SAME_OFFSET(r12, 24);
SAME_OFFSET(rbp, 32);
SAME_OFFSET(rbx, 40);
SAME_OFFSET(r11, 48);
SAME_OFFSET(r10, 56);
SAME_OFFSET(r9, 64);
SAME_OFFSET(r8, 72);
SAME_OFFSET(rdi, 80);
SAME_OFFSET(rsi, 88);
SAME_OFFSET(rdx, 96);
SAME_OFFSET(rcx, 104);
SAME_OFFSET(rax, 112);
SAME_OFFSET(vector, 120);
SAME_OFFSET(error, 128);
SAME_OFFSET(rip, 136);
SAME_OFFSET(cs, 144);
SAME_OFFSET(rflags, 152);
SAME_OFFSET(rsp, 160);
SAME_OFFSET(ss, 168);
_Static_assert(VECTOR_EXCEPTIONS == 32, "context.inc");
_Static_assert(STACK_TOP_OF(STACK_MAIN) == 0xffffffffa0010000UL, "context.inc");

/* x87, SSE, AVX and AVX-512 (Intel SDM vol. 1, 13.1). */
#define XSAVE_COMPONENTS 0xe7U
#define XSAVE_MXCSR \
    24 /* its offset in the area; XRSTOR loads it even for components in their initial state */
#define MXCSR_INITIAL 0x1f80U

uint64_t context_switched_at;
struct process *fpu_owner;

static uint64_t xsave_mask; /* XCR0: the state components that processes may use */
static uint8_t fpu_clear[4096]
    __attribute__((aligned(64))); /* an XSAVE area of the initial state */

void context_init(struct context *c, uint64_t rip, uint64_t rsp) {
    memset(c, 0, sizeof *c);
    c->rip = rip;
    c->rsp = rsp;
    c->cs = DEFENCE(RING) ? SELECTOR_USER_CODE : SELECTOR_KERNEL_CODE;
    c->ss = DEFENCE(RING) ? SELECTOR_USER_DATA : SELECTOR_KERNEL_DATA;
    c->rflags = RFLAGS_FIXED | (DEFENCE(RING) ? RFLAGS_IF : 0) | (DEFENCE(IOPL) ? 0 : RFLAGS_IOPL);
}

static void xsave(void *area) {
    __asm__ volatile("xsave64 (%0)"
                     :
                     : "r"(area), "a"((uint32_t)xsave_mask), "d"((uint32_t)(xsave_mask >> 32))
                     : "memory");
}

static void xrstor(const void *area) {
    __asm__ volatile("xrstor64 (%0)"
                     :
                     : "r"(area), "a"((uint32_t)xsave_mask), "d"((uint32_t)(xsave_mask >> 32))
                     : "memory");
}

int fpu_init(void) {
    struct cpuid leaf = cpu_cpuid(0xd, 0);
    *(uint32_t *)(fpu_clear + XSAVE_MXCSR) = MXCSR_INITIAL;
    xsave_mask = (leaf.a | (uint64_t)leaf.d << 32) & XSAVE_COMPONENTS;
    __asm__ volatile("xsetbv"
                     :
                     : "c"(0), "a"((uint32_t)xsave_mask), "d"((uint32_t)(xsave_mask >> 32)));
    if (cpu_cpuid(0xd, 0).b > sizeof fpu_clear)
        return -E_NOTSUP;
    cpu_set_task_switched();
    fpu_owner = NULL;
    return 0;
}

void fpu_switch(struct process *to) {
    if (!fpu_owner)
        cpu_clear_task_switched();
    else
        xsave(fpu_owner->xsave);
    xrstor(to->uses_fpu ? to->xsave : fpu_clear);
    fpu_owner = to->uses_fpu ? to : NULL;
    if (!fpu_owner)
        cpu_set_task_switched();
}

void fpu_first_use(struct process *p) {
    p->uses_fpu = true;
    cpu_clear_task_switched();
    memcpy(p->xsave, fpu_clear, sizeof fpu_clear);
    xrstor(p->xsave);
    fpu_owner = p;
}

void context_collect(struct process *p) {
    if (p == current) {
        context_charge(cpu_rdtsc());
        save_segment_bases(p);
    }
    if (p == fpu_owner) {
        xsave(p->xsave);
        xrstor(fpu_clear);
        cpu_set_task_switched();
        fpu_owner = NULL;
        p->uses_fpu = false;
    }
}
