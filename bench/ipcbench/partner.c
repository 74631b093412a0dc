#include <runtime/kcall.h>
#include <runtime/process.h>
#include <runtime/startup.h>

#include "bench.h"

#define PARTNER_FRAMES 256
#define PARTNER_KCALLS \
    (KCALL_BIT(NULL) | KCALL_BIT(EXIT) | KCALL_BIT(MEM_MAP) | KCALL_BIT(MEM_UNMAP))

static int isolate(const struct partner *partner, endpoint_t endpoint) {
    int error = privctl_ipc(endpoint, IPC_ALL);

    if (!error)
        error = privctl_kcalls(endpoint, PARTNER_KCALLS | partner->kcalls);
    if (!error)
        error = privctl_allow(endpoint, runtime_self());
    if (!error && partner->ports != 0)
        error = privctl_io(endpoint, partner->port, partner->ports);
    if (!error && partner->lines != 0)
        error = privctl_irq(endpoint, partner->line, partner->lines);
    if (!error)
        error = privctl_sched(endpoint, partner->priority);
    return error ? error : sched_priority(endpoint, partner->priority);
}

int partner_start(const struct partner *partner, endpoint_t *endpoint) {
    struct process process;
    int error = process_clone(partner->label, PARTNER_FRAMES, 0, partner->run, NULL, &process);

    if (error)
        return error;
    *endpoint = process.endpoint;
    error = isolate(partner, process.endpoint);
    return error ? process_abandon(&process, error) : process_start(&process);
}

/*
 * The news of its death is taken too: a process with something to receive takes the general path of
 * IPC.
 */
void partner_end(endpoint_t endpoint) {
    struct message m;

    proc_kill(endpoint, 0);
    ipc_receive_nonblock(ENDPOINT_KERNEL, &m);
    proc_destroy(endpoint);
}

int partner_ask(endpoint_t endpoint, enum partner_request request, uint64_t *value) {
    struct message m = { .type = request, .arg = { *value } };
    int error = ipc_request(endpoint, &m);

    *value = m.arg[0];
    return error;
}
