#include "cores.h"

#include <string.h>

#include <runtime/ipc.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

static int ask(struct message *m) { return ipc_request(runtime_monitor(), m); }

int cores_list(struct monitor_core *cores, size_t count, uint64_t *view) {
    struct message m = { .type = MONITOR_CORES, .arg = { (uint64_t)cores, count * sizeof *cores } };
    int error = ask(&m);

    if (!error && view != NULL)
        *view = m.arg[1];
    return error ? error : (int)(m.arg[0] / sizeof *cores);
}

static struct monitor_core describe(uint32_t core) {
    struct monitor_core cores[CORES_MAX];
    int count = cores_list(cores, CORES_MAX, NULL);

    if (count <= (int)core)
        tap_bail_out("no core %u", core);
    return cores[core];
}

enum monitor_core_state core_state(uint32_t core) {
    return (enum monitor_core_state)describe(core).state;
}

uint32_t core_incarnation(uint32_t core) { return describe(core).incarnation; }

int core_control(enum core_control what, uint32_t core) {
    struct message m = { .type = MONITOR_CORE_CONTROL, .arg = { what } };

    m.arg[5] = core;
    return ask(&m);
}

int core_spawn(uint32_t core, const char *args, size_t bytes, uint32_t argc, endpoint_t *child) {
    struct message m = { .type = MONITOR_SPAWN, .arg = { (uint64_t)args, bytes, argc } };

    m.arg[5] = core;
    int error = ask(&m);
    *child = error ? ENDPOINT_NONE : m.arg[0];
    return error;
}

int core_getinfo(uint32_t core, enum info what, void *buffer, size_t bytes) {
    struct message m = { .type = MONITOR_GETINFO, .arg = { (uint64_t)buffer, bytes, what } };

    m.arg[5] = core;
    return ask(&m);
}

int core_lookup(uint64_t core, const char *label, endpoint_t *found) {
    struct message m = { .type = MONITOR_LOOKUP };

    memcpy(m.arg, label, strlen(label));
    m.arg[5] = core;
    int error = ask(&m);
    *found = error ? ENDPOINT_NONE : m.arg[0];
    return error;
}

/* The monitor notifies of every end; which it was, is asked. */
int await_end(endpoint_t child) {
    for (;;) {
        struct message m = { .type = MONITOR_STATUS, .arg = { child } };
        int error = ask(&m);
        if (error)
            return error;
        if (m.arg[0] != DEATH_NONE)
            return (int)m.arg[1];
        if (ipc_receive(runtime_monitor(), &m))
            return -E_STATE;
    }
}
