/*
 * Channels, as they ship: polled with and without the library's way of waiting, filled and read in
 * place, and armed, with a futex for a doorbell.
 */
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <urpc/bulk.h>
#include <urpc/wait.h>

#include "bench.h"

#define SPIN_TICKS    50000 /* about what it costs to sleep and be woken here */
#define BUFFERS       32U
#define BUFFER_BYTES  65536U
#define PLAIN_MESSAGE 1U

/* Sides of a channel, each in lines of its own. */
static struct {
    _Alignas(256) struct chan chan;
    _Alignas(256) _Atomic uint32_t bell; /* rung by the other side */
    _Alignas(256) struct bulk_pool pool;
    struct bulk_record records[BUFFERS];
} sides[2];

static void *memory;
static char *pool_memory;

static void futex_ring(void *context) {
    _Atomic uint32_t *bell = context;
    atomic_store(bell, 1);
    syscall(SYS_futex, bell, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void futex_sleep(unsigned side) {
    _Atomic uint32_t *bell = &sides[side].bell;
    while (atomic_exchange(bell, 0) == 0)
        syscall(SYS_futex, bell, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static int open_channel(unsigned slots) {
    struct chan_parameters parameters = { .slots = slots };

    memory = aligned_alloc(4096, (chan_bytes(slots) + 4095) & ~(size_t)4095);
    pool_memory = aligned_alloc(4096, (size_t)BUFFERS * BUFFER_BYTES);
    if (!memory || !pool_memory || chan_format(memory, &parameters))
        bench_fail("chan_format");
    for (unsigned side = 0; side < 2; side++) {
        struct chan_bell bell = { futex_ring, &sides[1 - side].bell };
        if (chan_attach(&sides[side].chan, memory, &parameters, side, bell, side + 1) ||
            bulk_init(&sides[side].pool, pool_memory, BUFFERS, BUFFER_BYTES, sides[side].records))
            bench_fail("chan_attach");
        atomic_store(&sides[side].bell, 0);
    }
    return 0;
}

static void close_channel(void) {
    free(memory);
    free(pool_memory);
}

/* ---- sending and receiving one message */

static inline void send_words(struct chan *chan, uint64_t number) {
    struct message message = {
        .type = (uint32_t)number,
        .tag = (uint32_t)(number >> 32),
        .arg = { number + 1, number + 2, number + 3, number + 4, number + 5, number + 6 },
    };
    while (chan_send(&chan->tx, &message) != 0)
        chan_relax();
}

static inline uint64_t sum_message(const struct message *message) {
    return work_sum((const word_t *)message + 1);
}

static inline void receive_waiting(struct chan *chan, struct message *message,
                                   struct chan_spin *spin) {
    while (chan_receive_spin(chan, message, spin) != 0)
        ;
}

static inline void receive_polling(struct chan *chan, struct message *message) {
    while (chan_receive(&chan->rx, message) != 0)
        bench_relax();
}

static inline void receive_armed(unsigned side, struct message *message) {
    struct chan_rx *rx = &sides[side].chan.rx;
    while (chan_receive(rx, message) != 0)
        if (chan_arm(rx) == 0)
            futex_sleep(side);
}

/* A round-trip loop around any way to receive. */
#define PING_LOOP(receive)                                \
    struct chan *chan = &sides[side].chan;                \
    struct message message;                               \
    struct chan_spin spin;                                \
    chan_spin_init(&spin, chan, SPIN_TICKS);              \
    for (uint64_t i = 0; i < count; i++) {                \
        uint64_t start = ticks ? bench_ticks() : 0;       \
        if (side == 0)                                    \
            send_words(chan, i);                          \
        receive;                                          \
        if (side == 1)                                    \
            send_words(chan, i);                          \
        if (ticks)                                        \
            ticks[i] = (uint32_t)(bench_ticks() - start); \
    }

static void ping_waiting(unsigned side, uint64_t count, uint32_t *ticks) {
    PING_LOOP(receive_waiting(chan, &message, &spin))
}

static void ping_polling(unsigned side, uint64_t count, uint32_t *ticks) {
    PING_LOOP(receive_polling(chan, &message))
}

static void ping_armed(unsigned side, uint64_t count, uint32_t *ticks) {
    PING_LOOP(receive_armed(side, &message))
}

/* ---- streams */

static uint64_t stream_waiting(unsigned side, uint64_t count) {
    struct chan *chan = &sides[side].chan;
    struct message message;
    struct chan_spin spin;
    uint64_t sum = 0;

    chan_spin_init(&spin, chan, SPIN_TICKS);
    for (uint64_t i = 0; i < count; i++) {
        if (side == 0) {
            send_words(chan, i);
        } else {
            receive_waiting(chan, &message, &spin);
            sum += sum_message(&message);
        }
    }
    return sum;
}

static uint64_t stream_polling(unsigned side, uint64_t count) {
    struct chan *chan = &sides[side].chan;
    struct message message;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (side == 0) {
            send_words(chan, i);
        } else {
            receive_polling(chan, &message);
            sum += sum_message(&message);
        }
    }
    return sum;
}

static uint64_t stream_armed(unsigned side, uint64_t count) {
    struct chan *chan = &sides[side].chan;
    struct message message;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (side == 0) {
            message = (struct message){ .type = PLAIN_MESSAGE };
            work_fill((word_t *)&message + 1, i);
            while (chan_send(&chan->tx, &message) != 0)
                if (chan_arm_credit(&chan->tx) == 0)
                    futex_sleep(side);
        } else {
            receive_armed(side, &message);
            sum += sum_message(&message);
        }
    }
    return sum;
}

static void send_batches(struct chan *chan, uint64_t count) {
    struct message messages[BENCH_BATCH];

    for (uint64_t i = 0; i < count; i += BENCH_BATCH) {
        for (unsigned k = 0; k < BENCH_BATCH; k++)
            work_fill((word_t *)&messages[k] + 1, i + k);
        for (unsigned sent = 0; sent < BENCH_BATCH;) {
            int accepted = chan_send_batch(&chan->tx, messages + sent, BENCH_BATCH - sent);
            if (accepted > 0)
                sent += (unsigned)accepted;
            else
                chan_relax();
        }
    }
}

static uint64_t receive_batches(struct chan *chan, uint64_t count) {
    struct message messages[BENCH_BATCH];
    struct chan_spin spin;
    uint64_t sum = 0;

    chan_spin_init(&spin, chan, SPIN_TICKS);
    for (uint64_t i = 0; i < count;) {
        while (chan_wait(chan, &spin) != 0)
            ;
        int received = chan_receive_batch(&chan->rx, messages, BENCH_BATCH);
        for (int k = 0; k < received; k++)
            sum += sum_message(&messages[k]);
        i += (uint64_t)received;
    }
    return sum;
}

static uint64_t stream_batches(unsigned side, uint64_t count) {
    struct chan *chan = &sides[side].chan;

    if (side == 1)
        return receive_batches(chan, count);
    send_batches(chan, count);
    return 0;
}

static uint64_t stream_in_place(unsigned side, uint64_t count) {
    struct chan *chan = &sides[side].chan;
    struct message message;
    struct chan_spin spin;
    uint64_t sum = 0;

    chan_spin_init(&spin, chan, SPIN_TICKS);
    for (uint64_t i = 0; i < count; i++) {
        if (side == 0) {
            while (chan_begin(&chan->tx) != 0)
                chan_relax();
            work_fill((word_t *)chan->tx.slot + 1, i);
            chan_publish(&chan->tx);
        } else {
            receive_waiting(chan, &message, &spin);
            sum += sum_message(&message);
        }
    }
    return sum;
}

static uint64_t stream_batches_in_place(unsigned side, uint64_t count) {
    struct chan *chan = &sides[side].chan;
    struct chan_spin spin;
    uint64_t sum = 0;

    chan_spin_init(&spin, chan, SPIN_TICKS);
    for (uint64_t i = 0; i < count;) {
        uint32_t want = count - i < BENCH_BATCH ? (uint32_t)(count - i) : BENCH_BATCH;
        int slots;
        if (side == 0) {
            while ((slots = chan_reserve(&chan->tx, want)) < 0)
                chan_relax();
            for (uint32_t k = 0; k < (uint32_t)slots; k++)
                work_fill((word_t *)chan_reserved(&chan->tx, k) + 1, i + k);
            chan_commit(&chan->tx, (uint32_t)slots);
        } else {
            while (chan_wait(chan, &spin) != 0)
                ;
            slots = chan_peek(&chan->rx, want);
            for (uint32_t k = 0; k < (uint32_t)slots; k++)
                sum += work_sum((const volatile word_t *)chan_peeked(&chan->rx, k) + 1);
            chan_release(&chan->rx, (uint32_t)slots);
        }
        i += (uint64_t)slots;
    }
    return sum;
}

/* ---- blocks, in buffers that are lent and returned */

static void lend_blocks(struct chan *chan, struct bulk_pool *pool, uint64_t bytes, uint64_t count) {
    struct message message;
    uint64_t sent = 0, back = 0;

    while (back < count) {
        int buffer = sent < count ? bulk_take(pool) : -E_NOMEM;
        if (buffer >= 0) {
            struct bulk_descriptor descriptor = { .buffer = (uint32_t)buffer,
                                                  .length = (uint32_t)bytes };
            work_fill_block(bulk_address(pool, descriptor.buffer), bytes, sent++);
            message = (struct message){ .type = PLAIN_MESSAGE };
            bulk_write(&message, 0, &descriptor);
            if (bulk_lend(pool, &descriptor))
                bench_fail("bulk_lend");
            while (chan_send(&chan->tx, &message) != 0)
                chan_relax();
        }
        while (chan_receive(&chan->rx, &message) == 0) {
            struct bulk_descriptor descriptor = bulk_read(&message, 0);
            if (bulk_returned(pool, &descriptor) || bulk_put(pool, descriptor.buffer))
                bench_fail("bulk_returned");
            back++;
        }
    }
}

static uint64_t borrow_blocks(struct chan *chan, struct bulk_pool *pool, uint64_t count) {
    struct message message;
    struct chan_spin spin;
    uint64_t sum = 0;

    chan_spin_init(&spin, chan, SPIN_TICKS);
    for (uint64_t i = 0; i < count; i++) {
        void *data;
        receive_waiting(chan, &message, &spin);
        struct bulk_descriptor descriptor = bulk_read(&message, 0);
        if (bulk_borrow(pool, &descriptor, &data))
            bench_fail("bulk_borrow");
        sum += work_sum_block(data, descriptor.length);
        if (bulk_return(pool, &descriptor))
            bench_fail("bulk_return");
        while (chan_send(&chan->tx, &message) != 0)
            chan_relax();
    }
    return sum;
}

static uint64_t bulk_blocks(unsigned side, uint64_t bytes, uint64_t count) {
    struct chan *chan = &sides[side].chan;

    if (side == 1)
        return borrow_blocks(chan, &sides[1].pool, count);
    lend_blocks(chan, &sides[0].pool, bytes, count);
    return 0;
}

const struct transport transport_urpc = {
    .name = "urpc",
    .label = "channel",
    .kind = OURS,
    .by_slots = 1,
    .open = open_channel,
    .close = close_channel,
    .ping = ping_waiting,
    .stream = stream_waiting,
    .stream_batch = stream_batches,
    .bulk = bulk_blocks,
};

const struct transport transport_urpc_plain = {
    .name = "urpc-plain",
    .label = "channel, plain polling",
    .kind = OURS,
    .relaxes = 1,
    .by_slots = 1,
    .open = open_channel,
    .close = close_channel,
    .ping = ping_polling,
    .stream = stream_polling,
};

const struct transport transport_urpc_in_place = {
    .name = "urpc-in-place",
    .label = "channel, in place",
    .kind = OURS,
    .open = open_channel,
    .close = close_channel,
    .stream = stream_in_place,
    .stream_batch = stream_batches_in_place,
};

const struct transport transport_urpc_armed = {
    .name = "urpc-armed",
    .label = "channel, armed (sleeps)",
    .kind = OURS,
    .open = open_channel,
    .close = close_channel,
    .ping = ping_armed,
    .stream = stream_armed,
};
