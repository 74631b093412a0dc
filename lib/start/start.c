/*
 * From the first instruction to main(). crt0.asm has set up the thread block with its canary;
 * variables of the library are zero.
 */
#include "start.h"

#include <stdlib.h>

#include <runtime/remote.h>
#include <runtime/startup.h>

#include "args.h"

const struct startup *const startup = (const struct startup *)STARTUP_BASE;

/* Programs may leave the parameters out, as C allows. */
int main(int argc, char **argv);

static int run_main(void) {
    /* At most STARTUP_ARGS_MAX pointers: half of a default stack in the worst case. */
    char **argv = __builtin_alloca((startup->argc + 1UL) * sizeof *argv);
    args_split(startup->args, startup->argc, argv);
    return main((int)startup->argc, argv);
}

/* A new program has no `entry` and runs main(); a clone (process_clone()) runs entry(arg). */
_Noreturn void runtime_start(void (*entry)(void *), void *arg) {
    runtime_thread_init();
    time_init(startup->tsc_frequency);
    channel_hot.core = (uint32_t)endpoint_core(startup->self) << 16;
    if (entry) {
        entry(arg);
        exit(EXIT_SUCCESS);
    }
    exit(run_main());
}
