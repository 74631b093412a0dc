#include "channel.h"

#include <runtime/ipc.h>

static int credit(struct channel *c, uint64_t unused) {
    (void)unused;
    return chan_begin(&c->chan.tx);
}

static int arm_credit(struct channel *c) { return chan_arm_credit(&c->chan.tx); }

/* Waits until a message can be sent. Those in the ASEND table come first. */
static int await_credit(struct channel *c) {
    int error = channel_wait(c, credit, arm_credit, 0);

    while (!error && channel_asend_waits(c->peer)) {
        channel_asend_pump();
        error = channel_wait(c, credit, arm_credit, 0);
    }
    return error;
}

int channel_begin(endpoint_t to) {
    struct channel *c;
    int error = channel_get(to, &c);

    if (!error)
        error = await_credit(c);
    if (error)
        return error;
    channel_hot.chan = &c->chan;
    channel_hot.peer = to;
    return 0;
}

static int answered(struct channel *c, uint64_t unused) {
    (void)unused;
    return chan_answer_state(&c->chan);
}

static int arm_answer(struct channel *c) { return chan_arm_answer(&c->chan); }

/*
 * A wait that was given up, which is for want of a permission, leaves a request behind whose answer
 * would be taken for that to the next: no more is asked on this channel.
 */
static __attribute__((noinline)) const volatile struct chan_slot *
await_late_answer(struct chan *chan, struct channel_spin *spin) {
    int error = channel_wait_on(channel_of(chan), answered, arm_answer, 0, spin);

    if (!error) {
        chan_answer_taken(chan);
        return chan->reply;
    }
    chan_tx_kill(&chan->tx, error);
    channel_hot.peer = ENDPOINT_NONE;
    channel_hot.error = error;
    return NULL;
}

/* Spins as long as the only news can be the answer. */
static __attribute__((noinline)) const volatile struct chan_slot *await_answer(struct chan *chan) {
    struct channel_spin spin = { 0 };

    while (channel_spin(&spin) && !chan_answers_ended(chan)) {
        const struct chan_slot *reply = chan->reply;
        if (chan_answered(chan)) {
            channel_spun(&spin);
            chan_answer_taken(chan);
            return reply;
        }
    }
    return await_late_answer(chan, &spin);
}

static __attribute__((noinline)) const volatile struct chan_slot *
ring_and_await(struct chan *chan) {
    chan_tx_ring(&chan->tx);
    return await_answer(chan);
}

/* What is rare it leaves for good, so that it needs no frame. */
const volatile struct chan_slot *channel_await(struct chan *chan) {
    if (chan_unlikely(chan_publish_unrung(&chan->tx)))
        return ring_and_await(chan);
    const struct chan_slot *reply = chan->reply;
    if (chan_unlikely(!chan_answered(chan)))
        return await_answer(chan);
    chan_answer_taken(chan);
    return reply;
}

bool channel_is_answer(const struct channel *c, const struct message *m) {
    return (int32_t)m->type <= 0 && channel_owes(c) && (uint32_t)(c->asked >> 32) == m->tag;
}

/* What every way to send begins with: 0; 1: it was an answer, and is sent; or an error. */
static int prepare(endpoint_t to, const struct message *m, struct channel **c) {
    if (m->type - CHAN_REQUEST < CHAN_REQUEST)
        return -E_INVAL;
    int error = channel_get(to, c);
    if (error || !channel_is_answer(*c, m))
        return error;
    channel_answer(*c, m);
    return 1;
}

int channel_offer(struct channel *c, const struct message *m) {
    if (channel_asend_waits(c->peer)) {
        channel_asend_pump();
        if (channel_asend_waits(c->peer))
            return -E_WOULDBLOCK;
    }
    return channel_fault(c, chan_forward(&c->chan.tx, m));
}

int channel_nbsend(endpoint_t to, const struct message *m) {
    struct channel *c;
    int state = prepare(to, m, &c);

    if (state)
        return state < 0 ? state : 0;
    return channel_offer(c, m);
}

static int consumed(struct channel *c, uint64_t position) {
    int state = chan_consumed(&c->chan.tx, position);
    return state > 0 ? 0 : state < 0 ? state : -E_WOULDBLOCK;
}

int channel_send(endpoint_t to, const struct message *m) {
    struct channel *c;
    int state = prepare(to, m, &c);

    if (state)
        return state < 0 ? state : 0;
    state = await_credit(c);
    uint64_t position = chan_position(&c->chan.tx);
    if (!state)
        state = channel_fault(c, chan_send_acknowledged(&c->chan.tx, m));
    return state ? state : channel_wait(c, consumed, NULL, position);
}

int channel_notify(endpoint_t to) {
    struct channel *c;
    int error = channel_get(to, &c);

    return error ? error : channel_fault(c, chan_notify(&c->chan));
}
