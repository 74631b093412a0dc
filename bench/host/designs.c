/*
 * Rings of 64-byte slots that could have been ours, to measure what each decision is worth:
 * host-designs takes the options of host-bench. Each differs from the first in one thing. None
 * checks its peer, none is closed or dies: they are ways to move a message, no more. What came of
 * it: docs/channels.md.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bench.h"

/* How the consumer says what it has consumed. */
enum credit {
    QUARTER,       /* in a line of its own, every quarter of the ring */
    HALF,          /* every half */
    EACH,          /* for every message */
    IN_SLOT,       /* by the slot's word */
    IN_SLOT_ARMED, /* ... by an exchange: a producer without credit can sleep */
    INDICES,       /* both sides publish an index in a line of its own and keep the other's */
};

/* How the producer publishes a message. */
enum publish {
    EXCHANGE, /* an atomic exchange: sees the flag of a sleeping consumer in the word itself */
    FENCE,    /* a store, a fence, a look at the consumer's flag in another line */
    STORE,    /* a store: nobody can sleep */
};

/* How the payload gets into a slot and out of it. */
enum copy { SCALAR, SSE, AVX, AVX512 };

struct design {
    enum credit credit;
    enum publish publish;
    enum copy copy;
    int ahead; /* slots from the one written to the one fetched for writing; -1: a quarter of the
                  ring; 0: none */
    int lying; /* the message has been in memory for a while, and is not made on the spot */
    int apart; /* each direction has its slots together, and does not take turns with the other's */
    int burst; /* the consumer waits for a quarter of the ring before it reads on */
};

struct slot {
    _Alignas(64) _Atomic uint64_t word;
    word_t payload[WORK_WORDS];
};

static struct slot *slots; /* of both directions */

/* One direction. What only one side uses is in lines of its own. */
static struct queue {
    _Alignas(256) struct slot *slots;
    uint64_t count;
    _Alignas(256) uint64_t head; /* messages sent; the producer's, as are the next two */
    uint64_t acked_seen;
    _Alignas(256) uint64_t tail; /* messages received; the consumer's */
    uint64_t head_seen;
    uint64_t burst_end; /* where it has to wait for the next burst */
    uint64_t end;       /* where the stream ends */
    _Alignas(256) _Atomic uint64_t acked;
    _Alignas(256) _Atomic uint64_t published; /* of INDICES */
    _Alignas(256) _Atomic uint64_t armed;     /* of FENCE; nobody sets it */
} queues[2];

#define inlined static inline __attribute__((always_inline))

/* What a sleeper would have left in a word. Here nobody sleeps, but all look. */
#define FLAG ((uint64_t)1 << 63)

inlined void refuse(int flagged) {
    if (__builtin_expect(flagged, 0))
        abort();
}

/* The word of a slot with a message; consumed, it becomes the complement of the message's number.
 */
inlined uint64_t word_of(uint64_t number) { return number + 1; }

/* The payload; the word that publishes it comes last, whatever the width. */
inlined void copy_payload(const struct design design, volatile word_t *to,
                          const volatile word_t *from) {
    switch (design.copy) {
    case SCALAR:
#pragma GCC unroll 7
        for (unsigned i = 0; i < WORK_WORDS; i++)
            to[i] = from[i];
        break;
    case SSE:
        to[0] = from[0];
        __asm__ volatile("movdqu 8(%1), %%xmm0; movdqu 24(%1), %%xmm1; movdqu 40(%1), %%xmm2\n\t"
                         "movdqu %%xmm0, 8(%0); movdqu %%xmm1, 24(%0); movdqu %%xmm2, 40(%0)"
                         :
                         : "r"(to), "r"(from)
                         : "xmm0", "xmm1", "xmm2", "memory");
        break;
    case AVX:
        to[0] = from[0];
        __asm__ volatile("vmovdqu 8(%1), %%xmm0; vmovdqu 24(%1), %%ymm1\n\t"
                         "vmovdqu %%xmm0, 8(%0); vmovdqu %%ymm1, 24(%0); vzeroupper"
                         :
                         : "r"(to), "r"(from)
                         : "xmm0", "xmm1", "memory");
        break;
    case AVX512: /* from the line's beginning, under a mask that leaves the first word alone */
        __asm__ volatile("kmovb %2, %%k1; vmovdqu64 -8(%1), %%zmm16%{%%k1%}%{z%}\n\t"
                         "vmovdqu64 %%zmm16, -8(%0)%{%%k1%}"
                         :
                         : "r"(to), "r"(from), "r"(0xfe)
                         : "memory");
        break;
    }
}

