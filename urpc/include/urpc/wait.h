/*
 * Waiting for messages by spinning, as long as that is likely to pay; then the caller arms and
 * sleeps.
 *
 * How long to spin is learned: `bound` is the caller's, about what it costs to sleep and be woken,
 * and spinning for longer never pays. The budget of a call moves between the bound and a 32nd of
 * it.
 *
 * A stream is *paced*. A consumer that is faster than its producer reads every slot as soon as it
 * is written; then each message costs both of them a wait for the cache line, and the processor,
 * which fetches lines ahead, takes those that the producer is about to write. So a consumer that
 * finds no message time after time in a quarter of the ring, and has sent nothing itself in the
 * meantime, waits for a whole quarter before it reads on; never for longer than the last one took
 * without that, nor than the bound. It goes on as long as quarters come faster that way, and tries
 * again after a pause that doubles each time when they do not.
 */
#ifndef URPC_WAIT_H
#define URPC_WAIT_H

#include <urpc/channel.h>

/* One per channel; private to the consumer. Times are ticks of the time-stamp counter. */
struct chan_spin {
    uint64_t bound;   /* the most that one call spins */
    uint64_t budget;  /* what the next call spins */
    uint64_t since;   /* when the present wait began; 0: none */
    uint64_t stop;    /* rx.tail at which the present quarter has been received */
    uint64_t began;   /* when the present quarter began */
    uint64_t sent;    /* position of tx then */
    uint64_t took[2]; /* ticks for the quarters of the last trial unpaced, paced */
    uint32_t misses;  /* how often the ring was found empty in the present quarter */
    uint32_t trial;   /* quarters until pacing is judged */
    uint32_t pause;   /* trials without pacing after it has failed */
    uint32_t pausing; /* how many of them are left */
    int paced;        /* the present quarter is paced */
};

void chan_spin_init(struct chan_spin *spin, const struct chan *chan, uint64_t bound);

/*
 * Waits until there is a message to receive: 0. Errors: -E_WOULDBLOCK the budget is spent: arm,
 * sleep, call again; -E_PEERDEAD, -E_PROTOCOL as chan_receive().
 */
int chan_wait(struct chan *chan, struct chan_spin *spin);

/* chan_wait() and chan_receive() in one. */
static inline int chan_receive_spin(struct chan *chan, struct message *message,
                                    struct chan_spin *spin) {
    if (chan->rx.tail != spin->stop) {
        int error = chan_receive(&chan->rx, message);
        if (error != -E_WOULDBLOCK)
            return error;
        spin->misses++;
    }
    int error = chan_wait(chan, spin);
    return error ? error : chan_receive(&chan->rx, message);
}

/* Tells the processor that this is a spin loop. */
static inline void chan_relax(void) { __builtin_ia32_pause(); }

#endif
