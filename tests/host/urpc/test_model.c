/*
 * Random calls on both sides of a channel, compared with a model that is nothing but two queues of
 * numbers.
 */
#include <criterion/criterion.h>

#define PROGRAM "urpc-test"
#include "../random.h"

#include "pair.h"

/* One direction. */
struct model {
    struct chan_tx *tx;
    struct chan_rx *rx;
    unsigned *rang;       /* rings of the receiver's doorbell */
    unsigned rang_before; /* of them, accounted for */
    uint64_t sent;        /* messages 0 to sent - 1 */
    uint64_t received;
    int is_armed;
};

static void model_check_rings(struct model *model) {
    random_check(*model->rang - model->rang_before == (unsigned)model->is_armed);
    model->rang_before = *model->rang;
    model->is_armed = 0;
}

static void model_send(struct model *model) {
    struct message message = pair_message(model->sent);
    int error = chan_send(model->tx, &message);

    random_check(error == 0 || error == -E_WOULDBLOCK);
    if (error == 0) {
        model->sent++;
        model_check_rings(model);
    }
}

static void model_send_many(struct model *model) {
    struct message messages[40];
    uint32_t count = (uint32_t)random_below(40) + 1;

    for (uint32_t i = 0; i < count; i++)
        messages[i] = pair_message(model->sent + i);
    int sent = chan_send_batch(model->tx, messages, count);
    random_check(sent == -E_WOULDBLOCK || (sent > 0 && (uint32_t)sent <= count));
    if (sent > 0) {
        model->sent += (uint64_t)sent;
        model_check_rings(model);
    }
}

static void model_receive(struct model *model) {
    struct message message;
    int error = chan_receive(model->rx, &message);

    random_check(error == (model->received == model->sent ? -E_WOULDBLOCK : 0));
    if (error == 0)
        random_check(pair_is(&message, model->received++));
}

static void model_peek(struct model *model) {
    uint32_t count = (uint32_t)random_below(40) + 1;
    int peeked = chan_peek(model->rx, count);
    uint64_t there = model->sent - model->received;

    random_check(peeked == (there == 0 ? -E_WOULDBLOCK : (int)(there < count ? there : count)));
    if (peeked <= 0)
        return;
    for (uint32_t i = 0; i < (uint32_t)peeked; i++)
        random_check(chan_peeked(model->rx, i)->arg[0] == model->received + i);
    uint32_t released = (uint32_t)random_below((uint64_t)peeked + 1);
    chan_release(model->rx, released);
    model->received += released;
}

static void model_arm(struct model *model) {
    int result = chan_arm(model->rx);

    random_check(result == (model->received == model->sent ? 0 : CHAN_READY));
    if (result == 0)
        model->is_armed = 1;
}

static void model_disarm(struct model *model) {
    int result = chan_disarm(model->rx);

    random_check(result == (model->received == model->sent ? 0 : CHAN_READY));
    model->is_armed = 0;
}

Test(model, random_calls_do_what_two_queues_would) {
    static void (*const steps[])(struct model *) = {
        model_send, model_send_many, model_receive, model_receive,
        model_peek, model_arm,       model_disarm,
    };

    random_start();
    for (unsigned round = 0; round < 400; round++) {
        struct pair pair;
        pair_make(&pair, 4U << random_below(6), 0, random_next() & -(uint64_t)STEP);
        struct model models[] = {
            { .tx = &pair.a.tx, .rx = &pair.b.rx, .rang = &pair.rang_b },
            { .tx = &pair.b.tx, .rx = &pair.a.rx, .rang = &pair.rang_a },
        };
        for (unsigned step = 0; step < 1000; step++)
            steps[random_below(sizeof steps / sizeof *steps)](&models[random_below(2)]);
        pair_free(&pair);
    }
}
