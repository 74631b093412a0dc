/*
 * What no exchange of messages can be expected to beat: a number that goes there in one cache line
 * and comes back in another, as messages in two rings do. All figures are measured beside it.
 *
 * In a single line it is faster still, where the processor hands a line over that is read and then
 * written at once. Two rings have no such line; the figure is given for comparison. So is that of a
 * number which takes the next line of a ring each time, as messages do: lines that were not used
 * for a while take longer to hand over.
 */
#include <stdatomic.h>
#include <stdlib.h>

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

/* ---- the lines of two rings */

static struct { _Alignas(64) _Atomic uint64_t word; } * rings[2];
static struct { _Alignas(256) uint64_t number; } passed[2]; /* numbers, by each side */
static uint64_t ring_mask;

/* Lines of the first ring that have been written, and read, in a stream. */
static struct { _Alignas(256) _Atomic uint64_t lines; } written, taken;

static int open_rings(unsigned slots) {
    size_t bytes = ((size_t)slots * sizeof *rings[0] + 4095) & ~(size_t)4095;

    ring_mask = slots - 1;
    atomic_store(&written.lines, 0);
    atomic_store(&taken.lines, 0);
    for (unsigned side = 0; side < 2; side++) {
        passed[side].number = 0;
        rings[side] = aligned_alloc(4096, bytes);
        if (!rings[side])
            bench_fail("aligned_alloc");
        for (unsigned i = 0; i < slots; i++)
            atomic_init(&rings[side][i].word, 0);
    }
    return 0;
}

static void close_rings(void) {
    free(rings[0]);
    free(rings[1]);
}

static void ping_rings(unsigned side, uint64_t count, uint32_t *ticks) {
    uint64_t number = passed[side].number;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks ? bench_ticks() : 0;
        _Atomic uint64_t *there = &rings[0][number & ring_mask].word;
        _Atomic uint64_t *back = &rings[1][number & ring_mask].word;
        number++;
        if (side == 0) {
            atomic_store_explicit(there, number, memory_order_release);
            await(back, number);
        } else {
            await(there, number);
            atomic_store_explicit(back, number, memory_order_release);
        }
        if (ticks)
            ticks[i] = (uint32_t)(bench_ticks() - start);
    }
    passed[side].number = number;
}

/* ---- as many lines as can be handed over: a word in each, a quarter of the ring at a time */

static inline void await_at_least(const _Atomic uint64_t *lines, uint64_t number) {
    while ((int64_t)(atomic_load_explicit(lines, memory_order_acquire) - number) < 0)
        bench_relax();
}

static void write_lines(uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; i++)
        atomic_store_explicit(&rings[0][i & ring_mask].word, i, memory_order_relaxed);
}

static uint64_t read_lines(uint64_t from, uint64_t to) {
    uint64_t sum = 0;
    for (uint64_t i = from; i < to; i++)
        sum += atomic_load_explicit(&rings[0][i & ring_mask].word, memory_order_relaxed);
    return sum;
}

/* What is summed up is what seven words that are each the line's number, and on, would give. */
static uint64_t stream_rings(unsigned side, uint64_t count) {
    uint64_t quarter = (ring_mask + 1) / 4, sum = 0;
    uint64_t before = atomic_load(side == 0 ? &written.lines : &taken.lines);

    for (uint64_t done = 0; done < count; done += quarter) {
        uint64_t end = done + quarter < count ? done + quarter : count;
        if (side == 0) {
            await_at_least(&taken.lines, before + end - quarter * 4);
            write_lines(done, end);
            atomic_store_explicit(&written.lines, before + end, memory_order_release);
        } else {
            await_at_least(&written.lines, before + end);
            sum += read_lines(done, end);
            atomic_store_explicit(&taken.lines, before + end, memory_order_release);
        }
    }
    return sum * WORK_WORDS + count * (WORK_WORDS * (WORK_WORDS - 1) / 2);
}

const struct transport transport_raw_ring = {
    .name = "raw-ring",
    .label = "raw: the next line of a ring each time",
    .kind = OURS,
    .relaxes = 1,
    .by_slots = 1,
    .open = open_rings,
    .close = close_rings,
    .ping = ping_rings,
    .stream_batch = stream_rings,
};
