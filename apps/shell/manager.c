#include "manager.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>

static int request(struct message *m) { return ipc_request(runtime_monitor(), m); }

int manager_spawn(const char *args, size_t bytes, uint32_t argc, endpoint_t *endpoint) {
    struct message m = { .type = MONITOR_SPAWN, .arg = { (uint64_t)args, bytes, argc } };
    int error = request(&m);

    *endpoint = error ? ENDPOINT_NONE : m.arg[0];
    return error;
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

int manager_lookup(const char *label, endpoint_t *endpoint) {
    struct message m = { .type = MONITOR_LOOKUP };

    if (!label_pack(label, m.arg))
        return -E_NOENT;
    int error = request(&m);
    *endpoint = error ? ENDPOINT_NONE : m.arg[0];
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
