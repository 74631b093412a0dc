/*
 * test-fuzz [--seed N] [--calls M] [--part]: two processes make M random calls, one without
 * permissions and one with those of a driver, while two others exchange verified messages.
 */
#include "fuzz.h"

#include <inttypes.h>
#include <runtime/startup.h>
#include <runtime/tap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/arguments.h"
#include "../support/child.h"
#include "random.h"

#define CHECK_EVERY   20000 /* calls between two checks of the kernel */
#define WATCHDOG      (300 * TIME_MILLISECOND)
#define DRIVER_FRAMES 600

static uint64_t seed, calls_wanted = 1000000;
static uint64_t calls, permitted, succeeded; /* of the driver, as reported */
static uint64_t refused;                     /* calls of the one without permissions */
static uint64_t restarts, checks, violations, exchanges;
static endpoint_t echo, client, driver, nobody;

_Noreturn static void fail(const char *what) {
    tap_note("repeat with: make run ISO=build/test.iso ACCEL=icount SCRIPT=\"run test-fuzz --seed "
             "%" PRIu64 " --calls %" PRIu64 "\"",
             seed, calls_wanted);
    tap_bail_out("after %" PRIu64 " calls: %s", calls, what);
}

/* So that the driver gets on, however it sinks and whatever the policy: it often has to wait. */
static int keep_in_background(endpoint_t process) {
    int error = sched_priority(process, SCHED_PRIORITIES - 1);
    return error ? error : sched_quantum(process, SCHED_QUANTUM_MIN);
}

static endpoint_t start_caller(bool privileged) {
    const struct child_policy policy = {
        .ipc = privileged ? IPC_ALL : 0,
        .kcalls = privileged ? KCALL_ALL & ~KCALL_MONITOR : 0,
        .talks = privileged,
        .frames = privileged ? DRIVER_FRAMES : 0,
        .processes = privileged ? 16 : 0,
    };
    struct process process;
    caller = (struct caller){
        .seed = random_mix(seed * 2 + privileged) + restarts,
        .privileged = privileged,
        .supervisor = runtime_self(),
        .echo = echo,
    };
    child_make(privileged ? "driver" : "nobody", caller_main, NULL, &policy, &process);
    if (privileged &&
        (privctl_allow(process.endpoint, echo) ||
         privctl_io(process.endpoint, FUZZ_PORT, FUZZ_PORTS) ||
         privctl_irq(process.endpoint, FUZZ_LINE, 1) ||
         privctl_memory(process.endpoint, FUZZ_MEMORY / PAGE_SIZE, FUZZ_MEMORY_PAGES)))
        fail("the driver's policy was refused");
    if ((!privileged && keep_in_background(process.endpoint)) || process_start(&process))
        fail("a caller could not be started");
    return process.endpoint;
}

static void start_all(void) {
    const struct child_policy server = { .ipc = IPC_ALL, .urgent = true };
    const struct child_policy asker = { .ipc = IPC_ALL,
                                        .kcalls = KCALL_BIT(SETALARM),
                                        .urgent = true };
    struct process process;
    echo = child_start("echo", echo_main, NULL, &server);
    client_server = echo;
    client = child_make("client", client_main, NULL, &asker, &process);
    if (privctl_allow(client, echo) || process_start(&process))
        fail("the client could not be started");
    driver = start_caller(true);
    nobody = start_caller(false);
}

static void verify_kernel(void) {
    uint64_t found = UINT64_MAX, now = 0;
    checks++;
    if (sysctl_check(&found) || found)
        fail("the kernel's invariants do not hold: see the log");
    violations += found;
    if (mem_copy_from(client, (uint64_t)&client_exchanges, &now, sizeof now))
        fail("the client's count cannot be read");
    if (now <= exchanges)
        fail("the exchange of verified messages has come to a stop");
    exchanges = now;
}

/* The children of callers that have died are ours now: ends them. */
static void free_orphans(void) {
    struct process_info info[64];
    size_t written = 0;
    if (getinfo(INFO_PROCESSES, info, sizeof info, 0, &written, NULL))
        fail("the processes cannot be listed");
    for (size_t i = 0; i < written / sizeof info[0]; i++) {
        endpoint_t child = info[i].endpoint;
        bool needed = child == echo || child == client || child == driver || child == nobody;
        if (info[i].supervisor == runtime_self() && !needed)
            child_end(child);
    }
}

