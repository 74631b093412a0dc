/*
 * Both sides of one channel, in memory of exactly the size that the library asked for, so that
 * AddressSanitizer sees every access beyond it. Doorbells are counted.
 */
#ifndef TESTS_HOST_URPC_PAIR_H
#define TESTS_HOST_URPC_PAIR_H

#include <urpc/channel.h>

/* Positions and offsets are computed in 64 bits. */
#define STEP ((uint64_t)CHAN_STEP)

#define PAIR_SOURCE_A 0x1111
#define PAIR_SOURCE_B 0x2222

struct pair {
    struct chan_parameters parameters;
    void *memory;
    struct chan a;   /* side 0 */
    struct chan b;   /* side 1 */
    unsigned rang_a; /* how often a's doorbell was rung (by b) */
    unsigned rang_b; /* how often b's doorbell was rung (by a) */
};

/* `origin` is the first position; both sides may have `depth` requests outstanding. */
void pair_make(struct pair *pair, uint32_t slots, uint32_t depth, uint64_t origin);
void pair_free(struct pair *pair);

/* A message that says `number` in every word, and whether one that was received does. */
struct message pair_message(uint64_t number);
int pair_is(const struct message *message, uint64_t number);

/* The shared words, for tests that play a hostile peer. */
struct chan_slot *pair_slot(struct chan_tx *tx, uint64_t position);

#endif
