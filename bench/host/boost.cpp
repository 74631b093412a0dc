/* Boost's queue for one producer and one consumer. */
#include <boost/lockfree/spsc_queue.hpp>

#include "bench.h"

using queue = boost::lockfree::spsc_queue<line>;

static struct { alignas(256) queue *q; } queues[2];

#define PEER_PUSH(n, message)           queues[n].q->push(*(message))
#define PEER_POP(n, message)            queues[n].q->pop(*(message))
#define PEER_PUSH_MANY(n, lines, count) queues[n].q->push(lines, count)
#define PEER_POP_MANY(n, lines, count)  queues[n].q->pop(lines, count)
#include "ring_peer.h"

static int open_boost(unsigned slots) {
    queues[0].q = new queue(slots);
    queues[1].q = new queue(slots);
    return 0;
}

static void close_boost() {
    delete queues[0].q;
    delete queues[1].q;
}

extern const struct transport transport_boost = {
    .name = "boost",
    .label = "boost::lockfree::spsc_queue",
    .kind = transport::LIBRARY,
    .relaxes = 1,
    .by_slots = 1,
    .open = open_boost,
    .close = close_boost,
    .ping = peer_ping,
    .stream = peer_stream,
    .stream_batch = peer_stream_batch,
    .bulk = nullptr,
};
