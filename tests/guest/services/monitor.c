#include "tests.h"

#include <stdio.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "manager.h"

static int spawn(const void *args, size_t bytes, uint32_t argc) {
    endpoint_t endpoint;

    return manager_spawn(CORE_HERE, args, bytes, argc, &endpoint);
}

static int spawn_name(const char *name) { return spawn(name, strlen(name) + 1, 1); }

static bool is_listed(const char *name) {
    static char names[4096];
    char line[64];

    if (manager_programs(names, sizeof names))
        return false;
    snprintf(line, sizeof line, "%s\n", name);
    for (const char *at = names; (at = strstr(at, line)) != NULL; at++)
        if (at == names || at[-1] == '\n')
            return true;
    return false;
}

void test_spawn(void) {
    static char args[STARTUP_ARGS_MAX + 1];
    struct message m = { .type = MESSAGE_TYPE_SERVICE + 0xff };

    tap_ok(is_listed("hello"), "programs_are_listed");
    tap_ok(!is_listed("serial") && !is_listed("monitor") && !is_listed("cpu-driver"),
           "what_cannot_be_run_is_not_listed");
    tap_is(spawn_name("no-such-program"), -E_NOENT, "spawn_of_no_program_fails");
    tap_is(spawn_name("cpu-driver"), -E_PERM, "spawn_without_a_policy_fails");
    tap_is(spawn_name("serial"), -E_PERM, "spawn_of_a_service_fails");
    tap_is(spawn(NULL, 6, 1), -E_FAULT, "spawn_with_arguments_nowhere_fails");
    tap_is(spawn(args, 0, 0), -E_INVAL, "spawn_without_arguments_fails");
    tap_is(spawn("hello", 5, 1), -E_INVAL, "spawn_with_unterminated_arguments_fails");
    tap_is(spawn("hello", 6, 2), -E_INVAL, "spawn_with_too_few_arguments_fails");
    tap_is(spawn("hello\0x", 8, 1), -E_INVAL, "spawn_with_too_many_arguments_fails");
    tap_is(spawn(args, sizeof args, 1), -E_TOOBIG, "spawn_with_too_long_arguments_fails");
    tap_is(ipc_request(runtime_monitor(), &m), -E_BADCALL, "unknown_requests_fail");
    m.type = 0;
    tap_is(ipc_request(runtime_monitor(), &m), -E_BADCALL, "requests_below_the_first_fail");
}

static endpoint_t run(const char *args, size_t bytes, uint32_t argc, enum death_cause *cause,
                      uint64_t *status) {
    endpoint_t program;
    int error = manager_spawn(CORE_HERE, args, bytes, argc, &program);

    if (error)
        tap_bail_out("cannot spawn %s: %s", args, error_text(error));
    wait_for_end(program);
    manager_status(program, cause, status);
    return program;
}

static bool process_exists(const char *label) {
    static struct process_info info[256];
    size_t bytes = 0;

    getinfo(INFO_PROCESSES, info, sizeof info, 0, &bytes, NULL);
    for (size_t i = 0; i < bytes / sizeof info[0]; i++)
        if (strncmp(info[i].label, label, LABEL_MAX) == 0)
            return true;
    return false;
}

static void test_reports(endpoint_t crashed) {
    static char text[4096];

    tap_is(manager_report(crashed, text, sizeof text), 0, "death_is_reported");
    tap_ok(strstr(text, "page fault reading 0x0") != NULL, "report_says_why");
    tap_ok(strstr(text, "read_null+0x") != NULL && strstr(text, "main+0x") != NULL,
           "report_names_functions");
    tap_is(manager_report(crashed, text, 6), 0, "report_into_a_short_buffer_is_cut");
    tap_is_string(text, "crash", "report_into_a_short_buffer_begins_as_usual");
    tap_is(manager_report(runtime_self(), text, sizeof text), -E_NOENT,
           "report_of_a_live_process_fails");
    struct message m = { .type = MONITOR_REPORT, .arg = { crashed, STARTUP_BASE, 16 } };
    tap_is(ipc_request(runtime_monitor(), &m), -E_FAULT, "report_into_read_only_memory_fails");
}

static void test_kill(void) {
    enum death_cause cause = DEATH_NONE;
    uint64_t status;
    endpoint_t program;

    if (manager_spawn(CORE_HERE, "spin", 5, 1, &program))
        tap_bail_out("cannot spawn spin");
    tap_is(manager_sched(program, SCHED_PRIORITY, 12), 0, "sched_sets_a_priority");
    tap_is(manager_sched(program, SCHED_PRIORITY, 0), -E_PERM, "sched_beyond_the_policy_fails");
    tap_is(manager_sched(program, SCHED_PRIORITY, SCHED_PRIORITIES), -E_RANGE,
           "sched_of_no_priority_fails");
    tap_is(manager_sched(program, SCHED_QUANTUM, 1), -E_RANGE, "sched_of_no_quantum_fails");
    tap_is(manager_sched(program, SCHED_POLICY, 0), -E_INVAL, "sched_of_all_fails");
    tap_is(manager_sched(ENDPOINT_SELF, SCHED_QUANTUM, SCHED_QUANTUM_MIN), -E_BADEP,
           "sched_of_no_process_fails");
    tap_is(manager_kill(program), 0, "kill_ends_a_process");
    wait_for_end(program);
    manager_status(program, &cause, &status);
    tap_is(cause, DEATH_KILLED, "status_tells_of_the_kill");
    tap_is(manager_kill(program), -E_BADEP, "kill_of_the_dead_fails");
    tap_is(manager_kill(runtime_monitor()), -E_PERM, "kill_of_the_monitor_fails");
    tap_is(manager_kill(ENDPOINT_ANY), -E_BADEP, "kill_of_anyone_fails");
    tap_is(manager_status(ENDPOINT_NONE, &cause, &status), -E_BADEP, "status_of_nobody_fails");
}

