/*
 * Requests and replies over a channel: several requests outstanding, replies in any order, matched
 * by tag. A request reserves the slot of its reply (README.md), so a server is never without credit
 * for one.
 */
#ifndef URPC_CALL_H
#define URPC_CALL_H

#include <urpc/channel.h>

/* A request; the caller's array of them is the table's storage. */
struct chan_call {
    uint32_t tag;  /* number in the table in the low bits, above it what differs each time */
    uint32_t next; /* of the free list; CHAN_CALL_OUTSTANDING: the reply has not come */
    void *context; /* the requester's */
};

#define CHAN_CALL_OUTSTANDING UINT32_MAX

/* The client's table of all requests on one channel. Private. */
struct chan_calls {
    struct chan *chan;
    struct chan_call *calls;
    uint32_t capacity;
    uint32_t step; /* from a tag to the next of the same number: a power of two, not below the
                      capacity */
    uint32_t free; /* first of the free list; capacity: none */
};

/*
 * `calls`: `capacity` of the caller's, at most as many as the channel's depth on this side. Errors:
 * -E_INVAL capacity.
 */
int chan_calls_init(struct chan_calls *table, struct chan *chan, struct chan_call *calls,
                    uint32_t capacity);

/*
 * Sends a request: type > 0; its tag, never 0, is chosen here and stored in `message`. `context`
 * comes back with the reply. Errors: -E_INVAL type; -E_WOULDBLOCK all requests of the table are
 * outstanding, or no credit; those of chan_send().
 */
int chan_call(struct chan_calls *table, struct message *message, void *context);

/* Is it a reply? Its type is then 0 or a negated error. */
static inline int chan_is_reply(const struct message *message) {
    return (int32_t)message->type <= 0;
}

/*
 * Takes a reply that was received: the request is no longer outstanding, *context is its context.
 * A reply that was peeked at is released before: the next request reserves its slot. Errors:
 * -E_PROTOCOL the tag is that of no outstanding request: the caller ends the channel.
 */
int chan_call_finish(struct chan_calls *table, const struct message *reply, void **context);

/*
 * After the channel's end: takes one outstanding request out, so that its requester can be told.
 * Errors: -E_NOENT: there is none left.
 */
int chan_call_abort(struct chan_calls *table, void **context);

#endif
