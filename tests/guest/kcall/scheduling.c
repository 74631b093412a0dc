/* SCHED: priorities, quanta, policies; and that nobody starves. */
#include "tests.h"

#define HOGS 4

/* In each hog's memory. */
static volatile uint64_t turns;

static void compute(void *unused) {
    (void)unused;
    for (;;)
        turns++;
}

static void yield_for_ever(void *unused) {
    (void)unused;
    for (;;) {
        turns++;
        sched_yield();
    }
}

static endpoint_t start_hog(void (*run)(void *), unsigned priority) {
    static const struct child_policy policy = { .ipc = IPC_BIT(SENDREC),
                                                .kcalls = KCALL_BIT(SCHED) };
    struct process hog;
    child_make("hog", run, NULL, &policy, &hog);
    privctl_sched(hog.endpoint, 0);
    sched_priority(hog.endpoint, priority);
    process_start(&hog);
    return hog.endpoint;
}

static uint64_t turns_of(endpoint_t hog) {
    uint64_t value = 0;
    mem_copy_from(hog, (uint64_t)&turns, &value, sizeof value);
    return value;
}

/* How many of these made progress within that time. */
static unsigned progressing(const endpoint_t hog[], unsigned count, uint64_t within) {
    uint64_t before[HOGS];
    unsigned progress = 0;
    for (unsigned i = 0; i < count; i++)
        before[i] = turns_of(hog[i]);
    sleep_for(within);
    for (unsigned i = 0; i < count; i++)
        progress += turns_of(hog[i]) > before[i];
    return progress;
}

static void test_refusals(void) {
    EXPECT("no operation", -E_BADCALL, SCHED, 0);
    EXPECT("no such operation", -E_BADCALL, SCHED, 5);
    EXPECT("no such policy", -E_NOENT, SCHED, SCHED_POLICY, 7);
    EXPECT("no such policy at all", -E_NOENT, SCHED, SCHED_POLICY, UINT64_MAX);
    EXPECT("a policy of more than 32 bits", -E_NOENT, SCHED, SCHED_POLICY, UINT64_C(1) << 32);
    EXPECT("a priority beyond the last", -E_RANGE, SCHED, SCHED_PRIORITY, ENDPOINT_SELF, 16);
    EXPECT("a priority of more than 8 bits", -E_RANGE, SCHED, SCHED_PRIORITY, ENDPOINT_SELF, 256);
    EXPECT("a quantum too short", -E_RANGE, SCHED, SCHED_QUANTUM, ENDPOINT_SELF,
           SCHED_QUANTUM_MIN - 1);
    EXPECT("a quantum too long", -E_RANGE, SCHED, SCHED_QUANTUM, ENDPOINT_SELF,
           SCHED_QUANTUM_MAX + 1);
    EXPECT("priority of others", -E_PERM, SCHED, SCHED_PRIORITY, runtime_monitor(), 9);
    EXPECT("quantum of others", -E_PERM, SCHED, SCHED_QUANTUM, runtime_monitor(),
           SCHED_QUANTUM_MIN);
    EXPECT("priority of nobody", -E_BADEP, SCHED, SCHED_PRIORITY, ENDPOINT_NONE, 9);
}

static void try_to_rise(void *unused) {
    (void)unused;
    if (CALL(SCHED, SCHED_PRIORITY, ENDPOINT_SELF, 6) != -E_PERM)
        kcall_exit(1);
    if (CALL(SCHED, SCHED_PRIORITY, ENDPOINT_SELF, 7))
        kcall_exit(2);
    if (CALL(SCHED, SCHED_PRIORITY, ENDPOINT_SELF, 12))
        kcall_exit(3);
    kcall_exit(0);
}

static void test_limits(void) {
    static const struct child_policy policy = { .ipc = IPC_BIT(SENDREC),
                                                .kcalls = KCALL_BIT(SCHED) };
    struct death_report report;
    struct process child;
    child_make("climber", try_to_rise, NULL, &policy, &child);
    EXPECT("a child is not urgent by itself", -E_PERM, SCHED, SCHED_PRIORITY, child.endpoint,
           SCHED_PRIORITY_USER - 1);
    EXPECT("its limit is lifted", 0, PRIVCTL, PRIVCTL_SCHED, child.endpoint, 7);
    process_start(&child);
    child_bury(child.endpoint, &report);
    tap_is((int64_t)report.status, 0, "a process may rise to its limit, not beyond");

    EXPECT("quanta are set", 0, SCHED, SCHED_QUANTUM, ENDPOINT_SELF, SCHED_QUANTUM_MIN);
    uint64_t quantum = process_info(ENDPOINT_SELF).quantum; /* rounded, in ticks of the TSC */
    tap_ok(quantum <= SCHED_QUANTUM_MIN && quantum + 1 >= SCHED_QUANTUM_MIN, "and told");
    EXPECT("and set back", 0, SCHED, SCHED_QUANTUM, ENDPOINT_SELF, SCHED_QUANTUM_DEFAULT);
    EXPECT("the CPU is given away", 0, SCHED, SCHED_YIELD);
}

