/* Receiving from processes of other cores beside those of the own one; ASEND; pools. */
#include <criterion/criterion.h>

#include <runtime/asend.h>

#include "remote.h"

#define A       remote_endpoint(0)
#define B       remote_endpoint(1)
#define LOCAL   endpoint_make(0, 7, 0, 5)
#define REQUEST 0x100
#define SLOTS   4

static struct message m;
static ASEND_ENTRIES(entries, SLOTS);
static struct asend_queue queue;

static void init(void) {
    remote_init();
    m = remote_message(REQUEST, 7);
    asend_init(&queue, entries, SLOTS, NULL, NULL);
}

TestSuite(remote_receive, .init = init);

static void deliver(endpoint_t source, uint32_t tag) {
    struct message local = remote_message(REQUEST, tag);
    local.source = source;
    fake_deliver(&local);
}

static void expect(endpoint_t source, uint32_t tag) {
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), 0);
    cr_assert_eq(m.source, source);
    cr_assert_eq(m.tag, tag);
}

Test(remote_receive, channel_of_a_peer_that_connects_is_taken_unseen) {
    remote_connects(0);
    remote_sends(0, REQUEST, 3);
    expect(A, 3);
    deliver(LOCAL, 4);
    expect(LOCAL, 4);
    cr_assert_eq(connects, 0);
}

Test(remote_receive, channel_is_taken_by_replyrecv) {
    remote_connects(0);
    remote_sends(0, REQUEST, 3);
    cr_assert_eq(ipc_replyrecv(LOCAL, &m), 0);
    cr_assert_eq(m.source, A);
    cr_assert_eq(kernel.sent_to[0], LOCAL);
}

/* Who could say so could show a process memory that it takes for a channel. */
Test(remote_receive, what_looks_like_news_of_the_monitor_is_an_ordinary_message) {
    struct message forged = remote_message(MONITOR_BOUND, 1);

    forged.source = LOCAL;
    fake_deliver(&forged);
    expect(LOCAL, 1);
    cr_assert_eq(m.type, MONITOR_BOUND);
    cr_assert_eq(channel_hot.in_use, 0);
}

Test(remote_receive, bell_of_an_unknown_binding_without_news_is_nothing) {
    kernel.bell[3] = (struct fake_bell){ .bound = true, .rung = true, .closed = true };
    deliver(LOCAL, 4);
    expect(LOCAL, 4);
    cr_assert_eq(channel_hot.in_use, 0);
}

static void refuse(unsigned word, uint64_t value) {
    remote_connects(0);
    new->arg[word] = value;
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    cr_assert_eq(channel_hot.in_use, 0);
    cr_assert_eq(disconnects, 1);
    disconnects = 0;
}

Test(remote_receive, bound_that_cannot_be_is_given_back) {
    refuse(1, 1 + UINT64_C(0x100000));           /* alignment */
    refuse(2, 3);                                /* slots */
    refuse(2, (uint64_t)1 << 32 | 16);           /* slots */
    refuse(2, 32);                               /* more than the bytes */
    refuse(3, UINT64_C(8192) << 32 | 128 << 16); /* cookie */
    refuse(3, UINT64_C(8192) << 32 | 15);        /* depth */
    refuse(5, BOUND_POOL_BORROWER + 1);
}

/* Both have made the channel at the same time. */
Test(remote_receive, bound_twice_is_one_channel) {
    remote_connects(0);
    remote_sends(0, REQUEST, 3);
    expect(A, 3);
    struct message again = *new;
    remote_connects(1);
    struct message *other = new;
    *other = again;
    kernel.bell[1].rung = true;
    deliver(LOCAL, 4);
    expect(LOCAL, 4);
    cr_assert_eq(channel_hot.in_use, 1);
    cr_assert_eq(disconnects, 0);
}

Test(remote_receive, nonblock_looks_at_channels_and_kernel) {
    cr_assert_eq(ipc_receive_nonblock(ENDPOINT_ANY, &m), -E_WOULDBLOCK);
    remote_connects(0);
    cr_assert_eq(ipc_receive_nonblock(ENDPOINT_ANY, &m), -E_WOULDBLOCK);
    remote_sends(0, REQUEST, 1);
    deliver(LOCAL, 2);
    unsigned got = 0;
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(ipc_receive_nonblock(ENDPOINT_ANY, &m), 0);
        got |= 1U << m.tag;
    }
    cr_assert_eq(got, 6);
    cr_assert_eq(ipc_receive_nonblock(ENDPOINT_ANY, &m), -E_WOULDBLOCK);
    cr_assert_eq(ipc_receive_nonblock(A, &m), -E_WOULDBLOCK);
    remote_sends(0, REQUEST, 3);
    cr_assert_eq(ipc_receive_nonblock(A, &m), 0);
    cr_assert_eq(m.tag, 3);
    cr_assert_eq(kernel.sleeps, 0);
}

