/* io_uring's MSG_RING: a completion is put into another thread's ring. It carries 12 bytes. */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "bench.h"

#define ENTRIES 16U

static struct { _Alignas(256) struct io_uring ring; } rings[2];

static int has_msg_ring(void) {
    struct io_uring_probe *probe = io_uring_get_probe();
    int has = probe && io_uring_opcode_supported(probe, IORING_OP_MSG_RING);

    io_uring_free_probe(probe);
    return has;
}

static int open_msg_ring(unsigned slots) {
    (void)slots;
    int error = io_uring_queue_init(ENTRIES, &rings[0].ring, 0);
    if (error == 0 && !has_msg_ring())
        error = -EOPNOTSUPP;
    if (error == 0)
        error = io_uring_queue_init(ENTRIES, &rings[1].ring, 0);
    errno = -error;
    return error ? -1 : 0;
}

static void close_msg_ring(void) {
    io_uring_queue_exit(&rings[0].ring);
    io_uring_queue_exit(&rings[1].ring);
}

static void post(unsigned side, uint64_t number) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&rings[side].ring);

    if (!entry)
        bench_fail("io_uring_get_sqe");
    io_uring_prep_msg_ring(entry, rings[1 - side].ring.ring_fd, sizeof number, number, 0);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    if (io_uring_submit(&rings[side].ring) != 1)
        bench_fail("io_uring_submit");
}

static void await(unsigned side) {
    struct io_uring_cqe *completion;

    if (io_uring_wait_cqe(&rings[side].ring, &completion) || completion->res < 0)
        bench_fail("io_uring_wait_cqe");
    io_uring_cqe_seen(&rings[side].ring, completion);
}

static void ping_msg_ring(unsigned side, uint64_t count, uint32_t *ticks) {
    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks ? bench_ticks() : 0;
        if (side == 0)
            post(0, i);
        await(side);
        if (side == 1)
            post(1, i);
        if (ticks)
            ticks[i] = (uint32_t)(bench_ticks() - start);
    }
}

const struct transport transport_msg_ring = {
    .name = "msg_ring",
    .label = "io_uring MSG_RING",
    .kind = KERNEL,
    .open = open_msg_ring,
    .close = close_msg_ring,
    .ping = ping_msg_ring,
};
