/*
 * The benchmark of channels and their peers on this machine: two threads, pinned to two processors,
 * and for each transport the same work. See main.c for how it is measured.
 */
#ifndef BENCH_HOST_BENCH_H
#define BENCH_HOST_BENCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_BATCH 16U

/*
 * A way for two threads to exchange messages of 64 bytes. Both threads call the same function at
 * the same time, with side 0 and 1; NULL: it cannot do that.
 */
struct transport {
    const char *name;
    const char *label; /* for people */
    enum { RAW, OURS, LIBRARY, KERNEL } kind;
    int relaxes;  /* do its loops call bench_relax()? Then it is measured with and without. */
    int by_slots; /* is its rate measured with queues of all sizes? */

    /* Makes it, with queues of `slots` messages where that can be chosen. 0, or -1: not on this
     * machine, and errno says why. */
    int (*open)(unsigned slots);
    void (*close)(void);

    /* `count` round trips begun by side 0. If `ticks` is not NULL, side 0 stores the duration of
     * each there. */
    void (*ping)(unsigned side, uint64_t count, uint32_t *ticks);

    /* Side 0 sends the messages 0 to count - 1, as by work_fill(), singly or in batches of
     * BENCH_BATCH; side 1 returns the sum of work_sum() of all. */
    uint64_t (*stream)(unsigned side, uint64_t count);
    uint64_t (*stream_batch)(unsigned side, uint64_t count);

    /* The same with `count` blocks of `bytes` bytes, a multiple of 8. */
    uint64_t (*bulk)(unsigned side, uint64_t bytes, uint64_t count);
};

extern const struct transport transport_raw, transport_raw_one_line, transport_raw_ring;
extern const struct transport transport_urpc, transport_urpc_plain, transport_urpc_in_place,
    transport_urpc_armed;
extern const struct transport transport_boost, transport_ck, transport_dpdk;
extern const struct transport transport_pipe, transport_socketpair, transport_mq, transport_eventfd,
    transport_futex, transport_msg_ring;

/* What the program measures, ending with NULL. */
extern const struct transport *const bench_transports[];

/* Does a library's loop relax the processor between polls? Each is measured both ways, and the
 * better one counts. */
extern int bench_pause;

static inline void bench_relax(void) {
    if (bench_pause)
        __builtin_ia32_pause();
}

static inline uint64_t bench_ticks(void) { return __builtin_ia32_rdtsc(); }

/* What every producer does for a message, and every consumer: all seven words that a slot of ours
 * has are used. */
#define WORK_WORDS 7U

typedef uint64_t word_t __attribute__((may_alias));

static inline void work_fill(word_t *words, uint64_t number) {
    volatile word_t *word = words;
#pragma GCC unroll 7
    for (unsigned i = 0; i < WORK_WORDS; i++)
        word[i] = number + i;
}

static inline uint64_t work_sum(const volatile word_t *words) {
    uint64_t sum = 0;
#pragma GCC unroll 7
    for (unsigned i = 0; i < WORK_WORDS; i++)
        sum += words[i];
    return sum;
}

/* A message of 64 bytes, as the peers carry it. */
struct line {
    uint64_t unused;
    word_t words[WORK_WORDS];
} __attribute__((aligned(64)));

/* What the producer of a block does, and its consumer. */
static inline void work_fill_block(word_t *block, uint64_t bytes, uint64_t number) {
    for (uint64_t i = 0; i < bytes / sizeof *block; i++)
        block[i] = number + i;
}

static inline uint64_t work_sum_block(const word_t *block, uint64_t bytes) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < bytes / sizeof *block; i++)
        sum += block[i];
    return sum;
}

/* Stops the program: something that cannot fail has failed. */
__attribute__((noreturn)) void bench_fail(const char *what);

#ifdef __cplusplus
}
#endif

#endif
