#include "console.h"

#include <string.h>

#include <bulkhead/protocol/console.h>
#include <runtime/kcall.h>
#include <runtime/pattern.h>
#include <runtime/startup.h>

#define INTERRUPT_KEY ('C' & 0x1f)
#define BELL          '\a'
#define ATTACHED_MAX  8

struct ring console_input, console_output;

/* Clients that wait for an answer: their requests. Source ENDPOINT_NONE: there is none. */
static struct message reader, flusher;
static uint32_t searched; /* input before this position has no interrupt key */

static char *const *listeners;   /* patterns of the labels of who may have input, up to NULL */
static endpoint_t last_listener; /* the client last found to be one: it remains one */

/* Clients that the interrupt key is for. */
struct attached {
    endpoint_t client; /* ENDPOINT_NONE: a free entry */
    bool interrupted;  /* it was notified of a key that its next READ has to know of */
};

static struct attached attached[ATTACHED_MAX];

void console_init(char *const *labels) { listeners = labels; }

static int reply(struct message *m, int result) {
    message_set_result(m, result);
    return ipc_nbsend(m->source, m);
}

/* What the kernel knows of a process. False: it is dead. */
static bool find_process(endpoint_t endpoint, struct process_info *info) {
    return getinfo(INFO_PROCESS, info, sizeof *info, endpoint, NULL, NULL) == 0 &&
           info->state != PROCESS_DEAD;
}

/*
 * Whether a client may have input and the interrupt key. A label is worth what its giver is: only
 * those count that our own supervisor has given.
 */
static bool may_listen(endpoint_t client) {
    struct process_info info;
    char label[LABEL_MAX + 1] = "";

    if (client == last_listener)
        return true;
    if (!find_process(client, &info) || info.supervisor != runtime_monitor())
        return false;
    memcpy(label, info.label, LABEL_MAX);
    for (char *const *pattern = listeners; *pattern != NULL; pattern++)
        if (pattern_matches(*pattern, label)) {
            last_listener = client;
            return true;
        }
    return false;
}

/* Whether the reader is still there for its answer. */
static bool reader_waits(void) {
    struct process_info info;

    return reader.source != ENDPOINT_NONE && find_process(reader.source, &info) &&
           info.state == PROCESS_RECEIVING && info.partner == runtime_self();
}

bool console_ready(void) {
    /* A newline takes two bytes. */
    return ring_room(&console_output) >= 2UL * CONSOLE_DATA_MAX && !console_flushing();
}

bool console_flushing(void) { return flusher.source != ENDPOINT_NONE; }

static int serve_write(const struct message *m) {
    struct console_data data;

    memcpy(&data, m->arg, sizeof data);
    if (data.length == 0 || data.length > CONSOLE_DATA_MAX)
        return -E_RANGE;
    for (size_t i = 0; i < data.length; i++) {
        if (data.data[i] == '\n' && *listeners != NULL)
            ring_put(&console_output, '\r');
        ring_put(&console_output, (uint8_t)data.data[i]);
    }
    return 0;
}

static struct attached *find_attached(endpoint_t client) {
    for (struct attached *entry = attached; entry < attached + ATTACHED_MAX; entry++)
        if (entry->client == client)
            return entry;
    return NULL;
}

/* An entry of nobody, or of somebody who is dead. */
static struct attached *find_place(void) {
    struct process_info info;

    for (struct attached *entry = attached; entry < attached + ATTACHED_MAX; entry++)
        if (entry->client == ENDPOINT_NONE || !find_process(entry->client, &info))
            return entry;
    return NULL;
}

static int serve_attach(endpoint_t client) {
    struct attached *entry = find_attached(client);

    if (!may_listen(client))
        return -E_PERM;
    if (entry == NULL)
        entry = find_place();
    if (entry == NULL)
        return -E_NOSLOT;
    *entry = (struct attached){ .client = client };
    return 0;
}

static void serve_read(struct message *m) {
    struct attached *entry = find_attached(m->source);

    if (!may_listen(m->source)) {
        reply(m, -E_PERM);
    } else if (entry != NULL && entry->interrupted) {
        entry->interrupted = false;
        reply(m, -E_INTR);
    } else if (m->source != reader.source && reader_waits()) {
        reply(m, -E_BUSY);
    } else {
        reader = *m;
    }
}

void console_request(struct message *m) {
    switch (m->type) {
    case CONSOLE_WRITE:
        reply(m, serve_write(m));
        break;
    case CONSOLE_READ:
        serve_read(m);
        break;
    case CONSOLE_FLUSH:
        flusher = *m;
        break;
    case CONSOLE_ATTACH:
        reply(m, serve_attach(m->source));
        break;
    default:
        reply(m, -E_BADCALL);
    }
}

/*
 * The interrupt key goes to all who are attached. Who is not reading is notified, and in case it
 * asks for input before it takes the notification, is told then.
 */
static void interrupt(void) {
    for (struct attached *entry = attached; entry < attached + ATTACHED_MAX; entry++) {
        if (entry->client == ENDPOINT_NONE)
            continue;
        if (entry->client == reader.source) {
            reply(&reader, -E_INTR);
            reader.source = ENDPOINT_NONE;
        } else if (ipc_notify(entry->client) == 0) {
            entry->interrupted = true;
        } else {
            entry->client = ENDPOINT_NONE; /* it is dead */
        }
    }
}

void console_input_changed(bool brk) {
    bool interrupted = brk;
    uint32_t end = console_input.put;

    for (; searched != end; searched++) {
        if (console_input.byte[searched % RING_BYTES] != INTERRUPT_KEY)
            continue;
        interrupted = true;
        console_input.taken = searched + 1;
    }
    if (interrupted)
        interrupt();
}

void console_input_lost(void) {
    if (ring_room(&console_output) != 0)
        ring_put(&console_output, BELL);
}

/* The input stays when the reader turns out to be gone. */
static void answer_reader(void) {
    struct console_data data = { .length = ring_used(&console_input) };

    if (data.length > CONSOLE_DATA_MAX)
        data.length = CONSOLE_DATA_MAX;
    for (size_t i = 0; i < data.length; i++)
        data.data[i] = (char)ring_peek(&console_input, i);
    memcpy(reader.arg, &data, sizeof data);
    if (reply(&reader, 0) == 0)
        ring_drop(&console_input, data.length);
    reader.source = ENDPOINT_NONE;
}

void console_answer(bool idle) {
    if (reader.source != ENDPOINT_NONE && ring_used(&console_input) != 0)
        answer_reader();
    if (flusher.source != ENDPOINT_NONE && idle) {
        reply(&flusher, 0);
        flusher.source = ENDPOINT_NONE;
    }
}
