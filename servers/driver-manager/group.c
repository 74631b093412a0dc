#include <string.h>

#include <bulkhead/error.h>

#include "group_parts.h"

size_t note_bytes(const struct note *note) {
    static const size_t bytes[NOTE_COUNT] = {
        [NOTE_HELLO] = sizeof(version_t),        [NOTE_RECORD] = sizeof(struct record),
        [NOTE_CLIENT] = sizeof(struct client),   [NOTE_ACK] = sizeof(version_t),
        [NOTE_ACT] = sizeof(version_t),          [NOTE_ACTED] = sizeof(struct client),
        [NOTE_REQUEST] = sizeof(struct request), [NOTE_RESULT] = sizeof(struct client),
        [NOTE_STATE] = sizeof(struct condition),
    };
    return offsetof(struct note, version) + (note->type < NOTE_COUNT ? bytes[note->type] : 0);
}

void group_send(struct group *g, uint32_t core, struct note *note) {
    note->view = g->view;
    g->actions->send(g->context, core, note);
}

void group_send_all(struct group *g, struct note *note) {
    for (uint32_t core = 0; core < CORES_MAX; core++)
        if (core_in(g->connected, core))
            group_send(g, core, note);
}

void group_set(struct group *g, unsigned slot, const struct record *record) {
    table_set(&g->table, slot, record);
    g->actions->keep_record(g->context, slot);
    const struct client *client = table_client(&g->table, record->client);
    if (client != NULL)
        g->actions->keep_client(g->context, (unsigned)(client - g->table.client));
}

void group_set_client(struct group *g, const struct client *noted) {
    table_note(&g->table, noted);
    const struct client *client = table_client(&g->table, noted->client);
    if (client != NULL)
        g->actions->keep_client(g->context, (unsigned)(client - g->table.client));
}

void group_start(struct group *g, const struct group_actions *actions, void *context, uint16_t self,
                 endpoint_t agent) {
    struct table table = g->table;

    *g = (struct group){
        .actions = actions, .context = context, .self = self, .agent = agent, .table = table
    };
}

/* ---- Who leads ---- */

static void send_snapshot(struct group *g, uint32_t core);

static void lead(struct group *g) {
    g->role = GROUP_LEADING;
    g->awaited = 0;
    for (uint32_t core = 0; core < CORES_MAX; core++)
        if (core_in(g->connected, core))
            send_snapshot(g, core);
    drive_begin(g);
}

static void recover(struct group *g) {
    g->role = GROUP_RECOVERING;
    g->awaited = g->members & ~core_bit(g->self);
    if (g->awaited == 0)
        lead(g);
}

void group_leader(struct group *g, endpoint_t leader) {
    if (leader == g->leader && (leader != ENDPOINT_NONE || g->role == GROUP_LOST))
        return;
    g->leader = leader;
    g->connected = 0;
    memset(g->peer, 0, sizeof g->peer);
    memset(g->drive, 0, sizeof g->drive);
    memset(g->pending, 0, sizeof g->pending);
    g->stale = 0;
    g->informed = false;
    g->role = leader == ENDPOINT_NONE ? GROUP_LOST : GROUP_FOLLOWING;
    if (leader == g->agent)
        recover(g);
}

void group_recovered(struct group *g) {
    if (g->role == GROUP_RECOVERING)
        lead(g);
}

static void heard(struct group *g, uint32_t core) {
    g->awaited &= ~core_bit(core);
    if (g->role == GROUP_RECOVERING && g->awaited == 0)
        lead(g);
}

void group_view(struct group *g, uint64_t number, uint64_t members) {
    uint64_t gone = g->members & ~members;

    if (number == g->view && members == g->members)
        return;
    g->view = number;
    g->members = members;
    for (uint32_t core = 0; core < CORES_MAX; core++)
        if (core_in(gone, core))
            group_gone(g, core);
    if (g->role == GROUP_LEADING)
        drive_view(g);
}

void group_gone(struct group *g, uint32_t core) {
    bool leads = g->role == GROUP_LEADING || g->role == GROUP_RECOVERING;

    if (!core_in(g->connected, core) && !core_in(g->awaited, core))
        return;
    g->connected &= ~core_bit(core);
    g->peer[core] = ENDPOINT_NONE;
    if (g->role == GROUP_LEADING)
        drive_gone(g, core);
    else if (leads && !core_in(g->members, core))
        heard(g, core); /* the others come back: what they have kept may be the newest */
}

