/* A queue of bytes. Both ends belong to the driver. */
#ifndef SERIAL_RING_H
#define SERIAL_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_BYTES 4096 /* power of two */

struct ring {
    uint32_t put, taken; /* bytes ever put in and taken out; they wrap */
    uint8_t byte[RING_BYTES];
};

static inline size_t ring_used(const struct ring *ring) { return ring->put - ring->taken; }

static inline size_t ring_room(const struct ring *ring) { return RING_BYTES - ring_used(ring); }

/* The caller has seen that there is room. */
static inline void ring_put(struct ring *ring, uint8_t byte) {
    ring->byte[ring->put++ % RING_BYTES] = byte;
}

/* The byte at `index` from the oldest; the caller has seen that there are more than that. */
static inline uint8_t ring_peek(const struct ring *ring, size_t index) {
    return ring->byte[(ring->taken + index) % RING_BYTES];
}

/* Takes out the oldest `count`, of which there are at least as many. */
static inline void ring_drop(struct ring *ring, size_t count) { ring->taken += (uint32_t)count; }

#endif
