/* What the death of a process means to those that wait for it, and to those that name it. */
#include "tests.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

static const struct {
    const char *name;
    uint64_t operation;
} calls[] = {
    { "send", IPC_SEND },
    { "receive", IPC_RECEIVE },
    { "sendrec", IPC_SENDREC },
    { "nbsend", IPC_NBSEND },
    { "notify", IPC_NOTIFY },
    { "replyrecv", IPC_REPLYRECV },
    { "receive_nonblock", IPC_RECEIVE | IPC_NONBLOCK },
};

/* `victim` dies while `a` waits for it: in its queue, or for a message of its. */
static void expect_woken(struct partner *a, struct partner *victim, const char *name) {
    partner_end(victim);
    bool right = partner_finished(a) && partner_result(a) == -E_PEERDEAD;
    struct message m = partner_message(a);
    tap_ok(right, "%s_ends_when_the_peer_dies%s", name, path);
    tap_ok(same_content(&m, &full), "%s_that_ends_so_leaves_the_message_as_it_was%s", name, path);
}

static void test_waiting(void) {
    static const uint64_t waits[] = { IPC_SEND, IPC_SENDREC, IPC_RECEIVE };
    static const char *const names[] = { "send", "first_half_of_sendrec", "receive" };
    struct partner a, victim;

    for (unsigned i = 0; i < 3; i++) {
        partner_start(&a, "a");
        partner_start(&victim, "victim");
        privctl_allow(a.endpoint, victim.endpoint);
        partner_order(&a, waits[i], victim.endpoint, &full);
        expect_woken(&a, &victim, names[i]);
        partner_end(&a);
    }

    partner_start(&a, "a");
    partner_start(&victim, "victim");
    privctl_allow(a.endpoint, victim.endpoint);
    partner_do(&victim, IPC_RECEIVE, ENDPOINT_ANY, 0);
    partner_order(&a, IPC_SENDREC, victim.endpoint, &full);
    partner_waits(&a, PROCESS_RECEIVING, victim.endpoint, "caller_waits_for_the_reply");
    expect_woken(&a, &victim, "second_half_of_sendrec");

    partner_start(&victim, "victim");
    privctl_allow(a.endpoint, victim.endpoint);
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    partner_end(&victim);
    partner_waits(&a, PROCESS_RECEIVING, ENDPOINT_ANY, "receive_from_any_outlives_everybody");
    partner_end(&a);
}

static void test_naming(void) {
    struct partner dead;
    struct message m = { 0 };

    for (unsigned destroyed = 0; destroyed < 2; destroyed++) {
        partner_start(&dead, "dead");
        if (destroyed)
            partner_end(&dead);
        else
            proc_kill(dead.endpoint, 0);
        for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
            m = full;
            tap_is(ipc_raw(calls[i].operation, dead.endpoint, &m), -E_PEERDEAD,
                   "%s_with_%s_endpoint_fails%s", calls[i].name, destroyed ? "destroyed" : "dead",
                   path);
        }
        if (!destroyed)
            proc_destroy(dead.endpoint);
    }
}

/* What the dead had under way does not arrive. */
static void test_left_behind(void) {
    struct partner a;
    struct message m = { 0 };

    drop_events();
    partner_start(&a, "a");
    partner_do(&a, IPC_NOTIFY, runtime_self(), 0);
    partner_end(&a);
    drop_events(); /* EVENT_CHILD */
    is(ipc_receive_nonblock(ENDPOINT_ANY, &m), -E_WOULDBLOCK,
       "notifications_and_messages_of_the_dead_are_gone");
}

/* Slots are used again, endpoints are not. */
static void test_generations(void) {
    struct process child = { 0 };
    static endpoint_t used[600];
    bool unique = true;
    struct message m = { 0 };

    for (unsigned i = 0; i < 600; i++) {
        int error = proc_create("brief", PROCESS_FRAMES_MIN, 0, &child.endpoint);
        if (error)
            tap_bail_out("cannot create: %s", error_text(error));
        used[i] = child.endpoint;
        process_abandon(&child, 0);
        for (unsigned k = 0; k < i; k++)
            unique = unique && used[k] != used[i];
    }
    ok(unique, "no_endpoint_is_given_twice");
    unsigned dead = 0;
    for (unsigned i = 0; i < 600; i++)
        dead += ipc_nbsend(used[i], &full) == -E_PEERDEAD;
    is(dead, 600, "old_endpoints_stay_dead_when_their_slots_are_used_again");
    drop_events();
    is(ipc_receive_nonblock(ENDPOINT_ANY, &m), -E_WOULDBLOCK, "and_nothing_came_of_it");
}

void test_deaths(void) {
    test_waiting();
    test_naming();
    test_left_behind();
    test_generations();
    drop_events();
}
