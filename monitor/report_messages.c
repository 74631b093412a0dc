#include "report_messages.h"

#include <inttypes.h>

#include <bulkhead/error.h>
#include <bulkhead/ipc.h>

#include "report_buffer.h"

#define ERRORS_END 256 /* above the numbers of all errors (error.h) */

/* One message, as a line of the report. */
struct line {
    endpoint_t partner;
    uint64_t head; /* tag << 32 | type */
    bool sent;
    int error; /* of a message that was not sent */
};

struct lines {
    struct line line[2 * RECORD_ENTRIES];
    unsigned count;
};

static void add_partner(struct text *text, endpoint_t partner, report_label *label) {
    char name[LABEL_MAX + 1] = "";

    if (partner == ENDPOINT_KERNEL) {
        add(text, "the kernel");
        return;
    }
    if (partner == ENDPOINT_ANY) {
        add(text, "anybody");
        return;
    }
    if (endpoint_core(partner) == ENDPOINT_CORE_BINDING) {
        add(text, "its binding %u", endpoint_slot(partner));
        return;
    }
    label(partner, name);
    add(text, "%s%s%u.%u.%u%s", name, name[0] != '\0' ? " (" : "", endpoint_core(partner),
        endpoint_slot(partner), endpoint_slot_generation(partner), name[0] != '\0' ? ")" : "");
}

/* A request has a number, a reply a result. */
static void add_head(struct text *text, uint64_t head) {
    uint32_t type = (uint32_t)head, tag = (uint32_t)(head >> 32);

    if (type == MESSAGE_NOTIFY)
        add(text, "a notification");
    else if (type == 0)
        add(text, "result 0, tag %" PRIu32, tag);
    else if ((int32_t)type < 0 && (int32_t)type > -ERRORS_END)
        add(text, "result %s, tag %" PRIu32, error_name((int)type), tag);
    else
        add(text, "type 0x%" PRIx32 ", tag %" PRIu32, type, tag);
}

static void add_message(struct text *text, const struct line *line, report_label *label) {
    add(text, line->sent ? "  sent      " : "  received  ");
    add_head(text, line->head);
    add(text, line->sent ? " to " : " from ");
    add_partner(text, line->partner, label);
    if (line->error != 0)
        add(text, ": %s", error_name(line->error));
    add(text, "\n");
}

static void put(struct lines *lines, endpoint_t partner, uint64_t head, bool sent, int error) {
    lines->line[lines->count++] = (struct line){ partner, head, sent, error };
}

/* An error is believed if it is one. */
static int as_error(uint64_t received) {
    int64_t error = (int64_t)received;
    return error < 0 && error > -ERRORS_END ? (int)error : 0;
}

/* The messages of an entry: none, one or two. */
static void put_entry(struct lines *lines, const struct message_record *r, unsigned i) {
    endpoint_t to = r->to[i], from = r->from[i];
    bool sent = to != ENDPOINT_NONE && to != RECORD_NOTIFIED;
    bool received = from != ENDPOINT_NONE && from != RECORD_NOTIFIED;

    if (sent)
        put(lines, to, from == RECORD_NOTIFIED ? MESSAGE_NOTIFY : r->sent[i], true,
            from == ENDPOINT_NONE ? as_error(r->received[i]) : 0);
    if (received)
        put(lines, from, to == RECORD_NOTIFIED ? MESSAGE_NOTIFY : r->received[i], false, 0);
}

/*
 * What the process waits for is still in the registers with which it came, if it has not come back
 * from the call: rax is the primitive (<bulkhead/ipc.h>) until there is a result.
 */
static void add_wait(struct text *text, const struct death_report *death, bool in_call,
                     report_label *label) {
    uint64_t primitive = death->rax & IPC_PRIMITIVE_MASK;
    bool sends = primitive == IPC_SEND || primitive == IPC_SENDREC;

    if (death->cause != DEATH_KILLED || !in_call || death->rdi == ENDPOINT_KERNEL ||
        (!sends && primitive != IPC_RECEIVE && primitive != IPC_REPLYRECV))
        return;
    add(text, sends ? "  sends     " : "  waits for a message from ");
    if (sends) {
        add_head(text, death->rsi);
        add(text, " to ");
    }
    add_partner(text, primitive == IPC_REPLYRECV ? ENDPOINT_ANY : death->rdi, label);
    add(text, primitive == IPC_SENDREC ? ": not answered\n" : "\n");
}

size_t report_messages(char *buffer, size_t bytes, const struct death_report *death,
                       const struct report_record *messages, report_label *label) {
    const struct message_record *record = &messages->record;
    struct text text = text_in(buffer, bytes);
    struct lines lines = { .count = 0 };

    for (unsigned i = 0; i < RECORD_ENTRIES && messages->found; i++)
        put_entry(&lines, record, (record->next / sizeof record->to[0] + i) % RECORD_ENTRIES);
    unsigned first = lines.count > REPORT_MESSAGES ? lines.count - REPORT_MESSAGES : 0;
    for (unsigned i = first; i < lines.count; i++)
        add_message(&text, &lines.line[i], label);
    add_wait(&text, death, messages->in_call, label);
    return text.used;
}
