/* DPDK's ring, one producer and one consumer, elements of 64 bytes; without the rest of DPDK. */
#include <errno.h>
#include <stdlib.h>

#include "bench.h"

#ifdef HAVE_DPDK
#include <rte_ring.h>
#include <rte_ring_elem.h>

static struct { _Alignas(256) struct rte_ring *ring; } queues[2];

#define SIZE               sizeof(struct line)
#define PEER_PUSH(q, line) (rte_ring_sp_enqueue_elem(queues[q].ring, line, SIZE) == 0)
#define PEER_POP(q, line)  (rte_ring_sc_dequeue_elem(queues[q].ring, line, SIZE) == 0)
#define PEER_PUSH_MANY(q, lines, count) \
    rte_ring_sp_enqueue_burst_elem(queues[q].ring, lines, SIZE, count, NULL)
#define PEER_POP_MANY(q, lines, count) \
    rte_ring_sc_dequeue_burst_elem(queues[q].ring, lines, SIZE, count, NULL)
#include "ring_peer.h"

static int open_dpdk(unsigned slots) {
    for (unsigned q = 0; q < 2; q++) {
        size_t bytes = (size_t)rte_ring_get_memsize_elem(SIZE, slots);
        queues[q].ring = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);
        if (!queues[q].ring ||
            rte_ring_init(queues[q].ring, q ? "1" : "0", slots, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
            bench_fail("rte_ring_init");
    }
    return 0;
}

static void close_dpdk(void) {
    free(queues[0].ring);
    free(queues[1].ring);
}

const struct transport transport_dpdk = {
    .name = "dpdk",
    .label = "DPDK rte_ring",
    .kind = LIBRARY,
    .relaxes = 1,
    .by_slots = 1,
    .open = open_dpdk,
    .close = close_dpdk,
    .ping = peer_ping,
    .stream = peer_stream,
    .stream_batch = peer_stream_batch,
};
#else
static int open_nothing(unsigned slots) {
    (void)slots;
    errno = ENOPKG;
    return -1;
}

const struct transport transport_dpdk = {
    .name = "dpdk",
    .label = "DPDK rte_ring",
    .kind = LIBRARY,
    .relaxes = 1,
    .by_slots = 1,
    .open = open_nothing,
};
#endif
