/*
 * Bindings: their names, and bells that are rung from other cores. The mailboxes are those of
 * fake_machine.c: what is posted is in fake_post, and binding_rung() is what the mailbox of another
 * core holds.
 */
#include "binding.h"

#include <criterion/criterion.h>

#include "ends.h"
#include "frame.h"
#include "ipc.h"
#include "sched/sched.h"
#include "vm.h"
#include "x86_64/paging.h"

TestSuite(binding, .init = init, .fini = fixture_end);

/* ---- Names and the other end ---- */

Test(binding, notify_posts_the_number_of_the_other_end_to_its_core) {
    endpoint_t name = bind_p(NUMBER);
    uint64_t sent = p->messages_sent;
    cr_assert_eq(notify(p, name), 0);
    cr_assert(fake_post.count == 1 && fake_post.core == CORE && fake_post.number == PEER);
    cr_assert_eq(p->messages_sent, sent + 1);
    cr_assert_eq(p->pending, 0, "the own bell does not ring");
}

Test(binding, it_cannot_ring_before_the_other_end_is_known) {
    uint64_t args[MESSAGE_ARGS] = { BIND_OPEN, NUMBER, p->endpoint, CORE, COOKIE };
    cr_assert_eq(fixture_kcall(first, KCALL_BIND, args), 0);
    cr_assert_eq(notify(p, args[0]), -E_STATE);
    cr_assert_eq(fake_post.count, 0);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(receive(p, args[0]), 0, "it can be rung");
}

Test(binding, its_bell_tells_that_the_other_end_is_known) {
    uint64_t args[MESSAGE_ARGS] = { BIND_OPEN, NUMBER, p->endpoint, CORE, COOKIE + NUMBER };
    fixture_ipc(p, IPC_RECEIVE, ENDPOINT_ANY, 0);
    cr_assert_eq(fixture_kcall(first, KCALL_BIND, args), 0);
    cr_assert_eq(p->state, PROCESS_RECEIVING);
    cr_assert_eq(BIND(BIND_PEER, NUMBER, PEER), 0);
    expect_bell(p, args[0], NUMBER, false);
    cr_assert_eq(notify(p, args[0]), 0);
}

Test(binding, names_are_their_owners_alone) {
    endpoint_t name = bind_p(NUMBER);
    static const uint32_t primitives[] = { IPC_SEND, IPC_SENDREC, IPC_NBSEND, IPC_REPLYRECV };
    cr_assert_eq(notify(q, name), -E_BADEP);
    cr_assert_eq(receive(q, name), -E_BADEP);
    cr_assert_eq(notify(p, name + 1), -E_BADEP, "another number");
    cr_assert_eq(notify(p, name + (UINT64_C(1) << 32)), -E_BADEP, "another generation");
    cr_assert_eq(notify(p, name + BINDINGS_MAX), -E_BADEP, "a number beyond the table");
    for (unsigned i = 0; i < sizeof primitives / sizeof primitives[0]; i++)
        cr_assert_eq(fixture_ipc(p, primitives[i], name, 0), -E_BADEP, "NOTIFY and RECEIVE alone");
    cr_assert_eq(fake_post.count, 0);
}

Test(binding, a_name_never_means_another_binding) {
    endpoint_t before = bind_p(NUMBER);
    cr_assert_eq(BIND(BIND_CLOSE, NUMBER), 0);
    cr_assert_eq(BIND(BIND_FREE, NUMBER), 0);
    cr_assert_eq(notify(p, before), -E_BADEP);
    cr_assert_eq(receive(p, before), -E_BADEP);
    endpoint_t after = bind_p(NUMBER);
    cr_assert_neq(after, before);
    cr_assert_eq(notify(p, before), -E_BADEP);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(receive(p, before), -E_BADEP);
    cr_assert_eq(receive(p, after), 0);
}