/* All of them are served evenly when all of them are busy. */
Test(remote_receive, no_source_starves_another) {
    unsigned count[4] = { 0 };

    for (unsigned n = 0; n < 3; n++)
        remote_connects(n);
    for (uint32_t i = 0; i < 40; i++) {
        deliver(LOCAL, i);
        for (unsigned n = 0; n < 3 && i < 16; n++)
            remote_sends(n, REQUEST, i);
    }
    for (unsigned i = 0; i < 40; i++) {
        cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), 0);
        unsigned n = m.source == LOCAL ? 3 : endpoint_slot(m.source) - 40U;
        cr_assert_eq(m.tag, count[n]++, "in order");
    }
    for (unsigned n = 0; n < 4; n++)
        cr_assert_geq(count[n], 6, "%u got %u of 40", n, count[n]);
}

Test(remote_receive, idle_channels_are_armed_and_cost_no_look) {
    for (unsigned n = 0; n < REMOTES; n++)
        remote_connects(n);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    cr_assert_eq(kernel.sleeps, 1);
    for (unsigned n = 0; n < REMOTES; n++)
        remote_sends(n, REQUEST, n);
    for (unsigned n = 0; n < REMOTES; n++)
        cr_assert(kernel.bell[n].rung, "it was armed");
    unsigned seen = 0;
    for (unsigned n = 0; n < REMOTES; n++) {
        cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), 0);
        seen |= 1U << m.tag;
    }
    cr_assert_eq(seen, (1U << REMOTES) - 1);
}

Test(remote_receive, notify_is_told_from_other_rings) {
    remote_connects(0);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    kernel.bell[0].rung = true; /* for nothing */
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    cr_assert_eq(chan_notify(&remotes[0].chan), 0);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), 0);
    cr_assert_eq(m.source, A);
    cr_assert_eq(m.type, MESSAGE_NOTIFY);
    cr_assert_eq(m.arg[0], 0);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
}

static bool notify_and_answer(endpoint_t from) {
    (void)from;
    chan_notify(&remotes[0].chan);
    return remote_answers(0);
}

Test(remote_receive, notify_is_not_taken_for_a_reply_and_not_lost_by_a_call) {
    kernel.sleep = notify_and_answer;
    cr_assert_eq(ipc_call(A, &m), 0);
    cr_assert_eq(m.type, 0);
    kernel.sleep = NULL;
    cr_assert_eq(ipc_receive(A, &m), 0);
    cr_assert_eq(m.type, MESSAGE_NOTIFY);
    cr_assert_eq(m.source, A);
    cr_assert_eq(ipc_receive(A, &m), -E_PERM);
}

Test(remote_receive, request_is_answered_where_it_is_awaited) {
    remote_connects(0);
    for (uint32_t i = 0; i < 50; i++) {
        remote_sends(0, REQUEST | CHAN_REQUEST, i);
        expect(A, i);
        cr_assert_eq(m.type, REQUEST);
        m.type = 0;
        m.arg[0]++;
        cr_assert_eq(ipc_nbsend(A, &m), 0);
        cr_assert_eq(chan_answer_state(&remotes[0].chan), 0);
        cr_assert_eq(remotes[0].chan.reply->arg[0], i + 1);
        chan_answer_taken(&remotes[0].chan);
    }
    struct message got;
    cr_assert_not(remote_receives(0, &got), "nothing went by the ring");
}

Test(remote_receive, only_the_answer_is_one) {
    struct message got;

    remote_connects(0);
    remote_sends(0, REQUEST | CHAN_REQUEST, 5);
    expect(A, 5);
    m.type = 0;
    m.tag = 6;
    cr_assert_eq(ipc_nbsend(A, &m), 0, "a message with another tag");
    m.tag = 5;
    m.type = REQUEST;
    cr_assert_eq(ipc_nbsend(A, &m), 0, "a request of our own");
    cr_assert_eq(chan_answer_state(&remotes[0].chan), -E_WOULDBLOCK);
    cr_assert(remote_receives(0, &got) && got.tag == 6);
    cr_assert(remote_receives(0, &got) && got.type == REQUEST);
    m.type = (uint32_t)-E_BUSY;
    cr_assert_eq(ipc_send(A, &m), 0, "nobody waits for this to be consumed");
    cr_assert_eq(chan_answer_state(&remotes[0].chan), 0);
}

