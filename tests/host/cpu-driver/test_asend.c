/* ASEND: tables in the sender's memory, delivered when their receivers want them. */
#include <criterion/criterion.h>

#include "fixture.h"
#include "ipc.h"
#include "vm.h"
#include "x86_64/paging.h"

static struct process *first, *a, *b, *c;
static struct asend_entry *table;

static void init(void) {
    first = fixture_boot();
    a = fixture_process("a");
    b = fixture_process("b");
    c = fixture_process("c");
    fixture_connect(a, b);
    fixture_connect(a, c);
    table = fixture_memory(a, FIXTURE_MEMORY);
}

TestSuite(asend, .init = init, .fini = fixture_end);

static void fill(unsigned i, endpoint_t to, uint32_t type) {
    table[i] = (struct asend_entry){
        .state = ASEND_READY,
        .result = 77,
        .destination = to,
        .message = { .source = first->endpoint,
                     .type = type,
                     .tag = i,
                     .arg = { i, 2, 3, 4, 5, 6 } },
    };
}

static int submit(uint64_t address, uint32_t entries) {
    return fixture_ipc(a, IPC_ASEND, address, entries);
}

static int receive(struct process *p) {
    return fixture_ipc(p, IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, 0);
}

static void assert_done(unsigned i, int result) {
    cr_assert_eq(table[i].state, ASEND_DONE, "entry %u", i);
    cr_assert_eq(table[i].result, result, "entry %u", i);
}

Test(asend, delivers_at_once_to_whoever_is_waiting) {
    fixture_ipc(b, IPC_RECEIVE, ENDPOINT_ANY, 0);
    fill(0, b->endpoint, 0x200);
    cr_assert_eq(submit(FIXTURE_MEMORY, 1), 0);
    assert_done(0, 0);
    struct message m = fixture_received(b);
    cr_assert_eq(b->state, PROCESS_READY);
    cr_assert_eq(m.source, a->endpoint, "not what the table says");
    cr_assert_eq(m.type, 0x200);
    cr_assert_arr_eq(m.arg, table[0].message.arg, sizeof m.arg);
    cr_assert_eq(receive(a), -E_WOULDBLOCK, "no event for what was done within the call");
}

Test(asend, waits_in_the_table_until_the_receiver_receives) {
    fill(0, b->endpoint, 0x200);
    cr_assert_eq(submit(FIXTURE_MEMORY, 1), 0);
    cr_assert_eq(a->state, PROCESS_READY);
    cr_assert_eq(table[0].state, ASEND_READY);
    cr_assert_eq(receive(b), 0);
    assert_done(0, 0);
    cr_assert_eq(receive(a), 0);
    cr_assert_eq(fixture_received(a).source, ENDPOINT_KERNEL);
    cr_assert_eq(fixture_received(a).arg[0], EVENT_ASEND);
}

Test(asend, messages_of_one_sender_keep_their_order) {
    for (unsigned i = 0; i < 6; i++)
        fill(i, i % 3 == 2 ? c->endpoint : b->endpoint, i);
    submit(FIXTURE_MEMORY, 6);
    static const unsigned to_b[] = { 0, 1, 3, 4 };
    for (unsigned i = 0; i < 4; i++) {
        cr_assert_eq(receive(b), 0);
        cr_assert_eq(fixture_received(b).type, to_b[i]);
    }
    cr_assert_eq(receive(b), -E_WOULDBLOCK);
    cr_assert_eq(receive(c), 0);
    cr_assert_eq(fixture_received(c).type, 2);
    cr_assert_eq(receive(c), 0);
    cr_assert_eq(fixture_received(c).type, 5);
}

Test(asend, tables_of_many_senders_go_round) {
    struct process *sender[3];
    for (unsigned i = 0; i < 3; i++) {
        sender[i] = fixture_process("sender");
        fixture_connect(sender[i], b);
        table = fixture_memory(sender[i], FIXTURE_MEMORY);
        fill(0, b->endpoint, 0);
        fill(1, b->endpoint, 1);
        fixture_ipc(sender[i], IPC_ASEND, FIXTURE_MEMORY, 2);
    }
    for (unsigned i = 0; i < 6; i++) {
        cr_assert_eq(receive(b), 0);
        cr_assert_eq(fixture_received(b).source, sender[i % 3]->endpoint);
        cr_assert_eq(fixture_received(b).type, i / 3);
    }
}

