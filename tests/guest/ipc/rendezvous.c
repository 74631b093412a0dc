/* Messages from hand to hand: SEND, RECEIVE, SENDREC, NBSEND, REPLYRECV. */
#include "tests.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#define SENDERS 8

static void test_send(void) {
    struct partner a;
    struct message m = { 0 };

    partner_start(&a, "a");
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    partner_waits(&a, PROCESS_RECEIVING, ENDPOINT_ANY, "receive_waits_for_a_message");
    is(ipc_send(a.endpoint, &full), 0, "send_to_a_waiting_receiver_succeeds");
    partner_is(&a, 0, "receiver_wakes_up");
    m = partner_message(&a);
    ok(same_content(&m, &full), "all_words_of_the_message_arrive");
    is((int64_t)m.source, (int64_t)runtime_self(), "source_is_the_sender");

    partner_order(&a, IPC_SEND, runtime_self(), &full);
    partner_waits(&a, PROCESS_SENDING, runtime_self(), "send_waits_for_its_receiver");
    is(ipc_receive(a.endpoint, &m), 0, "receive_from_a_waiting_sender_succeeds");
    ok(same_content(&m, &full) && m.source == a.endpoint, "its_message_arrives");
    partner_is(&a, 0, "sender_wakes_up");
    partner_end(&a);
}

static void test_choice(void) {
    struct partner a, b;
    struct message m = { 0 };

    partner_start(&a, "a");
    partner_start(&b, "b");
    partner_do(&a, IPC_SEND, runtime_self(), 1);
    partner_do(&b, IPC_SEND, runtime_self(), 2);
    is(ipc_receive(b.endpoint, &m), 0, "receive_from_one_of_two_senders");
    ok(m.source == b.endpoint && m.arg[0] == 2, "gets_the_one_that_was_asked_for");
    partner_waits(&a, PROCESS_SENDING, runtime_self(), "the_other_goes_on_waiting");
    is(ipc_receive(ENDPOINT_ANY, &m), 0, "receive_from_any");
    ok(m.source == a.endpoint && m.arg[0] == 1, "gets_the_one_that_is_there");

    partner_do(&a, IPC_RECEIVE, b.endpoint, 0);
    is(ipc_nbsend(a.endpoint, &full), -E_WOULDBLOCK, "nbsend_to_who_waits_for_another_fails");
    partner_waits(&a, PROCESS_RECEIVING, b.endpoint, "and_leaves_it_waiting");
    partner_end(&b);
    partner_is(&a, -E_PEERDEAD, "until_that_one_dies");
    partner_end(&a);
}

static void test_order_of_senders(void) {
    static const unsigned order[SENDERS] = { 3, 7, 0, 5, 1, 6, 2, 4 };
    struct partner sender[SENDERS];
    bool in_order = true;
    struct message m = { 0 };

    for (unsigned i = 0; i < SENDERS; i++)
        partner_start(&sender[i], "sender");
    for (unsigned i = 0; i < SENDERS; i++)
        partner_do(&sender[order[i]], i % 2 ? IPC_SEND : IPC_SENDREC, runtime_self(), i);
    for (unsigned i = 0; i < SENDERS; i++) {
        ipc_receive(ENDPOINT_ANY, &m);
        in_order = in_order && m.arg[0] == i && m.source == sender[order[i]].endpoint;
    }
    ok(in_order, "eight_senders_are_served_first_come_first_served");
    for (unsigned i = 0; i < SENDERS; i++)
        partner_end(&sender[i]);
}

