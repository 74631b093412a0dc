/* What the leader does about requests: each becomes a record, which all log before one acts. */
#include <string.h>

#include <bulkhead/error.h>

#include "group_parts.h"

static struct record *record_of(struct group *g, unsigned slot) { return &g->table.record[slot]; }

/* ---- One record ---- */

static void relocate(struct group *g, unsigned slot);

static void take_pending(struct group *g);

/* All have it: its core's agent may act, when it is there. */
static void act(struct group *g, unsigned slot) {
    const struct record *r = record_of(g, slot);

    g->drive[slot].acting = true;
    if (!core_in(g->members, r->core))
        relocate(g, slot);
    else if (r->core == g->self)
        g->actions->act(g->context, slot);
    else if (core_in(g->connected, r->core))
        group_send(g, r->core, &(struct note){ .type = NOTE_ACT, .slot = slot, .version = r->act });
}

static void logged(struct group *g, unsigned slot) {
    g->drive[slot].logging = false;
    if (record_of(g, slot)->done)
        take_pending(g);
    else
        act(g, slot);
}

/* A new version of a record: to all. `anew`: of an operation that nobody has begun. */
static void log_record(struct group *g, unsigned slot, struct record *record, bool anew) {
    struct drive *d = &g->drive[slot];

    record->version = ++g->version;
    if (anew)
        record->act = record->version;
    group_set(g, slot, record);
    *d = (struct drive){ .awaited = g->connected, .logging = true };
    group_send_all(g, &(struct note){ .type = NOTE_RECORD, .slot = slot, .record = *record });
    if (d->logging && d->awaited == 0)
        logged(g, slot);
}

void drive_acknowledged(struct group *g, uint32_t core, unsigned slot, version_t version) {
    struct drive *d = &g->drive[slot];

    if (!d->logging || version != record_of(g, slot)->version)
        return;
    d->awaited &= ~core_bit(core);
    if (d->awaited == 0)
        logged(g, slot);
}

/* ---- Ends ---- */

/* The operation has come to its end. The answer need not wait: if this leader dies, the next asks
 * the agent again, which says the same. */
static void finish(struct group *g, unsigned slot, int result, endpoint_t endpoint) {
    struct record r = *record_of(g, slot);
    struct client answer = { .client = r.client,
                             .sequence = r.sequence,
                             .endpoint = endpoint,
                             .result = result,
                             .done = 1 };

    r.done = 1;
    r.result = result;
    r.endpoint = endpoint;
    if ((r.operation == OPERATION_DOWN && result == 0) ||
        (r.operation == OPERATION_UP && result != 0))
        r.used = r.wanted = 0;
    if (r.operation == OPERATION_UPDATE && result != 0)
        memcpy(r.parameters.program, r.previous, sizeof r.previous);
    log_record(g, slot, &r, false);
    group_answer(g, &answer);
}

/* It goes on elsewhere: on a core that is a member, or nowhere. */
static void place(struct group *g, unsigned slot, enum operation operation, uint16_t preferred) {
    struct record r = *record_of(g, slot);

    r.core = table_place(&g->table, r.bound, preferred, g->members);
    r.operation = (uint8_t)operation;
    r.done = r.core == MANAGER_ANY_CORE;
    if (r.done) {
        g->condition[slot].state = MANAGER_STATE_HOMELESS;
        g->condition[slot].endpoint = ENDPOINT_NONE;
        group_answer(
            g, &(struct client){
                   .client = r.client, .sequence = r.sequence, .result = -E_CORE, .done = 1 });
        r.result = -E_CORE;
        r.used = operation != OPERATION_UP;
    }
    log_record(g, slot, &r, true);
}

/* Its core has failed before it has acted, or has told of it. */
static void relocate(struct group *g, unsigned slot) {
    const struct record *r = record_of(g, slot);

    switch (r->operation) {
    case OPERATION_DOWN:
        finish(g, slot, 0, ENDPOINT_NONE);
        break;
    case OPERATION_MOVE_STOP:
        place(g, slot, OPERATION_MOVE_START, r->target);
        break;
    case OPERATION_COMPLAIN:
        place(g, slot, OPERATION_PLACE, r->parameters.core);
        break;
    default:
        place(g, slot, (enum operation)r->operation, r->parameters.core);
    }
}

