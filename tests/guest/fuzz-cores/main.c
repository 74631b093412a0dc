/*
 * test-fuzz-cores [--seed N] [--calls M]: test-fuzz on four cores at once, M calls in all.
 * Afterwards every core's instance is in order, and still the first that the core had.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/ipc.h>
#include <runtime/tap.h>

#include "../support/arguments.h"
#include "../support/cores.h"

#define CORES 4

static endpoint_t start(uint32_t core, uint64_t seed, uint64_t calls) {
    char args[128];
    endpoint_t child;
    int bytes =
        snprintf(args, sizeof args, "test-fuzz%c--seed%c%" PRIu64 "%c--calls%c%" PRIu64 "%c--part",
                 '\0', '\0', seed, '\0', '\0', calls, '\0') +
        1;
    int error = core_spawn(core, args, (size_t)bytes, 6, &child);

    if (error)
        tap_bail_out("core %u: cannot be fuzzed: %s", core, error_text(error));
    return child;
}

int main(int argc, char **argv) {
    uint64_t seed = number_after(argc, argv, "--seed", 1);
    uint64_t calls = number_after(argc, argv, "--calls", 200000);
    endpoint_t fuzzers[CORES];

    tap_plan(3 * CORES);
    tap_note("repeat with: make run ISO=build/test.iso ACCEL=icount CORES=4 SCRIPT=\"run "
             "test-fuzz-cores --seed %" PRIu64 " --calls %" PRIu64 "\"",
             seed, calls);
    for (uint32_t core = 0; core < CORES; core++)
        fuzzers[core] = start(core, seed + core, calls / CORES);
    for (uint32_t core = 0; core < CORES; core++)
        tap_is(await_end(fuzzers[core]), 0, "core %u: %" PRIu64 " random calls, seed %" PRIu64,
               core, calls / CORES, seed + core);
    for (uint32_t core = 0; core < CORES; core++) {
        tap_is(core_state(core), MONITOR_CORE_MEMBER, "core %u is a member", core);
        tap_is(core_incarnation(core), 0, "core %u has not been started again", core);
    }
    return tap_done();
}
