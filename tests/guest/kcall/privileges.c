/* PRIVCTL: nobody gives what it has not got, and only to its children. */
#include "tests.h"

static endpoint_t other; /* a process that the limited supervisor may not send to */

/*
 * In a child that has little itself: SENDREC and NOTIFY, a few calls, the ports 0x70 and 0x71, line
 * 8. It makes a child of its own and tries to give it more. Status: number of the first check that
 * failed, from 1 on.
 */
static void supervise(void *unused) {
    (void)unused;
    endpoint_t child = ENDPOINT_NONE, self = runtime_self();
    const struct process_info own = process_info(ENDPOINT_SELF);
    if (CALL(PROC_CREATE, 'c', 0, 0, PROCESS_FRAMES_MIN))
        kcall_exit(100);
    child = out[0];
    const int checks[][2] = {
        { CALL(PRIVCTL, PRIVCTL_IPC, child, IPC_BIT(SENDREC)), 0 },
        { CALL(PRIVCTL, PRIVCTL_IPC, child, own.ipc_permitted), 0 },
        { CALL(PRIVCTL, PRIVCTL_IPC, child, IPC_BIT(SENDREC) | IPC_BIT(SEND)), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_IPC, child, 1), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_IPC, child, 0x100), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_KCALLS, child, own.kcalls_permitted), 0 },
        { CALL(PRIVCTL, PRIVCTL_KCALLS, child, KCALL_BIT(TRACE)), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_KCALLS, child, UINT64_C(1) << 63), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_ALLOW, child, self), 0 },
        { CALL(PRIVCTL, PRIVCTL_ALLOW, child, child), 0 },
        { CALL(PRIVCTL, PRIVCTL_ALLOW, child, runtime_monitor()), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_ALLOW, child, other), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_DENY, child, other), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_ALLOW, child, ENDPOINT_ANY), -E_BADEP },
        { CALL(PRIVCTL, PRIVCTL_IO, child, 0x70, 2), 0 },
        { CALL(PRIVCTL, PRIVCTL_IO, child, 0x70, 3), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_IO, child, 0x6f, 1), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_IO, child, 0x71, UINT32_MAX), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_IO, child, 0x70, 0), -E_INVAL },
        { CALL(PRIVCTL, PRIVCTL_IO, child, UINT64_C(1) << 40, 1), -E_INVAL },
        { CALL(PRIVCTL, PRIVCTL_IO, child, 0x70, UINT64_C(1) << 40), -E_INVAL },
        { CALL(PRIVCTL, PRIVCTL_IRQ, child, 8, 1), 0 },
        { CALL(PRIVCTL, PRIVCTL_IRQ, child, 8, 2), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_IRQ, child, 4, 1), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_SCHED, child, SCHED_PRIORITY_USER), 0 },
        { CALL(PRIVCTL, PRIVCTL_SCHED, child, SCHED_PRIORITY_USER - 1), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_IPC, self, 0), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_IPC, ENDPOINT_SELF, 0), -E_BADEP },
        { CALL(PRIVCTL, PRIVCTL_IPC, other, 0), -E_PERM },
        { CALL(PRIVCTL, PRIVCTL_IPC, runtime_monitor(), 0), -E_PERM },
    };
    for (unsigned i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (checks[i][0] != checks[i][1])
            kcall_exit(i + 1);
    kcall_exit(0);
}

static void test_limited_supervisor(void) {
    static const struct child_policy policy = {
        .ipc = IPC_BIT(SENDREC) | IPC_BIT(NOTIFY),
        .kcalls = KCALL_BIT(PROC_CREATE) | KCALL_BIT(PRIVCTL) | KCALL_BIT(GETINFO),
        .talks = true,
        .processes = 1,
    };
    struct death_report report;
    struct process child;
    child_make("limited", supervise, NULL, &policy, &child);
    privctl_io(child.endpoint, 0x70, 2);
    privctl_irq(child.endpoint, 8, 1);
    process_start(&child);
    child_bury(child.endpoint, &report);
    tap_is((int64_t)report.status, 0, "nobody gives what it has not got, or to others (check)");

    /* The grandchild is ours now; it has what it was given. */
    static struct process_info all[64];
    getinfo(INFO_PROCESSES, all, sizeof all, 0, NULL, NULL);
    for (unsigned i = 0; i < 64; i++) {
        if (all[i].supervisor != runtime_self() || all[i].label[0] != 'c' || all[i].label[1])
            continue;
        tap_ok(all[i].ipc_permitted == policy.ipc && all[i].kcalls_permitted == policy.kcalls,
               "what was given is there");
        child_end(all[i].endpoint);
    }
}

static void test_operations(void) {
    endpoint_t child = ENDPOINT_NONE;
    proc_create("child", PROCESS_FRAMES_MIN, 0, &child);
    EXPECT("no operation", -E_BADCALL, PRIVCTL, 0, child);
    EXPECT("no such operation", -E_BADCALL, PRIVCTL, 999, child);
    EXPECT("no such operation at all", -E_BADCALL, PRIVCTL, UINT64_MAX, child);
    EXPECT("primitives are given", 0, PRIVCTL, PRIVCTL_IPC, child, IPC_ALL);
    EXPECT("and taken back", 0, PRIVCTL, PRIVCTL_IPC, child, 0);
    EXPECT("calls are given", 0, PRIVCTL, PRIVCTL_KCALLS, child, (KCALL_ALL & ~KCALL_MONITOR));
    EXPECT("and taken back", 0, PRIVCTL, PRIVCTL_KCALLS, child, 0);
    EXPECT("priorities beyond the last", -E_RANGE, PRIVCTL, PRIVCTL_SCHED, child, 16);
    EXPECT("a limit below the present priority", 0, PRIVCTL, PRIVCTL_SCHED, child, 12);
    tap_is(process_info(child).base_priority, 12, "lowers that");
    unsigned ranges = 0;
    while (ranges < 100 && CALL(PRIVCTL, PRIVCTL_IO, child, ranges, 1) == 0)
        ranges++;
    tap_is(ranges, PRIV_RANGES, "there is room for so many ranges of ports");
    EXPECT("and no more", -E_NOSLOT, PRIVCTL, PRIVCTL_IO, child, 0, 1);
    for (ranges = 0; ranges < 100 && CALL(PRIVCTL, PRIVCTL_IRQ, child, ranges, 1) == 0;)
        ranges++;
    tap_is(ranges, PRIV_RANGES, "and of lines");
    EXPECT("and no more lines", -E_NOSLOT, PRIVCTL, PRIVCTL_IRQ, child, 0, 1);
    check_kernel("with a child that has all it can have");
    proc_kill(child, 0);
    EXPECT("the dead get nothing", -E_PEERDEAD, PRIVCTL, PRIVCTL_IPC, child, 0);
    EXPECT("nor become targets", -E_PERM, PRIVCTL, PRIVCTL_ALLOW, runtime_monitor(), child);
    proc_destroy(child);
    EXPECT("nor the destroyed", -E_PEERDEAD, PRIVCTL, PRIVCTL_IPC, child, 0);
    EXPECT("nor nobody", -E_BADEP, PRIVCTL, PRIVCTL_IPC, ENDPOINT_NONE, 0);
}

void test_privileges(void) {
    proc_create("other", PROCESS_FRAMES_MIN, 0, &other);
    test_operations();
    test_limited_supervisor();
    child_end(other);
}
