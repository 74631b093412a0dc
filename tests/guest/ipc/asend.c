/* ASEND: messages that wait in a table. */
#include "tests.h"

#include <runtime/asend.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

static ASEND_ENTRIES(table, 8);

static void fill(unsigned i, endpoint_t to, uint64_t number) {
    table[i] = (struct asend_entry){ .state = ASEND_READY, .destination = to, .message = full };
    table[i].message.arg[0] = number;
    table[i].message.source = ENDPOINT_KERNEL; /* a lie */
}

static void test_delivery(void) {
    struct partner a;
    struct message m = { 0 };

    partner_start(&a, "a");
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    fill(0, a.endpoint, full.arg[0]);
    is(ipc_asend(table, 1), 0, "asend_to_a_receiver");
    partner_is(&a, 0, "delivers_at_once");
    ok(table[0].state == ASEND_DONE && table[0].result == 0, "and_says_so_in_the_table");
    m = partner_message(&a);
    ok(same_content(&m, &full), "its_content_arrives");
    is((int64_t)m.source, (int64_t)runtime_self(), "its_source_cannot_be_forged");

    fill(0, a.endpoint, 5);
    fill(1, a.endpoint, 6);
    is(ipc_asend(table, 2), 0, "asend_does_not_wait");
    is(table[0].state, ASEND_READY, "the_message_does");
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    partner_is(&a, 0, "until_its_receiver_receives");
    is((int64_t)partner_message(&a).arg[0], 5, "in_order");
    is(table[0].state, ASEND_DONE, "then_it_is_done");
    is(table[1].state, ASEND_READY, "and_the_next_one_waits");
    is(ipc_receive_nonblock(ENDPOINT_KERNEL, &m), 0, "the_sender_is_told");
    is((int64_t)m.arg[0], EVENT_ASEND, "by_an_event");
    partner_do(&a, IPC_RECEIVE, runtime_self(), 0);
    is((int64_t)partner_message(&a).arg[0], 6, "receive_from_its_sender_takes_it_too");
    drop_events();
    partner_end(&a);
}

static void test_tables(void) {
    struct partner a;

    partner_start(&a, "a");
    fill(0, a.endpoint, 1);
    table[0].state = ASEND_EMPTY;
    fill(1, a.endpoint, 2);
    table[1].state = ASEND_DONE;
    fill(2, a.endpoint, 3);
    ipc_asend(table, 3);
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    is((int64_t)partner_message(&a).arg[0], 3, "empty_and_done_entries_are_skipped");
    drop_events();

    fill(0, a.endpoint, 1);
    ipc_asend(table, 1);
    is(ipc_asend(NULL, 0), 0, "no_entries_take_the_table_back");
    partner_do(&a, IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, 0);
    partner_is(&a, -E_WOULDBLOCK, "and_nothing_of_it_is_sent");

    fill(0, a.endpoint, 1);
    ipc_asend(table, 1);
    fill(1, a.endpoint, 2);
    ipc_asend(table + 1, 1);
    partner_do(&a, IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, 0);
    is((int64_t)partner_message(&a).arg[0], 2, "a_new_table_replaces_the_old");
    is(table[0].state, ASEND_READY, "whose_messages_are_not_sent");
    drop_events();
    partner_end(&a);
}

static void test_entry_errors(void) {
    struct partner a, dead;
    struct process stranger;
    struct message m = { 0 };

    partner_start(&a, "a");
    partner_start(&dead, "dead");
    partner_end(&dead);
    drop_events();
    child_make("stranger", NULL, NULL, &(struct child_policy){ 0 }, &stranger);
    const struct {
        endpoint_t to;
        int error;
        const char *name;
    } bad[] = {
        { stranger.endpoint, -E_TARGET, "asend_entry_to_a_stranger_fails" },
        { dead.endpoint, -E_PEERDEAD, "asend_entry_to_the_dead_fails" },
        { ENDPOINT_ANY, -E_BADEP, "asend_entry_to_any_fails" },
        { ENDPOINT_KERNEL, -E_BADEP, "asend_entry_to_the_kernel_fails" },
        { ENDPOINT_NONE, -E_BADEP, "asend_entry_to_none_fails" },
        { a.endpoint + (UINT64_C(1) << 32), -E_BADEP, "asend_entry_to_the_future_fails" },
    };
    for (unsigned i = 0; i < 6; i++)
        fill(i, bad[i].to, 0);
    fill(6, a.endpoint, 9);
    is(ipc_asend(table, 7), 0, "asend_with_bad_entries_succeeds");
    for (unsigned i = 0; i < 6; i++)
        ok(table[i].state == ASEND_DONE && table[i].result == bad[i].error, bad[i].name);
    is(table[6].state, ASEND_READY, "the_good_entry_waits");
    is(ipc_receive_nonblock(ENDPOINT_KERNEL, &m), -E_WOULDBLOCK, "no_event_for_the_call_itself");
    privctl_allow(stranger.endpoint, runtime_self());
    privctl_deny(stranger.endpoint, runtime_self());
    ipc_asend(NULL, 0);
    fill(6, stranger.endpoint, 9);
    ipc_asend(table, 7);
    is(table[6].result, -E_TARGET, "permission_counts_when_it_is_taken_away");
    child_end(stranger.endpoint);
    child_end(a.endpoint);
}

