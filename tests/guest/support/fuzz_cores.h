/* What test-fuzz and test-fuzz-cores, which runs it on each of its cores, both know. */
#ifndef TESTS_GUEST_SUPPORT_FUZZ_CORES_H
#define TESTS_GUEST_SUPPORT_FUZZ_CORES_H

#include <inttypes.h>

#include <runtime/tap.h>

#define FUZZ_CORES 4

/* The one command that repeats a run: `seed` is core 0's, `calls` those of all cores. */
static inline void fuzz_cores_tell(uint64_t seed, uint64_t calls) {
    tap_note("repeat with: make run ISO=build/test.iso ACCEL=icount CORES=%u SCRIPT=\"run "
             "test-fuzz-cores --seed %" PRIu64 " --calls %" PRIu64 "\"",
             FUZZ_CORES, seed, calls);
}

#endif
