#include "tests.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

endpoint_t start_clone(const char *label, void (*entry)(void *), void *arg, uint32_t primitives,
                       uint64_t calls) {
    struct process clone;
    int error = process_clone(label, CLONE_FRAMES, 0, entry, arg, &clone);
    if (error)
        tap_bail_out("cannot clone %s: %s", label, error_text(error));
    error = privctl_ipc(clone.endpoint, primitives | IPC_BIT(SENDREC));
    if (!error)
        error = privctl_kcalls(clone.endpoint, calls | KCALL_BIT(EXIT));
    if (!error)
        error = privctl_allow(clone.endpoint, runtime_self());
    error = error ? process_abandon(&clone, error) : process_start(&clone);
    if (error)
        tap_bail_out("cannot start %s: %s", label, error_text(error));
    return clone.endpoint;
}

void wait_for_death(endpoint_t child, struct death_report *report) {
    endpoint_t dead;
    enum death_cause cause;
    struct message m;
    int error;

    while ((error = proc_wait(&dead, &cause)) == -E_NOENT)
        ipc_receive(ENDPOINT_ANY, &m);
    if (error || dead != child)
        tap_bail_out("waiting for %#lx: %s", child, error ? error_text(error) : "another died");
    error = getinfo(INFO_DEATH, report, sizeof *report, child, NULL, NULL);
    if (!error)
        error = proc_destroy(child);
    if (error)
        tap_bail_out("cannot bury %#lx: %s", child, error_text(error));
}

void run_clone(const char *label, void (*entry)(void *), void *arg, struct death_report *report) {
    wait_for_death(start_clone(label, entry, arg, 0, KCALL_BIT(MEM_MAP) | KCALL_BIT(MEM_UNMAP)),
                   report);
}

int main(int argc, char **argv) {
    if (argc > 1)
        return check_arguments(argc, argv);

    tap_plan(0);
    test_startup(argc, argv);
    test_format();
    test_float();
    test_malloc();
    test_clone();
    test_events();
    return tap_done();
}
