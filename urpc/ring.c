#include <stdbool.h>

#include <urpc/ring.h>

/* The most lines that are asked for ahead: about what a processor has on the way at a time. */
#define FETCH_MAX 16U

/* Laps that end with nothing left to read, after which there is no stream any more. */
#define STREAM_LAPS 8

#define CHAN_FLAGS (CHAN_ARMED | CHAN_ACKNOWLEDGE | CHAN_RING)

/* The slot of a dead consumer: its word is no position, so that chan_receive() always takes the
 * slow step. */
static struct chan_slot chan_dead_slot = { .word = CHAN_FLAGS };

static void chan_bell_none(void *context) { (void)context; }

static struct chan_bell chan_bell_or_none(struct chan_bell bell) {
    if (!bell.ring)
        bell.ring = chan_bell_none;
    return bell;
}

static int chan_ring_check(const struct chan_ring *ring) {
    uint64_t count = ring->count;

    if (count < CHAN_SLOTS_MIN || count > CHAN_SLOTS_MAX || (count & (count - 1)) != 0)
        return -E_INVAL;
    if (ring->depth > count - count / 4)
        return -E_INVAL;
    if (ring->origin % CHAN_STEP != 0 || (uintptr_t)ring->slots % _Alignof(struct chan_slot) != 0 ||
        (uintptr_t)ring->acked % _Alignof(struct chan_signal) != 0 ||
        (uintptr_t)ring->closed % _Alignof(struct chan_signal) != 0)
        return -E_INVAL;
    return 0;
}

int chan_ring_format(const struct chan_ring *ring) {
    int error = chan_ring_check(ring);
    if (error)
        return error;

    uint64_t bytes = ring->count * CHAN_STEP;
    for (uint64_t i = 0; i < bytes; i += CHAN_STEP) {
        uint64_t position = ring->origin + i;
        struct chan_slot *slot = chan_slot_at(ring->slots, position & (bytes - 1));
        *slot = (struct chan_slot){ .word = position - bytes };
    }
    atomic_init(&ring->acked->word, ring->origin);
    atomic_init(&ring->closed->word, 0);
    return 0;
}

/* ---------------------------------------------------------------- producer */

static uint64_t chan_ring_bytes(uint64_t mask) { return mask + CHAN_STEP; }

/* Bytes that may be sent, as far as is known; `extra` of the reserved ones count. Not positive:
 * none. */
static int64_t chan_tx_free(const struct chan_tx *tx, uint64_t extra) {
    uint64_t limit = tx->acked_seen + chan_ring_bytes(tx->mask) - tx->reserve + extra;
    return (int64_t)(limit - chan_position(tx));
}

/* Bytes from `position` to the last slot of its quarter. */
static uint64_t chan_tx_to_last(const struct chan_tx *tx, uint64_t position) {
    uint64_t quarter = chan_ring_bytes(tx->mask) / 4;
    return quarter - CHAN_STEP - (position & (quarter - CHAN_STEP));
}

/* The word that publishes the message at `position`: with the last of a quarter goes the request to
 * acknowledge. */
static uint64_t chan_tx_word(const struct chan_tx *tx, uint64_t position) {
    return chan_tx_to_last(tx, position) == 0 ? position | CHAN_ACKNOWLEDGE : position;
}

/* Prepares chan_publish() for the message at `position`, and chan_begin() for nothing yet. */
static void chan_tx_aim(struct chan_tx *tx, uint64_t position) {
    uint64_t quarter = chan_ring_bytes(tx->mask) / 4;
    struct chan_slot *ahead = chan_slot_at(tx->slots, (position + quarter) & tx->mask);

    tx->slot = chan_slot_at(tx->slots, position & tx->mask);
    tx->stop = tx->slot;
    tx->bias = chan_tx_word(tx, position) - (uintptr_t)tx->slot;
    tx->ahead = tx->streaming ? (char *)ahead - (char *)tx->slot : 0;
}

