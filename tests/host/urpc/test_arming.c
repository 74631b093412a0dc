/* Who sleeps is woken, once, and who need not sleep is told so. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "pair.h"

static struct message message;

Test(arming, a_send_rings_an_armed_receiver_once) {
    struct pair pair;
    pair_make(&pair, 4, 0, 0);
    for (unsigned n = 1; n < 20; n++) {
        cr_assert_eq(chan_arm(&pair.b.rx), 0);
        cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        cr_assert_eq(pair.rang_b, n);
        cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        cr_assert_eq(pair.rang_b, n);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    }
    pair_free(&pair);
}

Test(arming, a_polled_receiver_is_not_rung) {
    struct pair pair;
    pair_make(&pair, 8, 0, 0);
    for (unsigned n = 0; n < 50; n++) {
        cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    }
    cr_assert_eq(pair.rang_b, 0);
    pair_free(&pair);
}

Test(arming, a_message_that_is_there_is_reported) {
    struct pair pair;
    pair_make(&pair, 4, 0, 0);
    for (unsigned n = 0; n < 20; n++) {
        cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        cr_assert_eq(chan_arm(&pair.b.rx), CHAN_READY);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    }
    cr_assert_eq(pair.rang_b, 0);
    pair_free(&pair);
}

Test(arming, twice_is_once) {
    struct pair pair;
    pair_make(&pair, 4, 0, 0);
    cr_assert_eq(chan_arm(&pair.b.rx), 0);
    cr_assert_eq(chan_arm(&pair.b.rx), 0);
    cr_assert_eq(chan_receive(&pair.b.rx, &message), -E_WOULDBLOCK);
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    cr_assert_eq(pair.rang_b, 1);
    cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    pair_free(&pair);
}

Test(arming, a_disarmed_receiver_is_not_rung) {
    struct pair pair;
    pair_make(&pair, 4, 0, 0);
    cr_assert_eq(chan_disarm(&pair.b.rx), 0);
    cr_assert_eq(chan_arm(&pair.b.rx), 0);
    cr_assert_eq(chan_disarm(&pair.b.rx), 0);
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    cr_assert_eq(pair.rang_b, 0);
    cr_assert_eq(chan_disarm(&pair.b.rx), CHAN_READY);
    cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    pair_free(&pair);
}

Test(arming, a_batch_rings_once) {
    for (uint32_t count = 1; count <= 12; count++) {
        struct pair pair;
        struct message messages[12] = { 0 };
        pair_make(&pair, 16, 0, 7 * STEP);
        cr_assert_eq(chan_arm(&pair.b.rx), 0);
        cr_assert_eq(chan_send_batch(&pair.a.tx, messages, count), (int)count);
        cr_assert_eq(pair.rang_b, 1);
        cr_assert_eq(chan_receive_batch(&pair.b.rx, messages, 12), (int)count);
        cr_assert_eq(chan_arm(&pair.b.rx), 0);
        cr_assert_eq(chan_reserve(&pair.a.tx, 1), 1);
        chan_commit(&pair.a.tx, 1);
        cr_assert_eq(pair.rang_b, 2);
        pair_free(&pair);
    }
}

Test(arming, a_sender_without_credit_is_rung_at_the_next_acknowledgement) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    for (unsigned n = 1; n < 20; n++) {
        while (chan_send(&pair.a.tx, &message) == 0)
            ;
        cr_assert_eq(chan_arm_credit(&pair.a.tx), 0);
        cr_assert_eq(chan_arm_credit(&pair.a.tx), 0);
        for (unsigned i = 0; i < 3; i++)
            cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        cr_assert_eq(pair.rang_a, n - 1);
        for (unsigned i = 0; i < 13; i++)
            cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        cr_assert_eq(pair.rang_a, n);
    }
    pair_free(&pair);
}

Test(arming, a_sender_hears_that_credit_has_come) {
    struct pair pair;
    pair_make(&pair, 4, 0, 0);
    while (chan_send(&pair.a.tx, &message) == 0)
        ;
    cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    cr_assert_eq(chan_arm_credit(&pair.a.tx), CHAN_READY);
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    cr_assert_eq(chan_arm_credit(&pair.a.tx), 0);
    cr_assert_eq(chan_disarm_credit(&pair.a.tx), 0);
    cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    cr_assert_eq(pair.rang_a, 0);
    cr_assert_eq(chan_disarm_credit(&pair.a.tx), CHAN_READY);
    pair_free(&pair);
}

/* The word that a sleeping receiver left its mark in is, a lap later, that of another message. */
Test(arming, marks_of_the_last_lap_do_no_harm) {
    struct pair pair;
    pair_make(&pair, 4, 0, 0);
    for (unsigned n = 0; n < 40; n++) {
        cr_assert_eq(n % 3 == 0 ? chan_arm(&pair.b.rx) : 0, 0);
        cr_assert_eq(n % 2 == 0 ? chan_send_acknowledged(&pair.a.tx, &message)
                                : chan_send(&pair.a.tx, &message),
                     0);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        cr_assert_eq(pair.rang_b, n / 3 + 1);
        cr_assert_eq(pair.rang_a, n / 2 + 1);
    }
    pair_free(&pair);
}
