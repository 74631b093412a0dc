/*
 * One direction of a channel: a ring of 64-byte slots with one producer and one consumer, in memory
 * that both can write. The protocol is in urpc/README.md. Nothing here blocks, loops on what the
 * peer does, or follows an index read from shared memory.
 *
 * A struct chan_tx or chan_rx is private to one side and used by one thread of it.
 *
 * The path of a message is inline. What happens once in a quarter of the ring, or less often, is in
 * ring.c.
 */
#ifndef URPC_RING_H
#define URPC_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/error.h>
#include <bulkhead/message.h>

#define CHAN_SLOT_BYTES 64U
#define CHAN_STEP       128U /* bytes from a slot to the next: another ring's are between them */
#define CHAN_SLOTS_MIN  4U
#define CHAN_SLOTS_MAX  65536U

/* Flags in the low bits of a signal word; the rest of it is a position. */
#define CHAN_ARMED ((uint64_t)1) /* set by the waiter: it sleeps, ring when you publish */
#define CHAN_ACKNOWLEDGE \
    ((uint64_t)2)               /* published with a message: acknowledge it when you consume it */
#define CHAN_RING ((uint64_t)4) /* ... and ring, the sender sleeps until then */

/* From calls that arm: do not sleep, what would be waited for is there. */
#define CHAN_READY 1

#define chan_likely(condition)   __builtin_expect(!!(condition), 1)
#define chan_unlikely(condition) __builtin_expect(!!(condition), 0)

/* As struct message; `word` is in the place of the source, which no sender could be believed. */
struct chan_slot {
    _Alignas(CHAN_SLOT_BYTES) _Atomic uint64_t word; /* signal word: written by the producer */
    uint32_t type;                                   /* this and the rest: the payload, written */
    uint32_t tag;                                    /* by the producer before it publishes */
    uint64_t arg[MESSAGE_ARGS];
};

_Static_assert(sizeof(struct chan_slot) == CHAN_SLOT_BYTES, "a slot is one cache line");
_Static_assert(sizeof(struct chan_slot) == sizeof(struct message), "a slot holds a message");
_Static_assert(offsetof(struct chan_slot, type) == offsetof(struct message, type), "same payload");

/* A word alone in two cache lines: processors fetch lines in pairs. */
struct chan_signal {
    _Alignas(128) _Atomic uint64_t word;
};

/*
 * Wakes the peer if it sleeps: the system's NOTIFY, an eventfd, ... Sticky: a peer about to sleep
 * will not. Called after what it announces is visible to the peer. It must not use the channel that
 * it is called for.
 */
struct chan_bell {
    void (*ring)(void *context);
    void *context;
};

/* Where a ring lies and what both sides have agreed on at binding; nothing of this is read from
 * shared memory. */
struct chan_ring {
    struct chan_slot *slots;    /* shared: the first */
    uint64_t count;             /* of slots: a power of two, CHAN_SLOTS_MIN to CHAN_SLOTS_MAX */
    uint64_t depth;             /* slots that only replies may use: at most count - count / 4 */
    uint64_t origin;            /* position of the first message */
    struct chan_signal *acked;  /* shared: written by the consumer */
    struct chan_signal *closed; /* shared: written by the peer of the side that is made from this */
};

/*
 * The producer's side. Private. chan_begin_slow() sets up the first four for the messages up to the
 * last of the quarter or the end of the credit, so that chan_begin() and chan_publish() need not
 * look for either, nor for the ring's end.
 */
struct chan_tx {
    struct chan_slot *slot;           /* shared: where the next message goes */
    struct chan_slot *stop;           /* where chan_begin_slow() is due; = slot: at once */
    uint64_t bias;                    /* address of a slot + bias: the word that publishes it */
    ptrdiff_t ahead;                  /* from a slot to the one that is fetched with it, in bytes */
    struct chan_slot *slots;          /* shared */
    uint64_t mask;                    /* position & mask: offset of its slot, whatever the flags */
    uint64_t reserve;                 /* bytes that only replies may use */
    uint64_t acked_seen;              /* all before this position has been consumed */
    struct chan_signal *acked;        /* shared: the consumer's */
    const struct chan_signal *closed; /* shared: the consumer's, not 0 when it has closed */
    struct chan_bell bell;            /* wakes the consumer */
    int streaming;                    /* laps for which slots ahead are still fetched */
    int error;                        /* not 0: the ring is dead, every call returns this */
};

