#include <urpc/channel.h>

/* What each side writes besides its slots. */
struct chan_control {
    struct chan_signal acked;
    struct chan_signal closed;
    struct chan_signal notified;
    _Alignas(CHAN_ALIGNMENT) struct chan_slot answer;
};

/* The shared memory of a channel. */
struct chan_memory {
    struct chan_control side[2];
    struct chan_slot slots[]; /* of the two rings in turn */
};

_Static_assert(sizeof(struct chan_memory) == 1024, "as in channel.h");
_Static_assert(_Alignof(struct chan_memory) == CHAN_ALIGNMENT, "as in channel.h");

size_t chan_bytes(uint32_t slots) {
    if (slots < CHAN_SLOTS_MIN || slots > CHAN_SLOTS_MAX || (slots & (slots - 1)) != 0)
        return 0;
    return sizeof(struct chan_memory) + 2 * (size_t)slots * CHAN_SLOT_BYTES;
}

static int chan_check(const void *memory, const struct chan_parameters *parameters) {
    if ((uintptr_t)memory % CHAN_ALIGNMENT != 0 || chan_bytes(parameters->slots) == 0)
        return -E_INVAL;
    return 0;
}

/*
 * Positions of the four things that have some begin a quarter of all positions apart. So nothing
 * that one side writes is ever the word that it waits for itself, not even when one page takes the
 * place of all of the channel's.
 */
enum chan_positions { POSITIONS_RING = 0, POSITIONS_ANSWER = 2 }; /* and the side that writes */

static uint64_t chan_origin(const struct chan_parameters *parameters, unsigned positions) {
    return parameters->origin + ((uint64_t)positions << 62);
}

/*
 * The ring on which `producer` sends, as seen by the side that is not `peer`. The two rings take
 * turns line by line, so that a slot shares its pair of lines, which processors fetch together,
 * with one of the other direction and not with the next of its own, which the other side waits for.
 */
static struct chan_ring chan_ring_of(struct chan_memory *memory,
                                     const struct chan_parameters *parameters, unsigned producer,
                                     unsigned peer) {
    return (struct chan_ring){
        .slots = memory->slots + producer,
        .count = parameters->slots,
        .depth = parameters->depth[1 - producer],
        .origin = chan_origin(parameters, POSITIONS_RING + producer),
        .acked = &memory->side[1 - producer].acked,
        .closed = &memory->side[peer].closed,
    };
}

int chan_format(void *memory, const struct chan_parameters *parameters) {
    int error = chan_check(memory, parameters);

    for (unsigned side = 0; side < 2 && !error; side++) {
        struct chan_ring ring = chan_ring_of(memory, parameters, side, side);
        error = chan_ring_format(&ring);
    }
    for (unsigned side = 0; side < 2 && !error; side++) {
        struct chan_control *control = &((struct chan_memory *)memory)->side[side];
        atomic_init(&control->notified.word, 0);
        uint64_t origin = chan_origin(parameters, POSITIONS_ANSWER + side);
        control->answer = (struct chan_slot){ .word = origin - CHAN_STEP };
    }
    return error;
}

static void chan_attach_control(struct chan *chan, struct chan_memory *memory, unsigned side) {
    struct chan_control *own = &memory->side[side];
    struct chan_control *peer = &memory->side[1 - side];

    chan->closed = &own->closed;
    chan->notified = &own->notified;
    chan->notice = &peer->notified;
    chan->answer = &own->answer;
    chan->reply = &peer->answer;
}

int chan_attach(struct chan *chan, void *memory, const struct chan_parameters *parameters,
                unsigned side, struct chan_bell bell, endpoint_t source) {
    if (side > 1 || chan_check(memory, parameters) != 0)
        return -E_INVAL;

    unsigned peer = 1 - side;
    struct chan_ring out = chan_ring_of(memory, parameters, side, peer);
    struct chan_ring in = chan_ring_of(memory, parameters, peer, peer);
    int error = chan_tx_init(&chan->tx, &out, bell);
    if (!error)
        error = chan_rx_init(&chan->rx, &in, bell, source);
    if (error)
        return error;
    chan_attach_control(chan, memory, side);
    chan->due = chan_origin(parameters, POSITIONS_ANSWER + side) - CHAN_STEP;
    chan->awaited = chan_origin(parameters, POSITIONS_ANSWER + peer);
    chan->depth = parameters->depth[side];
    return 0;
}

/* What takes the place of the two slots when the memory may not be touched any more: the first is
 * written and never read, no position is the word of the second. */
static struct chan_slot chan_no_answer;
static struct chan_slot chan_no_reply = { .word = CHAN_ARMED | CHAN_RING };

static void chan_answer_end(struct chan *chan) {
    chan->answer = &chan_no_answer;
    chan->reply = &chan_no_reply;
}

/* Not before everything sent is visible: pairs with the acquire load in chan_is_closed(). */
void chan_close(struct chan *chan) {
    if (!chan->closed)
        return;
    /* An exchange, so that no bell is rung before the word can be seen (arming/CLOSE_NOT_FENCED).
     */
    atomic_exchange_explicit(&chan->closed->word, 1, memory_order_seq_cst);
    chan->closed = NULL;
    chan_answer_end(chan);
    chan_tx_ring(&chan->tx);
    chan_tx_kill(&chan->tx, -E_STATE);
    chan_rx_kill(&chan->rx, -E_STATE);
}

static int chan_tx_state(struct chan_tx *tx) {
    if (!tx->error && atomic_load_explicit(&tx->closed->word, memory_order_acquire) != 0)
        chan_tx_kill(tx, -E_PEERDEAD);
    return tx->error;
}

/* The exchange publishes what came before, and pairs with the one in chan_take_notify(). */
int chan_notify(struct chan *chan) {
    int error = chan_tx_state(&chan->tx);

    if (!error && !atomic_exchange_explicit(&chan->notified->word, 1, memory_order_acq_rel))
        chan_tx_ring(&chan->tx);
    return error;
}

int chan_take_notify(struct chan *chan) {
    if (!chan->closed || !atomic_load_explicit(&chan->notice->word, memory_order_relaxed))
        return 0;
    return atomic_exchange_explicit(&chan->notice->word, 0, memory_order_acq_rel) != 0;
}

void chan_peer_died(struct chan *chan) {
    chan_tx_kill(&chan->tx, -E_PEERDEAD);
    if (!chan->rx.end)
        chan->rx.end = -E_PEERDEAD;
}