void drive_acted(struct group *g, unsigned slot, const struct client *result) {
    const struct record *r = record_of(g, slot);

    if (!g->drive[slot].acting || r->act != result->version)
        return;
    g->drive[slot].acting = false;
    if (r->operation == OPERATION_MOVE_STOP && result->result == 0)
        place(g, slot, OPERATION_MOVE_START, r->target);
    else
        finish(g, slot, result->result, result->endpoint);
}

/* ---- Requests ---- */

static void refuse(struct group *g, const struct request *q, int error) {
    group_answer(g, &(struct client){
                        .client = q->client, .sequence = q->sequence, .result = error, .done = 1 });
}

static bool is_busy(const struct group *g, unsigned slot) {
    return g->drive[slot].logging || g->drive[slot].acting;
}

/* A record of a request. -1: it has been refused. */
static int compose(struct group *g, const struct request *q, struct record *r) {
    int slot = table_find(&g->table, q->parameters.label);

    if (q->operation == OPERATION_UP && slot >= 0) {
        refuse(g, q, -E_EXIST);
        return -1;
    }
    if (q->operation == OPERATION_UP)
        slot = table_free(&g->table);
    if (q->operation == OPERATION_UP && slot >= 0 && is_busy(g, (unsigned)slot))
        slot = -1;
    if (slot < 0) {
        refuse(g, q, q->operation == OPERATION_UP ? -E_NOSLOT : -E_NOENT);
        return -1;
    }
    *r = (struct record){ .version = 0 };
    if (q->operation != OPERATION_UP)
        *r = *record_of(g, (unsigned)slot);
    r->client = q->client;
    r->sequence = q->sequence;
    r->operation = q->operation;
    r->endpoint = ENDPOINT_NONE;
    r->result = 0;
    r->done = 0;
    r->wanted = q->operation != OPERATION_DOWN;
    return slot;
}

static void begin_up(struct group *g, unsigned slot, struct record *r, const struct request *q) {
    r->used = 1;
    r->bound = q->bound;
    r->parameters = q->parameters;
    r->core = table_place(&g->table, q->bound, q->parameters.core, g->members);
    if (r->core == MANAGER_ANY_CORE) {
        refuse(g, q, -E_CORE);
        return;
    }
    g->condition[slot] = (struct condition){ .core = r->core, .state = MANAGER_STATE_STARTING };
    log_record(g, slot, r, true);
}

static void begin_move(struct group *g, unsigned slot, struct record *r, const struct request *q) {
    if (!core_in(g->members, q->core)) {
        refuse(g, q, -E_NOENT);
        return;
    }
    if (r->bound != MANAGER_ANY_CORE && r->bound != q->core) {
        refuse(g, q, -E_CORE);
        return;
    }
    r->target = q->core;
    r->parameters.core = q->core;
    log_record(g, slot, r, true);
}

/* Nobody has it under way, and its service is free. */
static void begin(struct group *g, const struct request *q) {
    struct record r;
    int slot = compose(g, q, &r);

    if (slot < 0)
        return;
    if (q->operation == OPERATION_UP) {
        begin_up(g, (unsigned)slot, &r, q);
    } else if (q->operation == OPERATION_MOVE_STOP) {
        begin_move(g, (unsigned)slot, &r, q);
    } else {
        if (q->operation == OPERATION_UPDATE) {
            memcpy(r.previous, r.parameters.program, sizeof r.previous);
            memcpy(r.parameters.program, q->parameters.program, sizeof r.previous);
        }
        log_record(g, (unsigned)slot, &r, true);
    }
}

/* Whether it was begun before: then its result has been told, or will be. */
static bool is_known(struct group *g, const struct request *q) {
    const struct client *c = table_client(&g->table, q->client);

    if (c == NULL || c->sequence < q->sequence)
        return false;
    if (c->sequence > q->sequence)
        refuse(g, q, -E_STATE);
    else if (c->done)
        group_answer(g, c);
    return true;
}

