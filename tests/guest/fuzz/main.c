/*
 * test-fuzz [--seed N] [--calls M] [--part CORE]: three processes make M random calls, two of them
 * with drivers' policies, while one without any permission tries as well, and two others exchange
 * verified messages.
 */
#include "fuzz.h"

#include <bulkhead/refusal.h>
#include <inttypes.h>
#include <runtime/startup.h>
#include <runtime/tap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/arguments.h"
#include "../support/child.h"
#include "../support/fuzz_cores.h"

#define CHECK_EVERY 10000 /* calls between two checks of the kernel */
#define PATIENCE    8     /* times the calls wanted, when chance has left something out */
#define WATCHDOG    (200 * TIME_MILLISECOND)

static uint64_t seed, calls_wanted = 300000, part = UINT64_MAX;
static uint64_t calls, permitted, interrupts; /* as reported */
static struct ways succeeded;
static uint64_t refused; /* calls of the one without permissions */
static uint64_t restarts, hung, storms, checks, violations, exchanges;
static uint64_t refusals[REFUSAL_COUNT]; /* of the drivers */
static uint64_t random_state;
static endpoint_t echo, client, callers[CALLERS];
static uint64_t heard[CALLERS]; /* time of the last report */

/* The one command that does all this again. */
static void tell_command(void) {
    if (part < FUZZ_CORES)
        fuzz_cores_tell(seed - part, calls_wanted * FUZZ_CORES);
    else
        tap_note("repeat with: make run ISO=build/test.iso ACCEL=icount SCRIPT=\"run test-fuzz "
                 "--seed %" PRIu64 " --calls %" PRIu64 "\"",
                 seed, calls_wanted);
}

_Noreturn static void fail(const char *what) {
    tell_command();
    tap_bail_out("after %" PRIu64 " calls: %s", calls, what);
}