Test(asend, a_reply_may_come_by_it) {
    fixture_ipc(a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    fixture_ipc(b, IPC_SENDREC, a->endpoint, 1);
    fill(0, b->endpoint, 9);
    submit(FIXTURE_MEMORY, 1);
    cr_assert_eq(b->state, PROCESS_READY);
    cr_assert_eq(fixture_received(b).type, 9);
}

Test(asend, empty_and_done_entries_are_skipped) {
    fill(0, b->endpoint, 0);
    table[0].state = ASEND_EMPTY;
    fill(1, b->endpoint, 1);
    table[1].state = ASEND_DONE;
    fill(2, b->endpoint, 2);
    table[2].state = 12345;
    fill(3, b->endpoint, 3);
    submit(FIXTURE_MEMORY, 4);
    cr_assert_eq(receive(b), 0);
    cr_assert_eq(fixture_received(b).type, 3);
    cr_assert_eq(receive(b), -E_WOULDBLOCK);
    cr_assert(table[0].state == ASEND_EMPTY && table[1].result == 77 && table[2].state == 12345);
}

Test(asend, a_new_table_takes_the_place_of_the_old) {
    fill(0, b->endpoint, 1);
    fill(1, c->endpoint, 2);
    submit(FIXTURE_MEMORY, 1);
    submit(FIXTURE_MEMORY + sizeof table[0], 1);
    cr_assert_eq(receive(b), -E_WOULDBLOCK);
    cr_assert_eq(table[0].state, ASEND_READY);
    cr_assert_eq(receive(c), 0);
}

Test(asend, no_entries_withdraw_the_table) {
    fill(0, b->endpoint, 1);
    submit(FIXTURE_MEMORY, 1);
    cr_assert_eq(submit(1, 0), 0, "the address does not matter then");
    cr_assert_eq(receive(b), -E_WOULDBLOCK);
    cr_assert_eq(b->pending, 0);
}

Test(asend, entries_that_cannot_be_sent_say_why) {
    struct process *stranger = fixture_process("stranger"), *dead = fixture_process("dead");
    fixture_connect(a, dead);
    endpoint_t gone = dead->endpoint;
    process_die(dead, DEATH_KILLED, 0);
    const struct {
        endpoint_t to;
        int error;
    } bad[] = {
        { stranger->endpoint, -E_TARGET }, { gone, -E_PEERDEAD },
        { ENDPOINT_ANY, -E_BADEP },        { ENDPOINT_KERNEL, -E_BADEP },
        { ENDPOINT_NONE, -E_BADEP },       { b->endpoint + (UINT64_C(1) << 32), -E_BADEP },
    };
    for (unsigned i = 0; i < 6; i++)
        fill(i, bad[i].to, 1);
    fill(6, b->endpoint, 1);
    cr_assert_eq(submit(FIXTURE_MEMORY, 7), 0);
    for (unsigned i = 0; i < 6; i++)
        assert_done(i, bad[i].error);
    cr_assert_eq(table[6].state, ASEND_READY, "the others are sent all the same");
}

Test(asend, permission_taken_away_later_counts) {
    fill(0, b->endpoint, 1);
    fill(1, b->endpoint, 2);
    submit(FIXTURE_MEMORY, 2);
    slot_set_remove(&a->targets, process_slot(b));
    cr_assert_eq(receive(b), -E_WOULDBLOCK);
    assert_done(0, -E_TARGET);
    assert_done(1, -E_TARGET);
    cr_assert_eq(receive(a), 0);
    cr_assert_eq(fixture_received(a).arg[0], EVENT_ASEND);
}

Test(asend, to_oneself_is_received_later) {
    fixture_connect(a, a);
    fill(0, a->endpoint, 5);
    submit(FIXTURE_MEMORY, 1);
    cr_assert_eq(receive(a), 0);
    cr_assert_eq(fixture_received(a).source, a->endpoint);
    cr_assert_eq(receive(a), 0);
    cr_assert_eq(fixture_received(a).arg[0], EVENT_ASEND);
}

Test(asend, event_of_an_own_message_refused_while_receiving_is_not_lost) {
    fixture_connect(a, a);
    fill(0, a->endpoint, 5);
    submit(FIXTURE_MEMORY, 1);
    slot_set_remove(&a->targets, process_slot(a));
    cr_assert_eq(fixture_ipc(a, IPC_RECEIVE, ENDPOINT_ANY, 0), 0);
    cr_assert_eq(a->state, PROCESS_READY);
    cr_assert_eq(fixture_received(a).arg[0], EVENT_ASEND);
    assert_done(0, -E_TARGET);
}

/* ---- Tables ---- */

Test(asend, tables_must_be_aligned_and_in_private_writable_memory) {
    const uint64_t end = FIXTURE_MEMORY + FIXTURE_PAGES * PAGE_SIZE, bytes = sizeof table[0];
    const struct {
        uint64_t address;
        uint32_t entries;
        int error;
    } tables[] = {
        { FIXTURE_MEMORY, ASEND_MAX, 0 },
        { FIXTURE_MEMORY, ASEND_MAX + 1, -E_RANGE },
        { FIXTURE_MEMORY, UINT32_MAX, -E_RANGE },
        { FIXTURE_MEMORY + 64, 1, -E_FAULT },
        { FIXTURE_MEMORY + 1, 1, -E_FAULT },
        { end - bytes, 1, 0 },
        { end - bytes, 2, -E_FAULT },
        { FIXTURE_MEMORY - bytes, 2, -E_FAULT },
        { 0, 1, -E_FAULT },
        { DIRECT_BASE, 1, -E_FAULT },
        { -bytes, 1, -E_FAULT },
        { -bytes, 2, -E_FAULT },
    };
    for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++)
        cr_assert_eq(submit(tables[i].address, tables[i].entries), tables[i].error, "table %u", i);
}

