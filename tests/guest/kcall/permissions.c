/* What every kernel call has in common: vetting before anything else. */
#include "tests.h"

#include <bulkhead/binding.h>
#include <bulkhead/cores.h>

static const char *const names[] = {
#define X(name, number) [number] = #name,
    KERNEL_CALLS(X)
#undef X
};

/* In a child: makes the call of that number, with arguments that no call likes. */
static void make_call(void *number) {
    static const uint64_t bad[MESSAGE_ARGS] = { 0x7fffffff, 1, 1, 1, 1, 1 };
    kcall_exit((uint64_t)-kernel_call((uint32_t)(uintptr_t)number, bad));
}

static void just_exit(void *status) { kcall_exit((uint64_t)status); }

static int64_t result_of(uint64_t number, uint32_t ipc, uint64_t kcalls) {
    return -child_run(make_call, (void *)number,
                      &(struct child_policy){ .ipc = ipc, .kcalls = kcalls });
}

/* Calls that are the monitor's: this program can neither make them nor let its children. */
static void test_calls_of_the_monitor(void) {
    endpoint_t child = ENDPOINT_NONE;
    proc_create("child", PROCESS_FRAMES_MIN, 0, &child);
    EXPECT("CORE is refused", -E_PERM, CORE, CORE_STOPPED);
    EXPECT("also when it would map memory", -E_PERM, CORE, CORE_MAP, 1, FREE_ADDRESS, 0, PAGE_SIZE);
    EXPECT("SHARE is refused", -E_PERM, SHARE, SHARE_ALLOC, FREE_ADDRESS, PAGE_SIZE);
    EXPECT("also when it seems to go on", -E_PERM, SHARE, SHARE_ALLOC, FREE_ADDRESS, PAGE_SIZE, 1);
    EXPECT("BIND is refused", -E_PERM, BIND, BIND_OPEN, BINDING_FIRST, child, 1);
    EXPECT("also to end what others have bound", -E_PERM, BIND, BIND_CLOSE, BINDING_FIRST);
    for (uint64_t number = 0; number < KCALL_COUNT; number++)
        if (KCALL_MONITOR >> number & 1)
            tap_is(CALL(PRIVCTL, PRIVCTL_KCALLS, child, UINT64_C(1) << number), -E_PERM,
                   "%s cannot be given to a child", names[number]);
    tap_is(ipc_notify(endpoint_make(0, 1, ENDPOINT_CORE_BINDING, 1)), -E_BADEP,
           "the monitor's bindings are nobody else's");
    proc_kill(child, 0);
    proc_destroy(child);
}

void test_permissions(void) {
    for (uint64_t number = 0; number < KCALL_COUNT; number++) {
        uint64_t bit = UINT64_C(1) << number;
        if (number == KCALL_EXIT || !(KCALL_ALL & bit))
            continue;
        tap_is(result_of(number, IPC_BIT(SENDREC), KCALL_ALL & ~KCALL_MONITOR & ~bit), -E_PERM,
               "%s needs its permission", names[number]);
        tap_is(result_of(number, IPC_ALL & ~IPC_BIT(SENDREC), (KCALL_ALL & ~KCALL_MONITOR)),
               -E_PERM, "%s needs SENDREC", names[number]);
        if (number != KCALL_LOG && number != KCALL_MEM_MAP && !(KCALL_MONITOR & bit))
            tap_ok(result_of(number, IPC_BIT(SENDREC), bit) != -E_PERM,
                   "%s needs no other permission", names[number]);
    }
    test_calls_of_the_monitor();
    struct death_report report;
    child_bury(child_start("child", just_exit, (void *)0x123456789, &(struct child_policy){ 0 }),
               &report);
    tap_ok(report.cause == DEATH_EXIT && report.status == 0x123456789,
           "EXIT needs no permission (cause %u, status %#lx)", report.cause, report.status);

    tap_is(result_of(KCALL_COUNT, IPC_BIT(SENDREC), (KCALL_ALL & ~KCALL_MONITOR)), -E_BADCALL,
           "no such call");
    tap_is(result_of(UINT32_MAX, IPC_BIT(SENDREC), (KCALL_ALL & ~KCALL_MONITOR)), -E_BADCALL,
           "no such call at all");
    tap_is(result_of(KCALL_COUNT, 0, (KCALL_ALL & ~KCALL_MONITOR)), -E_PERM,
           "not even that without SENDREC");
    EXPECT("NULL does nothing", 0, NULL, 1, 2, 3, 4, 5, 6);
    tap_ok(out[0] == 1 && out[1] == 2 && out[2] == 3 && out[3] == 4 && out[4] == 5 && out[5] == 6,
           "and leaves the arguments alone");
}
