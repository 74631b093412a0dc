/*
 * Heartbeats of one service (thesis 4.1.2): asks for one in each period, and tells when several in
 * a row were missed. The time that an answer may take adapts to how long answers take: a loaded
 * core is no hung driver. Asks only when the observer itself was awake. No input or output; times
 * are nanoseconds.
 */
#ifndef MANAGER_HEARTBEAT_H
#define MANAGER_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#define HEARTBEAT_MISSES 3U /* in a row, and it is dead */
#define HEARTBEAT_FACTOR 8U /* a period is at most so many times as long as the policy says */

struct heartbeat {
    uint64_t base;   /* period by the policy; 0: none are asked for */
    uint64_t period; /* now, from base to HEARTBEAT_FACTOR * base */
    uint64_t mean;   /* of the time to an answer, smoothed */
    uint64_t spread; /* mean deviation */
    uint64_t due;    /* when to look next */
    uint64_t asked;  /* when the last was asked for */
    bool waiting;    /* it was not answered yet */
    uint32_t missed; /* in a row */
    uint64_t total;  /* missed, ever */
};

enum heartbeat_verdict {
    HEARTBEAT_NOTHING,
    HEARTBEAT_ASK,  /* send a request */
    HEARTBEAT_DEAD, /* HEARTBEAT_MISSES were missed */
};

/* It runs from now on. */
void heartbeat_start(struct heartbeat *h, uint64_t base, uint64_t now);

/* An answer has come, or anything else that shows life. */
void heartbeat_answer(struct heartbeat *h, uint64_t now);

/* To be called at h->due, or later. */
enum heartbeat_verdict heartbeat_look(struct heartbeat *h, uint64_t now);

#endif
