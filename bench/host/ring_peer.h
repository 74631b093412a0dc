/*
 * The loops of a peer that is a pair of queues of struct line. The includer defines, for queue `q`
 * (0: from side 0) PEER_PUSH(q, line)         true if *line was queued PEER_POP(q, line) true if a
 * message was stored in *line and, if the library has batches, PEER_PUSH_MANY(q, lines, n)   how
 * many of n were queued PEER_POP_MANY(q, lines, n)    how many were stored
 */
#include "bench.h"

static void peer_ping(unsigned side, uint64_t count, uint32_t *ticks) {
    struct line line = {};

    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks ? bench_ticks() : 0;
        if (side == 0) {
            work_fill(line.words, i);
            while (!PEER_PUSH(0, &line))
                bench_relax();
        }
        while (!PEER_POP(1 - side, &line))
            bench_relax();
        if (side == 1) {
            work_fill(line.words, i);
            while (!PEER_PUSH(1, &line))
                bench_relax();
        }
        if (ticks)
            ticks[i] = (uint32_t)(bench_ticks() - start);
    }
}

static uint64_t peer_stream(unsigned side, uint64_t count) {
    struct line line = {};
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (side == 0) {
            work_fill(line.words, i);
            while (!PEER_PUSH(0, &line))
                bench_relax();
        } else {
            while (!PEER_POP(0, &line))
                bench_relax();
            sum += work_sum(line.words);
        }
    }
    return sum;
}

#ifdef PEER_PUSH_MANY
static uint64_t peer_stream_batch(unsigned side, uint64_t count) {
    struct line lines[BENCH_BATCH] = {};
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count;) {
        unsigned done = 0;
        if (side == 0) {
            for (unsigned k = 0; k < BENCH_BATCH; k++)
                work_fill(lines[k].words, i + k);
            while (done < BENCH_BATCH) {
                unsigned pushed = (unsigned)PEER_PUSH_MANY(0, lines + done, BENCH_BATCH - done);
                if (pushed == 0)
                    bench_relax();
                done += pushed;
            }
        } else {
            done = (unsigned)PEER_POP_MANY(0, lines, BENCH_BATCH);
            if (done == 0)
                bench_relax();
            for (unsigned k = 0; k < done; k++)
                sum += work_sum(lines[k].words);
        }
        i += done;
    }
    return sum;
}
#endif