/* Somebody has died: a caller that has ended itself is replaced, children of one are freed. */
static void bury(void) {
    endpoint_t dead;
    enum death_cause cause;
    while (proc_wait(&dead, &cause) == 0) {
        if (dead == echo || dead == client)
            fail("the exchange of verified messages has failed");
        if (dead == nobody) { /* it may exit, and nothing else */
            refused += process_info(nobody).refusals;
            nobody = ENDPOINT_NONE;
        }
        if (dead == driver)
            driver = ENDPOINT_NONE;
        if (proc_destroy(dead))
            fail("a dead process could not be destroyed");
    }
    if (driver == ENDPOINT_NONE)
        free_orphans();
    restarts += driver == ENDPOINT_NONE || nobody == ENDPOINT_NONE;
    if (driver == ENDPOINT_NONE)
        driver = start_caller(true);
    if (nobody == ENDPOINT_NONE)
        nobody = start_caller(false);
}

/* A random message can look like one, but not have all of these. */
static bool is_report(const struct report *report) {
    return report->calls < 2UL * REPORT_CALLS && report->permitted <= report->calls &&
           report->proof == (REPORT_PROOF ^ report->permitted ^ report->succeeded);
}

/* A message of the driver: its report, or one of its random calls, which may want an answer too. */
static void serve(struct message *m) {
    struct report report;
    memcpy(&report, m->arg, sizeof report);
    bool reports = m->type == REPORT_TYPE && is_report(&report);
    if (reports) {
        calls += report.calls;
        permitted += report.permitted;
        succeeded |= report.succeeded;
    }
    message_set_result(m, reports ? 0 : -E_BADCALL);
    ipc_nbsend(m->source, m);
}

static void supervise(void) {
    uint64_t next_check = CHECK_EVERY;
    while (calls < calls_wanted || checks * CHECK_EVERY < calls_wanted) {
        struct message m;
        alarm_set(WATCHDOG, NULL);
        if (ipc_receive(ENDPOINT_ANY, &m))
            fail("RECEIVE failed");
        if (m.source == ENDPOINT_KERNEL && m.arg[0] & EVENT_CHILD)
            bury();
        else if (m.source == ENDPOINT_KERNEL && m.arg[0] & EVENT_ALARM)
            proc_kill(driver, 0); /* it waits for something that does not come */
        else if (m.source != ENDPOINT_KERNEL && m.type != MESSAGE_NOTIFY)
            serve(&m);
        if (calls >= next_check) {
            verify_kernel();
            next_check += CHECK_EVERY;
        }
    }
    alarm_set(0, NULL);
}

static const char *way_name(unsigned way) {
    static const char *const names[WAYS] = {
#define X(name, number) [number] = #name,
        KERNEL_CALLS(X)
#undef X
#define X(name, number) [WAY_OF(number)] = "IPC_" #name,
            IPC_PRIMITIVES(X)
#undef X
    };
    return names[way];
}

/* Some calls are for monitors; and interrupt lines are core 0's. */
static bool is_possible(unsigned way) {
    bool monitors = way < KCALL_COUNT && KCALL_MONITOR >> way & 1;
    return !monitors && (way != KCALL_IRQCTL || endpoint_core(runtime_self()) == 0);
}

int main(int argc, char **argv) {
    seed = number_after(argc, argv, "--seed", time_stamp());
    calls_wanted = number_after(argc, argv, "--calls", calls_wanted);
    if (strcmp(argv[argc - 1], "--part") == 0)
        tap_subtest();
    tap_note("seed %" PRIu64 ", %" PRIu64 " calls", seed, calls_wanted);
    struct process_info before = process_info(ENDPOINT_SELF);
    start_all();
    supervise();
    refused += process_info(nobody).refusals;

    tap_ok(calls >= calls_wanted, "%" PRIu64 " calls by one with a driver's policy", calls);
    tap_ok(permitted * 2 >= calls, "%" PRIu64 " of them pass the permission check", permitted);
    for (unsigned way = 0; way < WAYS; way++)
        if (way_name(way) && is_possible(way))
            tap_ok(succeeded >> way & 1, "%s succeeds at least once", way_name(way));
    tap_ok(refused > 0, "%" PRIu64 " calls by one without permissions, all refused", refused);
    tap_ok(exchanges > 0, "%" PRIu64 " messages are exchanged and verified", exchanges);
    tap_ok(violations == 0, "the kernel's invariants hold at %" PRIu64 " checks", checks);
    const endpoint_t all[] = { driver, nobody, client, echo };
    driver = nobody = client = echo = ENDPOINT_NONE;
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        child_end(all[i]);
    free_orphans();
    struct process_info after = process_info(ENDPOINT_SELF);
    tap_is(after.frames_quota, before.frames_quota, "all frames are given back");
    tap_is(after.slots_quota, before.slots_quota, "all slots are given back");
    tap_note("%" PRIu64 " times a caller was started again", restarts);
    check_kernel("at the end");
    return tap_done();
}