Test(binding, monitors_can_ring_each_other_from_the_start) {
    binding_open_first(0, first);
    binding_open_first(CORE, first);
    endpoint_t name = endpoint_make(FIXTURE_INCARNATION, 1, ENDPOINT_CORE_BINDING, 0);
    cr_assert_eq(notify(first, name), 0);
    cr_assert(fake_post.core == 0 && fake_post.number == FIXTURE_CORE);
    cr_assert_eq(notify(first, name + CORE), 0);
    cr_assert(fake_post.core == CORE && fake_post.number == FIXTURE_CORE);
    binding_rung(CORE, CORE);
    cr_assert_eq(receive(first, ENDPOINT_ANY), 0);
    cr_assert_eq(fixture_received(first).source, name + CORE);
    for (unsigned operation = BIND_OPEN; operation <= BIND_FREE; operation++)
        cr_assert_eq(BIND(operation, CORE, PEER), -E_RANGE, "the monitors' are not to be touched");
}

/* ---- Bells ---- */

Test(binding, a_bell_is_sticky_and_is_delivered_once) {
    endpoint_t name = bind_p(NUMBER);
    for (unsigned i = 0; i < 5; i++)
        binding_rung(CORE, NUMBER);
    cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
    expect_bell(p, name, NUMBER, false);
    cr_assert_eq(receive(p, ENDPOINT_ANY), -E_WOULDBLOCK);
    cr_assert_eq(p->pending, 0);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
    expect_bell(p, name, NUMBER, false);
}

Test(binding, a_bell_wakes_whoever_waits_for_it) {
    endpoint_t name = bind_p(NUMBER), other = bind_p(NUMBER + 1);
    const endpoint_t from[] = { ENDPOINT_ANY, name };
    for (unsigned i = 0; i < 2; i++) {
        fixture_ipc(p, IPC_RECEIVE, from[i], 0);
        cr_assert_eq(p->state, PROCESS_RECEIVING);
        binding_rung(CORE, NUMBER);
        sched_finish();
        expect_bell(p, name, NUMBER, false);
    }
    fixture_ipc(p, IPC_RECEIVE, other, 0);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(p->state, PROCESS_RECEIVING, "it waits for another");
    cr_assert_eq(fixture_violations(), 0);
    binding_rung(CORE, NUMBER + 1);
    sched_finish();
    expect_bell(p, other, NUMBER + 1, false);
    cr_assert_eq(receive(p, name), 0, "which did not take that of the first");
}

Test(binding, bells_come_in_the_order_in_which_they_were_rung) {
    endpoint_t name[5];
    for (uint32_t i = 0; i < 5; i++)
        name[i] = bind_p(NUMBER + i);
    static const uint32_t order[] = { 3, 1, 4, 0, 2 };
    for (unsigned i = 0; i < 5; i++) {
        binding_rung(CORE, NUMBER + order[i]);
        binding_rung(CORE, NUMBER + order[0]);
    }
    cr_assert_eq(receive(p, name[4]), 0, "one by its name, out of turn");
    expect_bell(p, name[4], NUMBER + 4, false);
    for (unsigned i = 0; i < 5; i++) {
        if (order[i] == 4)
            continue;
        cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
        expect_bell(p, name[order[i]], NUMBER + order[i], false);
    }
    cr_assert_eq(receive(p, ENDPOINT_ANY), -E_WOULDBLOCK);
}

/* Who is rung again and again comes after those who wait. */
Test(binding, no_bell_starves_another) {
    endpoint_t name[3];
    for (uint32_t i = 0; i < 3; i++) {
        name[i] = bind_p(NUMBER + i);
        binding_rung(CORE, NUMBER + i);
    }
    for (unsigned i = 0; i < 12; i++) {
        cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
        expect_bell(p, name[i % 3], NUMBER + i % 3, false);
        binding_rung(CORE, NUMBER + i % 3);
    }
}

