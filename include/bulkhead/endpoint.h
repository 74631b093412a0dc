/*
 * Endpoints: the names of processes in IPC. An endpoint is unique in time: it never means another
 * process later (thesis 3.3.4, "unique IPC endpoints"), and never survives the core that it lived
 * on.
 *
 *   63            54 53                 32 31        16 15         0
 *   | incarnation:10 | slot generation:22 |  core:16   |  slot:16  |
 *   |------------- generation:32 ---------|
 *
 * The incarnation is given to a core by whoever started it and differs at every start of that core.
 * The slot generation starts at 1 and rises each time the slot is given to a new process; a slot
 * whose generations are used up is retired. Slots are handed out round-robin.
 */
#ifndef BULKHEAD_ENDPOINT_H
#define BULKHEAD_ENDPOINT_H

#include <stdint.h>

typedef uint64_t endpoint_t;

#define ENDPOINT_NONE   ((endpoint_t)0)              /* no process; never a valid endpoint */
#define ENDPOINT_ANY    ((endpoint_t)UINT64_MAX)     /* RECEIVE from whoever sends first */
#define ENDPOINT_KERNEL ((endpoint_t)UINT64_MAX - 1) /* the caller's own kernel instance */
#define ENDPOINT_SELF   ((endpoint_t)UINT64_MAX - 2) /* in kernel calls: the caller itself */

/*
 * In the place of a core: the name of a binding (binding.h) of the caller, by which it rings its
 * peer on another core, and by which it is told that the peer has rung.
 */
#define ENDPOINT_CORE_BINDING 0xfffeU

/* Cores have numbers below this. */
#define CORES_MAX 64U

#define ENDPOINT_SLOT_GENERATION_BITS 22
#define ENDPOINT_SLOT_GENERATION_MAX  ((1U << ENDPOINT_SLOT_GENERATION_BITS) - 1)
#define ENDPOINT_INCARNATION_MAX      ((1U << 10) - 1)

static inline endpoint_t endpoint_make(uint32_t incarnation, uint32_t slot_generation,
                                       uint16_t core, uint16_t slot) {
    uint32_t generation = incarnation << ENDPOINT_SLOT_GENERATION_BITS | slot_generation;
    return (uint64_t)generation << 32 | (uint32_t)core << 16 | slot;
}

static inline uint16_t endpoint_slot(endpoint_t endpoint) { return (uint16_t)endpoint; }

static inline uint16_t endpoint_core(endpoint_t endpoint) { return (uint16_t)(endpoint >> 16); }

static inline uint32_t endpoint_generation(endpoint_t endpoint) {
    return (uint32_t)(endpoint >> 32);
}

static inline uint32_t endpoint_slot_generation(endpoint_t endpoint) {
    return endpoint_generation(endpoint) & ENDPOINT_SLOT_GENERATION_MAX;
}

static inline uint32_t endpoint_incarnation(endpoint_t endpoint) {
    return endpoint_generation(endpoint) >> ENDPOINT_SLOT_GENERATION_BITS;
}

#endif
