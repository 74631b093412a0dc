/*
 * An instance goes wrong: it stops, with a report, and harms nobody else: the others exchange
 * verified messages all the while.
 */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/kcall.h>

#define VICTIM  1
#define CULPRIT 2

/* "crash KIND ADDRESS", run on the culprit. */
int part_crash(const char *arguments) {
    char *end;
    uint64_t kind = strtoull(arguments, &end, 10), address = strtoull(end, NULL, 16);
    uint64_t arg[4] = { SYSCTL_CRASH, kind, address };

    return -trap_kernel_4(KCALL_SYSCTL, arg);
}

/* Messages between all cores but the culprit: test-storm verifies every one. */
static endpoint_t start_storm(void) {
    static const char args[] = "test-storm\0--messages\0"
                               "3000\0--kills\0"
                               "0\0--without\0"
                               "2\0--part";
    endpoint_t storm;

    if (core_spawn(0, args, sizeof args, 8, &storm))
        tap_bail_out("no storm");
    return storm;
}

static void crash(enum crash kind, uint64_t address, const char *what) {
    endpoint_t storm = start_storm();
    char argument[64];
    uint32_t before = core_incarnation(CULPRIT);

    snprintf(argument, sizeof argument, "crash %d %llx", kind, (unsigned long long)address);
    tap_note("an instance makes %s", what);
    int result = run_part(CULPRIT, argument);
    tap_ok(result == -E_PEERDEAD || result == -E_NOENT, "%s ends the core (%d)", what, result);
    tap_is(core_state(CULPRIT), MONITOR_CORE_OFF, "it is fenced after %s", what);
    tap_is(await_end(storm), 0, "all messages of others have come beside %s", what);
    check_all("beside a core that has stopped");
    tap_is(core_control(CORE_CONTROL_START, CULPRIT), 0, "it starts again after %s", what);
    tap_is(core_incarnation(CULPRIT), before + 1, "as another after %s", what);
}

void test_containment(void) {
    struct core_info victim = { 0 };

    if (core_getinfo(VICTIM, INFO_CORE, &victim, sizeof victim))
        tap_bail_out("core %d does not answer", VICTIM);
    crash(CRASH_FOREIGN, victim.image_address + victim.image_bytes - 64, "a store to data");
    crash(CRASH_FOREIGN, victim.stack_address + 8192, "a store to a stack");
    crash(CRASH_FOREIGN, victim.page_table_address, "a store to page tables");
    crash(CRASH_FOREIGN, victim.frame_table_address, "a store to a frame table");
    /* Those of 1 and 3; those of 1 and 2 come before. */
    crash(CRASH_FOREIGN, victim.commons_address + 2 * PAGE_SIZE, "a store to others' mailboxes");
    crash(CRASH_FOREIGN, victim.commons_address + 3 * PAGE_SIZE, "a store to others' channel");
    crash(CRASH_DIVIDE, 0, "a division by zero");
    crash(CRASH_OVERFLOW, 0, "an endless recursion");
    crash(CRASH_WILD, 0, "a wild jump");
    crash(CRASH_ASSERT, 0, "a false assertion");
}
