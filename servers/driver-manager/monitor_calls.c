#include "monitor_calls.h"

#include <string.h>

#include <bulkhead/error.h>
#include <runtime/ipc.h>
#include <runtime/startup.h>

static int request(struct message *m) { return ipc_request(runtime_monitor(), m); }

int monitor_spawn(const struct spawn_order *order, size_t bytes, uint32_t argc,
                  endpoint_t *endpoint, uint64_t *waits) {
    struct message m = { .type = MONITOR_SPAWN,
                         .arg = { (uint64_t)order, sizeof order->how + bytes, argc,
                                  1, [5] = CORE_HERE } };
    int error = request(&m);

    *endpoint = error ? ENDPOINT_NONE : m.arg[0];
    *waits = error ? 0 : m.arg[1];
    return error;
}

int monitor_run(endpoint_t endpoint) {
    struct message m = { .type = MONITOR_RUN, .arg = { endpoint } };

    return request(&m);
}

int monitor_kill(endpoint_t endpoint) {
    struct message m = { .type = MONITOR_KILL, .arg = { endpoint } };

    return request(&m);
}

int monitor_status(endpoint_t endpoint, struct monitor_status *status) {
    struct message m = { .type = MONITOR_STATUS, .arg = { endpoint } };
    int error = request(&m);

    if (!error)
        *status = (struct monitor_status){ (enum death_cause)m.arg[0], m.arg[1], m.arg[2] != 0 };
    return error;
}

int monitor_adopt(struct monitor_child *children, size_t most, size_t *count, uint64_t *skip) {
    struct message m = { .type = MONITOR_ADOPT,
                         .arg = { (uint64_t)children, most * sizeof *children, *skip } };
    int error = request(&m);

    *count = error ? 0 : m.arg[0] / sizeof *children;
    *skip += *count;
    return error;
}

int monitor_check(endpoint_t endpoint, uint64_t *offset) {
    struct message m = { .type = MONITOR_CHECK, .arg = { endpoint, *offset } };
    int error = request(&m);

    *offset = error ? 0 : m.arg[0];
    return error;
}

int monitor_keep(unsigned number, const void *record, size_t bytes) {
    struct message m = { .type = MONITOR_KEEP, .arg = { (uint64_t)record, bytes, number } };

    return request(&m);
}

bool monitor_kept(unsigned number, void *record, size_t bytes) {
    struct message m = { .type = MONITOR_KEPT, .arg = { (uint64_t)record, bytes, number } };

    return request(&m) == 0 && m.arg[0] == bytes;
}

int monitor_file(const char name[LABEL_MAX], uint64_t offset, void *piece, size_t bytes,
                 size_t *got, uint64_t *total) {
    struct message m = { .type = MONITOR_FILE, .arg = { (uint64_t)piece, bytes, offset } };

    memcpy(&m.arg[3], name, LABEL_MAX);
    int error = request(&m);
    *got = error ? 0 : m.arg[0];
    *total = error ? 0 : m.arg[1];
    return error;
}

int monitor_policy(const char label[LABEL_MAX], struct monitor_policy *policy) {
    struct message m = { .type = MONITOR_POLICY, .arg = { (uint64_t)policy, sizeof *policy } };

    memcpy(&m.arg[2], label, LABEL_MAX);
    return request(&m);
}

int monitor_view(uint64_t *number, uint64_t *members) {
    static struct monitor_core cores[CORES_MAX];
    struct message m = { .type = MONITOR_CORES, .arg = { (uint64_t)cores, sizeof cores } };
    int error = request(&m);

    if (error)
        return error;
    *number = m.arg[1];
    *members = 0;
    for (size_t i = 0; i < m.arg[0] / sizeof cores[0]; i++)
        if (cores[i].state == MONITOR_CORE_MEMBER)
            *members |= UINT64_C(1) << cores[i].core;
    return 0;
}

int monitor_find(const char *name, endpoint_t *endpoint) {
    struct message m = { .type = MONITOR_FIND };

    memcpy(m.arg, name, strnlen(name, 2 * sizeof m.arg[0]));
    int error = request(&m);
    *endpoint = error ? ENDPOINT_NONE : m.arg[0];
    return error;
}

int monitor_publish(const char *name) {
    struct message m = { .type = MONITOR_PUBLISH, .arg = { [2] = runtime_self() } };

    memcpy(m.arg, name, strnlen(name, 2 * sizeof m.arg[0]));
    return request(&m);
}