int chan_tx_init(struct chan_tx *tx, const struct chan_ring *ring, struct chan_bell bell) {
    int error = chan_ring_check(ring);
    if (error)
        return error;

    *tx = (struct chan_tx){
        .slots = ring->slots,
        .mask = (ring->count - 1) * CHAN_STEP,
        .reserve = ring->depth * CHAN_STEP,
        .acked_seen = ring->origin,
        .acked = ring->acked,
        .closed = ring->closed,
        .bell = chan_bell_or_none(bell),
    };
    chan_tx_aim(tx, ring->origin);
    return 0;
}

void chan_tx_kill(struct chan_tx *tx, int error) {
    if (tx->error)
        return;
    tx->error = error;
    tx->stop = tx->slot;
}

void chan_tx_ring(struct chan_tx *tx) { tx->bell.ring(tx->bell.context); }

/* Pairs with the release store in chan_close(). */
static int chan_is_closed(const struct chan_signal *closed) {
    return atomic_load_explicit(&closed->word, memory_order_acquire) != 0;
}

/*
 * Takes the peer's word for what has been consumed, if it is possible. The acquire load pairs with
 * the exchange in chan_acknowledge(): what was read from these slots is read before they are
 * written again.
 */
static int chan_tx_look(struct chan_tx *tx) {
    uint64_t acked = atomic_load_explicit(&tx->acked->word, memory_order_acquire) & ~CHAN_ARMED;
    uint64_t unacked = chan_position(tx) - tx->acked_seen;

    if (acked % CHAN_STEP != 0 || acked - tx->acked_seen > unacked) {
        chan_tx_kill(tx, -E_PROTOCOL);
        return tx->error;
    }
    tx->acked_seen = acked;
    return 0;
}

/* How many messages of `want` there is credit for (> 0), or an error as of chan_begin(). */
static int chan_tx_credit(struct chan_tx *tx, uint64_t extra, uint64_t want) {
    if (!tx->error && chan_is_closed(tx->closed))
        chan_tx_kill(tx, -E_PEERDEAD);
    if (!tx->error && chan_tx_free(tx, extra) < (int64_t)(want * CHAN_STEP))
        chan_tx_look(tx);
    if (tx->error)
        return tx->error;

    int64_t free = chan_tx_free(tx, extra);
    if (free <= 0)
        return -E_WOULDBLOCK;
    uint64_t slots = (uint64_t)free / CHAN_STEP;
    return (int)(slots < want ? slots : want);
}

/*
 * Once in a lap: is the consumer still at the last messages, so that this is a stream? Then
 * fetching slots ahead saves waiting for them. A consumer that has nothing left to read polls the
 * slots ahead, and fetching them would only take them away from it. In a stream it may have just
 * caught up, so it takes several laps to say that there is none.
 */
static void chan_tx_judge(struct chan_tx *tx, uint64_t position) {
    if (tx->error || (position & tx->mask) != 0 || chan_tx_look(tx) != 0)
        return;
    if (tx->acked_seen != position)
        tx->streaming = STREAM_LAPS;
    else if (tx->streaming > 0)
        tx->streaming--;
}

/* chan_begin() in full; `flags` go with the message, which may use `extra` bytes of the reserve. */
int chan_begin_slow(struct chan_tx *tx, uint64_t extra, uint64_t flags) {
    uint64_t position = chan_position(tx);

    chan_tx_judge(tx, position);
    int credit = chan_tx_credit(tx, extra, 1);
    if (credit < 0)
        return credit;

    chan_tx_aim(tx, position);
    tx->bias |= flags;

    int64_t to_last = (int64_t)chan_tx_to_last(tx, position);
    int64_t free = chan_tx_free(tx, 0);
    int64_t bytes = free < to_last ? free : to_last;
    tx->stop = chan_slot_at(tx->stop, flags || bytes <= 0 ? CHAN_STEP : (uint64_t)bytes);
    return 0;
}

int chan_begin_reply_slow(struct chan_tx *tx) {
    int error = chan_begin_slow(tx, tx->reserve, 0);

    if (error == -E_WOULDBLOCK && tx->reserve != 0) {
        chan_tx_kill(tx, -E_PROTOCOL);
        return tx->error;
    }
    return error;
}

