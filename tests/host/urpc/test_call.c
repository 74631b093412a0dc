/* Requests and replies. */
#include <criterion/criterion.h>

#define PROGRAM "urpc-test"
#include "../random.h"

#include <urpc/call.h>

#include "pair.h"

#define REQUEST MESSAGE_TYPE_SERVICE

Test(call, tables_of_impossible_size_are_refused) {
    struct pair pair;
    struct chan_calls table;
    struct chan_call calls[5];
    pair_make(&pair, 16, 4, 0);
    cr_assert_eq(chan_calls_init(&table, &pair.a, calls, 0), -E_INVAL);
    cr_assert_eq(chan_calls_init(&table, &pair.a, calls, 5), -E_INVAL);
    cr_assert_eq(chan_calls_init(&table, &pair.a, calls, 4), 0);
    pair_free(&pair);
}

Test(call, replies_in_any_order_find_their_requests) {
    random_start();
    for (uint32_t capacity = 1; capacity <= 12; capacity++) {
        struct pair pair;
        struct chan_calls table;
        struct chan_call calls[12];
        struct message requests[12];
        int contexts[12];
        pair_make(&pair, 16, 12, 0);
        cr_assert_eq(chan_calls_init(&table, &pair.a, calls, capacity), 0);
        for (unsigned round = 0; round < 300; round++) {
            for (uint32_t i = 0; i < capacity; i++) {
                struct message request = { .type = REQUEST, .arg = { i } };
                random_check(chan_call(&table, &request, &contexts[i]) == 0);
                random_check(request.tag != 0);
                random_check(chan_receive(&pair.b.rx, &requests[i]) == 0);
            }
            struct message surplus = { .type = REQUEST };
            random_check(chan_call(&table, &surplus, NULL) == -E_WOULDBLOCK);
            for (uint32_t left = capacity; left > 0; left--) {
                uint64_t i = random_below(left);
                struct message reply = { .tag = requests[i].tag, .arg = { requests[i].arg[0] } };
                void *context = NULL;
                requests[i] = requests[left - 1];
                random_check(chan_reply(&pair.b.tx, &reply) == 0);
                random_check(chan_receive(&pair.a.rx, &reply) == 0);
                random_check(chan_is_reply(&reply));
                random_check(chan_call_finish(&table, &reply, &context) == 0);
                random_check(context == &contexts[reply.arg[0]]);
            }
        }
        pair_free(&pair);
    }
}

/* Though the server sends other messages as fast as it can, and the client acknowledges as late as
 * it may. */
Test(call, a_reply_always_finds_credit) {
    random_start();
    for (unsigned round = 0; round < 500; round++) {
        struct pair pair;
        struct chan_calls table;
        struct chan_call calls[64];
        uint32_t slots = 4U << random_below(5);
        uint32_t depth = (uint32_t)random_below(slots - slots / 4) + 1;
        uint32_t waiting[64];
        uint32_t count = 0;
        struct message message;
        pair_make(&pair, slots, depth, random_next() & -(uint64_t)STEP);
        cr_assert_eq(chan_calls_init(&table, &pair.a, calls, depth), 0);
        for (unsigned step = 0; step < 2000; step++) {
            message = (struct message){ .type = REQUEST };
            switch (random_below(4)) {
            case 0:
                random_check(chan_call(&table, &message, NULL) <= 0);
                break;
            case 1: /* the server takes a request, or says something unasked */
                if (chan_receive(&pair.b.rx, &message) == 0)
                    waiting[count++] = message.tag;
                else
                    chan_send(&pair.b.tx, &message);
                break;
            case 2: /* the server replies */
                if (count > 0) {
                    message = (struct message){ .tag = waiting[--count] };
                    random_check(chan_reply(&pair.b.tx, &message) == 0);
                }
                break;
            default: /* the client takes what comes */
                if (chan_receive(&pair.a.rx, &message) == 0 && chan_is_reply(&message)) {
                    void *context;
                    random_check(chan_call_finish(&table, &message, &context) == 0);
                }
            }
        }
        pair_free(&pair);
    }
}

Test(call, only_a_request_can_be_sent_as_one) {
    struct pair pair;
    struct chan_calls table;
    struct chan_call calls[1];
    struct message reply = { .type = 0 };
    struct message error = { .type = (uint32_t)-E_PERM };
    pair_make(&pair, 4, 1, 0);
    cr_assert_eq(chan_calls_init(&table, &pair.a, calls, 1), 0);
    cr_assert_eq(chan_call(&table, &reply, NULL), -E_INVAL);
    cr_assert_eq(chan_call(&table, &error, NULL), -E_INVAL);
    pair_free(&pair);
}

Test(call, foreign_duplicate_and_impossible_tags_are_caught) {
    struct pair pair;
    struct chan_calls table;
    struct chan_call calls[3];
    struct message request = { .type = REQUEST };
    void *context;
    pair_make(&pair, 16, 3, 0);
    cr_assert_eq(chan_calls_init(&table, &pair.a, calls, 3), 0);
    cr_assert_eq(chan_call(&table, &request, &pair), 0);

    struct message reply = { .tag = request.tag };
    for (uint32_t bit = 0; bit < 32; bit++) {
        struct message wrong = { .tag = request.tag ^ 1U << bit };
        cr_assert_eq(chan_call_finish(&table, &wrong, &context), -E_PROTOCOL);
    }
    struct message none = { .tag = 0 };
    cr_assert_eq(chan_call_finish(&table, &none, &context), -E_PROTOCOL);
    cr_assert_eq(chan_call_finish(&table, &reply, &context), 0);
    cr_assert_eq(chan_call_finish(&table, &reply, &context), -E_PROTOCOL);
    pair_free(&pair);
}

Test(call, tags_wrap_and_are_never_0) {
    struct pair pair;
    struct chan_calls table;
    struct chan_call calls[1];
    void *context;
    pair_make(&pair, 4, 1, 0);
    cr_assert_eq(chan_calls_init(&table, &pair.a, calls, 1), 0);
    calls[0].tag = UINT32_MAX - 2;
    for (unsigned n = 0; n < 10; n++) {
        struct message message = { .type = REQUEST };
        cr_assert_eq(chan_call(&table, &message, NULL), 0);
        cr_assert_neq(message.tag, 0);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        message.type = 0;
        cr_assert_eq(chan_call_finish(&table, &message, &context), 0);
    }
    pair_free(&pair);
}

Test(call, outstanding_requests_can_be_aborted_when_the_peer_is_gone) {
    struct pair pair;
    struct chan_calls table;
    struct chan_call calls[3];
    int contexts[3];
    void *context;
    pair_make(&pair, 16, 3, 0);
    cr_assert_eq(chan_calls_init(&table, &pair.a, calls, 3), 0);
    for (int i = 0; i < 3; i++) {
        struct message request = { .type = REQUEST };
        cr_assert_eq(chan_call(&table, &request, &contexts[i]), 0);
    }
    chan_peer_died(&pair.a);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(chan_call_abort(&table, &context), 0);
        cr_assert((int *)context >= contexts && (int *)context < contexts + 3);
    }
    cr_assert_eq(chan_call_abort(&table, &context), -E_NOENT);
    pair_free(&pair);
}
