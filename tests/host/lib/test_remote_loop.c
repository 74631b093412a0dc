/* The event loop of a process that has channels. */
#include <criterion/criterion.h>

#include <runtime/event.h>

#include "remote.h"

#define A       remote_endpoint(0)
#define B       remote_endpoint(1)
#define LOCAL   endpoint_make(0, 7, 0, 5)
#define REQUEST 0x100

enum what { COUNT = REQUEST, DEFER, STOP, LEAVE, ASK_BACK };

static unsigned requests[2], notifies, alarms;
static endpoint_t gone_peer, notifier;
static struct message deferred;
static struct event_alarm alarm_a;

static enum event_action on_request(void *context, struct message *m) {
    (void)context;
    requests[endpoint_core(m->source)]++;
    switch (m->type) {
    case DEFER:
        deferred = *m;
        return EVENT_DEFER;
    case STOP:
        event_loop_stop(42);
        break;
    case LEAVE:
        channel_disconnect(m->source);
        break;
    case ASK_BACK: {
        struct message own = remote_message(COUNT, 5);
        cr_assert_eq(ipc_call(m->source, &own), 0);
        break;
    }
    default:
        m->arg[0]++;
        break;
    }
    message_set_result(m, 0);
    return EVENT_REPLY;
}

static void on_gone(void *context, endpoint_t peer) {
    (void)context;
    gone_peer = peer;
}

static void on_notify(void *context, endpoint_t source) {
    (void)context;
    notifier = source;
    notifies++;
}

static void on_alarm(struct event_alarm *alarm) {
    (void)alarm;
    alarms++;
}

static const struct event_handlers handlers = {
    .request = on_request,
    .notify = on_notify,
    .gone = on_gone,
};

static void init(void) { remote_init(); }

TestSuite(remote_loop, .init = init);

/* Runs until the process would wait for ever. */
static void run(void) { cr_assert_eq(event_loop_run(&handlers), -E_PERM); }

static void ask(unsigned n, uint32_t type, uint32_t tag) {
    remote_sends(n, type | CHAN_REQUEST, tag);
}

static void deliver(uint32_t type, uint32_t tag) {
    struct message local = remote_message(type, tag);
    local.source = LOCAL;
    fake_deliver(&local);
}

static void expect_answer(unsigned n, uint32_t tag, uint64_t value) {
    struct chan *chan = &remotes[n].chan;

    cr_assert_eq(chan_answer_state(chan), 0);
    cr_assert_eq(chan->reply->tag, tag);
    cr_assert_eq(chan->reply->arg[0], value);
    chan_answer_taken(chan);
}

Test(remote_loop, request_is_answered_on_its_channel) {
    remote_connects(0);
    for (uint32_t i = 0; i < 100; i++) {
        ask(0, COUNT, i);
        run();
        expect_answer(0, i, i + 1);
    }
    cr_assert_eq(requests[1], 100);
    cr_assert_eq(kernel.sent_count, 0);
}

Test(remote_loop, message_without_request_gets_its_reply_as_a_message) {
    struct message got;

    remote_connects(0);
    for (uint32_t i = 0; i < 12; i++)
        remote_sends(0, COUNT, i);
    run();
    for (uint32_t i = 0; i < 12; i++) {
        cr_assert(remote_receives(0, &got));
        cr_assert_eq(got.tag, i);
        cr_assert_eq(got.type, 0);
        cr_assert_eq(got.arg[0], i + 1);
    }
}

Test(remote_loop, reply_without_room_is_dropped_and_nobody_waits) {
    remote_connects(0);
    struct message got;
    for (uint32_t i = 0; i < 40; i++) {
        remote_sends(0, COUNT, i);
        run();
    }
    unsigned replies = 0;
    while (remote_receives(0, &got))
        replies++;
    cr_assert_eq(replies, 16);
    cr_assert_eq(requests[1], 40);
}

