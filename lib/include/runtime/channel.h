/*
 * Channels with processes of other cores. Programs need not know of them: the functions of
 * <runtime/ipc.h> and the event loop make and use them (docs/channels-in-programs.md). Here is what
 * those can say who want to.
 */
#ifndef RUNTIME_CHANNEL_H
#define RUNTIME_CHANNEL_H

#include <stdint.h>

#include <bulkhead/endpoint.h>
#include <urpc/bulk.h>

/*
 * Makes the channel with a process of another core before it is used, with rings of `slots`
 * messages (a power of two, CHAN_SLOTS_MIN to CHAN_SLOTS_MAX). -E_EXIST: there is one. Else the
 * errors of MONITOR_CONNECT (protocol/monitor.h); -E_NOSLOT, -E_QUOTA also when there is no room
 * for it here.
 */
int channel_connect(endpoint_t peer, unsigned slots);

/*
 * Ends the channel with a process and gives its memory back. What the peer has not received yet may
 * be lost: what was sent with ipc_send() has been received. The peer's waits end with -E_PEERDEAD.
 * Using the endpoint again makes a new channel. -E_NOENT: there is none.
 */
int channel_disconnect(endpoint_t peer);

/*
 * How long a wait spins, at most, before the process sleeps; the library learns how much of it
 * pays. At first a few microseconds. 0: never; CHANNEL_SPIN_FOREVER: the process does not sleep
 * while it has a channel that was ever used, for measuring.
 */
#define CHANNEL_SPIN_FOREVER UINT64_MAX

void channel_set_spin(uint64_t nanoseconds);

/*
 * Pools of buffers shared with the peer of a channel (urpc/bulk.h), for data that is longer than a
 * message. One side owns the pool and lends buffers, by descriptors in messages. Number and size of
 * the buffers are a matter of the protocol between the two; `records` has `count` elements and
 * stays the pool's.
 */
struct channel_pool {
    struct bulk_pool buffers;
    endpoint_t binding; /* the library's */
};

/*
 * Makes a pool and shares it with `peer`, whose channel is made if there is none. Errors: -E_INVAL
 * count or size, -E_RANGE more than SHARE_BYTES_MAX in all, those of MONITOR_POOL.
 */
int channel_pool_share(endpoint_t peer, uint32_t count, uint32_t size, struct bulk_record *records,
                       struct channel_pool *pool);

/*
 * Takes the oldest pool that `peer` has shared and that has not been taken. Errors: -E_NOENT there
 * is none, -E_INVAL, -E_TOOBIG it is smaller than so
 * many buffers.
 */
int channel_pool_borrow(endpoint_t peer, uint32_t count, uint32_t size, struct bulk_record *records,
                        struct channel_pool *pool);

/* Has the other side gone? Then the memory is nobody's, and the owner may bulk_reclaim() it. */
int channel_pool_ended(const struct channel_pool *pool);

/* Gives the pool back: its memory is gone. */
void channel_pool_end(struct channel_pool *pool);

#endif