static bool is_labelled(endpoint_t endpoint, const char *label) {
    char found[LABEL_MAX + 1];

    return manager_label(endpoint, found) == 0 && strcmp(found, label) == 0;
}

static void test_labels(endpoint_t dead) {
    char label[LABEL_MAX + 1] = "?";

    tap_ok(is_labelled(runtime_monitor(), "monitor") && is_labelled(runtime_console(), "serial") &&
               is_labelled(runtime_self(), "test-services"),
           "label_of_the_living");
    tap_ok(is_labelled(dead, "crash"), "label_of_the_dead");
    tap_ok(manager_label(ENDPOINT_NONE, label) == -E_BADEP && label[0] == '\0',
           "label_of_nobody_fails");
}

void test_deaths(void) {
    enum death_cause cause = DEATH_NONE;
    uint64_t status = UINT64_MAX;
    endpoint_t found;

    run("spin\0"
        "1",
        7, 2, &cause, &status);
    tap_ok(cause == DEATH_EXIT && status == 0, "status_tells_of_success");
    run("crash", 6, 1, &cause, &status);
    tap_ok(cause == DEATH_EXIT && status == 2, "status_tells_of_failure");
    endpoint_t crashed = run("crash\0null", 11, 2, &cause, &status);
    tap_ok(cause == DEATH_EXCEPTION && status == 14, "status_tells_of_an_exception");
    test_reports(crashed);
    test_labels(crashed);
    test_kill();

    static const char orphan[] = "test-services\0leave-an-orphan";
    run(orphan, sizeof orphan, 2, &cause, &status);
    tap_ok(cause == DEATH_EXIT && status == 0, "a_program_may_leave_a_child_behind");
    tap_is(manager_lookup(CORE_HERE, "test-services", &found), 0, "the_monitor_goes_on");
    tap_ok(!process_exists("orphan"), "an_orphan_is_ended");
}

static int clone_status; /* of a clone, which sees its own copy: handed over as its exit status */

/* A process that the monitor knows nothing about. */
static void stranger(void *unused) {
    struct message lookup = { .type = MONITOR_LOOKUP };
    endpoint_t nobody = ENDPOINT_NONE;
    char names[16];

    (void)unused;
    label_pack("serial", lookup.arg);
    clone_status |= manager_programs(names, sizeof names) != -E_PERM;
    clone_status |= (manager_spawn(CORE_HERE, "hello", 6, 1, &nobody) != -E_PERM) << 1;
    clone_status |= (manager_kill(runtime_console()) != -E_PERM) << 2;
    clone_status |= (manager_sched(runtime_self(), SCHED_PRIORITY, 15) != -E_PERM) << 3;
    clone_status |=
        (ipc_request(runtime_monitor(), &lookup) != 0 || lookup.arg[0] != runtime_console()) << 4;
    kcall_exit((uint64_t)clone_status);
}

/* Sends requests and does not wait for the answers. */
static void rude(void *unused) {
    (void)unused;
    for (int i = 0; i < 200; i++)
        ipc_send(runtime_monitor(), &(struct message){ .type = MONITOR_LOOKUP });
    kcall_exit(0);
}

void test_privileges(void) {
    endpoint_t endpoint;

    tap_is(end_of_clone(start_clone("stranger", stranger, runtime_monitor())), 0,
           "who_may_not_manage_may_only_look_up");
    tap_is(end_of_clone(start_clone("rude", rude, runtime_monitor())), 0,
           "nobody_waits_for_who_does_not_take_answers");
    tap_ok(manager_lookup(CORE_HERE, "monitor", &endpoint) == 0 && endpoint == runtime_monitor(),
           "lookup_finds_the_monitor");
    tap_ok(manager_lookup(CORE_HERE, "serial", &endpoint) == 0 && endpoint == runtime_console(),
           "lookup_finds_the_console");
    tap_is(manager_lookup(CORE_HERE, "nobody", &endpoint), -E_NOENT, "lookup_of_nobody_fails");
}

void test_recovery(void) {
    endpoint_t before = runtime_console(), after;

    tap_is(manager_kill(before), 0, "the_console_can_be_killed");
    tap_ok(manager_lookup(CORE_HERE, "serial", &after) == 0 && after != before,
           "it_is_started_again");
    tap_is((int64_t)runtime_console(), (int64_t)after, "its_clients_are_told");
}
