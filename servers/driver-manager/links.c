#include "links.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/channel.h>
#include <runtime/event.h>
#include <runtime/startup.h>

#define PIECE_BYTES ((MESSAGE_ARGS - 1) * sizeof(uint64_t))
#define WAITING_MAX 512U /* notes: more than a snapshot has */
#define RETRY_PAUSE TIME_MILLISECOND

struct waiting {
    struct waiting *next;
    size_t bytes, sent;
    char note[]; /* `bytes` of them */
};

static struct link {
    endpoint_t agent;
    struct waiting *first, *last;
    unsigned count;
    bool broken;               /* to be told of, when nobody is in the midst of anything */
    size_t received, expected; /* of the note that is coming */
    struct note note;
} links[CORES_MAX];

static link_note_fn *note_handler;
static link_gone_fn *gone_handler;
static struct event_alarm alarm;

void links_init(link_note_fn *note, link_gone_fn *gone) {
    note_handler = note;
    gone_handler = gone;
}

static void drop_first(struct link *link) {
    struct waiting *w = link->first;

    link->first = w->next;
    link->last = link->first != NULL ? link->last : NULL;
    link->count--;
    free(w);
}

void links_set(uint32_t core, endpoint_t agent) {
    struct link *link = &links[core];

    if (link->agent == agent)
        return;
    if (link->agent != ENDPOINT_NONE) /* so that it says HELLO again, if it lives */
        channel_disconnect(link->agent);
    while (link->first != NULL)
        drop_first(link);
    link->agent = agent;
    link->broken = false;
    link->received = link->expected = 0;
}

static void lose(uint32_t core) {
    links_set(core, ENDPOINT_NONE);
    gone_handler(core);
}

/* arg[0]: offset << 32 | bytes of the note; the rest: a piece of it. */
static int send_piece(const struct link *link, const struct waiting *w) {
    size_t left = w->bytes - w->sent, bytes = left < PIECE_BYTES ? left : PIECE_BYTES;
    struct message m = { .type = LINK_PIECE, .arg = { (uint64_t)w->sent << 32 | w->bytes } };

    memcpy(&m.arg[1], w->note + w->sent, bytes);
    return ipc_nbsend(link->agent, &m);
}

/* False: the other end cannot be reached. */
static bool pump_link(struct link *link) {
    while (link->first != NULL) {
        struct waiting *w = link->first;
        int error = send_piece(link, w);
        if (error == -E_WOULDBLOCK)
            return true;
        if (error)
            return false;
        w->sent += PIECE_BYTES;
        if (w->sent >= w->bytes)
            drop_first(link);
    }
    return true;
}

static void pump(struct event_alarm *a) {
    bool waits = false;

    for (uint32_t core = 0; core < CORES_MAX; core++) {
        if (links[core].first == NULL && !links[core].broken)
            continue;
        if (links[core].broken || !pump_link(&links[core]))
            lose(core);
        waits |= links[core].first != NULL;
    }
    if (waits)
        event_alarm_set(a, RETRY_PAUSE, pump);
}

/*
 * It is sent by the alarm, not at once: whoever sends is in the midst of something that the loss of
 * the link would change.
 */
void links_send(uint32_t core, const struct note *note) {
    struct link *link = &links[core];
    size_t bytes = note_bytes(note);

    if (link->agent == ENDPOINT_NONE || link->broken)
        return;
    struct waiting *w = link->count < WAITING_MAX ? malloc(sizeof *w + bytes) : NULL;
    if (w == NULL) {
        link->broken = true;
        event_alarm_set(&alarm, 0, pump);
        return;
    }
    *w = (struct waiting){ .bytes = bytes };
    memcpy(w->note, note, bytes);
    if (link->last != NULL)
        link->last->next = w;
    else
        link->first = w;
    link->last = w;
    link->count++;
    event_alarm_set(&alarm, 0, pump);
}

/* Pieces come in order. True: the note is whole. */
static bool take_piece(struct link *link, const struct message *m) {
    size_t offset = m->arg[0] >> 32, bytes = (uint32_t)m->arg[0];

    if (offset == 0) {
        link->note = (struct note){ .type = NOTE_COUNT };
        link->received = 0;
        link->expected = bytes;
    }
    if (offset != link->received || bytes != link->expected || bytes > sizeof link->note ||
        bytes < offsetof(struct note, version) || offset >= bytes)
        return false;
    size_t piece = bytes - offset < PIECE_BYTES ? bytes - offset : PIECE_BYTES;
    memcpy((char *)&link->note + offset, &m->arg[1], piece);
    link->received = offset + piece;
    return link->received == bytes && note_bytes(&link->note) == bytes;
}

void links_take(const struct message *m) {
    uint32_t core = endpoint_core(m->source);

    if (core >= CORES_MAX)
        return;
    if (links[core].agent != m->source) /* a new agent, or the leader's answer */
        links_set(core, m->source);
    if (take_piece(&links[core], m)) {
        struct note note = links[core].note;
        note_handler(core, m->source, &note);
    }
}

void links_gone(endpoint_t agent) {
    uint32_t core = endpoint_core(agent);

    if (core < CORES_MAX && links[core].agent == agent)
        lose(core);
}
