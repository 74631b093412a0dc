#include "clients.h"

#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "monitor_calls.h"
#include "parameters.h"

#define SESSIONS_MAX 32

/* What is known of a client of this core. */
struct session {
    endpoint_t client; /* ENDPOINT_NONE: a free entry */
    uint64_t used;     /* when it has last asked */
    bool manages;
    bool waiting; /* for the result of a request: */
    struct message request;
    char complain[sizeof(((struct monitor_policy *)0)->complain)];
    struct manager_parameters text;
};

static struct group *group;
static struct session sessions[SESSIONS_MAX];

void clients_init(struct group *g) { group = g; }

static struct session *find(endpoint_t client) {
    for (struct session *s = sessions; s < sessions + SESSIONS_MAX; s++)
        if (s->client == client)
            return s;
    return NULL;
}

/* The one that has not asked for longest makes room: who waits has asked lately. */
static struct session *oldest(void) {
    struct session *least = sessions;

    for (struct session *s = sessions; s < sessions + SESSIONS_MAX; s++)
        if (s->used < least->used)
            least = s;
    return least;
}

/* A client is judged by the policy of its label, once. */
static struct session *session_of(endpoint_t client) {
    struct session *s = find(client);
    char label[LABEL_MAX + 1];
    struct monitor_policy policy = { .manages = false };

    if (s == NULL) {
        s = oldest();
        *s = (struct session){ .client = client };
        if (ipc_label(client, label) == 0 && monitor_policy(label, &policy) == 0) {
            s->manages = policy.manages;
            memcpy(s->complain, policy.complain, sizeof s->complain);
        }
    }
    s->used = time_now();
    return s;
}

static enum event_action reply(struct message *m, int result) {
    message_set_result(m, result);
    return EVENT_REPLY;
}

/* ---- What changes something ---- */

static enum event_action ask(struct session *s, struct message *m, const struct request *request) {
    struct request q = *request;

    q.client = m->source;
    q.sequence = m->arg[5];
    if (q.sequence == 0)
        return reply(m, -E_INVAL);
    s->waiting = true;
    s->request = *m;
    int error = group_request(group, &q);
    if (!error)
        return EVENT_DEFER;
    s->waiting = false;
    return reply(m, error);
}

void clients_answer(void *context, const struct client *result) {
    struct session *s = find(result->client);

    (void)context;
    if (s == NULL || !s->waiting || s->request.arg[5] != result->sequence)
        return;
    s->waiting = false;
    struct message m = s->request;
    message_set_result(&m, result->result);
    m.arg[0] = result->endpoint;
    event_reply(m.source, &m);
}

static int own_priority(void) {
    struct process_info info = { .base_priority = 0 };

    getinfo(INFO_PROCESS, &info, sizeof info, ENDPOINT_SELF, NULL, NULL);
    return info.base_priority;
}

static int file_exists(const char file[LABEL_MAX]) {
    uint64_t total;
    size_t got;

    return monitor_file(file, 0, NULL, 0, &got, &total);
}

static enum event_action serve_up(struct session *s, struct message *m) {
    struct request q = { .operation = OPERATION_UP, .parameters = s->text };
    struct manager_parameters *p = &q.parameters;
    struct monitor_policy policy;
    int error = parameters_check(p);

    if (!error && monitor_policy(p->policy[0] != '\0' ? p->policy : p->program, &policy) != 0)
        error = -E_NOENT;
    if (!error)
        error = parameters_complete(p, &policy, (unsigned)own_priority());
    if (!error)
        error = file_exists(p->program);
    if (error)
        return reply(m, error);
    q.bound = policy.core;
    return ask(s, m, &q);
}

static enum event_action serve_labelled(struct session *s, struct message *m,
                                        enum operation operation) {
    struct request q = { .operation = (uint8_t)operation };

    memcpy(q.parameters.label, m->arg, LABEL_MAX);
    if (operation == OPERATION_UPDATE) {
        memcpy(q.parameters.program, s->text.program, LABEL_MAX);
        int error = file_exists(q.parameters.program);
        if (error)
            return reply(m, error);
    }
    if (operation == OPERATION_MOVE_STOP && m->arg[4] >= CORES_MAX)
        return reply(m, -E_NOENT);
    q.core = (uint16_t)m->arg[4];
    return ask(s, m, &q);
}

