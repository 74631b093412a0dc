/* The policies of the system, its benchmarks and its tests: who may do what. */
#include <criterion/criterion.h>
#include <string.h>

#include <bulkhead/ipc.h>
#include <bulkhead/kcall.h>

#include <runtime/pattern.h>

#include "files.h"

TestSuite(shipped, .init = shipped_open);

#define END (shipped.policy + shipped.count)

static const struct policy *policy_find(const char *program) {
    return policy_set_find(&shipped, program);
}

Test(shipped, files_have_no_errors) {
    cr_assert_str_eq(shipped_errors, "");
    cr_assert_eq(shipped.errors, 0);
    cr_assert_geq(shipped.count, 12);
}

Test(shipped, names_are_labels_and_unique) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++) {
        size_t length = strlen(policy->program);
        cr_assert(length >= 1 && length <= LABEL_MAX, "%s", policy->program);
        cr_assert(strcspn(policy->program, " *") >= length - 1, "%s", policy->program);
        cr_assert_eq(policy_find(policy->program), policy, "%s is hidden by an earlier row",
                     policy->program);
    }
}

Test(shipped, a_program_without_a_row_may_not_run) {
    static const char *const strangers[] = { "",     "monitor", "cpu-driver", "no-such",
                                             "hell", "hello2",  "test" };

    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        cr_assert_null(policy_find(strangers[i]), "%s", strangers[i]);
}

Test(shipped, a_star_stands_for_the_rest_of_a_name) {
    cr_assert_not_null(policy_find("test-ipc"));
    cr_assert_eq(policy_find("test-ipc"), policy_find("test-"));
}

Test(shipped, gives_nothing_that_does_not_exist) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++) {
        cr_assert_eq(policy->ipc & ~IPC_ALL, 0, "%s", policy->program);
        cr_assert_eq(policy->kcalls & ~KCALL_ALL, 0, "%s", policy->program);
        for (int i = 0; i < policy->port_count; i++)
            cr_assert_leq(policy->ports[i].first + policy->ports[i].count, 0x10000, "%s",
                          policy->program);
    }
}

Test(shipped, every_program_can_ask_the_kernel_and_exit) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++) {
        cr_assert(policy->ipc & IPC_BIT(SENDREC), "%s", policy->program);
        cr_assert(policy->kcalls & KCALL_BIT(EXIT), "%s", policy->program);
    }
}

/* Whether a target, which may be a pattern, is somebody: the monitor, or who has a row. */
static bool is_program(const char *target) {
    if (strcmp(target, "monitor") == 0)
        return true;
    for (const struct policy *policy = shipped.policy; policy < END; policy++)
        if (pattern_matches(target, policy->program) || strcmp(target, policy->program) == 0)
            return true;
    return false;
}

Test(shipped, targets_exist) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++)
        for (const char *t = policy->targets; *t != '\0'; t += strlen(t) + 1)
            cr_assert(is_program(t), "%s: %s", policy->program, t);
}

Test(shipped, quotas_and_scheduling_are_within_bounds) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++) {
        cr_assert_geq(policy->frames, PROCESS_FRAMES_MIN, "%s", policy->program);
        cr_assert_lt(policy->priority, SCHED_PRIORITIES, "%s", policy->program);
        cr_assert_leq(policy->most_urgent, policy->priority, "%s", policy->program);
        cr_assert(policy->quantum >= SCHED_QUANTUM_MIN && policy->quantum <= SCHED_QUANTUM_MAX,
                  "%s", policy->program);
    }
}

Test(shipped, only_who_may_create_processes_gets_some) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++)
        cr_assert(policy->processes == 0 || policy->kcalls & KCALL_BIT(PROC_CREATE), "%s",
                  policy->program);
}

Test(shipped, there_is_one_console_and_one_shell) {
    int consoles = 0, shells = 0;

    for (const struct policy *policy = shipped.policy; policy < END; policy++) {
        consoles += policy->service == SERVICE_CONSOLE;
        shells += policy->service == SERVICE_SHELL;
    }
    cr_assert_eq(consoles, 1);
    cr_assert_eq(shells, 1);
}

Test(shipped, arguments_fit_and_are_for_services) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++)
        for (const char *a = policy->arguments; *a != '\0'; a += strlen(a) + 1) {
            cr_assert_neq(policy->service, SERVICE_NONE, "%s", policy->program);
            cr_assert_leq(strlen(a), LABEL_MAX, "%s", policy->program);
        }
}

static bool may_read_the_console(const struct policy *policy) {
    const struct policy *console = policy_find("serial");

    for (const char *a = console->arguments; *a != '\0'; a += strlen(a) + 1)
        if (pattern_matches(a, policy->program))
            return true;
    return false;
}

Test(shipped, the_keyboard_is_for_the_shell_and_for_tests) {
    cr_assert(may_read_the_console(policy_find("shell")));
    cr_assert(may_read_the_console(policy_find("test-services")));
    for (const struct policy *policy = shipped.policy; policy < END; policy++)
        if (!policy->manages)
            cr_assert_not(may_read_the_console(policy), "%s", policy->program);
}

Test(shipped, what_reaches_other_cores_is_for_monitors) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++)
        cr_assert_eq(policy->kcalls & KCALL_MONITOR, 0, "%s", policy->program);
}

Test(shipped, only_tests_and_the_shell_manage) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++)
        if (policy->manages)
            cr_assert(policy->service == SERVICE_SHELL ||
                          policy->kcalls == (KCALL_ALL & ~KCALL_MONITOR),
                      "%s", policy->program);
}

Test(shipped, the_shell_can_log_without_a_console_and_others_not_power_off) {
    cr_assert(policy_find("shell")->kcalls & KCALL_BIT(LOG));
    for (const struct policy *policy = shipped.policy; policy < END; policy++)
        if (!policy->manages)
            cr_assert_not(policy->kcalls & KCALL_BIT(SYSCTL), "%s", policy->program);
}

static void expect_driver(const struct policy *serial, uint32_t base, uint32_t line) {
    cr_assert_not_null(serial);
    cr_assert_eq(serial->ports[0].first, base);
    cr_assert_eq(serial->ports[0].count, 8);
    cr_assert_eq(serial->port_count, 1);
    cr_assert_eq(serial->lines[0].first, line);
    cr_assert_eq(serial->lines[0].count, 1);
    cr_assert_eq(serial->line_count, 1);
    cr_assert_str_eq(serial->targets, "");
    cr_assert_not(serial->kcalls &
                  (KCALL_BIT(SYSCTL) | KCALL_BIT(PROC_CREATE) | KCALL_BIT(PRIVCTL)));
}

Test(shipped, each_serial_driver_has_its_device_and_asks_nobody) {
    expect_driver(policy_find("serial"), 0x3f8, 4);
    expect_driver(policy_find("trace-port"), 0x2f8, 3);
    cr_assert_str_eq(policy_find("trace-port")->image, "serial");
    cr_assert(policy_targets(policy_find("hello"), "serial"));
    cr_assert_not(policy_targets(policy_find("serial"), "monitor"));
}

Test(shipped, timelines_are_written_by_the_shell_alone) {
    for (const struct policy *policy = shipped.policy; policy < END; policy++)
        cr_assert_eq(policy_targets(policy, "trace-port"), policy->service == SERVICE_SHELL, "%s",
                     policy->program);
}