int chan_send_acknowledged(struct chan_tx *tx, const struct message *message) {
    int error = chan_begin_slow(tx, 0, CHAN_ACKNOWLEDGE | CHAN_RING);

    if (error)
        return error;
    chan_write_payload(tx->slot, message);
    chan_publish(tx);
    return 0;
}

int chan_consumed(struct chan_tx *tx, uint64_t position) {
    if (tx->error || chan_tx_look(tx))
        return tx->error;
    if ((int64_t)(tx->acked_seen - position) > 0)
        return 1;
    if (chan_is_closed(tx->closed)) {
        chan_tx_kill(tx, -E_PEERDEAD);
        return tx->error;
    }
    return 0;
}

int chan_reserve(struct chan_tx *tx, uint32_t count) { return chan_tx_credit(tx, 0, count); }

/*
 * Writes the words of the slots from `at` down to `first`, exclusive, as far as they are in one
 * quarter. The slot where it stopped. The stores pair with the acquire loads in chan_receive() and
 * chan_peek().
 */
static uint64_t chan_publish_down(struct chan_tx *tx, uint64_t at, uint64_t first) {
    uint64_t quarter = chan_ring_bytes(tx->mask) / 4;
    uint64_t stop = (at & ~(quarter - 1)) - CHAN_STEP;
    uint64_t word = chan_tx_word(tx, at);
    struct chan_slot *slots = tx->slots;
    uint64_t mask = tx->mask;

    if ((int64_t)(stop - first) < 0)
        stop = first;
    for (; at != stop; at -= CHAN_STEP, word = at) {
        atomic_store_explicit(&chan_slot_at(slots, at & mask)->word, word, memory_order_release);
        chan_fetch_for_write(chan_slot_at(slots, (at + quarter) & mask));
    }
    return stop;
}

/*
 * Publishes a batch: its last slot first. The consumer waits for, and arms, only the first slot,
 * which therefore takes the exchange; plain stores to the others cannot destroy CHAN_ARMED.
 */
void chan_commit(struct chan_tx *tx, uint32_t count) {
    uint64_t first = chan_position(tx);
    uint64_t end = first + (uint64_t)count * CHAN_STEP;

    if (count == 0 || tx->error)
        return;
    for (uint64_t at = end - CHAN_STEP; at != first;)
        at = chan_publish_down(tx, at, first);
    chan_tx_aim(tx, first);
    if (count > 1) /* a stream, whatever chan_tx_judge() says */
        chan_fetch_for_write(
            chan_slot_at(tx->slots, (first + chan_ring_bytes(tx->mask) / 4) & tx->mask));
    chan_publish(tx);
    chan_tx_aim(tx, end);
}

int chan_send_batch(struct chan_tx *tx, const struct message *messages, uint32_t count) {
    int slots = chan_reserve(tx, count);

    for (int i = 0; i < slots; i++)
        chan_copy_payload(chan_reserved(tx, (uint32_t)i), &messages[i]);
    if (slots > 0)
        chan_commit(tx, (uint32_t)slots);
    return slots;
}

/* Sets or clears CHAN_ARMED of `acked`. The compare-exchange pairs with the exchange in
 * chan_acknowledge(). */
static int chan_tx_mark(struct chan_tx *tx, uint64_t mark) {
    if (!tx->error && chan_is_closed(tx->closed))
        chan_tx_kill(tx, -E_PEERDEAD);
    if (tx->error)
        return tx->error;

    uint64_t expected = tx->acked_seen | (mark ^ CHAN_ARMED);
    if (atomic_compare_exchange_strong_explicit(&tx->acked->word, &expected, tx->acked_seen | mark,
                                                memory_order_acq_rel, memory_order_acquire) ||
        expected == (tx->acked_seen | mark))
        return 0;
    int error = chan_tx_look(tx);
    return error ? error : CHAN_READY;
}