static enum event_action serve_complain(struct session *s, struct message *m) {
    char label[LABEL_MAX];

    memcpy(label, m->arg, LABEL_MAX);
    if (!s->manages && !parameters_matches(s->complain, sizeof s->complain, label))
        return reply(m, -E_PERM);
    return serve_labelled(s, m, OPERATION_COMPLAIN);
}

/* ---- What does not ---- */

static enum event_action serve_text(struct session *s, struct message *m) {
    uint64_t offset = m->arg[0];

    if (offset >= sizeof s->text || offset % MANAGER_PIECE != 0)
        return reply(m, -E_RANGE);
    memcpy((char *)&s->text + offset, &m->arg[1], MANAGER_PIECE);
    return reply(m, 0);
}

static enum event_action serve_status(struct message *m) {
    uint64_t slot = m->arg[0];

    while (slot < MANAGER_SERVICES && !group->table.record[slot].used)
        slot++;
    if (slot >= MANAGER_SERVICES)
        return reply(m, -E_NOENT);
    const struct record *r = &group->table.record[slot];
    const struct condition *c = &group->condition[slot];
    m->arg[0] = slot;
    m->arg[1] = c->endpoint;
    m->arg[2] = time_now() - c->since;
    m->arg[3] =
        c->state | (uint64_t)c->reason << 8 | (uint64_t)r->core << 16 | (uint64_t)c->restarts << 32;
    m->arg[4] = c->complaints | (uint64_t)c->missed << 32;
    return reply(m, 0);
}

static enum event_action serve_parameters(struct message *m) {
    uint64_t slot = m->arg[0], offset = m->arg[1];

    if (slot >= MANAGER_SERVICES || !group->table.record[slot].used)
        return reply(m, -E_NOENT);
    const struct manager_parameters *p = &group->table.record[slot].parameters;
    if (offset >= sizeof *p || offset % MANAGER_PIECE != 0)
        return reply(m, -E_RANGE);
    memcpy(&m->arg[1], (const char *)p + offset, MANAGER_PIECE);
    return reply(m, 0);
}

static enum event_action serve_leader(struct message *m) {
    uint64_t agents = 1;

    for (uint64_t left = group->connected; left != 0; left &= left - 1)
        agents++;
    m->arg[0] = group->leader;
    m->arg[1] = group->view;
    m->arg[2] = table_version(&group->table);
    m->arg[3] = agents;
    return reply(m, 0);
}

enum event_action clients_serve(struct message *m) {
    static const uint8_t operations[] = {
        [MANAGER_DOWN - MESSAGE_TYPE_SERVICE] = OPERATION_DOWN,
        [MANAGER_REFRESH - MESSAGE_TYPE_SERVICE] = OPERATION_REFRESH,
        [MANAGER_UPDATE - MESSAGE_TYPE_SERVICE] = OPERATION_UPDATE,
        [MANAGER_MOVE - MESSAGE_TYPE_SERVICE] = OPERATION_MOVE_STOP,
    };

    if (endpoint_core(m->source) != group->self)
        return reply(m, -E_PERM);
    struct session *s = session_of(m->source);
    if (m->type == MANAGER_COMPLAIN)
        return serve_complain(s, m);
    if (!s->manages)
        return reply(m, -E_PERM);
    if (!group_is_informed(group))
        return reply(m, -E_WOULDBLOCK);
    switch (m->type) {
    case MANAGER_TEXT:
        return serve_text(s, m);
    case MANAGER_UP:
        return serve_up(s, m);
    case MANAGER_DOWN:
    case MANAGER_REFRESH:
    case MANAGER_UPDATE:
    case MANAGER_MOVE:
        return serve_labelled(s, m, (enum operation)operations[m->type - MESSAGE_TYPE_SERVICE]);
    case MANAGER_STATUS:
        return serve_status(m);
    case MANAGER_PARAMETERS:
        return serve_parameters(m);
    case MANAGER_LEADER:
        return serve_leader(m);
    default:
        return reply(m, -E_BADCALL);
    }
}
