/* Exceptions end the process that raised them, alone, and its report says what, where and how. */
#include "tests.h"

#include <stdio.h>
#include <string.h>

#define ANY        UINT64_MAX
#define PAGE_FAULT 14

struct fault {
    const char *text;
    void (*run)(void *);
    uint64_t at;      /* rip in the report; 0: not told */
    uint64_t vectors; /* set of vectors that it may be */
    uint64_t error;
    uint64_t address;
};

extern const struct fault fault_table[], fault_table_end[]; /* faults.asm */

uint64_t null_call_with_stack(uint64_t rsp);
uint64_t flags_after_popf(uint64_t set, uint64_t clear);

static const struct child_policy no_rights = { 0 };

static bool is_umip(const char *text) {
    return strncmp(text, "sgdt", 4) == 0 || strncmp(text, "sidt", 4) == 0 ||
           strncmp(text, "sldt", 4) == 0 || strncmp(text, "str ", 4) == 0 ||
           strncmp(text, "smsw", 4) == 0;
}

static bool machine_has(const char *feature) {
    struct core_info core = { 0 };
    getinfo(INFO_CORE, &core, sizeof core, 0, NULL, NULL);
    return strstr(core.features, feature) != NULL;
}

static void test_fault(const struct fault *fault) {
    struct death_report report;
    child_bury(child_start("faulty", fault->run, NULL, &no_rights), &report);
    bool right = report.cause == DEATH_EXCEPTION && fault->vectors >> report.exception & 1 &&
                 report.status == report.exception;
    right = right && (fault->at == 0 || report.rip == fault->at);
    right = right && (fault->error == ANY || report.error_code == fault->error);
    uint64_t address = report.exception == PAGE_FAULT ? fault->address : 0;
    right = right && (address == ANY || report.address == address);
    tap_ok(right, "%s", fault->text);
    if (!right)
        tap_note("cause %u, vector %u, error code %#lx, rip %#lx (%#lx expected), address %#lx",
                 report.cause, report.exception, report.error_code, report.rip, fault->at,
                 report.address);
}

static void test_table(void) {
    bool umip = machine_has("umip");
    // cppcheck-suppress comparePointers; both ends of one table
    for (const struct fault *fault = fault_table; fault < fault_table_end; fault++) {
        if (is_umip(fault->text) && !umip)
            tap_skip(fault->text, "this CPU has no UMIP");
        else
            test_fault(fault);
    }
}

/* Division of floats by zero, not masked. TCG does not raise SIMD exceptions. */
static void divide_floats(void *unused) {
    (void)unused;
    __asm__ volatile("push $0x1d80\n\t" /* MXCSR: zero divide not masked */
                     "ldmxcsr (%%rsp)\n\t"
                     "mov $0x3f800000, %%eax\n\t"
                     "movd %%eax, %%xmm0\n\t"
                     "xorps %%xmm1, %%xmm1\n\t"
                     "divss %%xmm1, %%xmm0\n\t"
                     "pop %%rax"
                     :
                     :
                     : "rax", "memory");
    kcall_exit(0);
}

static void test_simd(void) {
    struct death_report report;
    child_bury(child_start("faulty", divide_floats, NULL, &no_rights), &report);
    if (report.cause == DEATH_EXIT)
        tap_skip("SIMD division by zero", "this CPU raises no SIMD exceptions");
    else
        tap_is(report.exception, 19, "SIMD division by zero");
}

/* ---- Registers and backtrace in the report ---- */

static void set_registers_and_fault(void *unused) {
    (void)unused;
    __asm__ volatile("mov $0x1111, %%eax\n\tmov $0x2222, %%ebx\n\tmov $0x3333, %%ecx\n\t"
                     "mov $0x4444, %%edx\n\tmov $0x5555, %%esi\n\tmov $0x6666, %%edi\n\t"
                     "mov $0x8888, %%r8d\n\tmov $0x9999, %%r9d\n\tmov $0xaaaa, %%r10d\n\t"
                     "mov $0xbbbb, %%r11d\n\tmov $0xcccc, %%r12d\n\tmov $0xdddd, %%r13d\n\t"
                     "mov $0xeeee, %%r14d\n\tmov $0xffff, %%r15d\n\tstd\n\tud2"
                     :
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
                       "r13", "r14", "r15", "cc", "memory");
}

