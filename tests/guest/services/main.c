#include "tests.h"

#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "manager.h"

#define CLONE_FRAMES 256

endpoint_t start_clone(const char *label, void (*entry)(void *), endpoint_t target) {
    struct process clone;
    int error = process_clone(label, CLONE_FRAMES, 0, entry, NULL, &clone);

    if (error)
        tap_bail_out("cannot clone %s: %s", label, error_text(error));
    error = privctl_ipc(clone.endpoint, IPC_ALL);
    if (!error)
        error = privctl_kcalls(clone.endpoint, KCALL_BIT(EXIT) | KCALL_BIT(GETINFO));
    if (!error)
        error = privctl_allow(clone.endpoint, target);
    error = error ? process_abandon(&clone, error) : process_start(&clone);
    if (error)
        tap_bail_out("cannot start %s: %s", label, error_text(error));
    return clone.endpoint;
}

int64_t end_of_clone(endpoint_t child) {
    struct death_report report = { .cause = DEATH_NONE };
    struct message m;
    endpoint_t dead;
    enum death_cause cause;

    while (proc_wait(&dead, &cause) != 0 || dead != child)
        ipc_receive(ENDPOINT_KERNEL, &m);
    getinfo(INFO_DEATH, &report, sizeof report, child, NULL, NULL);
    proc_destroy(child);
    return report.cause == DEATH_EXIT ? (int64_t)report.status : -1;
}

void wait_for_end(endpoint_t program) {
    enum death_cause cause = DEATH_NONE;
    uint64_t status;
    struct message m;

    for (;;) {
        int error = manager_status(program, &cause, &status);
        if (error)
            tap_bail_out("status: %s", error_text(error));
        if (cause != DEATH_NONE)
            return;
        ipc_receive(runtime_monitor(), &m);
    }
}

/* What test_deaths() starts: leaves a child behind, which waits for nobody. */
static void wait_for_ever(void *unused) {
    struct message m;

    (void)unused;
    ipc_receive(ENDPOINT_ANY, &m);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "leave-an-orphan") == 0) {
        start_clone("orphan", wait_for_ever, runtime_self());
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "read") == 0) {
        read_for_ever();
        return 0;
    }
    tap_plan(0);
    test_spawn();
    test_deaths();
    test_privileges();
    test_console();
    test_recovery();
    return tap_done();
}