int chan_arm_credit(struct chan_tx *tx) { return chan_tx_mark(tx, CHAN_ARMED); }

int chan_disarm_credit(struct chan_tx *tx) { return chan_tx_mark(tx, 0); }

/* ---------------------------------------------------------------- consumer */

int chan_rx_init(struct chan_rx *rx, const struct chan_ring *ring, struct chan_bell bell,
                 endpoint_t source) {
    int error = chan_ring_check(ring);
    if (error)
        return error;

    *rx = (struct chan_rx){
        .tail = ring->origin,
        .mask = (ring->count - 1) * CHAN_STEP,
        .slots = ring->slots,
        .source = source,
        .acked = ring->acked,
        .closed = ring->closed,
        .bell = chan_bell_or_none(bell),
    };
    return 0;
}

void chan_rx_kill(struct chan_rx *rx, int error) {
    if (rx->error)
        return;
    rx->error = error;
    rx->slots = &chan_dead_slot;
    rx->mask = 0;
}

static struct chan_slot *chan_rx_slot(const struct chan_rx *rx) {
    return chan_slot_at(rx->slots, rx->tail & rx->mask);
}

/* Is this the word of a slot that waits for the message at tail? */
static int chan_is_empty(const struct chan_rx *rx, uint64_t word) {
    return (word & ~CHAN_FLAGS) == rx->tail - chan_ring_bytes(rx->mask);
}

/* Is this the word of the message at `position`? No correct producer publishes CHAN_ARMED. */
static int chan_is_message(uint64_t position, uint64_t word) {
    return (word & ~(CHAN_ACKNOWLEDGE | CHAN_RING)) == position;
}

/* Is the ring, whose slot at tail has this word, in order, open and empty? What chan_rx_judge()
 * most often comes to, in a few instructions. */
static inline bool chan_rx_waits(const struct chan_rx *rx, uint64_t word) {
    return chan_is_empty(rx, word) && !(rx->error | rx->end) && !chan_is_closed(rx->closed);
}

/*
 * Judges what was read from the slot at tail: 0 if it is a message, else what chan_receive()
 * returns. What a producer published before it closed may have come after that look, so there is
 * one more.
 */
static int chan_rx_judge(struct chan_rx *rx, uint64_t *word) {
    if (rx->error)
        return rx->error;
    while (chan_is_empty(rx, *word)) {
        if (rx->end) {
            chan_rx_kill(rx, rx->end);
            return rx->error;
        }
        if (!chan_is_closed(rx->closed))
            return -E_WOULDBLOCK;
        rx->end = -E_PEERDEAD;
        *word = atomic_load_explicit(&chan_rx_slot(rx)->word, memory_order_acquire);
    }
    if (chan_is_message(rx->tail, *word))
        return 0;
    chan_rx_kill(rx, -E_PROTOCOL);
    return rx->error;
}

/*
 * Gives back everything before tail. The exchange pairs with the acquire load in chan_tx_look() and
 * with the compare-exchange in chan_arm_credit().
 */
static void chan_acknowledge(struct chan_rx *rx, int ring) {
    uint64_t old = atomic_exchange_explicit(&rx->acked->word, rx->tail, memory_order_acq_rel);

    if ((old & CHAN_ARMED) || ring)
        rx->bell.ring(rx->bell.context);
}

static __attribute__((noinline)) int
chan_receive_judged(struct chan_rx *rx, struct message *message, uint64_t word, uint32_t flip) {
    int error = chan_rx_judge(rx, &word);
    if (error)
        return error;

    chan_copy_flip(message, chan_rx_slot(rx), flip);
    message->source = rx->source;
    rx->tail += CHAN_STEP;
    if (word & (CHAN_ACKNOWLEDGE | CHAN_RING))
        chan_acknowledge(rx, (word & CHAN_RING) != 0);
    return 0;
}

int chan_receive_slow(struct chan_rx *rx, struct message *message, uint64_t word, uint32_t flip) {
    return chan_rx_waits(rx, word) ? -E_WOULDBLOCK : chan_receive_judged(rx, message, word, flip);
}

