#include "forward.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "children.h"
#include "clock.h"
#include "grants.h"
#include "machine.h"
#include "peer_requests.h"
#include "requests.h"

#define PIECE     MESSAGE_ARG_BYTES /* of text, in a message */
#define SLOTS_MAX 256               /* processes of a core */

/* A client waits for its reply, so each has one request at most. */
#define WAITING_MAX SLOTS_MAX

struct waiting {
    struct message request; /* source ENDPOINT_NONE: a free entry */
    uint32_t core;
    uint64_t age;
    bool any; /* -E_NOENT means to ask the next core */
};

/* A process of another core that a client of this one has spawned. */
struct remote_child {
    endpoint_t child, spawner; /* ENDPOINT_NONE: a free entry */
};

/* What is under way with a core. The texts are allocated while they are needed. */
struct link {
    struct waiting *asked; /* that is on its way there; NULL: none */
    struct call out;       /* and its text */
    size_t out_sent;
    bool out_announced; /* REQUEST has been sent */

    bool serving; /* a request from there */
    bool served;  /* its result is known */
    struct call in;
    size_t in_received, in_sent;
    int in_result;

    endpoint_t *ended; /* by slot there: spawners to be notified; NULL: none yet */
};

static struct waiting waiting[WAITING_MAX];
static struct remote_child remote_children[SLOTS_MAX];
static struct link links[CORES_MAX];
static uint64_t requests;

static bool make_room(struct call *call) {
    call->text = malloc(MONITOR_TEXT_MAX);
    return call->text != NULL;
}

static void drop_text(struct call *call) {
    free(call->text);
    call->text = NULL;
}

static size_t piece_at(const struct call *call, size_t offset) {
    return call->bytes - offset < PIECE ? call->bytes - offset : PIECE;
}

/* Sends what is left of a text. True when all of it has been. */
static bool send_text(uint32_t core, enum peer_request type, const struct call *call,
                      size_t *sent) {
    while (*sent < call->bytes) {
        struct message m = { .type = type, .tag = (uint32_t)*sent };
        memcpy(m.arg, call->text + *sent, piece_at(call, *sent));
        if (peers_send(core, &m))
            return false;
        *sent += piece_at(call, *sent);
    }
    return true;
}

/* Text that comes in order, as the channel keeps it. False: it is not what was announced. */
static bool take_text(struct call *call, size_t *received, size_t limit, const struct message *m) {
    size_t left = limit - *received, bytes = left < PIECE ? left : PIECE;

    if (call->text == NULL || m->tag != *received || bytes == 0)
        return false;
    memcpy(call->text + *received, m->arg, bytes);
    *received += bytes;
    return true;
}

/* ---- The client's side ---- */

static struct waiting *oldest_for(uint32_t core) {
    struct waiting *oldest = NULL;

    for (struct waiting *w = waiting; w < waiting + WAITING_MAX; w++)
        if (w->request.source != ENDPOINT_NONE && w->core == core &&
            (oldest == NULL || w->age < oldest->age))
            oldest = w;
    return oldest;
}

static void answer(struct waiting *w, struct call *call, int result) {
    memcpy(call->arg + MESSAGE_ARGS - 1, &w->request.arg[MESSAGE_ARGS - 1], sizeof call->arg[0]);
    request_finish(&w->request, call, result);
    w->request.source = ENDPOINT_NONE;
}

/* Fetches the text of the request to be sent. */
static int prepare(struct link *link, const struct message *request) {
    link->out = (struct call){ .bytes = request_text_in(request) };
    memcpy(link->out.arg, request->arg, sizeof link->out.arg);
    if (!make_room(&link->out))
        return -E_NOMEM;
    link->out_sent = 0;
    link->out_announced = false;
    return link->out.bytes == 0 ? 0
                                : mem_copy_from(request->source, request_text_address(request),
                                                link->out.text, link->out.bytes);
}

static bool announce(uint32_t core, const struct message *request) {
    struct message m = { .type = PEER_REQUEST, .tag = request->type, .arg = { request->source } };

    memcpy(&m.arg[1], request->arg, (MESSAGE_ARGS - 1) * sizeof m.arg[0]);
    return peers_send(core, &m) == 0;
}

/* Sends as much as there is credit for. */
static void send_request(uint32_t core) {
    struct link *link = &links[core];

    while (link->asked == NULL) {
        link->asked = oldest_for(core);
        if (link->asked == NULL)
            return;
        int error = prepare(link, &link->asked->request);
        if (error) {
            answer(link->asked, &link->out, error);
            drop_text(&link->out);
            link->asked = NULL;
        }
    }
    if (!link->out_announced)
        link->out_announced = announce(core, &link->asked->request);
    if (link->out_announced)
        send_text(core, PEER_REQUEST_TEXT, &link->out, &link->out_sent);
}

