#include <urpc/wait.h>

/* The least budget is this part of the bound. */
#define SPIN_LEAST 32U

/* Polls between two looks at the time. */
#define SPIN_POLLS 16

/* Pacing is judged after so many quarters, and tried again after at most so many times as many. */
#define PACE_TRIAL     8U
#define PACE_PAUSE_MAX 1024U

/* Pauses between two polls of a paced stream. */
#define PACE_RELAX 8

static uint64_t chan_ticks(void) { return __builtin_ia32_rdtsc(); }

static uint64_t chan_quarter(const struct chan *chan) { return (chan->rx.mask + CHAN_STEP) / 4; }

static void chan_spin_trial(struct chan_spin *spin, int paced) {
    spin->paced = paced;
    spin->trial = PACE_TRIAL;
    spin->took[paced] = 0;
}

void chan_spin_init(struct chan_spin *spin, const struct chan *chan, uint64_t bound) {
    *spin = (struct chan_spin){
        .bound = bound,
        .budget = bound,
        .stop = chan->rx.tail,
        .began = chan_ticks(),
        .pause = 1,
    };
    chan_spin_trial(spin, 0);
}

/* Does not pace for a while, which doubles each time. */
static void chan_spin_unpace(struct chan_spin *spin) {
    spin->pausing = spin->pause;
    if (spin->pause < PACE_PAUSE_MAX)
        spin->pause *= 2;
    chan_spin_trial(spin, 0);
}

/*
 * Judges the quarter that has been received. Of the unpaced ones only those count in which this
 * side waited for messages and did nothing else.
 */
static void chan_spin_judge(struct chan_spin *spin, const struct chan *chan, uint64_t now) {
    uint64_t took = now - spin->began;
    int waited = spin->misses > 1 && took < spin->bound && chan_position(&chan->tx) == spin->sent;

    if (!spin->paced && !waited)
        return;
    spin->took[spin->paced] += took < spin->bound ? took : spin->bound;
    if (--spin->trial > 0)
        return;
    if (!spin->paced && spin->pausing > 0) {
        spin->pausing--;
        chan_spin_trial(spin, 0);
    } else if (!spin->paced) {
        chan_spin_trial(spin, 1);
    } else if (spin->took[1] > spin->took[0] / 4 * 3) {
        chan_spin_unpace(spin);
    } else {
        spin->pause = 1;
        chan_spin_trial(spin, 1);
    }
}

/*
 * Waits until a quarter can be received from here, for twice as long as it took unpaced. The word
 * is only a hint here, which chan_receive() will judge.
 */
static void chan_pace(struct chan_spin *spin, const struct chan *chan, uint64_t now) {
    uint64_t last = chan->rx.tail + chan_quarter(chan) - CHAN_STEP;
    const struct chan_slot *slot = chan_slot_at(chan->rx.slots, last & chan->rx.mask);

    while ((atomic_load_explicit(&slot->word, memory_order_relaxed) ^ last) >= CHAN_STEP) {
        for (int i = 0; i < PACE_RELAX; i++)
            chan_relax();
        if (chan_ticks() - now > spin->took[0] * 2 / PACE_TRIAL) {
            chan_spin_unpace(spin);
            return;
        }
    }
}

/* A message has come: would it have paid to spin for it from the beginning of the wait? `now` is
 * when the last spinning began; the time is not read again, which the message would wait for. */
static void chan_spin_came(struct chan_spin *spin, uint64_t now) {
    if (spin->since != 0 && now - spin->since < spin->bound)
        spin->budget = spin->budget * 2 < spin->bound ? spin->budget * 2 : spin->bound;
    spin->since = 0;
}

static int chan_spin_gave_up(struct chan_spin *spin) {
    uint64_t least = spin->bound / SPIN_LEAST;

    spin->budget = spin->budget / 2 > least ? spin->budget / 2 : least;
    return -E_WOULDBLOCK;
}

/* Polls until the slot at tail changes or the budget is spent. */
static int chan_spin_poll(struct chan_spin *spin, const struct chan_rx *rx, uint64_t now) {
    const struct chan_slot *slot = chan_slot_at(rx->slots, rx->tail & rx->mask);
    uint64_t word = atomic_load_explicit(&slot->word, memory_order_relaxed);

    do {
        for (int i = 0; i < SPIN_POLLS; i++) {
            if (atomic_load_explicit(&slot->word, memory_order_relaxed) != word)
                return 0;
            chan_relax();
        }
    } while (chan_ticks() - now < spin->budget);
    return -E_WOULDBLOCK;
}

int chan_wait(struct chan *chan, struct chan_spin *spin) {
    struct chan_rx *rx = &chan->rx;
    uint64_t now = chan_ticks();

    if (rx->error)
        return rx->error;
    if ((int64_t)(rx->tail - spin->stop) >= 0) {
        chan_spin_judge(spin, chan, now);
        if (spin->paced)
            chan_pace(spin, chan, now);
        spin->stop = rx->tail + chan_quarter(chan);
        spin->began = now;
        spin->sent = chan_position(&chan->tx);
        spin->misses = 0;
    }
    int peeked = chan_peek(rx, 1);
    if (peeked == -E_WOULDBLOCK) {
        spin->misses++;
        if (spin->since == 0)
            spin->since = now;
        if (chan_spin_poll(spin, rx, now) != 0)
            return chan_spin_gave_up(spin);
        peeked = 1; /* chan_receive() will tell */
    }
    if (peeked > 0)
        chan_spin_came(spin, now);
    return peeked > 0 ? 0 : peeked;
}
