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
#include "../support/fuzz_cores.h"

static endpoint_t start(uint32_t core, uint64_t seed, uint64_t calls) {
    char args[128];
    endpoint_t child;
    int bytes = snprintf(args, sizeof args,
                         "test-fuzz%c--seed%c%" PRIu64 "%c--calls%c%" PRIu64 "%c--part%c%u", '\0',
                         '\0', seed, '\0', '\0', calls, '\0', '\0', core) +
                1;
    int error = core_spawn(core, args, (size_t)bytes, 7, &child);

    if (error)
        tap_bail_out("core %u: cannot be fuzzed: %s", core, error_text(error));
    return child;
}

int main(int argc, char **argv) {
    uint64_t seed = number_after(argc, argv, "--seed", 1);
    uint64_t calls = number_after(argc, argv, "--calls", 300000) / FUZZ_CORES;
    endpoint_t fuzzers[FUZZ_CORES];
    int status[FUZZ_CORES];
    bool good = true;

    tap_plan(3 * FUZZ_CORES);
    fuzz_cores_tell(seed, calls * FUZZ_CORES);
    for (uint32_t core = 0; core < FUZZ_CORES; core++)
        fuzzers[core] = start(core, seed + core, calls);
    for (uint32_t core = 0; core < FUZZ_CORES; core++) /* all, before a line of ours among theirs */
        status[core] = await_end(fuzzers[core]);
    for (uint32_t core = 0; core < FUZZ_CORES; core++)
        good &= tap_is(status[core], 0, "core %u: %" PRIu64 " random calls", core, calls);
    for (uint32_t core = 0; core < FUZZ_CORES; core++) {
        good &= tap_is(core_state(core), MONITOR_CORE_MEMBER, "core %u is a member", core);
        good &= tap_is(core_incarnation(core), 0, "core %u has not been started again", core);
    }
    if (!good)
        fuzz_cores_tell(seed, calls * FUZZ_CORES);
    return tap_done();
}
