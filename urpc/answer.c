#include <urpc/answer.h>

/* Judges the word of the slot. What was answered before a close may have come after the look at the
 * word, so there is one more. */
static int chan_answer_judge(struct chan *chan, uint64_t word) {
    struct chan_rx *rx = &chan->rx;

    if (rx->error)
        return rx->error;
    if (word == chan->awaited)
        return 0;
    if ((word & ~CHAN_ARMED) != chan->awaited - CHAN_STEP) {
        chan_tx_kill(&chan->tx, -E_PROTOCOL);
        chan_rx_kill(rx, -E_PROTOCOL);
        return -E_PROTOCOL;
    }
    return -E_WOULDBLOCK;
}

int chan_answer_state(struct chan *chan) {
    const struct chan_slot *slot = chan->reply;
    int ended = chan_answers_ended(chan);
    int state = chan_answer_judge(chan, atomic_load_explicit(&slot->word, memory_order_acquire));

    return state == -E_WOULDBLOCK && ended ? -E_PEERDEAD : state;
}

/* The compare-exchange pairs with the exchange in chan_answer(): either it fails or its flag is
 * seen there. */
int chan_arm_answer(struct chan *chan) {
    struct chan_slot *slot = chan->reply;
    uint64_t word = chan->awaited - CHAN_STEP;

    if (!chan->rx.error)
        atomic_compare_exchange_strong_explicit(&slot->word, &word, word | CHAN_ARMED,
                                                memory_order_acq_rel, memory_order_acquire);
    int state = chan_answer_state(chan);
    if (state == 0)
        return CHAN_READY;
    return state == -E_WOULDBLOCK ? 0 : state;
}