static int enqueue(const struct message *request, uint32_t core, bool any) {
    for (struct waiting *w = waiting; w < waiting + WAITING_MAX; w++) {
        if (w->request.source != ENDPOINT_NONE)
            continue;
        *w = (struct waiting){ *request, core, requests++, any };
        send_request(core);
        return 1;
    }
    return -E_NOSLOT;
}

/* A place for who is to be told of the end of a process elsewhere, unless that one has ended. */
static struct remote_child *free_remote_child(void) {
    for (struct remote_child *r = remote_children; r < remote_children + SLOTS_MAX; r++)
        if (r->spawner == ENDPOINT_NONE || child_find(r->spawner) == NULL)
            return r;
    return NULL;
}

/* Its end is known. */
static void forget_remote_child(endpoint_t child) {
    for (struct remote_child *r = remote_children; r < remote_children + SLOTS_MAX; r++)
        if (r->child == child)
            r->spawner = r->child = ENDPOINT_NONE;
}

/* What a reply tells of processes there. */
static void note_children(const struct message *request, const struct call *reply, int result) {
    struct remote_child *r = free_remote_child();

    if (request->type == MONITOR_SPAWN && result == 0 && r != NULL)
        *r = (struct remote_child){ reply->arg[0], request->source };
    if (request->type == MONITOR_STATUS && (result != 0 || reply->arg[0] != DEATH_NONE))
        forget_remote_child(request->arg[0]);
}

int forward_request(const struct message *request, uint64_t core) {
    if (core >= machine_cores() || !cores_is_member((uint32_t)core))
        return -E_NOENT;
    if (request_text_in(request) > MONITOR_TEXT_MAX)
        return -E_TOOBIG;
    if (request->type == MONITOR_SPAWN && free_remote_child() == NULL)
        return -E_NOSLOT;
    if (request->type >= MONITOR_SAFECOPY_FROM && request->type <= MONITOR_SAFEMAP)
        grants_asked(request->source, (uint32_t)core);
    return enqueue(request, (uint32_t)core, false);
}

/*
 * What it has asked for, and has not been sent, is not asked any more: whoever is told of its death
 * hears no more of it.
 */
void forward_process_died(endpoint_t client) {
    for (struct waiting *w = waiting; w < waiting + WAITING_MAX; w++) {
        struct link *link = &links[w->core];
        bool asked = link->asked == w;
        if (w->request.source != client || (asked && link->out_announced))
            continue;
        w->request.source = ENDPOINT_NONE;
        if (!asked)
            continue;
        link->asked = NULL;
        drop_text(&link->out);
        send_request(w->core);
    }
}

/* The lowest other member from `from` on; CORES_MAX: none. */
static unsigned next_member(unsigned from) {
    unsigned core = core_next(cores_view()->members, from);
    return core == machine_self() ? core_next(cores_view()->members, core + 1) : core;
}

int forward_to_any(const struct message *request) {
    unsigned core = next_member(0);
    return core < CORES_MAX ? enqueue(request, core, true) : -E_NOENT;
}

/* Asks the next member. False: there is none, or no other was meant. */
static bool pass_on(struct waiting *w) {
    unsigned next = w->any ? next_member(w->core + 1) : CORES_MAX;

    if (next == CORES_MAX)
        return false;
    w->core = next;
    send_request(next);
    return true;
}

/* A reply has come, or will not: -E_PEERDEAD. */
static void replied(uint32_t core, int result) {
    struct link *link = &links[core];
    struct waiting *w = link->asked;

    link->asked = NULL;
    if ((result != -E_NOENT && result != -E_PEERDEAD) || !pass_on(w)) {
        note_children(&w->request, &link->out, result);
        answer(w, &link->out, result);
    }
    drop_text(&link->out);
}

static void on_reply(uint32_t core, const struct message *m) {
    struct link *link = &links[core];

    /* A refusal may come before all of the request's text has gone: the rest is not needed. */
    if (link->asked == NULL || !link->out_announced)
        return;
    size_t room = request_text_room(&link->asked->request);
    link->out.bytes = m->arg[0] < room ? m->arg[0] : room;
    memcpy(link->out.arg, &m->arg[1], (MESSAGE_ARGS - 1) * sizeof m->arg[0]);
    if (link->asked->request.type == MONITOR_TRACE)
        link->out.arg[3] = (uint64_t)clock_offset(core);
    replied(core, (int)m->tag);
    send_request(core);
}

/* The text comes first; the request's is not needed any more. */
static void on_reply_text(uint32_t core, const struct message *m) {
    struct link *link = &links[core];
    size_t received = m->tag;

    if (link->asked != NULL && link->out_announced && received < MONITOR_TEXT_MAX)
        take_text(&link->out, &received, MONITOR_TEXT_MAX, m);
}

/* ---- The other side ---- */

static void send_reply(uint32_t core) {
    struct link *link = &links[core];
    struct message m = { .type = PEER_REPLY, .tag = (uint32_t)link->in_result };

    if (!link->served || !send_text(core, PEER_REPLY_TEXT, &link->in, &link->in_sent))
        return;
    m.arg[0] = link->in.bytes;
    memcpy(&m.arg[1], link->in.arg, (MESSAGE_ARGS - 1) * sizeof m.arg[0]);
    if (peers_send(core, &m))
        return;
    drop_text(&link->in);
    link->serving = link->served = false;
}