Test(remote_receive, answer_needs_no_credit) {
    remote_connects(0);
    remote_sends(0, REQUEST | CHAN_REQUEST, 5);
    expect(A, 5);
    while (ipc_nbsend(A, &m) == 0)
        ;
    m.type = 0;
    cr_assert_eq(ipc_nbsend(A, &m), 0);
    cr_assert_eq(chan_answer_state(&remotes[0].chan), 0);
}

Test(remote_receive, end_of_a_channel_is_not_shown_and_others_go_on) {
    remote_connects(0);
    remote_connects(1);
    remote_sends(0, REQUEST, 1);
    expect(A, 1);
    remote_dies(0);
    remote_sends(1, REQUEST, 2);
    expect(B, 2);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    cr_assert_eq(disconnects, 1);
    cr_assert_eq(channel_hot.in_use, 1);
}

Test(remote_receive, message_that_is_taken_away_while_it_is_read_is_none) {
    remote_connects(0);
    remote_connects(1);
    remote_sends(0, REQUEST, 1);
    remote_sends(1, REQUEST, 2);
    remote_dies_during_read(0);
    expect(B, 2);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    cr_assert_eq(channel_hot.in_use, 1);
}

Test(remote_receive, nor_when_it_is_received_from_its_sender) {
    remote_connects(0);
    remote_sends(0, REQUEST, 1);
    expect(A, 1);
    remote_sends(0, REQUEST, 2);
    remote_dies_during_read(0);
    cr_assert_eq(ipc_receive(A, &m), -E_PEERDEAD);
    cr_assert_eq(channel_hot.in_use, 0);
}

Test(remote_receive, message_that_looks_like_one_of_those_is_received) {
    remote_connects(0);
    remote_sends(0, (uint32_t)-E_PEERDEAD, 1);
    expect(A, 1);
    cr_assert_eq(channel_hot.in_use, 1);
}

Test(remote_receive, broken_protocol_ends_one_channel) {
    remote_connects(0);
    remote_connects(1);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    remotes[0].chan.tx.slot->word = 12345;
    kernel.bell[0].rung = true;
    remote_sends(1, REQUEST, 2);
    expect(B, 2);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    cr_assert_eq(disconnects, 1);
    cr_assert_eq(channel_hot.in_use, 1);
}

/* ---- ASEND ---- */

static void post(endpoint_t to, uint32_t tag) {
    struct message message = remote_message(REQUEST, tag);
    cr_assert_eq(asend_post(&queue, to, &message), 0);
}

Test(remote_receive, asend_goes_at_once_when_there_is_room) {
    struct message got;

    post(A, 1);
    cr_assert(remote_receives(0, &got));
    cr_assert_eq(got.tag, 1);
    cr_assert_eq(asend_collect(&queue), 0);
}

Test(remote_receive, asend_waits_for_room_in_order) {
    struct message got;

    while (ipc_nbsend(A, &m) == 0)
        ;
    post(A, 1);
    post(B, 2);
    post(A, 3);
    cr_assert_eq(asend_collect(&queue), 2);
    cr_assert_eq(ipc_nbsend(A, &m), -E_WOULDBLOCK);
    cr_assert(remote_receives(1, &got) && got.tag == 2);
    for (unsigned i = 0; i < 64; i++)
        cr_assert(remote_receives(0, &got));
    cr_assert(kernel.bell[0].rung, "there is room again");
    cr_assert_eq(ipc_nbsend(A, &m), 0, "what waited goes first");
    for (uint32_t tag = 1; tag <= 3; tag += 2)
        cr_assert(remote_receives(0, &got) && got.tag == tag);
    cr_assert(remote_receives(0, &got) && got.tag == 7);
    cr_assert_eq(asend_collect(&queue), 0);
}

Test(remote_receive, asend_is_completed_by_a_bell_and_told_once) {
    struct message got;

    while (ipc_nbsend(A, &m) == 0)
        ;
    post(A, 1);
    for (unsigned i = 0; i < 64; i++)
        cr_assert(remote_receives(0, &got));
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), 0);
    cr_assert_eq(m.source, ENDPOINT_KERNEL);
    cr_assert_eq(m.arg[0], EVENT_ASEND);
    cr_assert_eq(asend_collect(&queue), 0);
    cr_assert(remote_receives(0, &got) && got.tag == 1);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
}

