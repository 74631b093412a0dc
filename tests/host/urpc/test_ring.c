/* One ring, both sides in one thread: what is sent is received, and what cannot be is refused. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "pair.h"

static const uint64_t origins[] = { 0, STEP, STEP * 1000003, -STEP * 5, -STEP * 70 };

Test(ring, sizes_that_are_no_power_of_two_from_4_to_65536_are_refused) {
    static const uint32_t sizes[] = { 0, 1, 2, 3, 5, 6, 7, 12, 63, 65, 131072, UINT32_MAX };
    static _Alignas(CHAN_ALIGNMENT) char memory[4096];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct chan_parameters parameters = { .slots = sizes[i] };
        struct chan chan;
        cr_assert_eq(chan_bytes(sizes[i]), 0, "%u slots", sizes[i]);
        cr_assert_eq(chan_format(memory, &parameters), -E_INVAL);
        cr_assert_eq(chan_attach(&chan, memory, &parameters, 0, (struct chan_bell){ 0 }, 1),
                     -E_INVAL);
    }
}

Test(ring, unaligned_memory_is_refused) {
    static _Alignas(CHAN_ALIGNMENT) char memory[8192];
    struct chan_parameters parameters = { .slots = 4 };
    struct chan chan;

    for (size_t offset = 1; offset < CHAN_ALIGNMENT; offset++) {
        cr_assert_eq(chan_format(memory + offset, &parameters), -E_INVAL);
        cr_assert_eq(
            chan_attach(&chan, memory + offset, &parameters, 0, (struct chan_bell){ 0 }, 1),
            -E_INVAL);
    }
}

Test(ring, impossible_parameters_are_refused) {
    static _Alignas(CHAN_ALIGNMENT) char memory[8192];
    struct chan_parameters too_deep = { .slots = 16, .depth = { 13, 0 } };
    struct chan_parameters odd_origin = { .slots = 16, .origin = 8 };
    struct chan_parameters good = { .slots = 16, .depth = { 12, 12 } };
    struct chan chan;

    cr_assert_eq(chan_format(memory, &too_deep), -E_INVAL);
    cr_assert_eq(chan_format(memory, &odd_origin), -E_INVAL);
    cr_assert_eq(chan_format(memory, &good), 0);
    cr_assert_eq(chan_attach(&chan, memory, &good, 2, (struct chan_bell){ 0 }, 1), -E_INVAL);
    cr_assert_eq(chan_attach(&chan, memory, &good, 1, (struct chan_bell){ 0 }, 1), 0);
}

/* Sends the messages `first` to `first + count - 1`, which must succeed. */
static void send(struct pair *pair, uint64_t first, uint64_t count) {
    for (uint64_t n = first; n < first + count; n++) {
        struct message message = pair_message(n);
        cr_assert_eq(chan_send(&pair->a.tx, &message), 0);
    }
}

/* Receives the messages `first` to `first + count - 1`. */
static void receive(struct pair *pair, uint64_t first, uint64_t count) {
    for (uint64_t n = first; n < first + count; n++) {
        struct message message;
        cr_assert_eq(chan_receive(&pair->b.rx, &message), 0);
        cr_assert(pair_is(&message, n), "message %lu", n);
        cr_assert_eq(message.source, PAIR_SOURCE_A);
    }
}

static void receive_nothing(struct pair *pair) {
    struct message message;
    cr_assert_eq(chan_receive(&pair->b.rx, &message), -E_WOULDBLOCK);
}

Test(ring, messages_arrive_whole_in_order_and_with_the_source_of_the_binding) {
    for (uint32_t slots = CHAN_SLOTS_MIN; slots <= 4096; slots *= 2) {
        for (size_t i = 0; i < sizeof origins / sizeof *origins; i++) {
            struct pair pair;
            pair_make(&pair, slots, 0, origins[i]);
            for (uint64_t n = 0, count = 1; n < 6UL * slots;
                 n += count, count = count % slots + 1) {
                if (count > slots - slots / 4)
                    count = 1;
                send(&pair, n, count);
                receive(&pair, n, count);
                receive_nothing(&pair);
            }
            pair_free(&pair);
        }
    }
}

