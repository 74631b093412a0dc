/*
 * Requests of a requester that waits for the answer before it does anything else: at most one is
 * outstanding on a channel in each direction, so its answer needs no ring. It has a slot of its own
 * in the memory of the channel, reserved by the request, where it overtakes messages that nobody
 * has received yet. (call.h has requests of which several are outstanding.)
 *
 * The slot's word is a signal word (README.md): its writer is the one who answers, its waiter the
 * requester; the n-th answer, from 0, has the position origin + 64 n.
 */
#ifndef URPC_ANSWER_H
#define URPC_ANSWER_H

#include <urpc/channel.h>

/*
 * A bit of the type of a message in the ring: it is a request whose answer is awaited in the slot.
 * Messages have types below it, or negative ones.
 */
#define CHAN_REQUEST 0x40000000U

static inline int chan_is_request(uint32_t type) { return type >> 30 == 1; }

/* Turns the bit over, in one access of the size that type and tag are copied in. */
static inline void chan_turn(struct message *message) {
    uint64_t head = chan_head(message) ^ CHAN_REQUEST;
    __builtin_memcpy(&message->type, &head, sizeof head);
}

/*
 * chan_receive() for who expects requests: the bit is turned over on the way, in the register. So a
 * request comes out with the type that it was asked with, below CHAN_REQUEST; what has another type
 * is no request, and has still to be turned back.
 */
static inline int chan_receive_turned(struct chan_rx *rx, struct message *message) {
    return chan_receive_flip(rx, message, CHAN_REQUEST);
}

/* A request has been received: the next answer is the one to it. An earlier one that was not
 * answered is forgotten. */
static inline void chan_owe(struct chan *chan) { chan->due += CHAN_STEP; }

/*
 * Answers the request received last; once. message->source is ignored. Nothing can go wrong: who
 * does not wait any more does not look. The exchange publishes the payload, and pairs with the
 * acquire load in chan_answered() and the compare-exchange in chan_arm_answer().
 */
static inline void chan_answer(struct chan *chan, const struct message *message) {
    struct chan_slot *slot = chan->answer;
    uint64_t word = chan->due;

    chan_copy_payload(slot, message);
    if (chan_unlikely(atomic_exchange_explicit(&slot->word, word, memory_order_acq_rel) &
                      CHAN_ARMED))
        chan_tx_ring(&chan->tx);
}

/*
 * Is the answer to the request sent last there? Then chan->reply is it, in shared memory: to be
 * read once, until the next request is sent; chan_answer_taken() follows. If not,
 * chan_answer_state() says why.
 */
static inline int chan_answered(const struct chan *chan) {
    return atomic_load_explicit(&chan->reply->word, memory_order_acquire) == chan->awaited;
}

/* Will no answer come any more, but what is there? */
static inline int chan_answers_ended(const struct chan *chan) {
    return chan->rx.error || chan->rx.end ||
           atomic_load_explicit(&chan->rx.closed->word, memory_order_acquire) != 0;
}

static inline void chan_answer_taken(struct chan *chan) { chan->awaited += CHAN_STEP; }

/*
 * 0: the answer is there. -E_WOULDBLOCK: not yet; -E_PEERDEAD: it will not come, nor -E_PROTOCOL:
 * the peer broke the protocol, and both rings are dead.
 */
int chan_answer_state(struct chan *chan);

/*
 * For a requester that is about to sleep: 0: the doorbell will be rung at the answer, CHAN_READY:
 * it is there. Errors as above.
 */
int chan_arm_answer(struct chan *chan);

#endif
