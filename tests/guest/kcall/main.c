#include "tests.h"

#include <stdio.h>
#include <string.h>

uint64_t out[MESSAGE_ARGS];

int kernel_call(uint32_t number, const uint64_t args[MESSAGE_ARGS]) {
    struct message m = { .type = number };
    memcpy(m.arg, args, sizeof m.arg);
    int result = ipc_raw(IPC_SENDREC, ENDPOINT_KERNEL, &m);
    memcpy(out, m.arg, sizeof m.arg);
    return result;
}

static const struct {
    const char *name;
    void (*run)(void);
} parts[] = {
    { "permissions", test_permissions }, { "processes", test_processes },
    { "memory", test_memory },           { "copying", test_copying },
    { "exceptions", test_exceptions },   { "fpu", test_fpu },
    { "devices", test_devices },         { "interrupts", test_interrupts },
    { "alarms", test_alarms },           { "scheduling", test_scheduling },
    { "information", test_information }, { "tracing", test_tracing },
    { "privileges", test_privileges },
};

/* All parts, or the one that the argument names. After each the caller owns just what it had. */
int main(int argc, char **argv) {
    char when[64];
    tap_plan(0);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (argc > 1 && strcmp(argv[1], parts[i].name) != 0)
            continue;
        drop_events();
        struct process_info before = process_info(ENDPOINT_SELF);
        parts[i].run();
        struct process_info after = process_info(ENDPOINT_SELF);
        tap_is(after.frames_quota, before.frames_quota, "%s give all frames back", parts[i].name);
        tap_is(after.slots_quota, before.slots_quota, "%s give all slots back", parts[i].name);
        snprintf(when, sizeof when, "after %s", parts[i].name);
        check_kernel(when);
    }
    return tap_done();
}