Test(remote_loop, deferred_answer_is_sent_later) {
    remote_connects(0);
    ask(0, DEFER, 5);
    remote_sends(0, COUNT, 5); /* its reply must not be taken for the answer */
    run();
    cr_assert_eq(chan_answer_state(&remotes[0].chan), -E_WOULDBLOCK);
    message_set_result(&deferred, 0);
    cr_assert_eq(event_reply(deferred.source, &deferred), 0);
    expect_answer(0, 5, 5);
}

Test(remote_loop, local_and_remote_requests_alternate) {
    remote_connects(0);
    for (uint32_t i = 0; i < 16; i++)
        remote_sends(0, COUNT, i);
    for (uint32_t i = 0; i < 16; i++)
        deliver(COUNT, i);
    deliver(STOP, 0);
    event_loop_run(&handlers);
    cr_assert_eq(requests[1], 16);
    cr_assert_eq(requests[0], 17);
    cr_assert_eq(kernel.sent_count, 17);
}

static bool keep_busy(void) {
    while (chan_send(&remotes[0].chan.tx, &(struct message){ .type = COUNT }) == 0)
        ;
    return true;
}

static enum event_action on_busy(void *context, struct message *m) {
    if (m->source == A)
        keep_busy();
    return on_request(context, m);
}

/* However busy a channel is, a local client is served, and so is another channel. */
Test(remote_loop, busy_channel_starves_nobody) {
    static const struct event_handlers busy = { .request = on_busy };

    remote_connects(0);
    remote_connects(1);
    keep_busy();
    for (uint32_t i = 0; i < 16; i++)
        remote_sends(1, COUNT, i);
    for (uint32_t i = 0; i < 20; i++)
        deliver(COUNT, i);
    deliver(STOP, 0);
    cr_assert_eq(event_loop_run(&busy), 42);
    struct message got;
    unsigned replies = 0;
    while (remote_receives(1, &got))
        replies++;
    cr_assert_eq(replies, 16);
    cr_assert_lt(requests[1], 1000);
}

Test(remote_loop, stop_answers_the_last_request) {
    remote_connects(0);
    ask(0, STOP, 3);
    cr_assert_eq(event_loop_run(&handlers), 42);
    expect_answer(0, 3, 3);
    remote_sends(0, STOP, 3);
    remote_sends(0, COUNT, 4);
    cr_assert_eq(event_loop_run(&handlers), 42);
    cr_assert_eq(requests[1], 2, "what came after it is not looked at");
}

Test(remote_loop, stop_amid_a_stream_leaves_the_rest_for_the_next_run) {
    remote_connects(0);
    ask(0, COUNT, 1);
    remote_sends(0, STOP, 2);
    ask(0, COUNT, 3);
    cr_assert_eq(event_loop_run(&handlers), 42);
    cr_assert_eq(requests[1], 2);
    expect_answer(0, 1, 2);
    run();
    cr_assert_eq(requests[1], 3);
    expect_answer(0, 3, 4);
}

Test(remote_loop, notify_reaches_its_handler) {
    remote_connects(0);
    run();
    chan_notify(&remotes[0].chan);
    chan_notify(&remotes[0].chan);
    run();
    cr_assert_eq(notifies, 1);
    cr_assert_eq(notifier, A);
}

Test(remote_loop, end_of_a_peer_is_told_once_after_what_it_sent) {
    remote_connects(0);
    run();
    remote_sends(0, COUNT, 1);
    remote_dies_late(0);
    run();
    cr_assert_eq(requests[1], 1);
    cr_assert_eq(gone_peer, A);
    cr_assert_eq(disconnects, 1);
    gone_peer = ENDPOINT_NONE;
    run();
    cr_assert_eq(gone_peer, ENDPOINT_NONE);
}

Test(remote_loop, message_that_is_taken_away_while_it_is_read_is_none) {
    remote_connects(0);
    run();
    remote_sends(0, COUNT, 1);
    remote_dies_during_read(0);
    run();
    cr_assert_eq(requests[1], 0);
    cr_assert_eq(gone_peer, A);
}

Test(remote_loop, end_of_an_armed_channel_wakes_the_loop) {
    remote_connects(0);
    run();
    chan_close(&remotes[0].chan);
    run();
    cr_assert_eq(gone_peer, A);
}

