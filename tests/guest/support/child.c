#include "child.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#define URGENT 2 /* demoted now and then, but never as far as the test */

static int give_policy(endpoint_t child, const struct child_policy *policy) {
    int error = privctl_ipc(child, policy->ipc);
    if (!error)
        error = privctl_kcalls(child, policy->kcalls);
    if (!error && policy->talks)
        error = privctl_allow(child, runtime_self());
    if (!error && policy->urgent)
        error = privctl_sched(child, URGENT);
    if (!error && policy->urgent)
        error = sched_priority(child, URGENT);
    return error;
}

endpoint_t child_make(const char *label, void (*entry)(void *), void *arg,
                      const struct child_policy *policy, struct process *process) {
    uint64_t frames = policy->frames ? policy->frames : CHILD_FRAMES;
    int error = process_clone(label, frames, policy->processes, entry, arg, process);
    if (error)
        tap_bail_out("cannot clone %s: %s", label, error_text(error));
    error = give_policy(process->endpoint, policy);
    if (error)
        tap_bail_out("cannot give %s its policy: %s", label, error_text(error));
    return process->endpoint;
}

endpoint_t child_start(const char *label, void (*entry)(void *), void *arg,
                       const struct child_policy *policy) {
    struct process process;
    child_make(label, entry, arg, policy, &process);
    int error = process_start(&process);
    if (error)
        tap_bail_out("cannot start %s: %s", label, error_text(error));
    return process.endpoint;
}

static bool is_dead(endpoint_t child) { return process_info(child).state == PROCESS_DEAD; }

void child_wait(endpoint_t child) {
    struct message m;
    while (!is_dead(child))
        ipc_receive(ENDPOINT_KERNEL, &m);
}

void child_bury(endpoint_t child, struct death_report *report) {
    child_wait(child);
    int error = getinfo(INFO_DEATH, report, sizeof *report, child, NULL, NULL);
    if (!error)
        error = proc_destroy(child);
    if (error)
        tap_bail_out("cannot bury %#lx: %s", child, error_text(error));
}

void child_end(endpoint_t child) {
    struct death_report report;
    proc_kill(child, 0);
    child_bury(child, &report);
}

int64_t child_run(void (*entry)(void *), void *arg, const struct child_policy *policy) {
    struct death_report report = { .cause = DEATH_NONE };
    child_bury(child_start("child", entry, arg, policy), &report);
    return report.cause == DEATH_EXIT ? (int64_t)report.status : INT64_MIN;
}

struct process_info process_info(endpoint_t process) {
    struct process_info info = { .state = PROCESS_FREE };
    int error = getinfo(INFO_PROCESS, &info, sizeof info, process, NULL, NULL);
    if (error && error != -E_PEERDEAD)
        tap_bail_out("cannot look at %#lx: %s", process, error_text(error));
    return info;
}

void drop_events(void) {
    struct message m;
    while (ipc_receive_nonblock(ENDPOINT_KERNEL, &m) == 0)
        continue;
}

void sleep_for(uint64_t time) {
    struct message m = { 0 };
    alarm_set(time, NULL);
    while (!(m.arg[0] & EVENT_ALARM))
        ipc_receive(ENDPOINT_KERNEL, &m);
}

void check_kernel(const char *when) {
    uint64_t violations = UINT64_MAX;
    int error = sysctl_check(&violations);
    tap_ok(!error && violations == 0, "the kernel's invariants hold %s (%s, %lu violations)", when,
           error_name(error), violations);
}