Test(ring, the_sequence_word_wraps) {
    struct pair pair;
    pair_make(&pair, 16, 0, -(uint64_t)STEP * 24);
    for (uint64_t n = 0; n < 64; n += 8) {
        send(&pair, n, 8);
        receive(&pair, n, 8);
    }
    cr_assert_eq(chan_position(&pair.a.tx), STEP * 40);
    pair_free(&pair);
}

Test(ring, a_full_ring_takes_no_more_until_a_quarter_is_consumed) {
    for (uint32_t slots = CHAN_SLOTS_MIN; slots <= 256; slots *= 2) {
        struct pair pair;
        struct message message = pair_message(0);
        pair_make(&pair, slots, 0, 0);
        send(&pair, 0, slots);
        cr_assert_eq(chan_send(&pair.a.tx, &message), -E_WOULDBLOCK);
        receive(&pair, 0, slots / 4 - 1);
        cr_assert_eq(chan_send(&pair.a.tx, &message), -E_WOULDBLOCK);
        receive(&pair, slots / 4 - 1, 1);
        send(&pair, slots, slots / 4);
        cr_assert_eq(chan_send(&pair.a.tx, &message), -E_WOULDBLOCK);
        receive(&pair, slots / 4, slots);
        receive_nothing(&pair);
        pair_free(&pair);
    }
}

Test(ring, a_message_that_was_begun_and_given_up_is_not_sent) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    for (uint64_t n = 0; n < 100; n++) {
        cr_assert_eq(chan_begin(&pair.a.tx), 0);
        pair.a.tx.slot->type = 77;
        cr_assert_eq(chan_begin(&pair.a.tx), 0);
        receive_nothing(&pair);
        send(&pair, n, 1);
        receive(&pair, n, 1);
    }
    pair_free(&pair);
}

Test(ring, what_is_written_in_place_arrives) {
    struct pair pair;
    struct message message;
    pair_make(&pair, 8, 0, 0);
    for (uint64_t n = 0; n < 50; n++) {
        cr_assert_eq(chan_begin(&pair.a.tx), 0);
        pair.a.tx.slot->type = 5;
        pair.a.tx.slot->arg[3] = n;
        chan_publish(&pair.a.tx);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        cr_assert(message.type == 5 && message.arg[3] == n);
    }
    pair_free(&pair);
}

Test(ring, a_batch_arrives_in_order_and_wraps) {
    for (uint32_t slots = CHAN_SLOTS_MIN; slots <= 256; slots *= 2) {
        struct pair pair;
        struct message messages[256];
        uint64_t sent = 0, received = 0;
        pair_make(&pair, slots, 0, origins[4]);
        for (uint32_t count = 1; received < 10UL * slots; count = count % slots + 1) {
            for (uint32_t i = 0; i < count; i++)
                messages[i] = pair_message(sent + i);
            int accepted = chan_send_batch(&pair.a.tx, messages, count);
            cr_assert(accepted > 0 && (uint32_t)accepted <= count);
            sent += (uint64_t)accepted;
            int got = chan_receive_batch(&pair.b.rx, messages, 256);
            cr_assert_eq(got, accepted);
            for (int i = 0; i < got; i++)
                cr_assert(pair_is(&messages[i], received + (uint64_t)i));
            received += (uint64_t)got;
            cr_assert_eq(chan_receive_batch(&pair.b.rx, messages, 256), -E_WOULDBLOCK);
        }
        pair_free(&pair);
    }
}

Test(ring, a_batch_is_cut_to_the_credit) {
    struct pair pair;
    struct message messages[20];
    pair_make(&pair, 16, 0, 0);
    for (uint64_t i = 0; i < 20; i++)
        messages[i] = pair_message(i);
    cr_assert_eq(chan_send_batch(&pair.a.tx, messages, 20), 16);
    cr_assert_eq(chan_send_batch(&pair.a.tx, messages, 20), -E_WOULDBLOCK);
    receive(&pair, 0, 16);
    pair_free(&pair);
}

Test(ring, reserved_slots_are_invisible_until_they_are_committed) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    for (uint64_t n = 0; n < 90; n += 3) {
        cr_assert_eq(chan_reserve(&pair.a.tx, 5), 5);
        for (uint32_t i = 0; i < 3; i++) {
            struct message message = pair_message(n + i);
            chan_write_payload(chan_reserved(&pair.a.tx, i), &message);
        }
        receive_nothing(&pair);
        chan_commit(&pair.a.tx, 0);
        receive_nothing(&pair);
        chan_commit(&pair.a.tx, 3);
        receive(&pair, n, 3);
        receive_nothing(&pair);
    }
    pair_free(&pair);
}

