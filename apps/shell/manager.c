#include "manager.h"

#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

static int request(struct message *m) { return ipc_request(runtime_monitor(), m); }

int manager_spawn_driver(uint64_t core, const char *args, size_t bytes, uint32_t argc,
                         endpoint_t *endpoint, bool *waits) {
    struct message m = { .type = MONITOR_SPAWN,
                         .arg = { (uint64_t)args, bytes, argc, [5] = core } };
    int error = request(&m);

    *endpoint = error ? ENDPOINT_NONE : m.arg[0];
    *waits = !error && m.arg[1] == 1;
    return error;
}

int manager_spawn(uint64_t core, const char *args, size_t bytes, uint32_t argc,
                  endpoint_t *endpoint) {
    bool waits;

    return manager_spawn_driver(core, args, bytes, argc, endpoint, &waits);
}

int manager_status(endpoint_t endpoint, enum death_cause *cause, uint64_t *status) {
    struct message m = { .type = MONITOR_STATUS, .arg = { endpoint } };
    int error = request(&m);

    if (!error) {
        *cause = (enum death_cause)m.arg[0];
        *status = m.arg[1];
    }
    return error;
}

int manager_report(endpoint_t endpoint, char *buffer, size_t bytes) {
    struct message m = { .type = MONITOR_REPORT, .arg = { endpoint, (uint64_t)buffer, bytes - 1 } };
    int error = request(&m);

    buffer[error ? 0 : m.arg[0]] = '\0';
    return error;
}

int manager_kill(endpoint_t endpoint) {
    struct message m = { .type = MONITOR_KILL, .arg = { endpoint } };

    return request(&m);
}

int manager_lookup(uint64_t core, const char *label, endpoint_t *endpoint) {
    struct message m = { .type = MONITOR_LOOKUP, .arg = { [5] = core } };

    if (!label_pack(label, m.arg))
        return -E_NOENT;
    int error = request(&m);
    *endpoint = error ? ENDPOINT_NONE : m.arg[0];
    return error;
}

int manager_label(endpoint_t endpoint, char label[LABEL_MAX + 1]) {
    struct message m = { .type = MONITOR_LABEL, .arg = { endpoint } };
    int error = request(&m);

    memset(label, 0, LABEL_MAX + 1);
    if (!error)
        memcpy(label, m.arg, LABEL_MAX);
    return error;
}

int manager_programs(char *buffer, size_t bytes) {
    struct message m = { .type = MONITOR_PROGRAMS, .arg = { (uint64_t)buffer, bytes - 1 } };
    int error = request(&m);

    buffer[error ? 0 : m.arg[0]] = '\0';
    return error;
}

int manager_sched(endpoint_t endpoint, enum sched_op op, uint64_t value) {
    struct message m = { .type = MONITOR_SCHED, .arg = { endpoint, op, value } };

    return request(&m);
}

int manager_cores(struct monitor_core *cores, size_t most, size_t *count, uint64_t *view) {
    struct message m = { .type = MONITOR_CORES, .arg = { (uint64_t)cores, most * sizeof *cores } };
    int error = request(&m);

    *count = error ? 0 : m.arg[0] / sizeof *cores;
    *view = error ? 0 : m.arg[1];
    return error;
}

int manager_tree(uint32_t root, enum monitor_tree *kind, struct monitor_tree_core *cores,
                 size_t most, size_t *count, uint32_t *rounds) {
    struct message m = { .type = MONITOR_TREE,
                         .arg = { (uint64_t)cores, most * sizeof *cores, *kind, root } };
    int error = request(&m);

    *count = error ? 0 : m.arg[0] / sizeof *cores;
    *kind = (enum monitor_tree)(error ? (uint64_t)*kind : m.arg[1]);
    *rounds = error ? 0 : (uint32_t)m.arg[2];
    return error;
}

int manager_place(enum monitor_place rule, uint64_t near, uint64_t apart, uint32_t *core) {
    struct message m = { .type = MONITOR_PLACE, .arg = { rule, near, apart } };
    int error = request(&m);

    *core = error ? 0 : (uint32_t)m.arg[0];
    return error;
}

int manager_core_control(uint64_t core, enum core_control what) {
    struct message m = { .type = MONITOR_CORE_CONTROL, .arg = { what, [5] = core } };

    return request(&m);
}

int manager_memory_move(uint64_t mib, uint64_t from, uint64_t to, uint64_t *moved) {
    struct message m = { .type = MONITOR_MEMORY_MOVE, .arg = { mib, [4] = from, to } };
    int error = request(&m);

    *moved = m.arg[0];
    return error;
}

int manager_getinfo(uint64_t core, uint64_t arg[4]) {
    struct message m = { .type = MONITOR_GETINFO,
                         .arg = { arg[1], arg[2], arg[0], arg[3], [5] = core } };
    int error = request(&m);

    if (!error)
        memcpy(arg, m.arg, 3 * sizeof arg[0]);
    return error;
}

int manager_trace(uint64_t core, uint64_t arg[4]) {
    struct message m = { .type = MONITOR_TRACE,
                         .arg = { arg[0], arg[1], arg[2], arg[3], [5] = core } };
    int error = request(&m);

    if (!error)
        memcpy(arg, m.arg, 4 * sizeof arg[0]);
    return error;
}