static void finish(uint32_t core, int result) {
    struct link *link = &links[core];

    link->in_result = result;
    if (result != 0)
        link->in.bytes = 0;
    link->served = true;
    link->in_sent = 0;
    send_reply(core);
}

static void serve(uint32_t core) {
    int result = request_serve_call(&links[core].in);

    if (result <= 0)
        finish(core, result);
}

void forward_finish(uint32_t core, endpoint_t client, int result) {
    struct link *link = &links[core];

    if (link->serving && !link->served && link->in.client == client) {
        link->in.bytes = 0;
        finish(core, result);
    }
}

bool forward_owes_reply(uint32_t core) { return links[core].serving && links[core].served; }

/* Who sends another request before the reply to one breaks the protocol, and gets one reply. */
static void on_request(uint32_t core, const struct message *m) {
    struct link *link = &links[core];
    struct message request = { .source = m->arg[0], .type = m->tag };

    if (link->serving)
        return;
    memcpy(request.arg, &m->arg[1], (MESSAGE_ARGS - 1) * sizeof m->arg[0]);
    link->serving = true;
    link->in_received = link->in_sent = 0;
    link->in = (struct call){ .client = request.source, .type = request.type };
    memcpy(link->in.arg, request.arg, sizeof request.arg);
    link->in.room = request_text_room(&request);
    size_t bytes = request_text_in(&request);
    link->in_result = bytes > MONITOR_TEXT_MAX ? -E_TOOBIG : !make_room(&link->in) ? -E_NOMEM : 0;
    link->served = link->in_result != 0;
    if (!link->served)
        link->in.bytes = bytes;
    if (link->served)
        send_reply(core);
    else if (bytes == 0)
        serve(core);
}

static void on_request_text(uint32_t core, const struct message *m) {
    struct link *link = &links[core];

    if (link->serving && !link->served &&
        take_text(&link->in, &link->in_received, link->in.bytes, m) &&
        link->in_received == link->in.bytes)
        serve(core);
}

/* ---- Ends of processes that were spawned from elsewhere ---- */

static void send_ended(uint32_t core) {
    endpoint_t *ended = links[core].ended;

    for (unsigned slot = 0; ended != NULL && slot < SLOTS_MAX; slot++) {
        struct message m = { .type = PEER_ENDED, .arg = { ended[slot] } };
        if (ended[slot] == ENDPOINT_NONE)
            continue;
        if (peers_send(core, &m))
            return;
        ended[slot] = ENDPOINT_NONE;
    }
}

/* Notifications merge, and a later process in the same slot means that the earlier is dead. */
void forward_ended(endpoint_t spawner) {
    uint32_t core = endpoint_core(spawner);

    if (core >= machine_cores() || !cores_is_member(core))
        return;
    struct link *link = &links[core];
    if (link->ended == NULL)
        link->ended = calloc(SLOTS_MAX, sizeof *link->ended);
    if (link->ended == NULL)
        return;
    link->ended[endpoint_slot(spawner) % SLOTS_MAX] = spawner;
    send_ended(core);
}

static void on_ended(const struct message *m) { ipc_notify(m->arg[0]); }

/* ---- */

static void receive(uint32_t core, const struct message *m) {
    switch (m->type) {
    case PEER_REQUEST:
        on_request(core, m);
        break;
    case PEER_REQUEST_TEXT:
        on_request_text(core, m);
        break;
    case PEER_REPLY:
        on_reply(core, m);
        break;
    case PEER_REPLY_TEXT:
        on_reply_text(core, m);
        break;
    case PEER_ENDED:
        on_ended(m);
        break;
    default:
        break;
    }
}

static void credit(uint32_t core) {
    send_reply(core);
    send_request(core);
    send_ended(core);
}

const struct peer_service forward_service = {
    .first_type = PEER_REQUEST,
    .last_type = PEER_ENDED,
    .receive = receive,
    .credit = credit,
};

/* Those who wait for a core that is gone are answered, and told of what has ended with it. */
void forward_cores_gone(core_set_t gone) {
    for_each_core(core, gone) {
        struct link *link = &links[core];
        if (link->asked != NULL)
            replied(core, -E_PEERDEAD);
        for (struct waiting *w; (w = oldest_for(core)) != NULL;)
            if (!pass_on(w))
                answer(w, &(struct call){ 0 }, -E_PEERDEAD);
        drop_text(&link->in);
        free(link->ended);
        *link = (struct link){ 0 };
    }
    for (struct remote_child *r = remote_children; r < remote_children + SLOTS_MAX; r++) {
        if (r->spawner == ENDPOINT_NONE || !core_in(gone, endpoint_core(r->child)))
            continue;
        ipc_notify(r->spawner);
        r->spawner = r->child = ENDPOINT_NONE;
    }
}
