#include "tests.h"

#include <stdio.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

int run_part(uint32_t core, const char *argument) {
    char args[64];
    endpoint_t child;
    int bytes = snprintf(args, sizeof args, "test-cores%c%s", '\0', argument) + 1;
    int error = core_spawn(core, args, (size_t)bytes, 2, &child);

    return error ? error : await_end(child);
}

static int check_here(void) {
    uint64_t arg[4] = { SYSCTL_CHECK };
    int error = trap_kernel_4(KCALL_SYSCTL, arg);

    return error ? 255 : (int)arg[0];
}

void check_all(const char *when) {
    struct monitor_core cores[CORES_MAX];
    int count = cores_list(cores, CORES_MAX, NULL);

    for (int core = 0; core < count; core++)
        if (cores[core].state == MONITOR_CORE_MEMBER)
            tap_is(run_part((uint32_t)core, "check"), 0, "core %d is in order %s", core, when);
}

/* A part of a test, on whatever core. */
static int part(const char *name) {
    if (strcmp(name, "check") == 0)
        return check_here();
    if (strcmp(name, "fill") == 0)
        return part_fill();
    if (strcmp(name, "shuffle") == 0)
        return part_shuffle();
    if (strcmp(name, "where") == 0)
        return endpoint_core(runtime_self());
    if (strncmp(name, "publish ", 8) == 0)
        return part_publish(name + 8);
    if (strncmp(name, "find ", 5) == 0)
        return part_find(name + 5);
    if (strncmp(name, "crash ", 6) == 0)
        return part_crash(name + 6);
    return 254;
}

int main(int argc, char **argv) {
    if (argc > 1)
        return part(argv[1]);
    tap_plan(0);
    test_members();
    test_requests();
    test_names();
    test_stop_and_start();
    test_fence();
    test_chunks();
    test_containment();
    return tap_done();
}
