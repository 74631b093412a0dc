/* Receiving from many channels. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include <urpc/set.h>

#include "pair.h"

#define MANY 64

static struct pair pairs[MANY];
static struct chan_member members[MANY];
static struct chan_set set;
static struct message message;
static uint32_t which;

/* Channels of a server: the server is side b. A ring is passed on at once, as by a kernel. */
static void pass_on(unsigned i) {
    if (pairs[i].rang_b > 0)
        chan_set_rung(&set, i);
    pairs[i].rang_b = 0;
}

static void make(unsigned count, uint32_t patience) {
    cr_assert_eq(chan_set_init(&set, members, count, patience), 0);
    for (unsigned i = 0; i < count; i++) {
        pair_make(&pairs[i], 16, 0, 0);
        cr_assert_eq(chan_set_add(&set, i, &pairs[i].b.rx), 0);
    }
}

static void send_on(unsigned i, uint64_t number) {
    struct message sent = pair_message(number);
    cr_assert_eq(chan_send(&pairs[i].a.tx, &sent), 0);
    pass_on(i);
}

static void receive_from(unsigned i, uint64_t number) {
    cr_assert_eq(chan_set_receive(&set, &message, &which), 0);
    cr_assert(which == i && pair_is(&message, number), "%u instead of %u", which, i);
}

static unsigned count_armed(unsigned count) {
    unsigned armed = 0;
    for (unsigned i = 0; i < count; i++)
        armed +=
            (atomic_load(&pair_slot(&pairs[i].a.tx, pairs[i].b.rx.tail)->word) & CHAN_ARMED) != 0;
    return armed;
}

Test(set, impossible_members_are_refused) {
    make(4, 0);
    struct chan_member few[1];
    struct chan_set empty;
    cr_assert_eq(chan_set_init(&empty, few, 0, 0), -E_INVAL);
    cr_assert_eq(chan_set_init(&empty, few, CHAN_SET_MAX + 1, 0), -E_INVAL);
    cr_assert_eq(chan_set_add(&set, 4, &pairs[0].b.rx), -E_RANGE);
    cr_assert_eq(chan_set_add(&set, 3, &pairs[0].b.rx), -E_EXIST);
    cr_assert_eq(chan_set_remove(&set, 4), -E_RANGE);
    cr_assert_eq(chan_set_remove(&set, 3), 0);
    cr_assert_eq(chan_set_remove(&set, 3), -E_NOENT);
    chan_set_rung(&set, 3);
    chan_set_rung(&set, 1000);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
}

Test(set, when_nothing_is_left_all_members_are_armed) {
    make(MANY, 0);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
    cr_assert_eq(count_armed(MANY), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        send_on(i, i);
        receive_from(i, i);
        cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
        cr_assert_eq(count_armed(MANY), MANY);
    }
}

Test(set, active_members_are_served_in_turn) {
    make(4, 0);
    for (uint64_t n = 0; n < 10; n++)
        for (unsigned i = 0; i < 3; i++)
            send_on(i, n);
    for (uint64_t n = 0; n < 10; n++)
        for (unsigned i = 0; i < 3; i++)
            receive_from(i, n);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
}

/* However much one member has to say, the message of another is among the next two. */
Test(set, a_busy_member_starves_nobody) {
    make(2, 0);
    for (uint64_t n = 0; n < 100; n++) {
        unsigned served = 0;
        send_on(0, 0);
        send_on(0, 0);
        send_on(1, n);
        for (unsigned i = 0; i < 2; i++) {
            cr_assert_eq(chan_set_receive(&set, &message, &which), 0);
            served += which == 1;
        }
        cr_assert_eq(served, 1);
        receive_from(0, 0);
    }
}

/* The looks at shared memory do not grow with the number of idle members: theirs may not even be
 * there. */
Test(set, idle_members_are_not_looked_at) {
    make(MANY, 0);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
    for (unsigned i = 1; i < MANY; i++)
        free(pairs[i].memory); /* AddressSanitizer would see the access */
    for (uint64_t n = 0; n < 100; n++) {
        send_on(0, n);
        receive_from(0, n);
        cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
    }
}

Test(set, patience_is_the_number_of_looks_before_a_member_is_armed) {
    make(1, 3);
    send_on(0, 7);
    receive_from(0, 7);
    for (unsigned n = 0; n < 3; n++) {
        cr_assert_eq(chan_set_receive(&set, &message, &which), CHAN_READY);
        cr_assert_eq(count_armed(1), 0);
    }
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
    cr_assert_eq(count_armed(1), 1);
    send_on(0, 8);
    receive_from(0, 8);
    cr_assert_eq(chan_set_receive(&set, &message, &which), CHAN_READY);
}

Test(set, the_last_active_member_is_armed_without_a_round) {
    make(2, 3);
    cr_assert(!chan_set_is_alone(&set, 0));
    cr_assert_eq(chan_set_remove(&set, 1), 0);
    cr_assert(chan_set_is_alone(&set, 0) && !chan_set_is_alone(&set, 1));
    send_on(0, 7);
    cr_assert_eq(chan_set_arm_last(&set), CHAN_READY);
    cr_assert(chan_set_is_alone(&set, 0));
    receive_from(0, 7);
    cr_assert_eq(chan_set_arm_last(&set), 0);
    cr_assert_eq(count_armed(1), 1);
    cr_assert(!chan_set_is_alone(&set, 0));
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
    send_on(0, 8);
    cr_assert(chan_set_is_alone(&set, 0));
    receive_from(0, 8);
}

Test(set, the_last_active_member_that_has_ended_is_not_armed) {
    make(1, 3);
    chan_close(&pairs[0].a);
    cr_assert_eq(chan_set_arm_last(&set), -E_PEERDEAD);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_PEERDEAD);
    cr_assert_eq(which, 0);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);

    make(1, 3);
    atomic_store(&pair_slot(&pairs[0].a.tx, 0)->word, 12345);
    cr_assert_eq(chan_set_arm_last(&set), -E_PROTOCOL);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_PROTOCOL);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
}

Test(set, an_end_is_reported_once) {
    make(3, 0);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
    send_on(1, 5);
    chan_close(&pairs[1].a);
    pass_on(1);
    receive_from(1, 5);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_PEERDEAD);
    cr_assert_eq(which, 1);
    chan_set_rung(&set, 1);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);

    chan_peer_died(&pairs[2].b);
    chan_set_rung(&set, 2);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_PEERDEAD);
    cr_assert_eq(which, 2);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
}

Test(set, a_hostile_member_ends_alone) {
    make(3, 0);
    send_on(0, 1);
    send_on(2, 2);
    atomic_store(&pair_slot(&pairs[1].a.tx, 0)->word, 12345);
    receive_from(0, 1);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_PROTOCOL);
    cr_assert_eq(which, 1);
    receive_from(2, 2);
    cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
}

Test(set, members_are_removed_from_anywhere_in_the_queue) {
    for (unsigned removed = 0; removed < 4; removed++) {
        make(4, 0);
        for (unsigned i = 0; i < 4; i++)
            send_on(i, i);
        cr_assert_eq(chan_set_remove(&set, removed), 0);
        for (unsigned i = 0; i < 4; i++)
            if (i != removed)
                receive_from(i, i);
        cr_assert_eq(chan_set_receive(&set, &message, &which), -E_WOULDBLOCK);
        cr_assert_eq(chan_set_add(&set, removed, &pairs[removed].b.rx), 0);
        receive_from(removed, removed);
        for (unsigned i = 0; i < 4; i++)
            pair_free(&pairs[i]);
    }
}