static void test_registers(void) {
    struct death_report r;
    child_bury(child_start("faulty", set_registers_and_fault, NULL, &no_rights), &r);
    tap_ok(r.rax == 0x1111 && r.rbx == 0x2222 && r.rcx == 0x3333 && r.rdx == 0x4444 &&
               r.rsi == 0x5555 && r.rdi == 0x6666 && r.r8 == 0x8888 && r.r9 == 0x9999 &&
               r.r10 == 0xaaaa && r.r11 == 0xbbbb && r.r12 == 0xcccc && r.r13 == 0xdddd &&
               r.r14 == 0xeeee && r.r15 == 0xffff,
           "the report has all registers");
    tap_ok(r.rflags & 0x400 && r.rflags & 0x200, "and the flags (%#lx)", r.rflags);
    tap_ok(r.rsp < STACK_TOP && r.rsp > STACK_TOP - STACK_BYTES, "and the stack pointer");
    tap_is_string(r.label, "faulty", "and who it was");
}

__attribute__((noipa)) static int inner(const volatile int *p) {
    volatile int frame[4] = { 1 }; /* so that it has one before the fault */
    return *p + frame[0];          /* it is to fault */
}

__attribute__((noipa)) static int middle(const volatile int *p) {
    int value = inner(p);
    __asm__ volatile("");
    return value + 1;
}

static void outer(void *nowhere) {
    int value = middle(nowhere);
    __asm__ volatile("" : : "r"(value));
}

/* Whether an address lies in a function, which is shorter than this. */
#define IN(address, function) ((address) - (uint64_t)(function) < 100)

static void test_backtrace(void) {
    struct death_report r;
    child_bury(child_start("faulty", outer, NULL, &no_rights), &r);
    bool right = IN(r.rip, inner) && r.backtrace_length >= 2 && IN(r.backtrace[0], middle) &&
                 IN(r.backtrace[1], outer);
    tap_ok(right, "the report has a backtrace of %u", r.backtrace_length);
}

__attribute__((noinline)) static int recurse(volatile int depth) {
    volatile char frame[256] = { 0 };
    return depth < 0 ? 0 : recurse(depth + 1) + frame[depth % 256];
}

static void overflow(void *unused) {
    (void)unused;
    kcall_exit((uint64_t)recurse(1));
}

static void test_overflow(void) {
    struct death_report r;
    child_bury(child_start("faulty", overflow, NULL, &no_rights), &r);
    uint64_t bottom = STACK_TOP - STACK_BYTES;
    tap_ok(r.exception == PAGE_FAULT && r.address < bottom && r.address >= bottom - PAGE_SIZE,
           "a stack that overflows meets the guard page (%#lx)", r.address);
    tap_is(r.backtrace_length, BACKTRACE_MAX, "a backtrace has a limit");
}

/* A process may have any frame pointer and any stack pointer: the kernel uses neither. */
static void lose_frame_pointer(void *frame) {
    __asm__ volatile("mov %0, %%rbp\n\tmov %0, %%rsp\n\tud2" : : "r"(frame));
}

static void test_wild_pointers(void) {
    static const uint64_t wild[] = {
        0, 1, 8, KERNEL_ADDRESS, NON_CANONICAL, USER_END - 8, UINT64_MAX - 7, FREE_ADDRESS
    };
    struct death_report r;
    unsigned right = 0;
    for (unsigned i = 0; i < 8; i++) {
        child_bury(child_start("faulty", lose_frame_pointer, (void *)wild[i], &no_rights), &r);
        right +=
            r.exception == 6 && r.rbp == wild[i] && r.rsp == wild[i] && r.backtrace_length == 0;
    }
    tap_is(right, 8, "reports survive wild frame and stack pointers");
    right = 0;
    for (unsigned i = 0; i < 8; i++)
        right += null_call_with_stack(wild[i]) == wild[i];
    tap_is(right, 8, "kernel calls work with any stack pointer, and keep it");
}

static void test_flags(void) {
    uint64_t flags = flags_after_popf(0x3000, 0x200);
    tap_ok(flags & 0x200, "interrupts cannot be turned off");
    tap_ok(!(flags & 0x3000), "nor I/O privileges be taken");
    flags = flags_after_popf(0x40000 | 0x4000 | 0x400, 0); /* AC, NT, DF */
    tap_ok(flags & 0x40000, "other flags may be set");
    uint64_t end = time_now() + 30 * TIME_MILLISECOND;
    __asm__ volatile("pushfq\n\torq $0x44400, (%%rsp)\n\tpopfq" : : : "cc", "memory");
    while (time_now() < end)
        continue; /* while the timer interrupts */
    CALL(NULL);
    __asm__ volatile("push $0x202\n\tpopfq" : : : "cc", "memory");
    tap_ok(true, "and interrupts and calls come through");
}

void test_exceptions(void) {
    test_table();
    test_simd();
    test_registers();
    test_backtrace();
    test_overflow();
    test_wild_pointers();
    test_flags();
}
