/*
 * FPU registers and segment bases: each process has its own, whatever others do between two of its
 * instructions, and starts with none of what others had.
 */
#include "tests.h"

#define CHILDREN 3
#define RUN_NS   (150 * TIME_MILLISECOND)

uint8_t fpu_has_avx;

void fpu_fill(uint64_t pattern);
uint64_t fpu_compare(uint64_t pattern);
uint64_t fpu_is_initial(void);

static endpoint_t parent; /* as clones know it */

static bool has_avx(void) {
    uint32_t a = 1, b, c, d, low, high;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    if (!(c & 1U << 27) || !(c & 1U << 28)) /* OSXSAVE, AVX */
        return false;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}

static uint64_t read_gs_base(void) {
    uint64_t base;
    __asm__ volatile("rdgsbase %0" : "=r"(base));
    return base;
}

static uint64_t read_fs_base(void) {
    uint64_t base;
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
}

/* Keeps its registers for a while; exits with the number of differences. */
static void keep_registers(void *argument) {
    uint64_t pattern = (uint64_t)argument, wrong = !fpu_is_initial(), fs = read_fs_base();
    uint64_t end = time_now() + RUN_NS, gs = pattern << 20;
    __asm__ volatile("wrgsbase %0" : : "r"(gs));
    fpu_fill(pattern);
    for (uint64_t i = 0; time_now() < end || i < 100; i++) {
        struct message m = { .type = MESSAGE_TYPE_SERVICE, .arg = { pattern } };
        if (parent != ENDPOINT_NONE && (ipc_call(parent, &m) || m.arg[0] != ~pattern))
            wrong++;
        wrong += fpu_compare(pattern);
        wrong += read_gs_base() != gs;
        wrong += read_fs_base() != fs;
    }
    kcall_exit(wrong);
}

static const struct child_policy policy = { .ipc = IPC_BIT(SENDREC),
                                            .kcalls = KCALL_BIT(NULL),
                                            .talks = true };

static void start(endpoint_t child[CHILDREN], endpoint_t server) {
    parent = server;
    for (uint64_t i = 0; i < CHILDREN; i++) {
        child[i] = child_start("fpu", keep_registers, (void *)(0x11 * (i + 1)), &policy);
        sched_quantum(child[i], SCHED_QUANTUM_MIN);
    }
}

static uint64_t finish(endpoint_t child[CHILDREN]) {
    struct death_report report;
    uint64_t wrong = 0;
    for (unsigned i = 0; i < CHILDREN; i++) {
        child_bury(child[i], &report);
        wrong += report.cause == DEATH_EXIT ? report.status : 1;
    }
    return wrong;
}

/* By the timer, again and again. */
static void test_preemption(void) {
    endpoint_t child[CHILDREN];
    start(child, ENDPOINT_NONE);
    tap_is((int64_t)finish(child), 0, "FPU registers and segment bases survive preemption");
}

static bool all_dead(const endpoint_t child[CHILDREN]) {
    for (unsigned i = 0; i < CHILDREN; i++)
        if (process_info(child[i]).state != PROCESS_DEAD)
            return false;
    return true;
}

/* By calls to this process, which uses the FPU too, or not. */
static void test_ipc(bool fpu) {
    endpoint_t child[CHILDREN];
    uint64_t wrong = 0, served = 0;
    start(child, runtime_self());
    if (fpu)
        fpu_fill(0x77);
    while (!all_dead(child)) {
        struct message m;
        if (ipc_receive(ENDPOINT_ANY, &m) || m.source == ENDPOINT_KERNEL)
            continue;
        m.arg[0] = ~m.arg[0];
        ipc_nbsend(m.source, &m);
        wrong += fpu ? fpu_compare(0x77) : 0;
        served++;
    }
    tap_is((int64_t)(finish(child) + wrong), 0, "they survive %lu calls to a process %s FPU",
           served, fpu ? "with" : "without");
}

static void is_initial(void *unused) {
    (void)unused;
    kcall_exit(!fpu_is_initial());
}

void test_fpu(void) {
    fpu_has_avx = has_avx();
    tap_note("AVX: %s", fpu_has_avx ? "yes" : "no");
    test_preemption();
    test_ipc(false);
    tap_is(child_run(is_initial, NULL, &policy), 0, "a new process has clear registers");
    test_ipc(true);
    tap_is(child_run(is_initial, NULL, &policy), 0, "also when its maker's are full");
    tap_is((int64_t)fpu_compare(0x77), 0, "which its maker keeps");
}