/* In each pair of lines is a slot of either direction, or the next two of one. */
inlined struct slot *slot_at(const struct design design, const struct queue *q, uint64_t number) {
    return &q->slots[(number & (q->count - 1)) << !design.apart];
}

inlined int has_credit(const struct design design, struct queue *q, const struct slot *slot) {
    if (design.credit == IN_SLOT || design.credit == IN_SLOT_ARMED)
        return q->head < q->count ||
               atomic_load_explicit(&slot->word, memory_order_acquire) == ~(q->head - q->count);
    if (__builtin_expect(q->head - q->acked_seen < q->count, 1))
        return 1;
    q->acked_seen = atomic_load_explicit(&q->acked, memory_order_acquire);
    return q->head - q->acked_seen < q->count;
}

inlined void publish(const struct design design, struct queue *q, struct slot *slot) {
    _Atomic uint64_t *word = design.credit == INDICES ? &q->published : &slot->word;
    uint64_t value = word_of(q->head);

    switch (design.publish) {
    case EXCHANGE:
        refuse(atomic_exchange_explicit(word, value, memory_order_acq_rel) == FLAG);
        break;
    case FENCE:
        atomic_store_explicit(word, value, memory_order_release);
        __asm__ volatile("mfence" ::: "memory");
        refuse(atomic_load_explicit(&q->armed, memory_order_relaxed) != 0);
        break;
    case STORE:
        atomic_store_explicit(word, value, memory_order_release);
        break;
    }
}

inlined int send(const struct design design, struct queue *q, const word_t *payload) {
    struct slot *slot = slot_at(design, q, q->head);
    uint64_t ahead = design.ahead < 0 ? q->count / 4 : (uint64_t)design.ahead;

    if (!has_credit(design, q, slot))
        return 0;
    copy_payload(design, slot->payload, payload);
    if (ahead)
        __asm__ volatile("prefetchw %0" ::"m"(*slot_at(design, q, q->head + ahead)));
    publish(design, q, slot);
    q->head++;
    return 1;
}

inlined int is_there(const struct design design, struct queue *q, uint64_t number) {
    if (design.credit != INDICES)
        return atomic_load_explicit(&slot_at(design, q, number)->word, memory_order_acquire) ==
               word_of(number);
    if (number < q->head_seen)
        return 1;
    q->head_seen = atomic_load_explicit(&q->published, memory_order_acquire);
    return number < q->head_seen;
}

inlined void acknowledge(const struct design design, struct queue *q, struct slot *slot) {
    uint64_t every = design.credit == HALF   ? q->count / 2
                     : design.credit == EACH ? 1
                                             : q->count / 4;

    if (design.credit == IN_SLOT)
        atomic_store_explicit(&slot->word, ~(q->tail - 1), memory_order_release);
    else if (design.credit == IN_SLOT_ARMED)
        refuse(atomic_exchange_explicit(&slot->word, ~(q->tail - 1), memory_order_acq_rel) == FLAG);
    else if ((q->tail & (every - 1)) == 0)
        atomic_store_explicit(&q->acked, q->tail, memory_order_release);
}

inlined int receive(const struct design design, struct queue *q, word_t *payload) {
    struct slot *slot = slot_at(design, q, q->tail);

    if (design.burst && q->tail == q->burst_end) {
        uint64_t left = q->end - q->tail;
        uint64_t burst = left < q->count / 4 ? left : q->count / 4;
        if (!is_there(design, q, q->tail + burst - 1))
            return 0;
        q->burst_end += burst;
    }
    if (!is_there(design, q, q->tail))
        return 0;
    copy_payload(design, payload, slot->payload);
    q->tail++;
    acknowledge(design, q, slot);
    return 1;
}

inlined void send_number(const struct design design, struct queue *q, uint64_t number) {
    static struct line lines[64]; /* the message that is sent was made 32 messages ago */
    word_t payload[WORK_WORDS];
    const word_t *from = payload;

    if (design.lying) {
        work_fill(lines[(number + 32) % 64].words, number + 32);
        from = lines[number % 64].words;
        if (number < 32)
            work_fill(lines[number].words, number);
    } else {
        work_fill(payload, number);
    }
    while (!send(design, q, from))
        bench_relax();
}

