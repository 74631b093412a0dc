/* ConcurrencyKit's ring, one producer and one consumer. It has no batches. */
#include <stdlib.h>

#include <ck_ring.h>

#include "bench.h"

CK_RING_PROTOTYPE(line, line)

static struct { _Alignas(256) ck_ring_t ring; } queues[2];
static struct line *buffers[2];

#define PEER_PUSH(q, line) ck_ring_enqueue_spsc_line(&queues[q].ring, buffers[q], line)
#define PEER_POP(q, line)  ck_ring_dequeue_spsc_line(&queues[q].ring, buffers[q], line)
#include "ring_peer.h"

static int open_ck(unsigned slots) {
    for (unsigned q = 0; q < 2; q++) {
        buffers[q] = aligned_alloc(4096, (slots * sizeof(struct line) + 4095) & ~(size_t)4095);
        if (!buffers[q])
            bench_fail("aligned_alloc");
        ck_ring_init(&queues[q].ring, slots);
    }
    return 0;
}

static void close_ck(void) {
    free(buffers[0]);
    free(buffers[1]);
}

const struct transport transport_ck = {
    .name = "ck",
    .label = "ConcurrencyKit ck_ring",
    .kind = LIBRARY,
    .relaxes = 1,
    .by_slots = 1,
    .open = open_ck,
    .close = close_ck,
    .ping = peer_ping,
    .stream = peer_stream,
};