static int result;

static void on_done(void *context, endpoint_t destination, const struct message *message,
                    int error) {
    (void)context;
    (void)destination;
    (void)message;
    result = error;
}

Test(remote_receive, asend_fails_with_its_peer) {
    asend_init(&queue, entries, SLOTS, on_done, NULL);
    while (ipc_nbsend(A, &m) == 0)
        ;
    post(A, 1);
    remote_dies(0);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), 0);
    cr_assert_eq(m.arg[0], EVENT_ASEND);
    cr_assert_eq(asend_collect(&queue), 0);
    cr_assert_eq(result, -E_PEERDEAD);
}

Test(remote_receive, asend_to_who_cannot_be_reached_fails_at_once) {
    asend_init(&queue, entries, SLOTS, on_done, NULL);
    connect_error = -E_TARGET;
    post(A, 1);
    cr_assert_eq(result, -E_TARGET);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM, "and is no event");
}

Test(remote_receive, asend_queue_is_moved_while_messages_wait) {
    struct message got;

    while (ipc_nbsend(A, &m) == 0)
        ;
    for (uint32_t round = 0; round < 10; round++) { /* the holes of B's close */
        post(A, round);
        post(B, round);
        cr_assert(remote_receives(1, &got));
        asend_collect(&queue);
        if (asend_collect(&queue) == SLOTS - 1) {
            for (unsigned i = 0; i < 64; i++)
                remote_receives(0, &got);
            cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), 0);
            asend_collect(&queue);
            for (unsigned i = 0; i < SLOTS - 1; i++)
                cr_assert(remote_receives(0, &got) && got.tag == round - (SLOTS - 2) + i);
            while (ipc_nbsend(A, &m) == 0)
                ;
        }
    }
}

/* ---- Pools ---- */

static struct bulk_record records[4];
static struct channel_pool pool;

Test(remote_receive, pool_is_shared_and_given_back) {
    cr_assert_eq(channel_pool_share(A, 4, 4096, records, &pool), 0);
    int buffer = bulk_take(&pool.buffers);
    cr_assert_geq(buffer, 0);
    memset(bulk_address(&pool.buffers, (uint32_t)buffer), 7, 4096);
    cr_assert_not(channel_pool_ended(&pool));
    channel_pool_end(&pool);
    cr_assert_eq(disconnects, 1);
    cr_assert(channel_pool_ended(&pool));
    cr_assert_eq(ipc_nbsend(A, &m), 0, "the channel is still there");
}

Test(remote_receive, pool_sizes_are_checked) {
    cr_assert_eq(channel_pool_share(A, 0, 4096, records, &pool), -E_INVAL);
    cr_assert_eq(channel_pool_share(A, 4, 0x100000, records, &pool), -E_RANGE);
    cr_assert_eq(channel_pool_share(A, 4, 100, records, &pool), -E_INVAL);
    cr_assert_eq(disconnects, 1, "what had been made for it is given back");
    connect_error = -E_TARGET;
    cr_assert_eq(channel_pool_share(B, 4, 4096, records, &pool), -E_TARGET);
}

Test(remote_receive, pool_is_borrowed_when_its_owner_has_shared_it) {
    remote_connects(0);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    cr_assert_eq(channel_pool_borrow(A, 4, 4096, records, &pool), -E_NOENT);
    remote_shares(0, 16384);
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    cr_assert_eq(channel_pool_borrow(B, 4, 4096, records, &pool), -E_NOENT);
    cr_assert_eq(channel_pool_borrow(A, 5, 4096, records, &pool), -E_TOOBIG);
    cr_assert_eq(channel_pool_borrow(A, 4, 4096, records, &pool), 0);
    cr_assert_eq(channel_pool_borrow(A, 4, 4096, records, &pool), -E_NOENT, "taken");
    kernel.bell[POOL_COOKIE] = (struct fake_bell){ .bound = true, .rung = true, .closed = true };
    cr_assert_eq(ipc_receive(ENDPOINT_ANY, &m), -E_PERM);
    cr_assert(channel_pool_ended(&pool));
    channel_pool_end(&pool);
    cr_assert_eq(disconnects, 1);
}
