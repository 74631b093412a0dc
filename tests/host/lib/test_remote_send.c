/* Sending to processes of another core, and what ends the waits. */
#include <criterion/criterion.h>

#include <runtime/asend.h>

#include "remote.h"

#define A       remote_endpoint(0)
#define B       remote_endpoint(1)
#define REQUEST 0x100

static struct message m;
static unsigned steps;

static void init(void) {
    remote_init();
    m = remote_message(REQUEST, 7);
}

TestSuite(remote_send, .init = init);

static bool answer_a(endpoint_t from) {
    cr_assert_eq(from, fake_binding(0), "the caller waits for nothing else");
    steps++;
    return remote_answers(0);
}

static bool die_a(endpoint_t from) {
    (void)from;
    remote_dies(0);
    return true;
}

static bool die_late_a(endpoint_t from) {
    (void)from;
    remote_dies_late(0);
    return true;
}

static bool close_a(endpoint_t from) {
    (void)from;
    chan_close(&remotes[0].chan);
    return true;
}

/* As many messages as there is credit for. */
static unsigned fill(endpoint_t to) {
    unsigned sent = 0;
    while (ipc_nbsend(to, &m) == 0)
        sent++;
    return sent;
}

Test(remote_send, endpoints_of_other_cores_are_remote) {
    cr_assert(endpoint_is_remote(endpoint_make(0, 1, 1, 0)));
    cr_assert(endpoint_is_remote(endpoint_make(0, 1, CORES_MAX - 1, UINT16_MAX)));
    cr_assert_not(endpoint_is_remote(FAKE_CHILD));
    cr_assert_not(endpoint_is_remote(endpoint_make(3, 1, 0, UINT16_MAX)));
    cr_assert_not(endpoint_is_remote(endpoint_make(0, 1, CORES_MAX, 0)));
    volatile endpoint_t special[] = { ENDPOINT_ANY, ENDPOINT_KERNEL, ENDPOINT_SELF, ENDPOINT_NONE,
                                      fake_binding(0) };
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        cr_assert_not(endpoint_is_remote(special[i]));
}

/* Seen from the highest core too: core numbers are compared bit by bit. */
Test(remote_send, whose_own_core_is_another_sees_others) {
    for (uint32_t own = 0; own < CORES_MAX; own++) {
        channel_hot.core = own << 16;
        for (uint32_t core = 0; core < 2 * CORES_MAX; core++) {
            endpoint_t e = endpoint_make(0, 1, (uint16_t)core, 9);
            cr_assert_eq(endpoint_is_remote(e), core != own && core < CORES_MAX, "%u %u", own,
                         core);
        }
        cr_assert_not(endpoint_is_remote(fake_binding(1)));
        volatile endpoint_t any = ENDPOINT_ANY;
        cr_assert_not(endpoint_is_remote(any));
    }
}

Test(remote_send, first_use_connects_and_later_uses_do_not) {
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    cr_assert_eq(ipc_nbsend(B, &m), 0);
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    cr_assert_eq(connects, 2);
    cr_assert_eq(kernel.sent_count, 0, "the kernel sends nothing");
}

Test(remote_send, refused_connection_is_the_error_and_leaves_nothing) {
    static const int errors[] = { -E_BADEP, -E_PEERDEAD, -E_TARGET, -E_QUOTA, -E_NOSLOT, -E_INVAL };

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        connect_error = errors[i];
        cr_assert_eq(ipc_nbsend(A, &m), errors[i]);
        cr_assert_eq(ipc_call(A, &m), errors[i]);
        cr_assert_eq(ipc_send(A, &m), errors[i]);
        cr_assert_eq(ipc_notify(A), errors[i]);
        cr_assert_eq(ipc_receive(A, &m), errors[i]);
        cr_assert_eq(m.type, REQUEST);
    }
    connect_error = 0;
    cr_assert_eq(ipc_nbsend(A, &m), 0);
}

Test(remote_send, without_a_monitor_there_is_nobody_to_ask) {
    fake_startup.monitor = ENDPOINT_NONE;
    cr_assert_eq(ipc_nbsend(A, &m), -E_BADEP);
    fake_startup.monitor = FAKE_MONITOR;
}

Test(remote_send, messages_arrive_whole_and_in_order) {
    struct message got;
    unsigned received = 0;

    for (uint32_t i = 0; i < 500; i++) {
        m = remote_message(REQUEST, i);
        while (ipc_nbsend(A, &m) == -E_WOULDBLOCK) {
            for (; remote_receives(0, &got); received++) {
                struct message wanted = remote_message(REQUEST, received);
                wanted.source = FAKE_SELF;
                cr_assert_arr_eq(&got, &wanted, sizeof got);
            }
        }
    }
    cr_assert_gt(received, 400);
}

Test(remote_send, nbsend_takes_just_the_credit_there_is) {
    cr_assert_eq(fill(A), 64);
    cr_assert_eq(ipc_nbsend(A, &m), -E_WOULDBLOCK);
    cr_assert_eq(kernel.sleeps, 0);
}

