/* A peer that writes what no correct peer writes harms nobody but itself. */
#include <stdlib.h>

#include <criterion/criterion.h>

#define PROGRAM "urpc-test"
#include "../random.h"

#include <urpc/answer.h>

#include "pair.h"

static struct message message;

Test(hostile, a_word_that_belongs_to_no_message_ends_the_ring) {
    static const uint64_t words[] = {
        STEP * 5 | CHAN_ARMED,  /* the message, but with the consumer's flag */
        STEP * 5 | 8,           /* a flag that does not exist */
        STEP * 6,               /* the next message */
        STEP * (5 + 16),        /* that of the next lap */
        STEP * (5ULL - 32),     /* that of the last but one */
        (5ULL - 16) * STEP | 8, /* not quite "none" */
        0,
        1,
        UINT64_MAX,
        UINT64_MAX / 2,
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct pair pair;
        pair_make(&pair, 16, 0, 0);
        for (unsigned n = 0; n < 5; n++) {
            cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
            cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        }
        struct chan_slot *slot = pair_slot(&pair.a.tx, STEP * 5);
        uint64_t good = atomic_load(&slot->word);
        atomic_store(&slot->word, words[i]);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), -E_PROTOCOL, "word %lx", words[i]);

        /* The end is for good, whatever the memory says afterwards. */
        atomic_store(&slot->word, good);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), -E_PROTOCOL);
        cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), -E_PROTOCOL);
        cr_assert_eq(chan_peek(&pair.b.rx, 4), -E_PROTOCOL);
        cr_assert_eq(chan_arm(&pair.b.rx), -E_PROTOCOL);
        cr_assert_eq(chan_disarm(&pair.b.rx), -E_PROTOCOL);

        /* The other direction lives. */
        cr_assert_eq(chan_send(&pair.b.tx, &message), 0);
        cr_assert_eq(chan_receive(&pair.a.rx, &message), 0);
        pair_free(&pair);
    }
}

Test(hostile, an_impossible_acknowledgement_ends_the_ring) {
    static const uint64_t words[] = {
        STEP * 25,     /* more than was sent */
        STEP * 7,      /* less than was acknowledged before */
        STEP * 12 + 8, /* no position */
        STEP * 12 | CHAN_ACKNOWLEDGE,
        0,
        UINT64_MAX,
        UINT64_MAX / 2,
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct pair pair;
        pair_make(&pair, 16, 0, 0);
        for (unsigned n = 0; n < 8; n++) {
            cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
            cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        }
        while (chan_send(&pair.a.tx, &message) == 0) /* up to 24, having seen 8 acknowledged */
            ;
        cr_assert_eq(chan_position(&pair.a.tx), STEP * 24);
        atomic_store(&pair.a.tx.acked->word, words[i]);
        cr_assert_eq(chan_send(&pair.a.tx, &message), -E_PROTOCOL, "acked %lx", words[i]);
        atomic_store(&pair.a.tx.acked->word, STEP * 24);
        cr_assert_eq(chan_send(&pair.a.tx, &message), -E_PROTOCOL);
        cr_assert_eq(chan_arm_credit(&pair.a.tx), -E_PROTOCOL);
        cr_assert_eq(chan_consumed(&pair.a.tx, 0), -E_PROTOCOL);
        pair_free(&pair);
    }
}

Test(hostile, a_client_with_too_many_requests_ends_its_ring) {
    struct pair pair;
    pair_make(&pair, 16, 4, 0);
    uint64_t origin = chan_position(&pair.b.tx);
    while (chan_send(&pair.b.tx, &message) == 0)
        ;
    cr_assert_eq(chan_position(&pair.b.tx) - origin, STEP * 12);
    for (unsigned n = 0; n < 4; n++)
        cr_assert_eq(chan_reply(&pair.b.tx, &message), 0, "four slots are left for replies");
    cr_assert_eq(chan_reply(&pair.b.tx, &message), -E_PROTOCOL);
    cr_assert_eq(chan_send(&pair.b.tx, &message), -E_PROTOCOL);
    pair_free(&pair);
}