bool group_is_informed(const struct group *g) {
    return g->role == GROUP_LEADING || (g->role == GROUP_FOLLOWING && g->informed);
}

bool group_wants_hello(const struct group *g) {
    return g->role == GROUP_FOLLOWING && g->connected == 0;
}

static void send_conditions(struct group *g, uint32_t core, bool all) {
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++) {
        struct note note = { .type = NOTE_STATE, .slot = slot, .condition = g->condition[slot] };
        if (g->table.record[slot].used && (all || g->condition[slot].core == g->self))
            group_send(g, core, &note);
    }
}

/* And what this core's clients have asked: the leader that knew of it may be dead. */
void group_hello(struct group *g) {
    uint32_t core = endpoint_core(g->leader);

    g->connected = core_bit(core);
    group_send(g, core, &(struct note){ .type = NOTE_HELLO, .version = table_version(&g->table) });
    send_conditions(g, core, false);
    for (unsigned i = 0; i < REQUESTS_MAX; i++)
        if (g->asked[i].client != ENDPOINT_NONE)
            group_send(g, core, &(struct note){ .type = NOTE_REQUEST, .request = g->asked[i] });
}

/* ---- Snapshots ---- */

static void send_snapshot(struct group *g, uint32_t core) {
    group_send(g, core, &(struct note){ .type = NOTE_SNAPSHOT });
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++) {
        struct note note = { .type = NOTE_RECORD, .slot = slot };
        note.record = g->table.record[slot];
        if (note.record.version != 0)
            group_send(g, core, &note);
    }
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (g->table.client[i].client != ENDPOINT_NONE)
            group_send(g, core,
                       &(struct note){ .type = NOTE_CLIENT, .client = g->table.client[i] });
    send_conditions(g, core, true);
    group_send(g, core, &(struct note){ .type = NOTE_COMPLETE });
}

/* From the leader, all counts; a leader that begins takes what is newer than its own. */
static void take_record(struct group *g, uint32_t core, const struct note *note) {
    bool follows = g->role == GROUP_FOLLOWING;

    g->stale &= ~(UINT64_C(1) << note->slot);
    if (follows || note->record.version > g->table.record[note->slot].version)
        group_set(g, note->slot, &note->record);
    if (follows)
        group_send(g, core,
                   &(struct note){
                       .type = NOTE_ACK, .slot = note->slot, .version = note->record.version });
}

/* Services that the leader does not know of are none. */
static void drop_stale(struct group *g) {
    static const struct record none;

    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++)
        if (g->stale >> slot & 1)
            group_set(g, slot, &none);
    g->stale = 0;
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        g->actions->keep_client(g->context, i);
}

bool group_lacks(const struct group *g, unsigned slot) {
    const struct record *r = &g->table.record[slot];

    return r->used && r->wanted && r->done && r->core == g->self &&
           !g->actions->has_acted(g->context, slot);
}

/* This core has failed, and come back, while nobody looked. */
static void tell_lacking(struct group *g, uint32_t core) {
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++)
        if (group_lacks(g, slot))
            group_send(g, core, &(struct note){ .type = NOTE_LACKS, .slot = slot });
}

/* ---- Requests of this core's clients ---- */

void group_answer(struct group *g, const struct client *result) {
    uint32_t core = endpoint_core(result->client);

    if (result->client == ENDPOINT_NONE)
        return;
    if (core != g->self && core_in(g->connected, core))
        group_send(g, core, &(struct note){ .type = NOTE_RESULT, .client = *result });
    if (core != g->self)
        return;
    for (unsigned i = 0; i < REQUESTS_MAX; i++)
        if (g->asked[i].client == result->client && g->asked[i].sequence == result->sequence) {
            g->asked[i].client = ENDPOINT_NONE;
            g->actions->answer(g->context, result);
        }
}

/* A client waits for one answer: what it asked before, it does not wait for any more. */
static struct request *place_for(struct group *g, endpoint_t client) {
    struct request *empty = NULL;

    for (unsigned i = 0; i < REQUESTS_MAX; i++) {
        if (g->asked[i].client == client)
            return &g->asked[i];
        if (g->asked[i].client == ENDPOINT_NONE && empty == NULL)
            empty = &g->asked[i];
    }
    return empty;
}

int group_request(struct group *g, const struct request *request) {
    struct request *place = place_for(g, request->client);

    if (place == NULL)
        return -E_NOSLOT;
    *place = *request;
    if (g->role == GROUP_LEADING)
        drive_request(g, request);
    else if (g->role == GROUP_FOLLOWING && g->connected != 0)
        group_send(g, endpoint_core(g->leader),
                   &(struct note){ .type = NOTE_REQUEST, .request = *request });
    return 0;
}