Test(remote_send, types_that_are_the_librarys_are_refused) {
    m.type = CHAN_REQUEST;
    cr_assert_eq(ipc_nbsend(A, &m), -E_INVAL);
    cr_assert_eq(ipc_send(A, &m), -E_INVAL);
    cr_assert_eq(ipc_call(A, &m), -E_INVAL);
    m.type = CHAN_REQUEST * 2 - 1;
    cr_assert_eq(ipc_nbsend(A, &m), -E_INVAL);
    m.type = (uint32_t)-E_PERM;
    cr_assert_eq(ipc_nbsend(A, &m), 0, "a result");
    cr_assert_eq(ipc_call(A, &m), -E_INVAL, "is no request");
}

Test(remote_send, call_brings_the_answer) {
    kernel.sleep = answer_a;
    for (uint32_t i = 0; i < 300; i++) {
        m = remote_message(REQUEST, i);
        cr_assert_eq(ipc_call(A, &m), 0);
        cr_assert_eq(m.source, A);
        cr_assert_eq(m.type, 0);
        cr_assert_eq(m.tag, i);
        for (unsigned k = 0; k < MESSAGE_ARGS; k++)
            cr_assert_eq(m.arg[k], i + 1);
    }
    cr_assert_eq(steps, 300);
}

/* What the peer sends besides stays for RECEIVE, however many calls go past it. */
Test(remote_send, call_overtakes_messages_that_nobody_has_received) {
    kernel.sleep = answer_a;
    cr_assert_eq(ipc_call(A, &m), 0);
    for (uint32_t i = 0; i < 64; i++)
        remote_sends(0, REQUEST + 1, i);
    for (uint32_t i = 0; i < 1000; i++) {
        m = remote_message(REQUEST, i);
        cr_assert_eq(ipc_call(A, &m), 0);
        cr_assert_eq(m.arg[0], i + 1);
    }
    for (uint32_t i = 0; i < 64; i++) {
        cr_assert_eq(ipc_receive(A, &m), 0);
        cr_assert_eq(m.type, REQUEST + 1);
        cr_assert_eq(m.tag, i);
    }
}

static bool answer_when_full(endpoint_t from) {
    struct message got;

    (void)from;
    if (steps++ == 0) { /* it waits for credit */
        for (unsigned i = 0; i < 64; i++)
            cr_assert(remote_receives(0, &got));
        return true;
    }
    return remote_answers(0);
}

Test(remote_send, call_waits_for_credit) {
    fill(A);
    kernel.sleep = answer_when_full;
    cr_assert_eq(ipc_call(A, &m), 0);
    cr_assert_eq(m.arg[0], 8);
    cr_assert_eq(steps, 2);
}

static bool consume_a(endpoint_t from) {
    struct message got;

    (void)from;
    steps++;
    return remote_receives(0, &got);
}

Test(remote_send, send_returns_when_the_message_is_consumed) {
    struct message got;

    cr_assert_eq(ipc_nbsend(A, &m), 0);
    cr_assert(remote_receives(0, &got));
    kernel.sleep = consume_a;
    for (unsigned i = 1; i <= 100; i++) {
        cr_assert_eq(ipc_send(A, &m), 0);
        cr_assert_eq(steps, i);
    }
}

Test(remote_send, send_waits_for_credit_and_then_for_all_before_it) {
    unsigned sent = fill(A);

    kernel.sleep = consume_a;
    cr_assert_eq(ipc_send(A, &m), 0);
    cr_assert_eq(steps, sent + 1);
}

/* In each wait: the answer, credit for a request, credit for a message, a message to receive. */
static int wait_for_answer(void) { return ipc_call(A, &m); }

static int wait_for_credit(void) {
    fill(A);
    return ipc_send(A, &m);
}

static int wait_to_call(void) {
    fill(A);
    return ipc_call(A, &m);
}

static int wait_for_message(void) { return ipc_receive(A, &m); }

static int (*const waits[])(void) = { wait_for_answer, wait_for_credit, wait_to_call,
                                      wait_for_message };

/* Including what cannot be asked any more: the next one. */
static void expect_end(bool (*how)(endpoint_t), int error) {
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        cr_assert_eq(ipc_nbsend(A, &m), 0);
        kernel.sleep = how;
        cr_assert_eq(waits[i](), error, "wait %zu", i);
        kernel.sleep = NULL;
        while (disconnects == i)
            cr_assert_lt(ipc_receive(A, &m), 0);
        cr_assert_null(remotes[0].memory, "given back");
    }
    cr_assert_eq(connects, sizeof waits / sizeof waits[0], "each made a new channel");
}

Test(remote_send, death_ends_every_wait) { expect_end(die_a, -E_PEERDEAD); }

Test(remote_send, death_with_the_memory_still_there_ends_every_wait) {
    expect_end(die_late_a, -E_PEERDEAD);
}