Test(binding, a_bell_is_taken_out_of_any_place_of_the_queue) {
    endpoint_t name[3];
    for (uint32_t i = 0; i < 3; i++)
        name[i] = bind_p(NUMBER + i);
    for (unsigned taken = 0; taken < 3; taken++) {
        for (uint32_t i = 0; i < 3; i++)
            binding_rung(CORE, NUMBER + i);
        cr_assert_eq(receive(p, name[taken]), 0);
        cr_assert_eq(fixture_violations(), 0);
        binding_rung(CORE, NUMBER + taken);
        for (unsigned i = 0; i < 3; i++) {
            uint32_t expected = i == 2 ? taken : i < taken ? i : i + 1;
            cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
            expect_bell(p, name[expected], NUMBER + expected, false);
        }
    }
}

Test(binding, a_bell_is_no_reply) {
    endpoint_t name = bind_p(NUMBER);
    fixture_connect(p, q);
    fixture_ipc(q, IPC_RECEIVE, ENDPOINT_ANY, 0);
    fixture_ipc(p, IPC_SENDREC, q->endpoint, 1);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(p->state, PROCESS_RECEIVING);
    cr_assert_eq(fixture_ipc(q, IPC_NBSEND, p->endpoint, 2), 0);
    cr_assert_eq(fixture_received(p).type, 2);
    cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
    expect_bell(p, name, NUMBER, false);
}

/* Slots are used in turn. */
static struct process *process_in_slot(unsigned slot) {
    struct process *who;
    while (process_slot(who = fixture_process("slot")) != slot) {
        process_die(who, DEATH_KILLED, 0);
        while (!process_destroy_step(who, first))
            continue;
    }
    return who;
}

/* The number in a name is no slot: neither of him who has that slot, nor beyond the sets of slots.
 */
Test(binding, who_waits_for_a_bell_gets_nothing_else) {
    endpoint_t name = bind_p(BINDING_FIRST + 8);
    q = process_in_slot(BINDING_FIRST + 8);
    endpoint_t high = bind_p(BINDINGS_MAX - 1);
    struct asend_entry *entry = fixture_memory(q, FIXTURE_MEMORY);
    *entry = (struct asend_entry){ .state = ASEND_READY, .destination = p->endpoint };
    fixture_connect(p, q);
    cr_assert_eq(fixture_ipc(q, IPC_NOTIFY, p->endpoint, 0), 0);
    cr_assert_eq(fixture_ipc(q, IPC_ASEND, FIXTURE_MEMORY, 1), 0);
    cr_assert_eq(receive(p, name), -E_WOULDBLOCK);
    cr_assert_eq(receive(p, high), -E_WOULDBLOCK);
    binding_rung(CORE, BINDING_FIRST + 8);
    cr_assert_eq(receive(p, name), 0);
    expect_bell(p, name, BINDING_FIRST + 8, false);
    cr_assert_eq(receive(p, q->endpoint), 0);
    cr_assert_eq(fixture_received(p).type, MESSAGE_NOTIFY);
}

Test(binding, a_ring_from_the_wrong_core_or_to_no_binding_is_nothing) {
    endpoint_t name = bind_p(NUMBER);
    for (uint32_t number = 0; number < BINDINGS_MAX; number++)
        for (uint32_t core = 0; core < CORES_MAX; core++)
            if (number != NUMBER || core != CORE)
                binding_rung(core, number);
    cr_assert_eq(p->pending, 0);
    cr_assert_eq(receive(p, name), -E_WOULDBLOCK);
}

/* ---- What is refused, and new processes ---- */