/* Asks for the lines of a batch at once, so that they come together and not one after the other. */
static void chan_fetch_batch(const struct chan_rx *rx, uint32_t count) {
    uint64_t bytes = (uint64_t)(count < FETCH_MAX ? count : FETCH_MAX) * CHAN_STEP;

    for (uint64_t i = CHAN_STEP; i < bytes; i += CHAN_STEP)
        __builtin_prefetch(chan_slot_at(rx->slots, (rx->tail + i) & rx->mask));
}

int chan_receive_batch(struct chan_rx *rx, struct message *messages, uint32_t count) {
    uint32_t received = 0;

    chan_fetch_batch(rx, count);
    while (received < count) {
        int error = chan_receive(rx, &messages[received]);
        if (error)
            return received ? (int)received : error;
        received++;
    }
    return (int)received;
}

int chan_peek(struct chan_rx *rx, uint32_t count) {
    uint64_t slots = rx->mask / CHAN_STEP + 1, mask = rx->mask;
    uint64_t position = rx->tail;
    uint64_t end = position + (count < slots ? count : slots) * CHAN_STEP;

    chan_fetch_batch(rx, count);
    for (; position != end; position += CHAN_STEP) {
        struct chan_slot *slot = chan_slot_at(rx->slots, position & mask);
        uint64_t word = atomic_load_explicit(&slot->word, memory_order_acquire);
        if (chan_likely(word == position))
            continue;
        int error = position == rx->tail ? chan_rx_judge(rx, &word) : 0;
        if (error)
            return error;
        if (!chan_is_message(position, word))
            break;
        if (word & CHAN_RING) {
            position += CHAN_STEP;
            rx->wake = position | CHAN_RING;
            break;
        }
    }
    return (int)((position - rx->tail) / CHAN_STEP);
}

void chan_release(struct chan_rx *rx, uint32_t count) {
    uint64_t before = rx->tail;
    uint64_t quarter = chan_ring_bytes(rx->mask) / 4;

    if (rx->error)
        return;
    rx->tail += (uint64_t)count * CHAN_STEP;
    int ring = rx->wake == (rx->tail | CHAN_RING);
    if (ring)
        rx->wake = 0;
    if (ring || ((before ^ rx->tail) & ~(quarter - 1)) != 0)
        chan_acknowledge(rx, ring);
}

/* What there was in the slot when it could not be marked, or the ring has come to an end. */
static __attribute__((noinline)) int chan_rx_unmarked(struct chan_rx *rx, uint64_t word) {
    int error = chan_rx_judge(rx, &word);
    if (error == 0)
        return CHAN_READY;
    return error == -E_WOULDBLOCK ? 0 : error;
}

/*
 * Sets or clears CHAN_ARMED of the slot that the next message comes to, if it has not come. The
 * compare-exchange pairs with the exchange in chan_send(). It fails only if the producer has
 * published, hence not with a word that says "none" again. A producer that has closed by now, and
 * not seen the mark, is seen after it.
 */
static int chan_rx_mark(struct chan_rx *rx, uint64_t mark) {
    struct chan_slot *slot = chan_rx_slot(rx);
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_acquire);

    if (chan_likely(!rx->error && chan_is_empty(rx, word))) {
        uint64_t marked = (word & ~CHAN_ARMED) | mark;
        if (atomic_compare_exchange_strong_explicit(&slot->word, &word, marked,
                                                    memory_order_acq_rel, memory_order_acquire)) {
            if (chan_likely(!rx->end && !chan_is_closed(rx->closed)))
                return 0;
        } else if (chan_is_empty(rx, word)) {
            chan_rx_kill(rx, -E_PROTOCOL);
        }
    }
    return chan_rx_unmarked(rx, word);
}

int chan_arm(struct chan_rx *rx) { return chan_rx_mark(rx, CHAN_ARMED); }

int chan_disarm(struct chan_rx *rx) { return chan_rx_mark(rx, 0); }