Test(remote_send, close_ends_every_wait) { expect_end(close_a, -E_PEERDEAD); }

static bool scribble_a(endpoint_t from) {
    (void)from;
    memset(remotes[0].memory, 0x5a, chan_bytes(remotes[0].slots));
    kernel.bell[0].rung = true;
    return true;
}

/* A word that says "closed" is among the scribble; either error is the end. */
Test(remote_send, broken_protocol_ends_the_channel_and_no_other) {
    cr_assert_eq(ipc_nbsend(B, &m), 0);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        cr_assert_eq(ipc_nbsend(A, &m), 0);
        kernel.sleep = scribble_a;
        int error = waits[i]();
        if (error == 0 && m.type == MESSAGE_NOTIFY) /* of the scribble, this is a good word */
            error = waits[i]();
        cr_assert(error == -E_PROTOCOL || error == -E_PEERDEAD, "wait %zu: %d", i, error);
        kernel.sleep = NULL;
        while (disconnects == i)
            cr_assert_lt(ipc_nbsend(A, &m), 0);
        cr_assert_eq(ipc_nbsend(B, &m), 0);
    }
}

static bool answer_and_die(endpoint_t from) {
    (void)from;
    cr_assert(remote_answers(0));
    remote_dies_late(0);
    return true;
}

Test(remote_send, answer_given_before_death_counts) {
    kernel.sleep = answer_and_die;
    cr_assert_eq(ipc_call(A, &m), 0);
    cr_assert_eq(m.arg[0], 8);
    cr_assert_eq(ipc_call(A, &m), -E_PEERDEAD);
}

Test(remote_send, messages_sent_before_death_are_received) {
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    for (uint32_t i = 0; i < 10; i++)
        remote_sends(0, REQUEST, i);
    remote_dies_late(0);
    for (uint32_t i = 0; i < 10; i++) {
        cr_assert_eq(ipc_receive(A, &m), 0);
        cr_assert_eq(m.tag, i);
        cr_assert_eq(m.source, A);
    }
    cr_assert_eq(ipc_receive(A, &m), -E_PEERDEAD);
    cr_assert_eq(disconnects, 1);
}

/* The process may not wait: its request stays behind, so nothing more is asked on that channel. */
Test(remote_send, call_without_permission_to_receive_fails_for_good) {
    cr_assert_eq(ipc_call(A, &m), -E_PERM);
    cr_assert_eq(ipc_call(A, &m), -E_PERM);
}

Test(remote_send, notify_merges_and_needs_no_credit) {
    fill(A);
    cr_assert_eq(ipc_notify(A), 0);
    cr_assert_eq(ipc_notify(A), 0);
    cr_assert_eq(kernel.notified[0], 1, "one ring");
    cr_assert_eq(chan_take_notify(&remotes[0].chan), 1);
    cr_assert_eq(chan_take_notify(&remotes[0].chan), 0);
}

Test(remote_send, notify_to_the_dead_fails) {
    cr_assert_eq(ipc_notify(A), 0);
    chan_close(&remotes[0].chan);
    cr_assert_eq(ipc_notify(A), -E_PEERDEAD);
}

Test(remote_send, sleeping_peer_is_rung_once) {
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    struct message got;
    cr_assert(remote_receives(0, &got));
    cr_assert_eq(chan_arm(&remotes[0].chan.rx), 0);
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    cr_assert_eq(kernel.notified[0], 1);
}

Test(remote_send, many_channels_have_their_own_places) {
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned n = 0; n < REMOTES; n++) {
            m = remote_message(REQUEST, n);
            cr_assert_eq(ipc_nbsend(remote_endpoint(n), &m), 0);
        }
    }
    cr_assert_eq(connects, REMOTES);
    for (unsigned n = 0; n < REMOTES; n++) {
        struct message got;
        cr_assert(remote_receives(n, &got));
        cr_assert_eq(got.tag, n);
    }
}

Test(remote_send, disconnect_gives_back_and_the_next_use_connects_again) {
    cr_assert_eq(channel_disconnect(A), -E_NOENT);
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    cr_assert_eq(channel_disconnect(A), 0);
    cr_assert_eq(disconnects, 1);
    cr_assert_eq(channel_disconnect(A), -E_NOENT);
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    cr_assert_eq(connects, 2);
}

Test(remote_send, connect_chooses_the_rings) {
    cr_assert_eq(channel_connect(A, 4), 0);
    cr_assert_eq(channel_connect(A, 4), -E_EXIST);
    cr_assert_eq(fill(A), 4);
    connect_error = -E_INVAL;
    cr_assert_eq(channel_connect(B, 3), -E_INVAL);
}

Test(remote_send, label_comes_from_the_monitor) {
    char label[LABEL_MAX + 1];

    cr_assert_eq(ipc_label(A, label), 0);
    cr_assert_str_eq(label, "far-away");
    cr_assert_eq(ipc_label(endpoint_make(0, 1, 9, 9), label), -E_BADCALL);
}
