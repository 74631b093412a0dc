/*
 * What no exchange of messages can be expected to beat: a number that goes there in one cache line
 * and comes back in another, as messages in two rings do. All figures are measured beside it.
 *
 * In a single line it is faster still, where the processor hands a line over that is read and then
 * written at once. Two rings have no such line; the figure is given for comparison.
 */
#include <stdatomic.h>

#include "bench.h"

static struct { _Alignas(256) _Atomic uint64_t word; } lines[2];

/* The last number that each side has stored. */
static struct { _Alignas(256) uint64_t number; } last[2];

static int open_raw(unsigned slots) {
    (void)slots;
    for (unsigned side = 0; side < 2; side++) {
        atomic_store(&lines[side].word, 0);
        last[side].number = side;
    }
    return 0;
}

static void close_raw(void) {}

static inline void await(const _Atomic uint64_t *line, uint64_t number) {
    while (atomic_load_explicit(line, memory_order_acquire) != number)
        bench_relax();
}

/* Side 0 stores even numbers to `there`; side 1 answers each with the next odd one in `back`. */
static inline void ping_lines(unsigned side, _Atomic uint64_t *there, _Atomic uint64_t *back,
                              uint64_t count, uint32_t *ticks) {
    uint64_t number = last[side].number;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks ? bench_ticks() : 0;
        number += 2;
        if (side == 0) {
            atomic_store_explicit(there, number, memory_order_release);
            await(back, number + 1);
        } else {
            await(there, number - 1);
            atomic_store_explicit(back, number, memory_order_release);
        }
        if (ticks)
            ticks[i] = (uint32_t)(bench_ticks() - start);
    }
    last[side].number = number;
}

static void ping_two_lines(unsigned side, uint64_t count, uint32_t *ticks) {
    ping_lines(side, &lines[0].word, &lines[1].word, count, ticks);
}

static void ping_one_line(unsigned side, uint64_t count, uint32_t *ticks) {
    ping_lines(side, &lines[0].word, &lines[0].word, count, ticks);
}

const struct transport transport_raw = {
    .name = "raw",
    .label = "raw: a cache line each way",
    .kind = RAW,
    .relaxes = 1,
    .open = open_raw,
    .close = close_raw,
    .ping = ping_two_lines,
};

const struct transport transport_raw_one_line = {
    .name = "raw-one-line",
    .label = "raw: one cache line both ways",
    .kind = RAW,
    .relaxes = 1,
    .open = open_raw,
    .close = close_raw,
    .ping = ping_one_line,
};