/* ---- What agents tell ---- */

static void take_condition(struct group *g, uint32_t core, const struct note *note) {
    g->condition[note->slot] = note->condition;
    if (g->role != GROUP_LEADING)
        return;
    for (uint32_t other = 0; other < CORES_MAX; other++)
        if (other != core && core_in(g->connected, other))
            group_send(g, other,
                       &(struct note){
                           .type = NOTE_STATE, .slot = note->slot, .condition = note->condition });
}

void group_condition(struct group *g, unsigned slot, const struct condition *condition) {
    struct note note = { .type = NOTE_STATE, .slot = slot, .condition = *condition };

    if (g->role == GROUP_FOLLOWING && g->connected != 0)
        group_send(g, endpoint_core(g->leader), &note);
    take_condition(g, g->self, &note);
}

void group_acted(struct group *g, unsigned slot, version_t version, int result,
                 endpoint_t endpoint) {
    struct note note = { .type = NOTE_ACTED,
                         .slot = slot,
                         .client = { .version = version, .result = result, .endpoint = endpoint } };

    if (g->role == GROUP_LEADING)
        drive_acted(g, slot, &note.client);
    else if (g->role == GROUP_FOLLOWING && g->connected != 0)
        group_send(g, endpoint_core(g->leader), &note);
}

/* Who begins to lead wants to know what others have first. */
static void take_hello(struct group *g, uint32_t core, endpoint_t from) {
    if (core_in(g->connected, core))
        group_gone(g, core);
    g->connected |= core_bit(core);
    g->peer[core] = from;
    if (g->role == GROUP_RECOVERING) {
        g->awaited |= core_bit(core);
        group_send(g, core, &(struct note){ .type = NOTE_WANT });
        return;
    }
    send_snapshot(g, core);
    drive_connected(g, core);
}

static void lead_note(struct group *g, uint32_t core, const struct note *note) {
    switch (note->type) {
    case NOTE_RECORD:
        if (g->role == GROUP_RECOVERING)
            take_record(g, core, note);
        break;
    case NOTE_CLIENT:
        group_set_client(g, &note->client);
        break;
    case NOTE_COMPLETE:
        heard(g, core);
        break;
    case NOTE_ACK:
        drive_acknowledged(g, core, note->slot, note->version);
        break;
    case NOTE_ACTED:
        drive_acted(g, note->slot, &note->client);
        break;
    case NOTE_LACKS:
        drive_lacks(g, core, note->slot);
        break;
    case NOTE_REQUEST:
        drive_request(g, &note->request);
        break;
    case NOTE_STATE:
        take_condition(g, core, note);
        break;
    default:
        break;
    }
}

static void follow_note(struct group *g, uint32_t core, const struct note *note) {
    switch (note->type) {
    case NOTE_WANT:
        send_snapshot(g, core);
        break;
    case NOTE_SNAPSHOT:
        g->stale = (UINT64_C(1) << MANAGER_SERVICES) - 1;
        memset(g->table.client, 0, sizeof g->table.client);
        break;
    case NOTE_RECORD:
        take_record(g, core, note);
        break;
    case NOTE_CLIENT:
        group_set_client(g, &note->client);
        break;
    case NOTE_COMPLETE:
        drop_stale(g);
        g->informed = true;
        tell_lacking(g, core);
        break;
    case NOTE_ACT:
        if (g->table.record[note->slot].act == note->version)
            g->actions->act(g->context, note->slot);
        break;
    case NOTE_RESULT:
        group_answer(g, &note->client);
        break;
    case NOTE_STATE: /* of its own services an agent knows best */
        if (g->table.record[note->slot].core != g->self)
            take_condition(g, core, note);
        break;
    default:
        break;
    }
}

/* An agent of an older view may be of a core that is a member no more. */
void group_note(struct group *g, uint32_t core, endpoint_t from, const struct note *note) {
    bool leads = g->role == GROUP_LEADING || g->role == GROUP_RECOVERING;

    if (note->slot >= MANAGER_SERVICES || (!core_in(g->members, core) && note->view <= g->view))
        return;
    if (leads && note->type == NOTE_HELLO)
        take_hello(g, core, from);
    else if (leads && core_in(g->connected, core) && from == g->peer[core])
        lead_note(g, core, note);
    else if (g->role == GROUP_FOLLOWING && from == g->leader)
        follow_note(g, core, note);
}
