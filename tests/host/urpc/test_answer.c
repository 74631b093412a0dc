/* One request, and its answer in a slot of its own. */
#include <criterion/criterion.h>

#include <urpc/answer.h>

#include "pair.h"

#define ORIGIN 0x4000

static struct pair pair;
static struct message message;

static void make(void) { pair_make(&pair, 4, 0, ORIGIN); }
static void end(void) { pair_free(&pair); }

TestSuite(answer, .init = make, .fini = end);

/* a asks, b receives. */
static void ask(uint64_t number) {
    struct message request = pair_message(number);

    request.type |= CHAN_REQUEST;
    cr_assert_eq(chan_send(&pair.a.tx, &request), 0);
    while (chan_receive(&pair.b.rx, &message) == 0 && !chan_is_request(message.type))
        ;
    cr_assert(chan_is_request(message.type));
    message.type &= ~CHAN_REQUEST;
    cr_assert(pair_is(&message, number));
    chan_owe(&pair.b);
}

static void answer(uint64_t number) {
    message = pair_message(number);
    chan_answer(&pair.b, &message);
}

static void expect(uint64_t number) {
    cr_assert_eq(chan_answer_state(&pair.a), 0);
    cr_assert(chan_answered(&pair.a));
    chan_copy_payload(&message, pair.a.reply);
    cr_assert(pair_is(&message, number));
    chan_answer_taken(&pair.a);
}

static struct chan_slot *slot(void) { return pair.a.reply; }

Test(answer, requests_are_told_from_other_messages) {
    cr_assert(chan_is_request(CHAN_REQUEST | 0x100));
    cr_assert_not(chan_is_request(0x100));
    cr_assert_not(chan_is_request(0));
    cr_assert_not(chan_is_request((uint32_t)-E_PERM), "a negated error has the bit too");
}

Test(answer, each_request_gets_its_answer) {
    for (uint64_t n = 0; n < 50; n++) {
        ask(n);
        cr_assert_not(chan_answered(&pair.a));
        cr_assert_eq(chan_answer_state(&pair.a), -E_WOULDBLOCK);
        answer(n + 1000);
        expect(n + 1000);
    }
    cr_assert_eq(pair.rang_a, 0, "nobody slept");
}

Test(answer, needs_no_credit_and_overtakes_messages) {
    ask(1);
    while (chan_send(&pair.b.tx, &message) == 0)
        ;
    answer(2);
    expect(2);
    ask(3);
    answer(4);
    expect(4);
}

Test(answer, one_arming_is_one_ring) {
    ask(1);
    cr_assert_eq(chan_arm_answer(&pair.a), 0);
    cr_assert_eq(chan_arm_answer(&pair.a), 0, "armed already");
    cr_assert_eq(chan_answer_state(&pair.a), -E_WOULDBLOCK);
    answer(2);
    cr_assert_eq(pair.rang_a, 1);
    cr_assert_eq(chan_arm_answer(&pair.a), CHAN_READY);
    expect(2);
    ask(3);
    answer(4);
    cr_assert_eq(pair.rang_a, 1);
    expect(4);
}

Test(answer, comes_through_a_close_and_only_then_is_it_the_end) {
    ask(1);
    answer(2);
    chan_close(&pair.b);
    expect(2);
    cr_assert_eq(chan_answer_state(&pair.a), -E_PEERDEAD);
    cr_assert_eq(chan_arm_answer(&pair.a), -E_PEERDEAD);
}

Test(answer, does_not_come_from_the_dead) {
    ask(1);
    chan_peer_died(&pair.a);
    cr_assert_eq(chan_answer_state(&pair.a), -E_PEERDEAD);
}

