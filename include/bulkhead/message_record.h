/*
 * The last messages of a process, which its runtime records in its own memory at a cost of a few
 * instructions (<runtime/record.h>), and whoever reports its death reads there
 * (docs/death-reports.md). It is what the process wrote: it may hold anything.
 *
 * One entry is one call of an IPC primitive that has ended: a message sent, a message received, or
 * both. Fields of the entries lie in arrays of their own, and `next` is the offset in bytes into
 * each of them where the next entry goes: it wraps around by itself.
 */
#ifndef BULKHEAD_MESSAGE_RECORD_H
#define BULKHEAD_MESSAGE_RECORD_H

#include <bulkhead/message.h>

#define RECORD_ENTRIES 32U /* at least as many messages */

struct message_record {
    endpoint_t to[RECORD_ENTRIES];     /* ENDPOINT_NONE: nothing was sent; RECORD_NOTIFIED */
    uint64_t sent[RECORD_ENTRIES];     /* tag << 32 | type */
    endpoint_t from[RECORD_ENTRIES];   /* ENDPOINT_NONE: nothing was received; RECORD_NOTIFIED */
    uint64_t received[RECORD_ENTRIES]; /* tag << 32 | type; or what an error says of `sent` */
    uint8_t next;
    uint8_t reserved[7];
};

_Static_assert(sizeof(endpoint_t) * RECORD_ENTRIES == UINT8_MAX + 1, "`next` wraps around");

/*
 * In the place of an endpoint. Of the half that is not the message: the other half is a NOTIFY,
 * without type and tag.
 */
#define RECORD_NOTIFIED ((endpoint_t)1)

/* What the symbol of the record is called in a program's image. */
#define RECORD_SYMBOL "message_record"

#endif
