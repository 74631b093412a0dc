/*
 * The ways out of a program. exit() is musl's: it writes out what stdio holds, then calls _Exit().
 */
#include <stdlib.h>

#include <runtime/console.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

_Noreturn void _Exit(int status) { kcall_exit((uint64_t)status); }

_Noreturn void abort(void) { kcall_exit(EXIT_ABORTED); }

_Noreturn void __stack_chk_fail(void);

/* Called where a function finds its canary overwritten. The stack is not to be trusted any more. */
_Noreturn void __stack_chk_fail(void) {
    static const char text[] = "stack smashing detected\n";
    console_write(text, sizeof text - 1);
    abort();
}
