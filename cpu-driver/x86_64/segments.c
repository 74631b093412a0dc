/* Descriptor tables (Intel SDM vol. 3, 3.4.5, 6.14). */
#include "segments.h"

#include "cpu.h"
#include "instance.h"

struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define VECTORS           256
#define STUB_BYTES        16
#define GATE_INTERRUPT    0x8e /* present, 64-bit interrupt gate: interrupts stay off */
#define GATE_FROM_USER    0x60 /* DPL 3 */
#define VECTOR_BREAKPOINT 3

#define DESCRIPTOR_KERNEL_CODE 0x00af9b000000ffffUL
#define DESCRIPTOR_KERNEL_DATA 0x00cf93000000ffffUL
#define DESCRIPTOR_USER_DATA   0x00cff3000000ffffUL
#define DESCRIPTOR_USER_CODE   0x00affb000000ffffUL
#define DESCRIPTOR_TSS         0x0000890000000000UL

struct tss tss __attribute__((aligned(64)));

static uint64_t gdt[7] __attribute__((aligned(64)));
static struct gate idt[VECTORS] __attribute__((aligned(64)));

extern char interrupt_stubs[];
extern char syscall_entry[];

static void gdt_init(void) {
    uint64_t base = (uint64_t)&tss;
    gdt[SELECTOR_KERNEL_CODE / 8] = DESCRIPTOR_KERNEL_CODE;
    gdt[SELECTOR_KERNEL_DATA / 8] = DESCRIPTOR_KERNEL_DATA;
    gdt[SELECTOR_USER_DATA / 8] = DESCRIPTOR_USER_DATA;
    gdt[SELECTOR_USER_CODE / 8] = DESCRIPTOR_USER_CODE;
    gdt[SELECTOR_TSS / 8] =
        DESCRIPTOR_TSS | (sizeof tss - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
}

static void idt_init(void) {
    static const uint8_t own_stack[32] = {
        [2] = STACK_NMI,
        [8] = STACK_DOUBLE_FAULT,
        [18] = STACK_MACHINE_CHECK,
    };
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        uint64_t stub = (uint64_t)interrupt_stubs + (uint64_t)vector * STUB_BYTES;
        idt[vector] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SELECTOR_KERNEL_CODE,
            .ist = vector < 32 ? own_stack[vector] : 0,
            .type = GATE_INTERRUPT | (vector == VECTOR_BREAKPOINT ? GATE_FROM_USER : 0),
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
}

void segments_init(void) {
    gdt_init();
    idt_init();
    tss.io_map = sizeof tss;
    for (unsigned stack = STACK_DOUBLE_FAULT; stack < STACK_COUNT; stack++)
        tss.ist[stack - 1] = STACK_TOP_OF(stack);
    struct table_register gdtr = { sizeof gdt - 1, (uint64_t)gdt },
                          idtr = { sizeof idt - 1, (uint64_t)idt };
    __asm__ volatile("lgdt %0\n\t"
                     "lidt %1\n\t"
                     "pushq %2\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %3, %%eax\n\t"
                     "movl %%eax, %%ss\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "movl %%eax, %%ds\n\t"
                     "movl %%eax, %%es\n\t"
                     "movl %%eax, %%fs\n\t"
                     "movl %%eax, %%gs\n\t"
                     "movl %4, %%eax\n\t"
                     "ltr %%ax"
                     :
                     : "m"(gdtr), "m"(idtr), "i"(SELECTOR_KERNEL_CODE), "i"(SELECTOR_KERNEL_DATA),
                       "i"(SELECTOR_TSS)
                     : "rax", "memory");

    cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_SCE);
    cpu_wrmsr(MSR_STAR, STAR_VALUE);
    cpu_wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
    cpu_wrmsr(MSR_FMASK, RFLAGS_IF | RFLAGS_DF | RFLAGS_TF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IOPL);
}
