/*
 * A channel: two rings in one piece of memory that two sides share. The monitors (or a test) agree
 * on the parameters, one side formats the memory, both attach to it.
 *
 *   0    side 0: acked, closed, notified, answer   (written by side 0)
 *   512  side 1: acked, closed, notified, answer   (written by side 1)
 *   1024 slots in pairs: one of the ring on which side 0 sends, one of the other
 */
#ifndef URPC_CHANNEL_H
#define URPC_CHANNEL_H

#include <urpc/ring.h>

#define CHAN_ALIGNMENT 128U

/* What both sides know from the binding. */
struct chan_parameters {
    uint32_t slots; /* of each ring: a power of two, CHAN_SLOTS_MIN to CHAN_SLOTS_MAX */
    uint32_t
        depth[2];    /* requests that side 0 (1) may have outstanding: at most slots - slots / 4 */
    uint64_t origin; /* first position: a multiple of CHAN_STEP. Another one for each binding of
                         the same memory makes leftovers of the last one look like what they are */
};

struct chan {
    struct chan_tx tx;
    struct chan_rx rx;
    struct chan_signal *closed; /* shared: ours */
    struct chan_signal
        *notified;              /* shared: ours: not 0 from chan_notify() until the peer takes it */
    struct chan_signal *notice; /* shared: the peer's */
    struct chan_slot *answer;   /* shared: ours: answers to the peer's request (answer.h) */
    uint64_t due;               /* word of the answer to the last request that was received */
    struct chan_slot *reply;    /* shared: the peer's: answers to ours */
    uint64_t awaited;           /* word of the answer to our next, or present, request */
    uint32_t depth;             /* requests that this side may have outstanding */
};

/* Bytes of memory for a channel, 0 for a number of slots that is not allowed. */
size_t chan_bytes(uint32_t slots);

/*
 * Formats `memory` (chan_bytes() of it, aligned to CHAN_ALIGNMENT), once, before either side
 * attaches. Errors: -E_INVAL parameters or alignment.
 */
int chan_format(void *memory, const struct chan_parameters *parameters);

/*
 * Attaches to formatted memory as `side` 0 or 1. `bell` wakes the peer (a bell without function: it
 * never sleeps); `source` is the peer's endpoint, given to every message received. The memory must
 * outlive `chan`. Errors: -E_INVAL parameters, alignment, side.
 */
int chan_attach(struct chan *chan, void *memory, const struct chan_parameters *parameters,
                unsigned side, struct chan_bell bell, endpoint_t source);

/*
 * Ends the channel from this side: the peer receives what was sent before, then -E_PEERDEAD, and is
 * woken. Our calls return -E_STATE from now on and touch the memory no more.
 */
void chan_close(struct chan *chan);

/*
 * Tells the peer that something has happened, and nothing else: all that it has not yet taken are
 * one. May overtake messages, and needs no credit. Errors: -E_PEERDEAD, -E_PROTOCOL, -E_STATE as
 * sends.
 */
int chan_notify(struct chan *chan);

/*
 * After the doorbell has rung: 1 if the peer has notified since the last time, else 0. What it
 * wrote before is visible.
 */
int chan_take_notify(struct chan *chan);

/* The system says that the peer has died: sends fail with -E_PEERDEAD; what it published is still
 * received. */
void chan_peer_died(struct chan *chan);

#endif