/* The consumer's side. Private. */
struct chan_rx {
    uint64_t tail;                    /* position of the next message */
    uint64_t mask;                    /* position & mask: offset of its slot, whatever the flags */
    struct chan_slot *slots;          /* shared */
    endpoint_t source;                /* who sends here, says the binding */
    struct chan_signal *acked;        /* shared: ours */
    const struct chan_signal *closed; /* shared: the producer's, not 0 when it has closed */
    struct chan_bell bell;            /* wakes the producer */
    uint64_t wake; /* peeked at a message with CHAN_RING: where tail will be after
                      it, with that flag */
    int end;       /* not 0: what is returned when everything is received */
    int error;     /* not 0: the ring is dead, every call returns this */
};

/*
 * Writes the initial contents of a ring; one of the two sides, once, before either is made. Errors:
 * -E_INVAL: number of slots, depth, origin or alignment.
 */
int chan_ring_format(const struct chan_ring *ring);

/*
 * Makes one side of a formatted ring. `bell` wakes the other side; one without function is for a
 * peer that never sleeps. Errors: as chan_ring_format().
 */
int chan_tx_init(struct chan_tx *tx, const struct chan_ring *ring, struct chan_bell bell);
int chan_rx_init(struct chan_rx *rx, const struct chan_ring *ring, struct chan_bell bell,
                 endpoint_t source);

/* Ends a side for good: its calls return `error` (negative) and touch shared memory no more. */
void chan_tx_kill(struct chan_tx *tx, int error);
void chan_rx_kill(struct chan_rx *rx, int error);

/* What the inline functions leave to ring.c. */
int chan_begin_slow(struct chan_tx *tx, uint64_t extra, uint64_t flags);
int chan_begin_reply_slow(struct chan_tx *tx);
int chan_receive_slow(struct chan_rx *rx, struct message *message, uint64_t word, uint32_t flip);
void chan_tx_ring(struct chan_tx *tx);

/* Asks for a cache line that will be written. On processors without this instruction it does
 * nothing. */
static inline void chan_fetch_for_write(const void *line) {
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)line));
}

static inline struct chan_slot *chan_slot_at(struct chan_slot *slots, uint64_t offset) {
    return (struct chan_slot *)((char *)slots + offset);
}

/*
 * The payload is everything after the first word. What is read from a slot is read by volatile
 * accesses: once, and never again from shared memory behind the caller's back.
 * chan_copy_flip() turns the bits `flip` of the type over on the way. It copies type and tag last:
 * should the memory be taken away half-way, and other memory be put in its place, they tell.
 */
typedef uint64_t chan_word_t __attribute__((may_alias));

#ifdef __SSE2__
typedef uint64_t chan_vector_t __attribute__((vector_size(16), aligned(8), may_alias));

static inline void chan_copy_flip(volatile void *to, const volatile void *from, uint32_t flip) {
#pragma GCC unroll 3
    for (int i = 1; i <= 3; i++)
        ((volatile chan_vector_t *)to)[i] = ((const volatile chan_vector_t *)from)[i];
    ((volatile chan_word_t *)to)[1] = ((const volatile chan_word_t *)from)[1] ^ flip;
}
#else
static inline void chan_copy_flip(volatile void *to, const volatile void *from, uint32_t flip) {
#pragma GCC unroll 6
    for (int i = 2; i <= 7; i++)
        ((volatile chan_word_t *)to)[i] = ((const volatile chan_word_t *)from)[i];
    ((volatile chan_word_t *)to)[1] = ((const volatile chan_word_t *)from)[1] ^ flip;
}
#endif