static void start(enum caller_kind kind) {
    uint64_t caller_seed = random_mix(seed * CALLERS + kind) + restarts;
    callers[kind] = caller_start(kind, caller_seed, callers, echo);
    heard[kind] = time_now();
    if (is_driver(kind) && policy_change(callers[kind], &random_state))
        fail("a driver's policy was refused");
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
    for (unsigned kind = 0; kind < CALLERS; kind++)
        start((enum caller_kind)kind);
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

/* ---- Deaths ---- */

static bool is_needed(endpoint_t process) {
    bool needed = process == echo || process == client;
    for (unsigned kind = 0; kind < CALLERS; kind++)
        needed |= process == callers[kind];
    return needed;
}

/* The children of callers that have died are ours now: ends them. */
static void free_orphans(void) {
    static struct process_info info[128];
    size_t written = 0;
    if (getinfo(INFO_PROCESSES, info, sizeof info, 0, &written, NULL))
        fail("the processes cannot be listed");
    for (size_t i = 0; i < written / sizeof info[0]; i++)
        if (info[i].supervisor == runtime_self() && !is_needed(info[i].endpoint))
            child_end(info[i].endpoint);
}

/* What a caller was refused, before its counts are gone with it. */
static void add_refusals(enum caller_kind kind) {
    static struct refusal_info info;
    if (kind == CALLER_NOBODY)
        refused += process_info(callers[kind]).refusals;
    if (!is_driver(kind))
        return;
    if (getinfo(INFO_REFUSALS, &info, sizeof info, callers[kind], NULL, NULL))
        fail("what a driver was refused cannot be read");
    for (unsigned i = 0; i < REFUSAL_COUNT; i++)
        refusals[i] += info.count[i];
}

/* Somebody has died: a caller that has ended itself is replaced, children of one are freed. */
static void bury(void) {
    endpoint_t dead;
    enum death_cause cause;
    while (proc_wait(&dead, &cause) == 0) {
        if (dead == echo || dead == client)
            fail("the exchange of verified messages has failed");
        for (unsigned kind = 0; kind < CALLERS; kind++) {
            if (dead != callers[kind])
                continue;
            add_refusals((enum caller_kind)kind);
            callers[kind] = ENDPOINT_NONE;
        }
        if (proc_destroy(dead))
            fail("a dead process could not be destroyed");
    }
    free_orphans();
    for (unsigned kind = 0; kind < CALLERS; kind++) {
        if (callers[kind] != ENDPOINT_NONE)
            continue;
        restarts++;
        start((enum caller_kind)kind);
    }
}

/* Ends who waits for something that does not come. */
static void watch(void) {
    for (unsigned kind = 0; kind < CALLER_NOBODY; kind++)
        if (time_now() - heard[kind] > WATCHDOG)
            hung += proc_kill(callers[kind], 0) == 0;
    alarm_set(WATCHDOG / 4, NULL);
}

/* ---- Reports ---- */

/* A random message can look like one, but not have all of these. */
static bool is_report(const struct report *report) {
    const uint64_t *word = report->succeeded.word;
    return report->calls < 2UL * REPORT_CALLS && report->permitted <= report->calls &&
           report->proof == (REPORT_PROOF ^ report->permitted ^ word[0] ^ word[1]);
}

static void take_report(endpoint_t from, const struct report *report) {
    calls += report->calls;
    permitted += report->permitted;
    interrupts += report->interrupts;
    for (unsigned i = 0; i < WAYS_MAX / 64; i++)
        succeeded.word[i] |= report->succeeded.word[i];
    for (unsigned kind = 0; kind < CALLERS; kind++) {
        if (callers[kind] != from)
            continue;
        heard[kind] = time_now();
        if (is_driver(kind) && random_next(&random_state) % 8 == 0 &&
            policy_change(from, &random_state))
            fail("a driver's policy could not be changed");
    }
}

/* A message of a caller: its report, or one of its random calls, which may want an answer too. */
static void serve(struct message *m) {
    struct report report;
    memcpy(&report, m->arg, sizeof report);
    bool reports = m->type == REPORT_TYPE && is_report(&report);
    if (reports) {
        take_report(m->source, &report);
        memcpy(m->arg, callers, sizeof callers);
    }
    message_set_result(m, reports ? 0 : -E_BADCALL);
    ipc_nbsend(m->source, m);
}

static void resume_drivers(void) {
    storms++;
    for (unsigned kind = 0; is_driver(kind); kind++)
        if (callers[kind] != ENDPOINT_NONE)
            privctl_irq_resume(callers[kind]);
}

static void handle_events(uint64_t events) {
    if (events & EVENT_CHILD)
        bury();
    if (events & EVENT_STORM)
        resume_drivers();
    if (events & EVENT_ALARM)
        watch();
}

/* ---- What chance must have brought about ---- */

static const enum refusal expected[] = {
    REFUSED_BUDGET,      REFUSED_BUFFER,       REFUSED_GRANT_ID, REFUSED_GRANTOR,
    REFUSED_GRANT_RANGE, REFUSED_GRANT_ACCESS, REFUSED_DEVICE,   REFUSED_GRANT_UNUSED,
    REFUSED_MEMORY,      REFUSED_REGISTER,     REFUSED_LINE,     REFUSED_RIGHT,
    REFUSED_ENDPOINT,    REFUSED_TARGET,
};

#define EXPECTED_REFUSALS (sizeof expected / sizeof expected[0])

/* Lines are core 0's. */
static bool has_lines(void) { return endpoint_core(runtime_self()) == 0; }

/* By a driver that is there, or by one that was. */
static bool was_refused(enum refusal refusal) {
    static struct refusal_info info;
    uint64_t count = refusals[refusal];
    for (unsigned kind = 0; is_driver(kind) && !count; kind++)
        if (getinfo(INFO_REFUSALS, &info, sizeof info, callers[kind], NULL, NULL) == 0)
            count = info.count[refusal];
    return count > 0;
}

static bool all_seen(void) {
    bool all = !has_lines() || (interrupts && storms);
    for (unsigned way = 0; way < WAYS_MAX; way++)
        all &= !way_name(way) || ways_has(&succeeded, way);
    for (unsigned i = 0; i < EXPECTED_REFUSALS && all; i++)
        all = was_refused(expected[i]);
    return all;
}

/* The calls wanted, and more while something is missing that may only be rare. */
static bool is_enough(void) {
    return calls >= calls_wanted && checks >= calls_wanted / CHECK_EVERY &&
           (calls >= PATIENCE * calls_wanted || all_seen());
}

static void supervise(void) {
    uint64_t next_check = CHECK_EVERY;
    watch();
    while (!is_enough()) {
        struct message m;
        if (ipc_receive(ENDPOINT_ANY, &m))
            fail("RECEIVE failed");
        if (m.source == ENDPOINT_KERNEL)
            handle_events(m.arg[0]);
        else if (m.type != MESSAGE_NOTIFY)
            serve(&m);
        if (calls >= next_check) {
            verify_kernel();
            next_check += CHECK_EVERY;
        }
    }
    alarm_set(0, NULL);
}

/* ---- Results ---- */

static void report_refusals(void) {
    for (unsigned i = 0; i < EXPECTED_REFUSALS; i++)
        tap_ok(refusals[expected[i]] > 0, "refused to drivers %" PRIu64 " times: %s",
               refusals[expected[i]], refusal_text(expected[i]));
    if (!has_lines())
        return;
    tap_ok(interrupts > 0, "%" PRIu64 " interrupts reach a driver", interrupts);
    tap_ok(storms > 0, "%" PRIu64 " storms of interrupts are seen", storms);
}

static void end_all(void) {
    const endpoint_t exchange[] = { client, echo };
    for (unsigned kind = 0; kind < CALLERS; kind++)
        add_refusals((enum caller_kind)kind);
    client = echo = ENDPOINT_NONE;
    for (unsigned i = 0; i < sizeof exchange / sizeof exchange[0]; i++)
        child_end(exchange[i]);
    for (unsigned kind = 0; kind < CALLERS; kind++) {
        child_end(callers[kind]);
        callers[kind] = ENDPOINT_NONE;
    }
    free_orphans();
}

int main(int argc, char **argv) {
    seed = number_after(argc, argv, "--seed", time_stamp());
    calls_wanted = number_after(argc, argv, "--calls", calls_wanted);
    part = number_after(argc, argv, "--part", part);
    random_state = seed;
    if (part < FUZZ_CORES)
        tap_subtest();
    tap_note("seed %" PRIu64 ", %" PRIu64 " calls", seed, calls_wanted);
    if (part >= FUZZ_CORES)
        tell_command();
    struct process_info before = process_info(ENDPOINT_SELF);
    start_all();
    supervise();
    end_all();

    tap_ok(calls >= calls_wanted, "%" PRIu64 " calls by those with permissions", calls);
    tap_ok(permitted * 2 >= calls, "%" PRIu64 " of them pass the permission check", permitted);
    for (unsigned way = 0; way < WAYS_MAX; way++)
        if (way_name(way))
            tap_ok(ways_has(&succeeded, way), "%s succeeds at least once", way_name(way));
    tap_ok(refused > 0, "%" PRIu64 " calls by one without permissions, all refused", refused);
    report_refusals();
    tap_ok(exchanges > 0, "%" PRIu64 " messages are exchanged and verified", exchanges);
    tap_ok(violations == 0, "the kernel's invariants hold at %" PRIu64 " checks", checks);
    struct process_info after = process_info(ENDPOINT_SELF);
    tap_is(after.frames_quota, before.frames_quota, "all frames are given back");
    tap_is(after.slots_quota, before.slots_quota, "all slots are given back");
    tap_note("%" PRIu64 " times a caller was started again, %" PRIu64 " times for it was stuck",
             restarts, hung);
    check_kernel("at the end");
    int status = tap_done();
    if (status)
        tell_command();
    return status;
}
