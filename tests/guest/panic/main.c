/*
 * SYSCTL_CRASH. Without an argument: the call is refused unless the machine was booted with
 * debug=1. With one, the number of an enum crash: stops the core, which tests/boot/test_panic.c
 * looks at from outside.
 */
#include <runtime/kcall.h>
#include <runtime/tap.h>
#include <stdlib.h>

static int sysctl_crash(uint64_t kind) { return kcall_in(KCALL_SYSCTL, SYSCTL_CRASH, kind, 0, 0); }

int main(int argc, char **argv) {
    if (argc > 1)
        return sysctl_crash(strtoul(argv[1], NULL, 10)) != 0;
    tap_plan(2);
    tap_is(sysctl_crash(CRASH_DIVIDE), -E_PERM, "a crash is refused without debug=1");
    tap_is(sysctl_crash(0), -E_PERM, "so is an unknown one");
    return tap_done();
}