static void test_nonblock(void) {
    struct partner a;
    struct message m = { 0 };

    drop_events();
    is(ipc_receive_nonblock(ENDPOINT_ANY, &m), -E_WOULDBLOCK, "nothing_is_there_to_receive");
    is(ipc_receive_nonblock(ENDPOINT_KERNEL, &m), -E_WOULDBLOCK, "nor_from_the_kernel");
    partner_start(&a, "a");
    partner_do(&a, IPC_SEND, runtime_self(), 5);
    is(ipc_receive_nonblock(ENDPOINT_KERNEL, &m), -E_WOULDBLOCK, "a_sender_is_not_the_kernel");
    is(ipc_receive_nonblock(ENDPOINT_ANY, &m), 0, "receive_nonblock_takes_a_waiting_sender");
    is((int64_t)m.arg[0], 5, "and_its_message");

    is(ipc_nbsend(a.endpoint, &full), -E_WOULDBLOCK, "nbsend_to_a_sender_fails");
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    is(ipc_receive_nonblock(a.endpoint, &m), -E_WOULDBLOCK, "nothing_comes_from_a_receiver");
    is(ipc_nbsend(a.endpoint, &full), 0, "nbsend_to_a_receiver_succeeds");
    m = partner_message(&a);
    ok(same_content(&m, &full), "and_its_message_arrives");
    partner_end(&a);
}

static void test_call(void) {
    struct partner a, b;
    struct message m, reply = full;

    partner_start(&a, "a");
    partner_start(&b, "b");
    partner_order(&a, IPC_SENDREC, runtime_self(), &full);
    partner_waits(&a, PROCESS_SENDING, runtime_self(), "sendrec_waits_for_its_receiver");
    ipc_receive(a.endpoint, &m);
    ok(same_content(&m, &full), "request_arrives");
    partner_waits(&a, PROCESS_RECEIVING, runtime_self(), "sendrec_waits_for_the_reply");

    privctl_allow(b.endpoint, a.endpoint);
    partner_do(&b, IPC_NBSEND, a.endpoint, 0);
    partner_is(&b, -E_WOULDBLOCK, "nobody_else_can_reply");
    partner_waits(&a, PROCESS_RECEIVING, runtime_self(), "and_the_caller_still_waits");

    reply.arg[0] = 99;
    is(ipc_nbsend(a.endpoint, &reply), 0, "reply_succeeds");
    partner_is(&a, 0, "caller_wakes_up");
    m = partner_message(&a);
    ok(same_content(&m, &reply) && m.source == runtime_self(), "with_the_reply");
    is(ipc_nbsend(a.endpoint, &reply), -E_WOULDBLOCK, "there_is_no_second_reply");
    partner_end(&b);
    partner_end(&a);
}

/* The test is the server, and waits when its client calls: that is the fast path, both ways. */
static void test_replyrecv(void) {
    struct partner client, other;
    struct message m = { 0 }, request = full;

    partner_start(&client, "client");
    partner_repeat(&client, IPC_SENDREC, runtime_self(), &request, 4);
    is(ipc_receive(client.endpoint, &m), 0, "the_first_request_is_received");
    for (uint64_t i = 0; i < 3; i++) {
        m.arg[0] = 100 + i;
        is(ipc_replyrecv(client.endpoint, &m), 0, "replyrecv_receives_the_next_request");
        ok(m.source == client.endpoint && same_content(&m, &full), "whole");
    }
    m.arg[0] = 200;
    is(ipc_replyrecv(client.endpoint, &m), 0, "replyrecv_after_the_last_request");
    partner_is(&client, 0, "the_client_has_its_last_reply");
    is((int64_t)partner_message(&client).arg[0], 200, "with_its_content");

    partner_do(&client, IPC_SENDREC, runtime_self(), 1);
    ipc_receive(client.endpoint, &m);
    partner_start(&other, "other");
    partner_do(&other, IPC_SEND, runtime_self(), 77);
    m = full;
    is(ipc_replyrecv(other.endpoint, &m), -E_WOULDBLOCK, "replyrecv_to_who_does_not_wait_fails");
    ok(same_content(&m, &full), "and_receives_nothing");
    partner_waits(&other, PROCESS_SENDING, runtime_self(), "though_a_sender_is_waiting");
    is(ipc_replyrecv(client.endpoint, &m), 0, "replyrecv_with_a_sender_waiting");
    ok(m.source == other.endpoint && m.arg[0] == 77, "takes_it_at_once");
    partner_is(&other, 0, "and_wakes_it");
    partner_is(&client, 0, "and_has_replied");
    partner_end(&other);
    partner_end(&client);
}

void test_rendezvous(void) {
    test_send();
    test_choice();
    test_order_of_senders();
    test_nonblock();
    test_call();
    test_replyrecv();
    drop_events();
}