Test(remote_loop, broken_protocol_is_an_end_and_others_go_on) {
    remote_connects(0);
    remote_connects(1);
    run();
    remotes[0].chan.tx.slot->word = 99;
    kernel.bell[0].rung = true;
    ask(1, COUNT, 2);
    run();
    cr_assert_eq(gone_peer, A);
    expect_answer(1, 2, 3);
}

Test(remote_loop, handler_may_end_the_channel_it_serves) {
    remote_connects(0);
    remote_sends(0, LEAVE, 1);
    remote_sends(0, COUNT, 2);
    run();
    cr_assert_eq(disconnects, 1);
    cr_assert_eq(requests[1], 1);
    cr_assert_eq(gone_peer, ENDPOINT_NONE, "it knows");
}

Test(remote_loop, handler_may_end_the_channel_amid_a_stream) {
    remote_connects(0);
    ask(0, COUNT, 1);
    ask(0, LEAVE, 2);
    ask(0, COUNT, 3);
    run();
    cr_assert_eq(disconnects, 1);
    cr_assert_eq(requests[1], 2);
    cr_assert_eq(gone_peer, ENDPOINT_NONE, "it knows");
}

static bool answer_a(endpoint_t from) { return from == fake_binding(0) && remote_answers(0); }

Test(remote_loop, handler_may_call_who_called) {
    remote_connects(0);
    kernel.sleep = answer_a;
    ask(0, ASK_BACK, 9);
    run();
    expect_answer(0, 9, 9);
}

static bool die_a(endpoint_t from) {
    if (from != fake_binding(0))
        return false;
    remote_dies(0);
    return true;
}

static enum event_action on_calling(void *context, struct message *m) {
    (void)context;
    cr_assert_eq(ipc_call(A, m), -E_PEERDEAD);
    return EVENT_DEFER;
}

Test(remote_loop, end_found_by_a_handler_is_told_all_the_same) {
    static const struct event_handlers calling = { .request = on_calling, .gone = on_gone };

    remote_connects(0);
    remote_sends(0, COUNT, 1);
    kernel.sleep = die_a;
    cr_assert_eq(event_loop_run(&calling), -E_PERM);
    cr_assert_eq(gone_peer, A);
    cr_assert_eq(disconnects, 1);
}

Test(remote_loop, alarms_go_off_while_channels_are_busy) {
    static const struct event_handlers busy = { .request = on_busy };

    remote_connects(0);
    keep_busy();
    event_alarm_set(&alarm_a, 100, on_alarm);
    kernel.now += 200;
    fake_deliver(&(struct message){
        .source = ENDPOINT_KERNEL, .type = MESSAGE_NOTIFY, .arg = { EVENT_ALARM } });
    deliver(STOP, 0);
    cr_assert_eq(event_loop_run(&busy), 42);
    cr_assert_eq(alarms, 1);
    cr_assert_gt(kernel.alarm_calls, 0);
}

/* 64 idle channels are armed: the loop looks at none of them. */
Test(remote_loop, idle_channels_are_not_looked_at) {
    for (unsigned n = 0; n < REMOTES; n++)
        remote_connects(n);
    run();
    for (unsigned n = 1; n < REMOTES; n++)
        memset(remotes[n].memory, 0xee, chan_bytes(remotes[n].slots)); /* a look would see it */
    for (uint32_t i = 0; i < 100; i++) {
        ask(0, COUNT, i);
        run();
        expect_answer(0, i, i + 1);
    }
    cr_assert_eq(gone_peer, ENDPOINT_NONE);
}

static void on_bell(void *context, uint64_t cookie, bool closed) {
    (void)context;
    cr_assert_eq(cookie, 3);
    cr_assert(closed);
    notifies++;
}

Test(remote_loop, bells_that_are_not_the_librarys_have_their_handler) {
    static const struct event_handlers monitor = { .bell = on_bell };

    kernel.bell[3] = (struct fake_bell){ .bound = true, .rung = true, .closed = true };
    fake_startup.monitor = ENDPOINT_NONE;
    event_loop_run(&monitor);
    fake_startup.monitor = FAKE_MONITOR;
    cr_assert_eq(notifies, 1);
}
