#include "requests.h"

#include <stdbool.h>
#include <string.h>

#include <bulkhead/protocol/monitor.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "children.h"
#include "deaths.h"
#include "programs.h"

/*
 * A request's handler: `m` is the request, and becomes the reply's arguments. Returns the reply's
 * result.
 */
typedef int request_handler(struct message *m);

static char text[REPORT_BYTES]; /* made for the client, or fetched from it, during one request */

_Static_assert(REPORT_BYTES >= STARTUP_ARGS_MAX, "text also takes arguments");

/* Sends `length` bytes of text to the client's buffer, which arg[at] and arg[at + 1] describe. */
static int deliver_text(struct message *m, unsigned at, size_t length) {
    size_t bytes = m->arg[at + 1] < length ? m->arg[at + 1] : length;
    int error = bytes != 0 ? mem_copy_to(m->source, m->arg[at], text, bytes) : 0;

    if (!error)
        m->arg[0] = bytes;
    return error;
}

static int serve_spawn(struct message *m) {
    uint64_t bytes = m->arg[1];
    struct child *child;

    if (bytes == 0)
        return -E_INVAL;
    if (bytes > STARTUP_ARGS_MAX || m->arg[2] > bytes)
        return -E_TOOBIG;
    int error = mem_copy_from(m->source, m->arg[0], text, bytes);
    if (error)
        return error;
    if (memchr(text, '\0', bytes) == NULL)
        return -E_INVAL;
    const struct policy *policy = policy_find(text);
    if (policy != NULL && policy->service != SERVICE_NONE)
        return -E_PERM;
    error = child_spawn(text, bytes, (uint32_t)m->arg[2], m->source, &child);
    if (!error)
        m->arg[0] = child->endpoint;
    return error;
}

static int serve_status(struct message *m) {
    endpoint_t endpoint = m->arg[0];
    const struct death *death = death_find(endpoint);

    if (death == NULL && endpoint != runtime_self() && child_find(endpoint) == NULL)
        return -E_BADEP;
    m->arg[0] = death != NULL ? death->report.cause : DEATH_NONE;
    m->arg[1] = 0;
    if (death != NULL)
        m->arg[1] =
            death->report.cause == DEATH_EXCEPTION ? death->report.exception : death->report.status;
    return 0;
}

static int serve_report(struct message *m) {
    const struct death *death = death_find(m->arg[0]);

    if (death == NULL)
        return -E_NOENT;
    return deliver_text(m, 1, report_text(text, sizeof text, &death->report, death->image));
}

static int serve_kill(struct message *m) {
    if (m->arg[0] == runtime_self())
        return -E_PERM;
    if (child_find(m->arg[0]) == NULL)
        return -E_BADEP;
    return proc_kill(m->arg[0], KILL_REQUESTED);
}

static int serve_lookup(struct message *m) {
    char label[LABEL_MAX + 1] = "";

    memcpy(label, m->arg, LABEL_MAX);
    if (strcmp(label, "monitor") == 0) {
        m->arg[0] = runtime_self();
        return 0;
    }
    const struct child *child = child_of_label(label);
    if (child == NULL)
        return -E_NOENT;
    m->arg[0] = child->endpoint;
    return 0;
}

static int serve_programs(struct message *m) {
    return deliver_text(m, 0, programs_list(text, sizeof text));
}

static int serve_sched(struct message *m) {
    endpoint_t endpoint = m->arg[0];

    if (child_find(endpoint) == NULL)
        return -E_BADEP;
    switch (m->arg[1]) {
    case SCHED_PRIORITY:
        return m->arg[2] < SCHED_PRIORITIES ? sched_priority(endpoint, (unsigned)m->arg[2])
                                            : -E_RANGE;
    case SCHED_QUANTUM:
        return sched_quantum(endpoint, m->arg[2]);
    default:
        return -E_INVAL;
    }
}

static const struct {
    request_handler *serve;
    bool open; /* to every client; else to those that may manage */
} requests[] = {
    [MONITOR_SPAWN - MESSAGE_TYPE_SERVICE] = { serve_spawn, false },
    [MONITOR_STATUS - MESSAGE_TYPE_SERVICE] = { serve_status, false },
    [MONITOR_REPORT - MESSAGE_TYPE_SERVICE] = { serve_report, false },
    [MONITOR_KILL - MESSAGE_TYPE_SERVICE] = { serve_kill, false },
    [MONITOR_LOOKUP - MESSAGE_TYPE_SERVICE] = { serve_lookup, true },
    [MONITOR_PROGRAMS - MESSAGE_TYPE_SERVICE] = { serve_programs, false },
    [MONITOR_SCHED - MESSAGE_TYPE_SERVICE] = { serve_sched, false },
};

static bool may_manage(endpoint_t client) {
    const struct child *child = child_find(client);

    return child != NULL && child->policy->manages;
}

enum event_action request_serve(void *context, struct message *m) {
    uint32_t number = m->type - MESSAGE_TYPE_SERVICE;
    int result;

    (void)context;
    if (number >= sizeof requests / sizeof requests[0])
        result = -E_BADCALL;
    else if (!requests[number].open && !may_manage(m->source))
        result = -E_PERM;
    else
        result = requests[number].serve(m);
    message_set_result(m, result);
    return EVENT_REPLY;
}
