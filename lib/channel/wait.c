#include "channel.h"

#include <urpc/wait.h>

#include <runtime/startup.h>

/* About what it costs to sleep and be woken. */
#define SPIN_DEFAULT (4 * TIME_MICROSECOND)

/* The least budget is this part of the bound. */
#define SPIN_LEAST 32U

/*
 * How long to spin is learned, as in urpc/wait.h, but for all waits of the process together: it
 * waits for one at a time, and there are words of several kinds. In ticks.
 */
static struct {
    bool chosen;
    uint64_t bound;  /* the most that one wait spins */
    uint64_t budget; /* what the next one does */
} spinning;

static uint64_t ticks(uint64_t nanoseconds) {
    uint64_t seconds = nanoseconds / TIME_SECOND, rest = nanoseconds % TIME_SECOND;
    uint64_t frequency = runtime_tsc_frequency();

    return seconds * frequency + rest * (frequency / 1000000) / 1000;
}

void channel_set_spin(uint64_t nanoseconds) {
    spinning.chosen = true;
    spinning.bound = nanoseconds == CHANNEL_SPIN_FOREVER ? UINT64_MAX : ticks(nanoseconds);
    spinning.budget = spinning.bound;
}

bool channel_spin(struct channel_spin *spin) {
    if (!spinning.chosen)
        channel_set_spin(SPIN_DEFAULT);
    if (spin->over || spinning.bound == 0)
        return false;
    chan_relax();
    if (spinning.bound == UINT64_MAX)
        return true;
    uint64_t now = machine_counter();
    if (spin->since == 0)
        spin->since = now;
    if (now - spin->since < spinning.budget)
        return true;
    uint64_t least = spinning.bound / SPIN_LEAST;
    spinning.budget = spinning.budget / 2 > least ? spinning.budget / 2 : least;
    spin->over = true;
    return false;
}

/* Would it have paid to spin from the beginning of the wait? */
void channel_spun(struct channel_spin *spin) {
    if (spin->since != 0 && machine_counter() - spin->since < spinning.bound)
        spinning.budget =
            spinning.budget < spinning.bound / 2 ? spinning.budget * 2 : spinning.bound;
    *spin = (struct channel_spin){ 0 };
}

void channel_rang(struct channel *c, const struct message *bell) {
    c->closed |= bell->arg[1] != 0;
    if (c->kind != CHANNEL_OPEN)
        return;
    channels.awake = true;
    if (!c->closed && !c->notified && chan_take_notify(&c->chan)) {
        c->notified = true;
        channels.notices++;
    }
    if (c->closed)
        chan_peer_died(&c->chan);
    chan_set_rung(&channels.set, c->cookie);
    if (channel_hot.asend_waits)
        channel_asend_pump();
}

bool channel_own_bell(const struct message *m) {
    struct channel *c = channel_entry(m->arg[0]);

    if (m->arg[0] >= BOUND_LINE_COOKIE)
        return false;
    if (c && c->binding == m->source)
        channel_rang(c, m);
    else if (runtime_monitor() == ENDPOINT_NONE)
        return false;
    else
        channel_take_new();
    return true;
}

int channel_broken(struct channel *c) {
    const int error = -E_PROTOCOL;
    struct message bell;

    if (!c->closed && trap_receive(IPC_RECEIVE | IPC_NONBLOCK, c->binding, &bell) == 0)
        channel_rang(c, &bell);
    chan_tx_kill(&c->chan.tx, error);
    chan_rx_kill(&c->chan.rx, error);
    return c->closed ? -E_PEERDEAD : error;
}

/* Sleeps until the bell of a channel. */
static int channel_sleep(struct channel *c) {
    struct message bell;
    int error = trap_receive(IPC_RECEIVE, c->binding, &bell);

    if (!error)
        channel_rang(c, &bell);
    return error;
}

int channel_wait_on(struct channel *c, int (*poll)(struct channel *c, uint64_t argument),
                    int (*arm)(struct channel *c), uint64_t argument, struct channel_spin *spin) {
    for (;;) {
        int state = poll(c, argument);
        if (state == 0)
            channel_spun(spin);
        if (state != -E_WOULDBLOCK)
            return channel_fault(c, state);
        if (channel_spin(spin))
            continue;
        state = arm ? arm(c) : 0;
        if (state < 0)
            return channel_fault(c, state);
        if (state == 0)
            state = channel_sleep(c);
        if (state < 0)
            return state;
    }
}