/* A message that arming has seen is taken back before it is received. */
Test(hostile, a_word_that_says_none_and_changes_under_the_arming_is_noticed) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    struct chan_slot *slot = pair_slot(&pair.a.tx, 0);
    uint64_t none = atomic_load(&slot->word);
    atomic_store(&slot->word, 0);
    cr_assert_eq(chan_arm(&pair.b.rx), CHAN_READY);
    atomic_store(&slot->word, none);
    cr_assert_eq(chan_receive(&pair.b.rx, &message), -E_WOULDBLOCK);
    pair_free(&pair);
}

/*
 * The payload is read once: what was received does not change any more when the slot does. (The
 * compiler could read the slot again instead of the copy if it were allowed to.)
 */
Test(hostile, a_received_message_is_a_copy) {
    struct pair pair;
    pair_make(&pair, 16, 0, 0);
    struct message sent = pair_message(1);
    cr_assert_eq(chan_send(&pair.a.tx, &sent), 0);
    cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
    *pair_slot(&pair.a.tx, 0) = (struct chan_slot){ .type = 9 };
    cr_assert(pair_is(&message, 1));
    pair_free(&pair);
}

/*
 * Both sides do what they can while the shared memory is written at random: every call returns a
 * message or an error that it may return. AddressSanitizer sees any access to elsewhere.
 */
Test(hostile, random_memory_gives_messages_and_errors_and_nothing_else) {
    random_start();
    for (unsigned round = 0; round < 3000; round++) {
        struct pair pair;
        uint32_t slots = 4U << random_below(4);
        struct message messages[8] = { 0 };
        pair_make(&pair, slots, slots / 2, random_next() & -(uint64_t)STEP);
        uint64_t *words = pair.memory;
        size_t count = chan_bytes(slots) / sizeof *words;
        for (unsigned step = 0; step < 60; step++) {
            uint64_t at = random_below(count);
            if (random_below(4) == 0)
                words[at] = random_below(2) ? random_next() : words[random_below(count)];
            if (random_below(8) == 0)
                words[at] ^= (uint64_t)1 << random_below(16);
            uint32_t n = (uint32_t)random_below(8) + 1;
            int results[] = {
                chan_send(&pair.a.tx, &messages[0]),
                chan_reply(&pair.a.tx, &messages[0]),
                chan_send_batch(&pair.a.tx, messages, n),
                chan_arm_credit(&pair.a.tx),
                chan_receive(&pair.a.rx, &messages[0]),
                chan_receive_batch(&pair.a.rx, messages, n),
                chan_arm(&pair.a.rx),
                chan_disarm(&pair.a.rx),
                chan_peek(&pair.a.rx, n),
            };
            if (results[8] > 0)
                chan_release(&pair.a.rx, (uint32_t)results[8]);
            for (size_t i = 0; i < sizeof results / sizeof *results; i++)
                random_check(results[i] >= 0 || results[i] == -E_WOULDBLOCK ||
                             results[i] == -E_PEERDEAD || results[i] == -E_PROTOCOL);
            random_check(results[2] <= (int)n && results[5] <= (int)n && results[8] <= (int)n);
        }
        pair_free(&pair);
    }
}

/*
 * In the system one page takes the place of all memory of a channel whose peer has died: what this
 * side writes there is not what it waits for.
 */
Test(hostile, what_a_side_writes_is_never_what_it_waits_for) {
    struct pair pair;
    pair_make(&pair, 16, 0, STEP * 1000003);
    for (unsigned n = 0; n < 1000; n++) {
        uint64_t sent = chan_position(&pair.a.tx), taken = pair.a.rx.tail, answer = pair.a.due;
        cr_assert(sent != taken && sent != pair.a.awaited);
        cr_assert(answer != taken && answer != pair.a.awaited && taken != pair.a.awaited);
        cr_assert_eq(chan_send(&pair.a.tx, &message), 0);
        cr_assert_eq(chan_receive(&pair.b.rx, &message), 0);
        chan_owe(&pair.a);
    }
    pair_free(&pair);
}
