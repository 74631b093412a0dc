/*
 * A message to all members, along a tree, and one answer from each: a core answers its parent when
 * all its children have answered it. Of that, what one core has to do.
 *
 * Messages count themselves. On the way down one tells the round in which it comes, on the way up
 * how many messages there were below, and in how many rounds they came. Both are in the upper half
 * of an argument.
 */
#ifndef MONITOR_PHASE_H
#define MONITOR_PHASE_H

#include "routes.h"

struct tally {
    uint32_t messages; /* sent, down and up */
    uint16_t rounds;   /* in which the last core got it */
};

struct phase {
    core_set_t awaited; /* children that have not answered */
    core_set_t owed;    /* children to whom it is to be sent */
    uint16_t round;     /* in which it came here */
    struct tally tally; /* of what is below, so far */
};

static inline void phase_begin(struct phase *phase, const struct route *route, unsigned round) {
    *phase = (struct phase){ .round = (uint16_t)round, .tally.rounds = (uint16_t)round };
    for (unsigned i = 0; i < route->count; i++)
        phase->awaited |= core_bit(route->child[i]);
    phase->owed = phase->awaited;
}

/* Sends to the children, in their order; those without credit stay owed. */
static inline void
phase_pay(struct phase *phase, const struct route *route, struct message *message,
          core_set_t (*multicast)(void *context, core_set_t cores, const struct message *message),
          void *context) {
    uint64_t low = message->arg[2] & UINT32_MAX;

    for (unsigned i = 0; i < route->count && phase->owed; i++) {
        core_set_t child = core_bit(route->child[i]);
        message->arg[2] = low | (uint64_t)(phase->round + i + 1) << 32;
        if (phase->owed & child)
            phase->owed &= ~multicast(context, child, message);
    }
}

static inline unsigned phase_round(const struct message *message) {
    return (uint16_t)(message->arg[2] >> 32);
}

/* A child has answered; true: so all have. */
static inline bool phase_answered(struct phase *phase, unsigned child, uint64_t tally) {
    if (core_in(phase->awaited, child)) {
        phase->tally.messages += (uint32_t)tally;
        if (phase->tally.rounds < (uint16_t)(tally >> 32))
            phase->tally.rounds = (uint16_t)(tally >> 32);
    }
    phase->awaited &= ~core_bit(child);
    return phase->awaited == 0;
}

/* What this core's answer tells: what came here and the answer are counted here. */
static inline uint64_t phase_tally(const struct phase *phase) {
    return (phase->tally.messages + 2) | (uint64_t)phase->tally.rounds << 32;
}

#endif