Test(answer, is_not_touched_after_a_close) {
    ask(1);
    answer(2);
    chan_close(&pair.a);
    cr_assert_eq(chan_answer_state(&pair.a), -E_STATE);
    cr_assert_eq(chan_arm_answer(&pair.a), -E_STATE);
    cr_assert_not(chan_answered(&pair.a));

    uint64_t before = pair.b.reply->word;
    chan_answer(&pair.a, &message);
    cr_assert_eq(pair.b.reply->word, before);
}

/* Everything but "none" and "the answer", armed or not. */
Test(answer, a_word_that_no_peer_writes_ends_the_channel) {
    const uint64_t first = pair.a.awaited;
    const uint64_t words[] = {
        0, first | CHAN_ARMED, first | CHAN_RING, first + STEP, ~(uint64_t)0, first - 2 * STEP
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int arm = 0; arm < 2; arm++) {
            slot()->word = words[i];
            cr_assert_eq(arm ? chan_arm_answer(&pair.a) : chan_answer_state(&pair.a), -E_PROTOCOL);
            slot()->word = first;
            cr_assert_eq(chan_answer_state(&pair.a), -E_PROTOCOL, "for good");
            cr_assert_eq(chan_send(&pair.a.tx, &message), -E_PROTOCOL);
            cr_assert_eq(chan_receive(&pair.a.rx, &message), -E_PROTOCOL);
            pair_free(&pair);
            make();
        }
    }
}

TestSuite(notify, .init = make, .fini = end);

Test(notify, rings_and_is_taken_once) {
    cr_assert_eq(chan_take_notify(&pair.b), 0);
    cr_assert_eq(chan_notify(&pair.a), 0);
    cr_assert_eq(pair.rang_b, 1);
    cr_assert_eq(chan_take_notify(&pair.a), 0, "the other direction has its own");
    cr_assert_eq(chan_take_notify(&pair.b), 1);
    cr_assert_eq(chan_take_notify(&pair.b), 0);
}

Test(notify, merges_until_it_is_taken) {
    for (int i = 0; i < 5; i++)
        cr_assert_eq(chan_notify(&pair.a), 0);
    cr_assert_eq(pair.rang_b, 1);
    cr_assert_eq(chan_take_notify(&pair.b), 1);
    cr_assert_eq(chan_take_notify(&pair.b), 0);
    cr_assert_eq(chan_notify(&pair.a), 0);
    cr_assert_eq(pair.rang_b, 2);
    cr_assert_eq(chan_take_notify(&pair.b), 1);
}

Test(notify, needs_no_credit) {
    while (chan_send(&pair.a.tx, &message) == 0)
        ;
    cr_assert_eq(chan_notify(&pair.a), 0);
    cr_assert_eq(chan_take_notify(&pair.b), 1);
}

Test(notify, other_rings_are_not_taken_for_one) {
    cr_assert_eq(chan_arm(&pair.b.rx), 0);
    cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
    cr_assert_eq(pair.rang_b, 1);
    cr_assert_eq(chan_take_notify(&pair.b), 0);
}

Test(notify, is_still_there_after_a_close) {
    cr_assert_eq(chan_notify(&pair.a), 0);
    chan_close(&pair.a);
    cr_assert_eq(chan_take_notify(&pair.b), 1);
}

Test(notify, fails_when_either_side_has_ended) {
    chan_close(&pair.b);
    cr_assert_eq(chan_notify(&pair.a), -E_PEERDEAD);
    cr_assert_eq(chan_notify(&pair.b), -E_STATE);
    cr_assert_eq(chan_take_notify(&pair.b), 0);
    pair_free(&pair);
    make();
    chan_peer_died(&pair.a);
    cr_assert_eq(chan_notify(&pair.a), -E_PEERDEAD);
    cr_assert_eq(pair.rang_b, 0);
}

Test(notify, whatever_a_hostile_peer_writes_is_one_notification) {
    pair.b.notice->word = ~(uint64_t)0;
    cr_assert_eq(chan_take_notify(&pair.b), 1);
    cr_assert_eq(chan_take_notify(&pair.b), 0);
}