Test(ring, single_messages_and_batches_mix) {
    struct pair pair;
    uint64_t n = 0;
    pair_make(&pair, 32, 0, origins[3]);
    for (uint64_t round = 0; round < 200; round++) {
        uint32_t count = (uint32_t)(round % 11) + 1;
        struct message messages[12];
        for (uint32_t i = 0; i < count; i++)
            messages[i] = pair_message(n + i);
        send(&pair, n, 1);
        cr_assert_eq(chan_send_batch(&pair.a.tx, messages + 1, count), (int)count);
        for (uint32_t i = 0; i <= count; i++) {
            struct message message;
            cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
            cr_assert(i == count || pair_is(&message, n + i));
        }
        n += count;
    }
    pair_free(&pair);
}

Test(ring, peeked_slots_are_given_back_by_release) {
    struct pair pair;
    struct message message = pair_message(0);
    pair_make(&pair, 16, 0, 0);
    cr_assert_eq(chan_peek(&pair.b.rx, 4), -E_WOULDBLOCK);
    for (uint64_t n = 0; n < 160; n += 16) {
        send(&pair, n, 16);
        cr_assert_eq(chan_send(&pair.a.tx, &message), -E_WOULDBLOCK);
        cr_assert_eq(chan_peek(&pair.b.rx, 6), 6);
        for (uint32_t i = 0; i < 6; i++)
            cr_assert_eq(chan_peeked(&pair.b.rx, i)->arg[0], n + i);
        chan_release(&pair.b.rx, 5);
        receive(&pair, n + 5, 1);
        cr_assert_eq(chan_peek(&pair.b.rx, 100), 10);
        chan_release(&pair.b.rx, 10);
        cr_assert_eq(chan_peek(&pair.b.rx, 100), -E_WOULDBLOCK);
    }
    pair_free(&pair);
}

Test(ring, the_consumer_acknowledges_once_in_a_quarter) {
    struct pair pair;
    unsigned changes = 0;
    uint64_t acked = 0;
    pair_make(&pair, 64, 0, 0);
    for (uint64_t n = 0; n < 640; n++) {
        send(&pair, n, 1);
        receive(&pair, n, 1);
        uint64_t now = atomic_load(&pair.b.rx.acked->word);
        changes += now != acked;
        acked = now;
    }
    cr_assert_eq(changes, 40);
    pair_free(&pair);
}

Test(ring, an_acknowledged_send_rings_its_sender_when_it_is_consumed) {
    for (uint64_t before = 0; before < 16; before++) {
        struct pair pair;
        struct message message = pair_message(before);
        pair_make(&pair, 16, 0, 0);
        send(&pair, 0, before);
        uint64_t position = chan_position(&pair.a.tx);
        cr_assert_eq(chan_send_acknowledged(&pair.a.tx, &message), 0);
        receive(&pair, 0, before);
        cr_assert_eq(pair.rang_a, 0);
        cr_assert_eq(chan_consumed(&pair.a.tx, position), 0);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        cr_assert_eq(pair.rang_a, 1);
        cr_assert_eq(chan_consumed(&pair.a.tx, position), 1);
        pair_free(&pair);
    }
}

Test(ring, an_acknowledged_send_rings_when_it_is_released) {
    struct pair pair;
    struct message message = pair_message(2);
    pair_make(&pair, 16, 0, 0);
    send(&pair, 0, 2);
    cr_assert_eq(chan_send_acknowledged(&pair.a.tx, &message), 0);
    send(&pair, 3, 2);
    cr_assert_eq(chan_peek(&pair.b.rx, 16), 3, "peek ends with the message that is waited for");
    chan_release(&pair.b.rx, 2);
    cr_assert_eq(pair.rang_a, 0);
    chan_release(&pair.b.rx, 1);
    cr_assert_eq(pair.rang_a, 1);
    receive(&pair, 3, 2);
    cr_assert_eq(pair.rang_a, 1);
    pair_free(&pair);
}