static inline void chan_copy_payload(volatile void *to, const volatile void *from) {
    chan_copy_flip(to, from, 0);
}

/* Type and tag are one word of a slot. */
static inline uint64_t chan_head(const struct message *message) {
    uint64_t head;
    __builtin_memcpy(&head, &message->type, sizeof head);
    return head;
}

/*
 * Writes a message that the caller has just made. Word by word, so that it goes from registers to
 * the slot: were it to be loaded in wider pieces than it was stored in, the loads would have to
 * wait for the stores.
 */
static inline void chan_write_payload(struct chan_slot *slot, const struct message *message) {
    volatile chan_word_t *to = (volatile chan_word_t *)slot;

    to[1] = message->type | (uint64_t)message->tag << 32;
#pragma GCC unroll 6
    for (int i = 0; i < MESSAGE_ARGS; i++)
        to[2 + i] = message->arg[i];
}

/*
 * Sending in two steps: when chan_begin() returns 0, the caller writes type, tag and arg[] of
 * *tx->slot, as far as the receiver will read them, and calls chan_publish(). Nothing else may be
 * sent in between; giving up in between is allowed.
 *
 * Errors: -E_WOULDBLOCK no credit, -E_PEERDEAD the consumer has closed or died, -E_PROTOCOL it
 * broke the protocol, now or earlier.
 */
static inline int chan_begin(struct chan_tx *tx) {
    if (chan_unlikely(tx->slot == tx->stop))
        return chan_begin_slow(tx, 0, 0);
    return 0;
}

/*
 * chan_publish() for a caller that rings by itself: not 0: chan_tx_ring() is due.
 *
 * The exchange publishes the payload. It pairs with the acquire load of the word in chan_receive()
 * and with the compare-exchange in chan_arm(): either that one fails or its flag is seen here. In a
 * stream the slot of a quarter later is fetched for writing, so that its exchange will not have to
 * wait.
 */
static inline uint64_t chan_publish_unrung(struct chan_tx *tx) {
    struct chan_slot *slot = tx->slot;
    uint64_t word = (uintptr_t)slot + tx->bias;

    chan_fetch_for_write((char *)slot + tx->ahead);
    tx->slot = chan_slot_at(slot, CHAN_STEP);
    return atomic_exchange_explicit(&slot->word, word, memory_order_acq_rel) & CHAN_ARMED;
}

static inline void chan_publish(struct chan_tx *tx) {
    if (chan_unlikely(chan_publish_unrung(tx)))
        chan_tx_ring(tx);
}

/*
 * Sends a message that the caller has just made; message->source is ignored. Errors: those of
 * chan_begin().
 */
static inline int chan_send(struct chan_tx *tx, const struct message *message) {
    int error = chan_begin(tx);

    if (error)
        return error;
    chan_write_payload(tx->slot, message);
    chan_publish(tx);
    return 0;
}

/* chan_send() for a message that has been lying in memory, such as one received elsewhere: in fewer
 * instructions. */
static inline int chan_forward(struct chan_tx *tx, const struct message *message) {
    int error = chan_begin(tx);

    if (error)
        return error;
    chan_copy_payload(tx->slot, message);
    chan_publish(tx);
    return 0;
}

/*
 * chan_begin() and chan_send() for the reply to a request: type 0 or a negated error, the request's
 * tag. Its slot was reserved with the request, so there is no -E_WOULDBLOCK: a peer without credit
 * has more requests outstanding than agreed, -E_PROTOCOL.
 */
static inline int chan_begin_reply(struct chan_tx *tx) {
    if (chan_unlikely(tx->slot == tx->stop))
        return chan_begin_reply_slow(tx);
    return 0;
}

static inline int chan_reply(struct chan_tx *tx, const struct message *message) {
    int error = chan_begin_reply(tx);

    if (error)
        return error;
    chan_write_payload(tx->slot, message);
    chan_publish(tx);
    return 0;
}

/* The position of the next message that is sent. */
static inline uint64_t chan_position(const struct chan_tx *tx) {
    return ((uintptr_t)tx->slot + tx->bias) & ~(uint64_t)(CHAN_STEP - 1);
}