/* The test is more urgent than any hog, and sleeps most of the time. */
static void test_starvation(const char *policy) {
    endpoint_t hog[HOGS];
    static const unsigned priority[HOGS] = { 4, 8, 8, 15 };
    for (unsigned i = 0; i < HOGS; i++)
        hog[i] = start_hog(i == 2 ? yield_for_ever : compute, priority[i]);
    tap_is(progressing(hog, HOGS, 1500 * TIME_MILLISECOND), HOGS, "%s starves nobody", policy);
    for (unsigned i = 0; i < HOGS; i++)
        child_end(hog[i]);
}

static void test_urgency(void) {
    endpoint_t hog = start_hog(compute, 8);
    uint64_t late = 0;
    sched_quantum(hog, SCHED_QUANTUM_MAX);
    for (unsigned i = 0; i < 20; i++) {
        uint64_t wanted = time_now() + 5 * TIME_MILLISECOND;
        sleep_for(5 * TIME_MILLISECOND);
        uint64_t now = time_now();
        late = now > wanted && now - wanted > late ? now - wanted : late;
    }
    tap_ok(late < SCHED_QUANTUM_MAX / 2, "who is more urgent does not wait for a quantum (%lu us)",
           late / TIME_MICROSECOND);
    sched_quantum(hog, SCHED_QUANTUM_MIN);
    endpoint_t other = start_hog(compute, 8);
    sleep_for(30 * TIME_MILLISECOND);
    struct process_info info = process_info(hog);
    tap_ok(info.priority > info.base_priority, "who computes beside another sinks (%u to %u)",
           info.base_priority, info.priority);
    child_end(other);
    tap_ok(info.cpu_time > 20 * TIME_MILLISECOND, "and its time is counted (%lu ms)",
           info.cpu_time / TIME_MILLISECOND);
    child_end(hog);
}

static void test_round_robin(void) {
    endpoint_t hog[2] = { start_hog(compute, 15), start_hog(compute, 0) };
    uint64_t before[2], after[2];
    sleep_for(10 * TIME_MILLISECOND);
    for (unsigned i = 0; i < 2; i++)
        before[i] = process_info(hog[i]).cpu_time;
    uint64_t began = time_now();
    sleep_for(500 * TIME_MILLISECOND);
    for (unsigned i = 0; i < 2; i++)
        after[i] = process_info(hog[i]).cpu_time - before[i];
    tap_ok(after[0] > after[1] / 2 && after[1] > after[0] / 2,
           "rr gives all the same, whatever their priority (%lu and %lu of %lu ms)",
           after[0] / TIME_MILLISECOND, after[1] / TIME_MILLISECOND,
           (time_now() - began) / TIME_MILLISECOND);
    for (unsigned i = 0; i < 2; i++)
        child_end(hog[i]);
}

static void test_switching(unsigned count) {
    endpoint_t hog[HOGS];
    for (unsigned i = 0; i < HOGS; i++)
        hog[i] = start_hog(i % 2 ? yield_for_ever : compute, 8 + i);
    for (unsigned i = 0; i < 100; i++) {
        sched_policy(i % count);
        sleep_for(TIME_MILLISECOND);
    }
    check_kernel("after a hundred changes of policy under load");
    for (unsigned i = 0; i < count; i++) {
        sched_policy(i);
        tap_is(progressing(hog, HOGS, 800 * TIME_MILLISECOND), HOGS, "policy %u has lost nobody",
               i);
    }
    for (unsigned i = 0; i < HOGS; i++)
        child_end(hog[i]);
}

void test_scheduling(void) {
    struct sched_info info = { 0 };
    getinfo(INFO_SCHED, &info, sizeof info, 0, NULL, NULL);
    uint32_t mlfq = info.current;
    test_refusals();
    test_limits();
    tap_is_string(info.name[mlfq], "mlfq", "mlfq is the default");
    sched_priority(ENDPOINT_SELF, 2);
    sleep_for(info.boost_period + 100 * TIME_MILLISECOND); /* if it has sunk, it rises to that */
    test_urgency();
    test_starvation("mlfq");
    for (uint32_t i = 0; i < info.count; i++) {
        sched_policy(i);
        struct sched_info now = { 0 };
        getinfo(INFO_SCHED, &now, sizeof now, 0, NULL, NULL);
        tap_is(now.current, i, "%s is in use", now.name[i]);
        test_starvation(now.name[i]);
        if (now.name[i][0] == 'r')
            test_round_robin();
    }
    test_switching(info.count);
    sched_policy(mlfq);
    sched_priority(ENDPOINT_SELF, SCHED_PRIORITY_USER);
}