Test(asend, read_only_tables_are_refused_and_the_old_one_stays) {
    fill(0, b->endpoint, 1);
    submit(FIXTURE_MEMORY, 1);
    cr_assert_eq(vm_protect(a, FIXTURE_MEMORY + PAGE_SIZE, PROT_READ), 0);
    cr_assert_eq(submit(FIXTURE_MEMORY + PAGE_SIZE, 1), -E_FAULT);
    cr_assert_eq(receive(b), 0);
    assert_done(0, 0);
}

Test(asend, tables_in_the_archive_are_refused) {
    instance->boot.archive = (struct range){ PAGE_SIZE, 2 * PAGE_SIZE };
    cr_assert_eq(vm_lend(a, 0x10000000, PAGE_SIZE, PROT_READ), 0);
    cr_assert_eq(submit(0x10000000, 1), -E_FAULT);
}

Test(asend, messages_are_lost_with_the_memory_they_lie_in) {
    fill(0, b->endpoint, 1);
    submit(FIXTURE_MEMORY, 1);
    vm_unmap(a, FIXTURE_MEMORY);
    cr_assert_eq(receive(b), -E_WOULDBLOCK);
    cr_assert_eq(b->pending, 0);
}

Test(asend, memory_made_read_only_is_not_written) {
    fill(0, b->endpoint, 1);
    submit(FIXTURE_MEMORY, 1);
    vm_protect(a, FIXTURE_MEMORY, PROT_READ);
    cr_assert_eq(receive(b), -E_WOULDBLOCK);
    cr_assert_eq(table[0].state, ASEND_READY);
}

/* ---- Death ---- */

Test(asend, messages_of_the_dead_are_gone) {
    fill(0, b->endpoint, 1);
    submit(FIXTURE_MEMORY, 1);
    process_die(a, DEATH_KILLED, 0);
    cr_assert_eq(receive(b), -E_WOULDBLOCK);
    cr_assert_eq(b->pending, 0);
}

Test(asend, messages_to_the_dead_fail) {
    for (unsigned i = 0; i < 3; i++)
        fill(i, i == 1 ? c->endpoint : b->endpoint, i);
    submit(FIXTURE_MEMORY, 3);
    process_die(b, DEATH_KILLED, 0);
    while (!process_destroy_step(b, first))
        continue;
    assert_done(0, -E_PEERDEAD);
    assert_done(2, -E_PEERDEAD);
    cr_assert_eq(table[1].state, ASEND_READY);
    cr_assert_eq(receive(a), 0);
    cr_assert_eq(fixture_received(a).arg[0], EVENT_ASEND);
    cr_assert_eq(receive(c), 0);
}
