/* Close and death on either side. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "pair.h"

static struct message message;

Test(end, a_close_lets_the_peer_receive_what_was_sent) {
    for (unsigned count = 0; count <= 16; count++) {
        struct pair pair;
        pair_make(&pair, 16, 0, 0);
        for (unsigned n = 0; n < count; n++)
            cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        chan_close(&pair.a);
        for (unsigned n = 0; n < count; n++)
            cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), -E_PEERDEAD);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), -E_PEERDEAD);
        cr_assert_eq(chan_peek(&pair.b.rx, 1), -E_PEERDEAD);
        cr_assert_eq(chan_arm(&pair.b.rx), -E_PEERDEAD);
        pair_free(&pair);
    }
}

Test(end, a_close_rings_the_peer_armed_or_not) {
    struct pair pair;
    pair_make(&pair, 4, 0, 0);
    chan_close(&pair.a);
    cr_assert_eq(pair.rang_b, 1);
    chan_close(&pair.a);
    cr_assert_eq(pair.rang_b, 1, "only once");
    pair_free(&pair);
}

Test(end, arming_a_closed_channel_says_so) {
    struct pair pair;
    pair_make(&pair, 4, 0, 0);
    chan_close(&pair.a);
    cr_assert_eq(chan_arm(&pair.b.rx), -E_PEERDEAD);
    pair_free(&pair);

    pair_make(&pair, 4, 0, 0);
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    chan_close(&pair.a);
    cr_assert_eq(chan_arm(&pair.b.rx), CHAN_READY);
    cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    cr_assert_eq(chan_arm(&pair.b.rx), -E_PEERDEAD);
    pair_free(&pair);
}

Test(end, whoever_closed_can_do_nothing_more) {
    struct pair pair;
    pair_make(&pair, 4, 0, 0);
    cr_assert_eq(chan_send(&pair.b.tx, &message), 0);
    chan_close(&pair.a);
    cr_assert_eq(chan_send(&pair.a.tx, &message), -E_STATE);
    cr_assert_eq(chan_send_batch(&pair.a.tx, &message, 1), -E_STATE);
    cr_assert_eq(chan_send_acknowledged(&pair.a.tx, &message), -E_STATE);
    cr_assert_eq(chan_reserve(&pair.a.tx, 1), -E_STATE);
    cr_assert_eq(chan_arm_credit(&pair.a.tx), -E_STATE);
    cr_assert_eq(chan_consumed(&pair.a.tx, 0), -E_STATE);
    cr_assert_eq(chan_receive(&pair.a.rx, &message), -E_STATE);
    cr_assert_eq(chan_receive_batch(&pair.a.rx, &message, 1), -E_STATE);
    cr_assert_eq(chan_peek(&pair.a.rx, 1), -E_STATE);
    cr_assert_eq(chan_arm(&pair.a.rx), -E_STATE);
    chan_release(&pair.a.rx, 1);
    chan_commit(&pair.a.tx, 1);
    cr_assert_eq(chan_receive(&pair.b.rx, &message), -E_PEERDEAD);
    pair_free(&pair);
}

Test(end, a_sender_learns_of_the_close_within_a_quarter) {
    struct pair pair;
    unsigned sent = 0;
    pair_make(&pair, 16, 0, 0);
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    chan_close(&pair.b);
    while (chan_send(&pair.a.tx, &message) == 0)
        sent++;
    cr_assert_leq(sent, 4);
    cr_assert_eq(chan_send(&pair.a.tx, &message), -E_PEERDEAD);
    cr_assert_eq(chan_arm_credit(&pair.a.tx), -E_PEERDEAD);
    pair_free(&pair);
}

Test(end, a_sender_without_credit_learns_of_the_close_before_it_sleeps) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    while (chan_send(&pair.a.tx, &message) == 0)
        ;
    chan_close(&pair.b);
    cr_assert_eq(chan_arm_credit(&pair.a.tx), -E_PEERDEAD);
    pair_free(&pair);
}

Test(end, a_sender_that_waits_for_consumption_learns_of_the_close) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    uint64_t first = chan_position(&pair.a.tx);
    cr_assert_eq(chan_send_acknowledged(&pair.a.tx, &message), 0);
    uint64_t second = chan_position(&pair.a.tx);
    cr_assert_eq(chan_send_acknowledged(&pair.a.tx, &message), 0);
    cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    chan_close(&pair.b);
    cr_assert_eq(chan_consumed(&pair.a.tx, first), 1, "it was consumed before the close");
    cr_assert_eq(chan_consumed(&pair.a.tx, second), -E_PEERDEAD);
    pair_free(&pair);
}

Test(end, after_its_death_the_peer_is_sent_nothing_and_what_it_sent_is_received) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    for (unsigned n = 0; n < 6; n++)
        cr_assert_eq(chan_send(&pair.b.tx, &message), 0);
    chan_peer_died(&pair.a);
    cr_assert_eq(chan_send(&pair.a.tx, &message), -E_PEERDEAD);
    cr_assert_eq(chan_reply(&pair.a.tx, &message), -E_PEERDEAD);
    cr_assert_eq(chan_reserve(&pair.a.tx, 1), -E_PEERDEAD);
    for (unsigned n = 0; n < 6; n++)
        cr_assert_eq(chan_receive(&pair.a.rx, &message), 0);
    cr_assert_eq(chan_receive(&pair.a.rx, &message), -E_PEERDEAD);
    pair_free(&pair);
}

/* A peer can die at any point of a send: the message is there, or it is not. */
Test(end, a_message_half_written_at_death_is_not_received) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    cr_assert_eq(chan_begin(&pair.b.tx), 0);
    pair.b.tx.slot->type = 1;
    chan_peer_died(&pair.a);
    cr_assert_eq(chan_receive(&pair.a.rx, &message), -E_PEERDEAD);
    pair_free(&pair);
}

/* Nor is anything of a batch whose first slot was not published. */
Test(end, a_batch_half_committed_at_death_is_not_received) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    cr_assert_eq(chan_send(&pair.b.tx, &message), 0);
    for (uint64_t position = 4 * STEP; position > STEP; position -= STEP)
        atomic_store(&pair_slot(&pair.b.tx, position)->word, position);
    chan_peer_died(&pair.a);
    cr_assert_eq(chan_receive(&pair.a.rx, &message), 0);
    cr_assert_eq(chan_receive(&pair.a.rx, &message), -E_PEERDEAD);
    pair_free(&pair);
}

Test(end, nothing_is_received_after_the_end_was_reported) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    chan_peer_died(&pair.a);
    cr_assert_eq(chan_receive(&pair.a.rx, &message), -E_PEERDEAD);
    cr_assert_eq(chan_send(&pair.b.tx, &message), 0);
    cr_assert_eq(chan_receive(&pair.a.rx, &message), -E_PEERDEAD);
    pair_free(&pair);
}