Test(binding, arguments_out_of_range_are_refused) {
    bind_p(NUMBER);
    static const struct {
        uint64_t args[MESSAGE_ARGS];
        int error;
    } calls[] = {
        { { BIND_MAP, NUMBER, WINDOW + 1, FIXTURE_FOREIGN, PAGE_SIZE }, -E_INVAL },
        { { BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN + 1, PAGE_SIZE }, -E_INVAL },
        { { BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, 1 }, -E_INVAL },
        { { BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, 0 }, -E_INVAL },
        { { BIND_MAP, NUMBER, 0, FIXTURE_FOREIGN, PAGE_SIZE }, -E_RANGE },
        { { BIND_MAP, NUMBER, USER_END, FIXTURE_FOREIGN, PAGE_SIZE }, -E_RANGE },
        { { BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, SHARE_BYTES_MAX + PAGE_SIZE }, -E_RANGE },
        { { BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, UINT64_C(1) << 63 }, -E_RANGE },
        { { BIND_MAP, NUMBER + 1, WINDOW, FIXTURE_FOREIGN, PAGE_SIZE }, -E_STATE },
        { { BIND_PEER, NUMBER, PEER }, -E_STATE },
        { { BIND_PEER, NUMBER + 1, PEER }, -E_STATE },
        { { BIND_CLOSE, NUMBER + 1 }, -E_STATE },
        { { BIND_FREE, NUMBER + 1 }, -E_STATE },
        { { BIND_FREE, NUMBER }, -E_STATE },
        { { BIND_CLOSE, BINDING_FIRST - 1 }, -E_RANGE },
        { { BIND_CLOSE, BINDINGS_MAX }, -E_RANGE },
        { { BIND_CLOSE, UINT64_MAX }, -E_RANGE },
        { { BIND_CLOSE, NUMBER | UINT64_C(1) << 32 }, -E_RANGE },
        { { 0, NUMBER }, -E_BADCALL },
        { { BIND_LINE + 1, NUMBER }, -E_BADCALL },
    };
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        uint64_t args[MESSAGE_ARGS];
        memcpy(args, calls[i].args, sizeof args);
        cr_assert_eq(fixture_kcall(first, KCALL_BIND, args), calls[i].error, "call %u", i);
    }
}

Test(binding, open_wants_a_child_another_core_and_a_free_number) {
    endpoint_t gone = q->endpoint;
    bind_p(NUMBER);
    cr_assert_eq(BIND(BIND_OPEN, NUMBER, p->endpoint, CORE), -E_STATE);
    cr_assert_eq(BIND(BIND_OPEN, NUMBER + 1, p->endpoint, FIXTURE_CORE), -E_NOENT);
    cr_assert_eq(BIND(BIND_OPEN, NUMBER + 1, p->endpoint, FIXTURE_CORES), -E_NOENT);
    cr_assert_eq(BIND(BIND_OPEN, NUMBER + 1, p->endpoint, CORE | UINT64_C(1) << 32), -E_NOENT);
    cr_assert_eq(BIND(BIND_OPEN, NUMBER + 1, first->endpoint, CORE), -E_PERM);
    cr_assert_eq(BIND(BIND_OPEN, NUMBER + 1, ENDPOINT_ANY, CORE), -E_BADEP);
    process_die(q, DEATH_KILLED, 0);
    cr_assert_eq(BIND(BIND_OPEN, NUMBER + 1, gone, CORE), -E_PEERDEAD);
    static const uint64_t peers[] = { 0, BINDING_FIRST - 1, BINDINGS_MAX, UINT64_MAX,
                                      65536 + PEER };
    cr_assert_eq(BIND(BIND_OPEN, NUMBER + 1, p->endpoint, CORE), 0);
    for (unsigned i = 0; i < sizeof peers / sizeof peers[0]; i++)
        cr_assert_eq(BIND(BIND_PEER, NUMBER + 1, peers[i]), -E_RANGE);
    cr_assert_eq(BIND(BIND_PEER, NUMBER + 1, BINDINGS_MAX - 1), 0);
}

Test(binding, a_new_process_in_the_slot_is_not_bound) {
    endpoint_t name = bind_p(NUMBER), gone = p->endpoint;
    unsigned slot = process_slot(p);
    process_die(p, DEATH_KILLED, 0);
    fixture_kcall(first, KCALL_PROC_DESTROY, (uint64_t[MESSAGE_ARGS]){ gone });
    p = process_in_slot(slot);
    cr_assert_eq(notify(p, name), -E_BADEP);
    cr_assert_eq(receive(p, name), -E_BADEP);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(p->pending, 0);
    cr_assert_eq(BIND(BIND_OPEN, NUMBER, p->endpoint, CORE), -E_STATE, "not before it is freed");
}