inlined void ping(struct design design, unsigned side, uint64_t count, uint32_t *ticks) {
    word_t payload[WORK_WORDS];

    design.burst = 0;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks ? bench_ticks() : 0;
        if (side == 0)
            send_number(design, &queues[0], i);
        while (!receive(design, &queues[1 - side], payload))
            bench_relax();
        if (side == 1)
            send_number(design, &queues[1], i);
        if (ticks)
            ticks[i] = (uint32_t)(bench_ticks() - start);
    }
}

inlined uint64_t stream(const struct design design, unsigned side, uint64_t count) {
    word_t payload[WORK_WORDS] = { 0 };
    uint64_t sum = 0;

    if (side == 1)
        queues[0].end = queues[0].tail + count;
    for (uint64_t i = 0; i < count; i++) {
        if (side == 0) {
            send_number(design, &queues[0], i);
        } else {
            while (!receive(design, &queues[0], payload))
                bench_relax();
            sum += work_sum(payload);
        }
    }
    return sum;
}

static int open_queues(const struct design design, unsigned count) {
    size_t bytes = (size_t)2 * count * sizeof *slots;

    slots = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);
    if (!slots)
        bench_fail("aligned_alloc");
    for (unsigned i = 0; i < 2 * count; i++)
        slots[i] = (struct slot){ .word = 0 };
    for (unsigned i = 0; i < 2; i++)
        queues[i] = (struct queue){ .slots = slots + (size_t)i * (design.apart ? count : 1),
                                    .count = count };
    return 0;
}

static void close_queues(void) { free(slots); }

/* Stops before instructions that this processor does not have. */
static int open_design(const struct design design, unsigned count) {
    if ((design.copy == AVX && !__builtin_cpu_supports("avx")) ||
        (design.copy == AVX512 && !__builtin_cpu_supports("avx512dq"))) {
        errno = ENOTSUP;
        return -1;
    }
    return open_queues(design, count);
}

#define DESIGN(id, text, ...)                                               \
    static int open_##id(unsigned slots) {                                  \
        return open_design((struct design){ __VA_ARGS__ }, slots);          \
    }                                                                       \
    static void ping_##id(unsigned side, uint64_t count, uint32_t *ticks) { \
        ping((struct design){ __VA_ARGS__ }, side, count, ticks);           \
    }                                                                       \
    static uint64_t stream_##id(unsigned side, uint64_t count) {            \
        return stream((struct design){ __VA_ARGS__ }, side, count);         \
    }                                                                       \
    static const struct transport design_##id = {                           \
        .name = #id,                                                        \
        .label = text,                                                      \
        .kind = OURS,                                                       \
        .relaxes = 1,                                                       \
        .by_slots = 1,                                                      \
        .open = open_##id,                                                  \
        .close = close_queues,                                              \
        .ping = ping_##id,                                                  \
        .stream = stream_##id,                                              \
    };

#define DESIGNS(X)                                                                     \
    X(base, "acknowledged every quarter, exchange, nothing fetched ahead", .ahead = 0) \
    X(apart, "the slots of each direction together", .apart = 1)                       \
    X(half, "acknowledged every half", .credit = HALF)                                 \
    X(each, "each message acknowledged", .credit = EACH)                               \
    X(in_slot, "credit in the slot", .credit = IN_SLOT)                                \
    X(in_slot_armed, "credit in the slot, by an exchange", .credit = IN_SLOT_ARMED)    \
    X(indices, "cached indices", .credit = INDICES)                                    \
    X(fence, "store, mfence, flag elsewhere", .publish = FENCE)                        \
    X(store, "store: no arming", .publish = STORE)                                     \
    X(ahead_1, "the next slot fetched for writing", .ahead = 1)                        \
    X(ahead_4, "the slot 4 later", .ahead = 4)                                         \
    X(ahead_16, "the slot 16 later", .ahead = 16)                                      \
    X(ahead_quarter, "the slot a quarter later", .ahead = -1)                          \
    X(burst, "read a quarter at a time, quarter ahead", .ahead = -1, .burst = 1)       \
    X(lying, "message in memory, copied word by word", .lying = 1)                     \
    X(sse, "the same, by SSE", .lying = 1, .copy = SSE)                                \
    X(avx, "the same, by AVX", .lying = 1, .copy = AVX)                                \
    X(avx512, "the same, by AVX-512", .lying = 1, .copy = AVX512)

DESIGNS(DESIGN)

#define ADDRESS(id, ...) &design_##id,

const struct transport *const bench_transports[] = {
    &transport_raw,
    &transport_raw_one_line,
    &transport_raw_ring,
    DESIGNS(ADDRESS) NULL,
};