/*
 * chan_send(), and the peer rings this side's doorbell as soon as it has consumed the message,
 * which is when chan_consumed() says so of its position.
 */
int chan_send_acknowledged(struct chan_tx *tx, const struct message *message);

/* 1 if the message at `position`, which was sent, is known to be consumed, 0 if not. Errors: those
 * of the ring. */
int chan_consumed(struct chan_tx *tx, uint64_t position);

/* Sends up to `count` messages at once; they become visible together. The number sent (> 0), or as
 * chan_send(). */
int chan_send_batch(struct chan_tx *tx, const struct message *messages, uint32_t count);

/*
 * Sending without a copy: chan_reserve() says how many slots of `count` (> 0) can be had (> 0, or
 * as chan_send()), chan_reserved() is the i-th of them, to be filled in (all but `word`),
 * chan_commit() publishes the first `count` together. Slots that are not committed stay free;
 * nothing else may be sent in between.
 */
int chan_reserve(struct chan_tx *tx, uint32_t count);
void chan_commit(struct chan_tx *tx, uint32_t count);

static inline struct chan_slot *chan_reserved(const struct chan_tx *tx, uint32_t i) {
    uint64_t position = chan_position(tx) + (uint64_t)i * CHAN_STEP;
    return chan_slot_at(tx->slots, position & tx->mask);
}

/*
 * For a sender without credit that is about to sleep: 0: the doorbell will be rung at the next
 * acknowledgement, CHAN_READY: one has come. Errors: those of the ring. chan_disarm_credit() takes
 * it back: the same results, 0 if nothing has come.
 */
int chan_arm_credit(struct chan_tx *tx);
int chan_disarm_credit(struct chan_tx *tx);

/* chan_receive(), and turns the bits `flip` of the type over. */
static inline int chan_receive_flip(struct chan_rx *rx, struct message *message, uint32_t flip) {
    uint64_t tail = rx->tail;
    const struct chan_slot *slot = chan_slot_at(rx->slots, tail & rx->mask);
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_acquire);

    if (chan_unlikely(word != tail))
        return chan_receive_slow(rx, message, word, flip);
    chan_copy_flip(message, slot, flip);
    message->source = rx->source;
    rx->tail += CHAN_STEP;
    return 0;
}

/*
 * Receives a message. Errors: -E_WOULDBLOCK there is none, -E_PEERDEAD there will be none any more,
 * -E_PROTOCOL the producer broke the protocol, now or earlier. The acquire load pairs with the
 * exchange in chan_send() and with the release stores in chan_commit().
 */
static inline int chan_receive(struct chan_rx *rx, struct message *message) {
    return chan_receive_flip(rx, message, 0);
}

/* Receives up to `count` messages: the number (> 0), or as chan_receive(). */
int chan_receive_batch(struct chan_rx *rx, struct message *messages, uint32_t count);

/*
 * Receiving without a copy: chan_peek() says how many of the next `count` slots hold a message (>
 * 0, or as chan_receive()), chan_peeked() is the i-th of them, chan_release() gives the first
 * `count` back. The peer may change a slot at any time: read each field once, and judge what was
 * read.
 */
int chan_peek(struct chan_rx *rx, uint32_t count);
void chan_release(struct chan_rx *rx, uint32_t count);

static inline const volatile struct chan_slot *chan_peeked(const struct chan_rx *rx, uint32_t i) {
    return chan_slot_at(rx->slots, (rx->tail + (uint64_t)i * CHAN_STEP) & rx->mask);
}

/*
 * For a consumer that found nothing and is about to sleep: 0: the doorbell will be rung at the next
 * message, CHAN_READY: there is one. Errors: -E_PEERDEAD and -E_PROTOCOL as chan_receive().
 * Receiving while armed is allowed. chan_disarm() takes it back (CHAN_READY: too late); not doing
 * so costs a needless ring.
 */
int chan_arm(struct chan_rx *rx);
int chan_disarm(struct chan_rx *rx);

#endif