static void put_off(struct group *g, const struct request *q) {
    struct request *empty = NULL;

    for (unsigned i = 0; i < REQUESTS_MAX; i++) {
        if (g->pending[i].client == q->client) {
            g->pending[i] = *q;
            return;
        }
        if (g->pending[i].client == ENDPOINT_NONE && empty == NULL)
            empty = &g->pending[i];
    }
    if (empty != NULL)
        *empty = *q;
    else
        refuse(g, q, -E_NOSLOT);
}

void drive_request(struct group *g, const struct request *q) {
    int slot = table_find(&g->table, q->parameters.label);

    if (g->role == GROUP_LEADING && is_known(g, q))
        return;
    if (g->role != GROUP_LEADING || (slot >= 0 && is_busy(g, (unsigned)slot)))
        put_off(g, q);
    else
        begin(g, q);
}

static void take_free(struct group *g) {
    for (unsigned i = 0; i < REQUESTS_MAX; i++) {
        struct request q = g->pending[i];
        int slot = table_find(&g->table, q.parameters.label);
        if (q.client == ENDPOINT_NONE || (slot >= 0 && is_busy(g, (unsigned)slot)))
            continue;
        g->pending[i].client = ENDPOINT_NONE;
        drive_request(g, &q);
    }
}

/* What one of them ends may free another: in turns, not one within the other. */
static void take_pending(struct group *g) {
    g->more = true;
    if (g->taking)
        return;
    g->taking = true;
    while (g->more) {
        g->more = false;
        take_free(g);
    }
    g->taking = false;
}

/* ---- Agents and cores ---- */

/* The agent has been sent all records: it has logged them before it acts. */
void drive_connected(struct group *g, uint32_t core) {
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++)
        if (g->drive[slot].acting && record_of(g, slot)->core == core)
            act(g, slot);
}

void drive_gone(struct group *g, uint32_t core) {
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++) {
        struct drive *d = &g->drive[slot];
        if (!d->logging || !core_in(d->awaited, core))
            continue;
        d->awaited &= ~core_bit(core);
        if (d->awaited == 0)
            logged(g, slot);
    }
}

/* What ended by itself, or was given up, is not started by the failure of its core. */
static bool is_at_rest(const struct group *g, unsigned slot) {
    unsigned state = g->condition[slot].state;

    return state == MANAGER_STATE_GIVEN_UP || state == MANAGER_STATE_ENDED;
}

static void rehome(struct group *g, unsigned slot) {
    struct record *r = record_of(g, slot);

    if (g->drive[slot].acting && !core_in(g->members, r->core)) {
        relocate(g, slot);
        return;
    }
    if (is_busy(g, slot) || !r->used || core_in(g->members, r->core))
        return;
    if (r->wanted && !is_at_rest(g, slot)) {
        r->client = ENDPOINT_NONE;
        if (r->core != MANAGER_ANY_CORE ||
            table_place(&g->table, r->bound, r->parameters.core, g->members) != MANAGER_ANY_CORE)
            place(g, slot, OPERATION_PLACE, r->parameters.core);
    }
}

void drive_lacks(struct group *g, uint32_t core, unsigned slot) {
    struct record *r = record_of(g, slot);

    if (is_busy(g, slot) || !r->used || !r->wanted || r->core != core || is_at_rest(g, slot))
        return;
    r->client = ENDPOINT_NONE;
    place(g, slot, OPERATION_PLACE, r->parameters.core);
}

void drive_view(struct group *g) {
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++)
        rehome(g, slot);
}

void drive_begin(struct group *g) {
    version_t term = table_version(&g->table) >> VERSION_TERM_SHIFT;

    g->version = (term + 1) << VERSION_TERM_SHIFT;
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++) {
        struct record r = *record_of(g, slot);
        if (r.version != 0 && !r.done)
            log_record(g, slot, &r, false);
    }
    drive_view(g);
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++)
        if (group_lacks(g, slot))
            drive_lacks(g, g->self, slot);
    take_pending(g);
    for (unsigned i = 0; i < REQUESTS_MAX; i++)
        if (g->asked[i].client != ENDPOINT_NONE)
            drive_request(g, &g->asked[i]);
}