static void test_bad_tables(void) {
    const char *end = (const char *)STACK_TOP; /* a hole above the stack, then the startup page */
    struct asend_entry *startup_page = (struct asend_entry *)STARTUP_BASE;

    is(ipc_asend(table, ASEND_MAX + 1), -E_RANGE, "too_many_entries_are_refused");
    is(ipc_asend(table, SIZE_MAX), -E_RANGE, "absurdly_many_entries_are_refused");
    is(ipc_asend((void *)((char *)table + 64), 1), -E_FAULT, "misaligned_tables_are_refused");
    is(ipc_asend((void *)((char *)table + 1), 1), -E_FAULT, "badly_misaligned_tables_are_refused");
    is(ipc_asend(NULL, 1), -E_FAULT, "unmapped_tables_are_refused");
    is(ipc_asend((void *)(end - sizeof table[0]), 2), -E_FAULT, "half_mapped_tables_are_refused");
    is(ipc_asend(startup_page, 1), -E_FAULT, "read_only_tables_are_refused");
    is(ipc_asend((void *)0xffff800000000000, 1), -E_FAULT, "tables_in_kernel_memory_are_refused");
    is(ipc_asend((void *)-128L, 2), -E_FAULT, "tables_around_the_end_of_memory_are_refused");
    is(ipc_asend((void *)(end - sizeof table[0]), 1), 0, "a_table_may_end_with_its_page");
    ipc_asend(NULL, 0);
}

static void test_self(void) {
    struct partner a;

    partner_start(&a, "a");
    privctl_allow(a.endpoint, a.endpoint);
    partner_entry(&a, 0, a.endpoint, 4);
    partner_asend(&a, 1);
    partner_is(&a, 0, "asend_to_oneself");
    partner_do(&a, IPC_RECEIVE, a.endpoint, 0);
    is((int64_t)partner_message(&a).arg[0], 4, "is_received_later");
    partner_entry(&a, 0, a.endpoint, 4);
    partner_do(&a, IPC_RECEIVE, ENDPOINT_KERNEL, 0);
    partner_asend(&a, 1);
    privctl_deny(a.endpoint, a.endpoint);
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    partner_is(&a, 0, "its_event_is_not_slept_through");
    is(partner_table(&a, 0).result, -E_TARGET, "when_it_was_refused_meanwhile");
    partner_end(&a);
}

static void test_dead_destination(void) {
    struct partner a, b;
    struct message m = { 0 };

    partner_start(&a, "a");
    partner_start(&b, "b");
    fill(0, a.endpoint, 1);
    fill(1, b.endpoint, 2);
    fill(2, a.endpoint, 3);
    ipc_asend(table, 3);
    partner_end(&a);
    ok(table[0].result == -E_PEERDEAD && table[2].result == -E_PEERDEAD,
       "messages_to_one_that_dies_fail");
    is(table[1].state, ASEND_READY, "others_wait_on");
    is(ipc_receive_nonblock(ENDPOINT_KERNEL, &m), 0, "and_the_sender_is_told");
    ok(m.arg[0] & EVENT_ASEND, "by_an_event_too");
    ipc_asend(NULL, 0);

    drop_events();
    partner_entry(&b, 0, runtime_self(), 8);
    partner_asend(&b, 1);
    partner_end(&b);
    is(ipc_receive_nonblock(b.endpoint, &m), -E_PEERDEAD, "messages_of_the_dead_are_gone");
}

void test_asend(void) {
    drop_events();
    test_delivery();
    test_tables();
    test_entry_errors();
    test_bad_tables();
    test_self();
    test_dead_destination();
    drop_events();
}
