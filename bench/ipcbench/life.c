/* spawn_exit: a process' whole life. */
#include <runtime/kcall.h>
#include <runtime/process.h>

#include "bench.h"

#define LIVES  50
#define FRAMES 256

static void leave(void *unused) { (void)unused; }

/* Waits for the one child there is to die, and frees it. */
static int reap(void) {
    struct message m;
    endpoint_t child = ENDPOINT_NONE;
    enum death_cause cause;
    int error = ipc_receive(ENDPOINT_KERNEL, &m);

    if (!error)
        error = proc_wait(&child, &cause);
    if (!error && cause != DEATH_EXIT)
        error = -E_STATE;
    return error ? error : proc_destroy(child);
}

/* From nothing to a process that runs main() of a copy of this program, and to nothing again. */
int bench_spawn_exit(struct figure *figure) {
    int error = 0;

    for (int i = 0; i < LIVES && !error; i++) {
        struct process process;
        uint32_t before = stamp();
        error = process_clone("bench-life", FRAMES, 0, leave, NULL, &process);
        if (!error)
            error = process_start(&process);
        if (!error)
            error = reap();
        uint32_t after = stamp();
        figure_add_stamps(figure, before, after);
    }
    return error;
}
