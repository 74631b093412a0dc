/*
 * test-torture [--seed N] [--rounds M]: cores 1 to 3 are stopped, fenced and crashed at random
 * moments, while a process on each binds with the others, shares memory, takes it back, and has all
 * agree on its names. Each time the others' invariants hold, and the core starts again; in the end
 * no memory is missing.
 */
#include "torture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../fuzz/random.h"
#include "../support/arguments.h"
#include "../support/cores.h"

#define CORES       4
#define LONGEST     (4 * TIME_MILLISECOND) /* before something happens to a core */
#define SETTLE      (200 * TIME_MILLISECOND)
#define CHECK_EVERY 5 /* rounds */

static uint64_t seed, rounds = 50, state;
static uint64_t round_number, fenced, stopped, crashed;
static endpoint_t workers[CORES];
static uint64_t exported[CORES]; /* frames that each core's instance has in common with others */

_Noreturn static void fail(const char *what, uint32_t core, int value) {
    tap_note("repeat with: make run ISO=build/test.iso ACCEL=icount CORES=4 CMDLINE=debug=1 "
             "SCRIPT=\"run test-torture --seed %" PRIu64 " --rounds %" PRIu64 "\"",
             seed, rounds);
    tap_bail_out("round %" PRIu64 ", core %u: %s (%d)", round_number, core, what, value);
}

static int spawn(uint32_t core, const char *argument, endpoint_t *child) {
    char args[64];
    int bytes = snprintf(args, sizeof args, "test-torture%c%s", '\0', argument) + 1;

    return core_spawn(core, args, (size_t)bytes, 2, child);
}

static int run_part(uint32_t core, const char *argument) {
    endpoint_t child;
    int error = spawn(core, argument, &child);

    return error ? error : await_end(child);
}

static void start_worker(uint32_t core) {
    char argument[32];
    snprintf(argument, sizeof argument, "work %" PRIu64, random_next(&state));
    int error = spawn(core, argument, &workers[core]);

    if (error)
        fail("its worker cannot be started", core, error);
}

/* A worker ends of its own accord now and then; never because something was wrong. */
static void look_after(uint32_t core) {
    struct message m = { .type = MONITOR_STATUS, .arg = { workers[core] } };
    int error = ipc_request(runtime_monitor(), &m);

    if (error)
        fail("its worker is lost", core, error);
    if (m.arg[0] == DEATH_NONE)
        return;
    if (m.arg[0] != DEATH_EXIT || m.arg[1] != 0)
        fail("its worker has failed", core, (int)m.arg[1]);
    start_worker(core);
}

static void check_survivors(uint32_t victim) {
    for (uint32_t core = 0; core < CORES; core++) {
        int violations = core == victim ? 0 : run_part(core, "check");
        if (violations)
            fail("invariants do not hold", core, violations);
    }
}

static void end_core(uint32_t core) {
    uint64_t how = random_next(&state) % 4;
    int error = 0;

    if (how == 0) {
        error = core_control(CORE_CONTROL_STOP, core);
        stopped++;
    } else if (how == 1) {
        error = run_part(core, "crash");
        error = error == -E_PEERDEAD || error == -E_NOENT ? 0 : error ? error : -E_STATE;
        crashed++;
    } else {
        error = core_control(CORE_CONTROL_FENCE, core);
        fenced++;
    }
    if (error)
        fail(how == 0   ? "it does not stop"
             : how == 1 ? "it does not crash"
                        : "it is not fenced",
             core, error);
    if (core_state(core) != MONITOR_CORE_OFF)
        fail("it is not off", core, core_state(core));
}

static void torture(void) {
    uint32_t core = 1 + (uint32_t)(random_next(&state) % (CORES - 1));
    uint32_t incarnation = core_incarnation(core);

    pause_for(1 + random_next(&state) % LONGEST);
    for (uint32_t other = 1; other < CORES; other++)
        look_after(other);
    end_core(core);
    if (round_number % CHECK_EVERY == 0)
        check_survivors(core);
    int error = core_control(CORE_CONTROL_START, core);
    if (error)
        fail("it does not start again", core, error);
    if (core_incarnation(core) != incarnation + 1)
        fail("it is not another", core, (int)core_incarnation(core));
    start_worker(core);
}

static uint64_t exported_frames(uint32_t core) {
    struct memory_info info = { 0 };
    int error = core_getinfo(core, INFO_MEMORY, &info, sizeof info);

    if (error)
        fail("it does not tell of its memory", core, error);
    return info.frames[FRAME_EXPORTED];
}

/* Without workers, nothing is shared but what the instances themselves share. */
static void end_workers(void) {
    for (uint32_t core = 1; core < CORES; core++) {
        struct message m = { .type = MONITOR_KILL, .arg = { workers[core] } };
        ipc_request(runtime_monitor(), &m);
        await_end(workers[core]);
    }
    pause_for(SETTLE);
    for (uint32_t core = 0; core < CORES; core++)
        tap_is((int64_t)exported_frames(core), (int64_t)exported[core],
               "core %u shares what it did at the start", core);
}

static int part(const char *argument) {
    uint64_t arg[4] = { SYSCTL_CHECK };

    if (strncmp(argument, "work ", 5) == 0)
        return worker(strtoull(argument + 5, NULL, 10));
    if (strcmp(argument, "crash") == 0) {
        arg[0] = SYSCTL_CRASH;
        arg[1] = CRASH_ASSERT;
    }
    int error = trap_kernel_4(KCALL_SYSCTL, arg);
    return error ? 255 : (int)arg[0];
}

int main(int argc, char **argv) {
    if (argc == 2)
        return part(argv[1]);
    seed = number_after(argc, argv, "--seed", 1);
    rounds = number_after(argc, argv, "--rounds", rounds);
    state = seed;
    tap_plan(2 * CORES + 1);
    for (uint32_t core = 0; core < CORES; core++)
        exported[core] = exported_frames(core);
    for (uint32_t core = 1; core < CORES; core++)
        start_worker(core);
    for (round_number = 1; round_number <= rounds; round_number++)
        torture();
    tap_ok(true,
           "%" PRIu64 " cores fenced, %" PRIu64 " stopped, %" PRIu64 " crashed: seed %" PRIu64,
           fenced, stopped, crashed, seed);
    end_workers();
    for (uint32_t core = 0; core < CORES; core++)
        tap_is(run_part(core, "check"), 0, "core %u is in order", core);
    return tap_done();
}
