#include "heartbeat.h"

/* As TCP does for its retransmission time-out (RFC 6298): the mean and four deviations. */
#define MEAN_WEIGHT   8U
#define SPREAD_WEIGHT 4U

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Twice what an answer is expected to take at most, within the bounds. */
static void adapt(struct heartbeat *h) {
    uint64_t wanted = 2 * (h->mean + 4 * h->spread);

    h->period = wanted < h->base ? h->base : least(wanted, HEARTBEAT_FACTOR * h->base);
}

void heartbeat_start(struct heartbeat *h, uint64_t base, uint64_t now) {
    uint64_t total = h->total;

    *h = (struct heartbeat){ .base = base, .period = base, .due = now + base, .total = total };
}

void heartbeat_answer(struct heartbeat *h, uint64_t now) {
    uint64_t took = now - h->asked;

    h->missed = 0;
    if (!h->waiting)
        return;
    h->waiting = false;
    uint64_t off = took > h->mean ? took - h->mean : h->mean - took;
    h->spread = h->spread - h->spread / SPREAD_WEIGHT + off / SPREAD_WEIGHT;
    h->mean = h->mean - h->mean / MEAN_WEIGHT + took / MEAN_WEIGHT;
    adapt(h);
}

/*
 * Who looks more than half a period late did not run, and neither may who is asked have: then no
 * answer proves nothing, and it gets another period.
 */
enum heartbeat_verdict heartbeat_look(struct heartbeat *h, uint64_t now) {
    if (h->base == 0 || now < h->due)
        return HEARTBEAT_NOTHING;
    bool late = now - h->due > h->period / 2;

    h->due = now + h->period;
    if (h->waiting && late)
        return HEARTBEAT_ASK;
    if (h->waiting) {
        h->missed++;
        h->total++;
    }
    if (h->missed >= HEARTBEAT_MISSES)
        return HEARTBEAT_DEAD;
    if (!h->waiting)
        h->asked = now;
    h->waiting = true;
    return HEARTBEAT_ASK;
}
