/* IPC, rule by rule; both through the fast path where it applies, and without it. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "fixture.h"
#include "ipc.h"
#include "sched/sched.h"
#include "vm.h"

#define TYPE 0x123

static struct process *first, *a, *b, *c;

static void init(void) {
    first = fixture_boot();
    a = fixture_process("a");
    b = fixture_process("b");
    c = fixture_process("c");
    fixture_connect(a, b);
    fixture_connect(b, c);
    fixture_connect(a, c);
}

TestSuite(ipc, .init = init, .fini = fixture_end);

static const struct message full = { .type = TYPE,
                                     .tag = 0xfedcba98,
                                     .arg = { 1, UINT64_MAX, 3, 4, 0x8000000000000000, 6 } };

static void assert_received(const struct process *p, endpoint_t source, const struct message *m) {
    struct message got = fixture_received(p);
    cr_assert_eq(p->context.rax, 0);
    cr_assert_eq(got.source, source);
    cr_assert_eq(got.type, m->type);
    cr_assert_eq(got.tag, m->tag);
    cr_assert_arr_eq(got.arg, m->arg, sizeof got.arg);
}

static bool receiving(const struct process *p) { return p->state == PROCESS_RECEIVING; }

static bool sending(const struct process *p) { return p->state == PROCESS_SENDING; }

static bool ready(const struct process *p) { return p->state == PROCESS_READY; }

static void receive(struct process *p, endpoint_t from) { fixture_ipc(p, IPC_RECEIVE, from, 0); }

/* ---- Rendezvous ---- */

Test(ipc, send_to_a_receiver_moves_all_seven_words) {
    receive(b, ENDPOINT_ANY);
    cr_assert(receiving(b));
    cr_assert_eq(fixture_call(a, IPC_SEND, b->endpoint, &full), 0);
    cr_assert(ready(a) && ready(b));
    assert_received(b, a->endpoint, &full);
}

Test(ipc, send_waits_for_its_receiver) {
    fixture_call(a, IPC_SEND, b->endpoint, &full);
    cr_assert(sending(a));
    receive(b, a->endpoint);
    cr_assert(ready(a) && ready(b));
    cr_assert_eq(a->context.rax, 0);
    assert_received(b, a->endpoint, &full);
}

Test(ipc, receive_from_one_leaves_the_others_waiting) {
    receive(b, c->endpoint);
    fixture_ipc(a, IPC_SEND, b->endpoint, 1);
    cr_assert(sending(a) && receiving(b));
    fixture_ipc(c, IPC_SEND, b->endpoint, 2);
    cr_assert(ready(b) && ready(c) && sending(a));
    cr_assert_eq(fixture_received(b).source, c->endpoint);
}

Test(ipc, source_cannot_be_forged) {
    struct message m = full;
    m.source = c->endpoint;
    receive(b, ENDPOINT_ANY);
    fixture_call(a, IPC_SEND, b->endpoint, &m);
    cr_assert_eq(fixture_received(b).source, a->endpoint);
}

Test(ipc, senders_are_served_first_come_first_served) {
    struct process *sender[8];
    for (unsigned i = 0; i < 8; i++) {
        sender[i] = fixture_process("sender");
        fixture_connect(sender[i], b);
    }
    static const unsigned order[8] = { 3, 7, 0, 5, 1, 6, 2, 4 };
    for (unsigned i = 0; i < 8; i++)
        fixture_ipc(sender[order[i]], i % 2 ? IPC_SEND : IPC_SENDREC, b->endpoint, i);
    for (unsigned i = 0; i < 8; i++) {
        receive(b, ENDPOINT_ANY);
        cr_assert_eq(fixture_received(b).source, sender[order[i]]->endpoint, "as number %u", i);
    }
}

Test(ipc, nbsend_delivers_only_to_a_receiver) {
    cr_assert_eq(fixture_ipc(a, IPC_NBSEND, b->endpoint, TYPE), -E_WOULDBLOCK);
    cr_assert(ready(a));
    receive(b, c->endpoint);
    cr_assert_eq(fixture_ipc(a, IPC_NBSEND, b->endpoint, TYPE), -E_WOULDBLOCK);
    fixture_ipc(c, IPC_NBSEND, b->endpoint, TYPE);
    cr_assert(ready(b));
    receive(b, ENDPOINT_ANY);
    cr_assert_eq(fixture_call(a, IPC_NBSEND, b->endpoint, &full), 0);
    assert_received(b, a->endpoint, &full);
}

Test(ipc, receive_nonblock_does_not_wait) {
    cr_assert_eq(fixture_ipc(b, IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, 0), -E_WOULDBLOCK);
    cr_assert(ready(b));
    fixture_ipc(a, IPC_SEND, b->endpoint, TYPE);
    cr_assert_eq(fixture_ipc(b, IPC_RECEIVE | IPC_NONBLOCK, c->endpoint, 0), -E_WOULDBLOCK);
    cr_assert_eq(fixture_ipc(b, IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, 0), 0);
    cr_assert_eq(fixture_received(b).source, a->endpoint);
}

Test(ipc, registers_without_a_message_stay) {
    fixture_call(a, IPC_NBSEND, b->endpoint, &full);
    struct message got = fixture_received(a);
    cr_assert_eq(got.source, b->endpoint, "rdi as it was");
    cr_assert_eq(got.tag, full.tag);
    cr_assert_arr_eq(got.arg, full.arg, sizeof got.arg);
    a->context.rbx = 1, a->context.rbp = 2, a->context.r14 = 3, a->context.r15 = 4;
    receive(b, ENDPOINT_ANY);
    fixture_call(a, IPC_SEND, b->endpoint, &full);
    got = fixture_received(a);
    cr_assert_eq(got.source, b->endpoint);
    cr_assert_eq(got.type, TYPE);
    cr_assert_arr_eq(got.arg, full.arg, sizeof got.arg);
    cr_assert(a->context.rbx == 1 && a->context.rbp == 2 && a->context.r14 == 3 &&
              a->context.r15 == 4);
}

/* ---- SENDREC and REPLYRECV, by both paths ---- */

static const unsigned paths[] = { 0, FASTPATH_OFF_SYSCTL, FASTPATH_OFF_TRACE };

ParameterizedTestParameters(ipc_path, call_and_reply) {
    return cr_make_param_array(const unsigned, paths, sizeof paths / sizeof paths[0]);
}

ParameterizedTest(const unsigned *off, ipc_path, call_and_reply, .init = init,
                  .fini = fixture_end) {
    static const struct message reply = { .type = 0, .tag = 7, .arg = { 9, 8, 7, 6, 5, 4 } };
    ipc_fastpath_off = *off;
    receive(b, ENDPOINT_ANY);
    for (unsigned i = 0; i < 3; i++) {
        fixture_call(a, IPC_SENDREC, b->endpoint, &full);
        cr_assert(receiving(a) && a->awaits_reply && ready(b));
        assert_received(b, a->endpoint, &full);
        fixture_call(b, IPC_REPLYRECV, a->endpoint, &reply);
        cr_assert(ready(a) && receiving(b) && !b->awaits_reply);
        assert_received(a, b->endpoint, &reply);
    }
    cr_assert_eq(counters.fastpath_hits, *off ? 0 : 6);
    cr_assert_eq(a->messages_sent, 3);
    cr_assert_eq(a->messages_received, 3);
    cr_assert_eq(b->messages_sent, 3);
    cr_assert_eq(b->messages_received, 3);
}

Test(ipc, fast_path_runs_the_partner_at_once) {
    receive(b, ENDPOINT_ANY);
    fixture_ipc(a, IPC_SENDREC, b->endpoint, TYPE);
    cr_assert_eq(current, b);
    cr_assert_eq(cpu.cr3, b->cr3);
    cr_assert_eq(counters.fastpath_hits, 1);
}

Test(ipc, fast_path_loads_one_address_space) {
    receive(b, ENDPOINT_ANY);
    fixture_run(a);
    cpu.address_space_loads = 0;
    fixture_ipc(a, IPC_SENDREC, b->endpoint, TYPE);
    cr_assert_eq(cpu.address_space_loads, 1);
}

Test(ipc, segment_bases_are_kept_on_both_paths) {
    receive(b, ENDPOINT_ANY);
    for (unsigned off = 0; off < 2; off++) {
        ipc_fastpath_off = off ? FASTPATH_OFF_SYSCTL : 0;
        fixture_run(a);
        cpu.fs_base = 0xaaaa, cpu.gs_base = 0xaaab;
        fixture_ipc(a, IPC_SENDREC, b->endpoint, TYPE);
        fixture_run(b);
        cpu.fs_base = 0xbbbb, cpu.gs_base = 0xbbbc;
        fixture_ipc(b, IPC_REPLYRECV, a->endpoint, TYPE);
        fixture_run(a);
        cr_assert(cpu.fs_base == 0xaaaa && cpu.gs_base == 0xaaab);
    }
}

Test(ipc, fast_path_is_left_for_processes_with_fpu_state) {
    for (unsigned who = 0; who < 2; who++) {
        a->uses_fpu = who == 0;
        b->uses_fpu = who == 1;
        receive(b, ENDPOINT_ANY);
        fixture_ipc(a, IPC_SENDREC, b->endpoint, TYPE);
        cr_assert(receiving(a) && ready(b));
        fixture_ipc(b, IPC_NBSEND, a->endpoint, TYPE);
    }
    cr_assert_eq(counters.fastpath_hits, 0);
}

Test(ipc, fast_path_is_left_when_something_is_pending) {
    receive(b, ENDPOINT_ANY);
    fixture_ipc(c, IPC_NOTIFY, a->endpoint, 0);
    fixture_ipc(a, IPC_SENDREC, b->endpoint, TYPE);
    cr_assert(receiving(a) && ready(b), "the notification is not the reply");
    cr_assert_eq(counters.fastpath_hits, 0);
}

Test(ipc, sendrec_to_a_busy_server_waits_for_both_halves) {
    fixture_call(a, IPC_SENDREC, b->endpoint, &full);
    cr_assert(sending(a));
    receive(b, ENDPOINT_ANY);
    assert_received(b, a->endpoint, &full);
    cr_assert(receiving(a));
    cr_assert_eq(a->receive_from, b->endpoint);
    fixture_ipc(b, IPC_NBSEND, a->endpoint, 0);
    cr_assert(ready(a));
}

Test(ipc, only_the_partner_can_reply) {
    receive(b, ENDPOINT_ANY);
    fixture_ipc(a, IPC_SENDREC, b->endpoint, TYPE);
    cr_assert_eq(fixture_ipc(c, IPC_NBSEND, a->endpoint, 0), -E_WOULDBLOCK);
    cr_assert(receiving(a));
}

Test(ipc, notification_is_not_taken_for_a_reply) {
    receive(b, ENDPOINT_ANY);
    fixture_ipc(a, IPC_SENDREC, b->endpoint, TYPE);
    cr_assert_eq(fixture_ipc(b, IPC_NOTIFY, a->endpoint, 0), 0);
    ipc_event(a, EVENT_ALARM);
    cr_assert(receiving(a));
    fixture_ipc(b, IPC_NBSEND, a->endpoint, TYPE);
    cr_assert_eq(fixture_received(a).type, TYPE);
    receive(a, ENDPOINT_ANY);
    cr_assert_eq(fixture_received(a).source, ENDPOINT_KERNEL);
    receive(a, ENDPOINT_ANY);
    cr_assert_eq(fixture_received(a).source, b->endpoint);
    cr_assert_eq(fixture_received(a).type, MESSAGE_NOTIFY);
}

Test(ipc, replyrecv_whose_reply_fails_receives_nothing) {
    fixture_ipc(c, IPC_SEND, b->endpoint, TYPE);
    cr_assert_eq(fixture_call(b, IPC_REPLYRECV, a->endpoint, &full), -E_WOULDBLOCK);
    cr_assert(ready(b) && sending(c));
    cr_assert_eq(fixture_received(b).tag, full.tag, "its registers are as they were");
    receive(b, ENDPOINT_ANY);
    cr_assert_eq(fixture_received(b).source, c->endpoint);
}

Test(ipc, replyrecv_receives_what_is_pending) {
    receive(b, ENDPOINT_ANY);
    fixture_ipc(a, IPC_SENDREC, b->endpoint, TYPE);
    fixture_call(c, IPC_SEND, b->endpoint, &full);
    fixture_ipc(b, IPC_REPLYRECV, a->endpoint, 0);
    cr_assert(ready(a) && ready(b) && ready(c));
    assert_received(b, c->endpoint, &full);
}

/* ---- Notifications ---- */

Test(ipc, notify_wakes_a_receiver_with_an_empty_message) {
    receive(b, ENDPOINT_ANY);
    cr_assert_eq(fixture_call(a, IPC_NOTIFY, b->endpoint, &full), 0);
    assert_received(b, a->endpoint, &(struct message){ .type = MESSAGE_NOTIFY });
}

Test(ipc, notifications_of_one_sender_merge) {
    for (unsigned i = 0; i < 3; i++)
        fixture_ipc(a, IPC_NOTIFY, b->endpoint, 0);
    cr_assert_eq(fixture_ipc(b, IPC_RECEIVE | IPC_NONBLOCK, a->endpoint, 0), 0);
    cr_assert_eq(fixture_ipc(b, IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, 0), -E_WOULDBLOCK);
}

Test(ipc, notifications_of_many_senders_go_round) {
    for (unsigned i = 0; i < 4; i++) {
        fixture_ipc(a, IPC_NOTIFY, b->endpoint, 0);
        fixture_ipc(c, IPC_NOTIFY, b->endpoint, 0);
        receive(b, ENDPOINT_ANY);
        cr_assert_eq(fixture_received(b).source, (i % 2 ? c : a)->endpoint,
                     "a sender that notifies again and again does not starve another");
    }
}

Test(ipc, kernel_events_merge_and_say_what_happened) {
    ipc_event(b, EVENT_ALARM);
    b->irq_fired |= 1U << 5;
    ipc_event(b, EVENT_IRQ);
    receive(b, ENDPOINT_KERNEL);
    assert_received(
        b, ENDPOINT_KERNEL,
        &(struct message){ .type = MESSAGE_NOTIFY, .arg = { EVENT_ALARM | EVENT_IRQ, 1 << 5, 0 } });
    cr_assert_eq(fixture_ipc(b, IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_KERNEL, 0), -E_WOULDBLOCK);
    receive(b, ENDPOINT_KERNEL);
    cpu.now += 5000;
    ipc_event(b, EVENT_CHILD);
    assert_received(b, ENDPOINT_KERNEL,
                    &(struct message){ .type = MESSAGE_NOTIFY, .arg = { EVENT_CHILD, 0, 5000 } });
}

Test(ipc, receive_order_is_kernel_notifications_asend_senders) {
    struct asend_entry *entry = fixture_memory(c, FIXTURE_MEMORY);
    fixture_ipc(a, IPC_SEND, b->endpoint, 4);
    entry->destination = b->endpoint;
    entry->message.type = 3;
    entry->state = ASEND_READY;
    fixture_call(c, IPC_ASEND, FIXTURE_MEMORY, &(struct message){ .type = 1 });
    struct process *d = fixture_process("d");
    fixture_connect(b, d);
    fixture_ipc(d, IPC_NOTIFY, b->endpoint, 0);
    ipc_event(b, EVENT_ALARM);
    const endpoint_t order[] = { ENDPOINT_KERNEL, d->endpoint, c->endpoint, a->endpoint };
    for (unsigned i = 0; i < 4; i++) {
        receive(b, ENDPOINT_ANY);
        cr_assert_eq(fixture_received(b).source, order[i], "as number %u", i);
    }
}

/* ---- Death ---- */

Test(ipc, death_ends_every_wait_for_the_dead) {
    struct process *sender = fixture_process("sender"), *caller = fixture_process("caller"),
                   *waiter = fixture_process("waiter"), *receiver = fixture_process("receiver");
    struct process *all[] = { sender, caller, waiter, receiver };
    for (unsigned i = 0; i < 4; i++)
        fixture_connect(all[i], b);
    fixture_call(sender, IPC_SEND, b->endpoint, &full);
    fixture_call(caller, IPC_SENDREC, b->endpoint, &full); /* in its first half */
    fixture_call(receiver, IPC_RECEIVE, b->endpoint, &full);
    receive(b, ENDPOINT_ANY); /* takes sender's */
    cr_assert(ready(sender));
    receive(b, ENDPOINT_ANY); /* takes caller's */
    cr_assert(receiving(caller));
    fixture_call(waiter, IPC_SENDREC, b->endpoint, &full);
    fixture_call(sender, IPC_SEND, b->endpoint, &full);
    fixture_call(a, IPC_RECEIVE, ENDPOINT_ANY, &full);
    cr_assert(sending(sender) && receiving(caller) && sending(waiter) && receiving(receiver));

    process_die(b, DEATH_KILLED, 0);
    for (unsigned i = 0; i < 4; i++) {
        cr_assert(ready(all[i]), "process %u", i);
        cr_assert_eq((int)all[i]->context.rax, -E_PEERDEAD);
        cr_assert_eq(fixture_received(all[i]).source, b->endpoint, "rdi as it was");
        cr_assert_arr_eq(fixture_received(all[i]).arg, full.arg, sizeof full.arg);
    }
    cr_assert(receiving(a), "ANY waits for others");
}

Test(ipc, death_withdraws_what_the_dead_had_pending) {
    fixture_ipc(a, IPC_NOTIFY, b->endpoint, 0);
    fixture_ipc(c, IPC_SEND, b->endpoint, 1);
    process_die(a, DEATH_KILLED, 0);
    process_die(c, DEATH_KILLED, 0);
    cr_assert_eq(fixture_ipc(b, IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, 0), -E_WOULDBLOCK);
    cr_assert_eq(b->pending, 0);
}

Test(ipc, every_call_to_the_dead_says_so) {
    static const unsigned primitives[] = { IPC_SEND,   IPC_RECEIVE, IPC_SENDREC,
                                           IPC_NBSEND, IPC_NOTIFY,  IPC_REPLYRECV };
    endpoint_t dead = b->endpoint;
    process_die(b, DEATH_KILLED, 0);
    for (unsigned destroyed = 0; destroyed < 2; destroyed++) {
        for (unsigned i = 0; i < 6; i++)
            cr_assert_eq(fixture_ipc(a, primitives[i], dead, 1), -E_PEERDEAD, "primitive %u",
                         primitives[i]);
        while (!destroyed && !process_destroy_step(b, first))
            continue;
    }
}

/* ---- Refusals: the error, and that nothing has changed ---- */

/* What an error is counted as; REFUSAL_COUNT: nothing. */
static unsigned kind_of(int error) {
    switch (-error) {
    case E_PERM:
        return REFUSED_PRIMITIVE_RIGHT;
    case E_TARGET:
        return REFUSED_TARGET;
    case E_BADCALL:
        return REFUSED_PRIMITIVE;
    case E_FLAG:
        return REFUSED_FLAG;
    case E_DEADLOCK:
        return REFUSED_DEADLOCK;
    case E_BADEP:
        return REFUSED_ENDPOINT;
    default:
        return REFUSAL_COUNT;
    }
}

static void assert_refused(struct process *p, uint64_t operation, uint64_t to, int error) {
    uint32_t refusals = p->refusals, refused[REFUSAL_COUNT];
    memcpy(refused, p->refused, sizeof refused);
    cr_assert_eq(fixture_call(p, operation, to, &full), error, "%#lx to %#lx: %s", operation, to,
                 error_name((int)p->context.rax));
    struct message after = fixture_received(p);
    cr_assert(ready(p));
    cr_assert_eq(after.source, to);
    cr_assert_eq(after.type, full.type);
    cr_assert_arr_eq(after.arg, full.arg, sizeof after.arg);
    cr_assert_eq(p->messages_sent + p->messages_received, 0);
    cr_assert_eq(p->refusals - refusals, kind_of(error) < REFUSAL_COUNT);
    for (unsigned kind = 0; kind < REFUSAL_COUNT; kind++)
        cr_assert_eq(p->refused[kind] - refused[kind], kind == kind_of(error), "%s",
                     refusal_text(kind));
}

Test(ipc, primitives_that_are_not_are_refused) {
    static const uint64_t bad[] = { 0, 8, 9, 0xff, IPC_REPLYRECV + 0x10 };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(a, bad[i], b->endpoint, -E_BADCALL);
}

Test(ipc, flags_are_refused_where_they_mean_nothing) {
    for (unsigned primitive = IPC_SEND; primitive <= IPC_REPLYRECV; primitive++) {
        assert_refused(a, primitive | 0x200, b->endpoint, -E_FLAG);
        assert_refused(a, primitive | UINT64_C(1) << 63, b->endpoint, -E_FLAG);
        if (primitive != IPC_RECEIVE)
            assert_refused(a, primitive | IPC_NONBLOCK, b->endpoint, -E_FLAG);
    }
    assert_refused(a, IPC_SENDREC | IPC_NONBLOCK, ENDPOINT_KERNEL, -E_FLAG);
}

Test(ipc, each_primitive_needs_its_permission) {
    for (unsigned primitive = IPC_SEND; primitive <= IPC_REPLYRECV; primitive++) {
        process_set_rights(a, IPC_ALL & ~(1U << primitive), KCALL_ALL);
        if (primitive == IPC_REPLYRECV)
            assert_refused(a, primitive, b->endpoint, -E_WOULDBLOCK);
        else
            assert_refused(a, primitive, b->endpoint, -E_PERM);
    }
    process_set_rights(a, IPC_ALL & ~IPC_BIT(NBSEND), 0);
    assert_refused(a, IPC_REPLYRECV, b->endpoint, -E_PERM);
    process_set_rights(a, IPC_ALL & ~IPC_BIT(RECEIVE), 0);
    assert_refused(a, IPC_REPLYRECV, b->endpoint, -E_PERM);
}

Test(ipc, only_permitted_targets_are_sent_to) {
    static const unsigned primitives[] = { IPC_SEND, IPC_SENDREC, IPC_NBSEND, IPC_NOTIFY,
                                           IPC_REPLYRECV };
    struct process *stranger = fixture_process("stranger");
    receive(stranger, ENDPOINT_ANY);
    for (unsigned i = 0; i < 5; i++) {
        assert_refused(a, primitives[i], stranger->endpoint, -E_TARGET);
        assert_refused(a, primitives[i], a->endpoint, -E_TARGET);
    }
    cr_assert(receiving(stranger));
}

Test(ipc, endpoints_that_are_no_process_are_refused) {
    static const unsigned primitives[] = { IPC_SEND, IPC_SENDREC, IPC_NBSEND, IPC_NOTIFY,
                                           IPC_REPLYRECV };
    const endpoint_t bad[] = { ENDPOINT_NONE, ENDPOINT_ANY, ENDPOINT_SELF,
                               b->endpoint + (UINT64_C(1) << 32), b->endpoint + (1 << 16) };
    for (unsigned i = 0; i < 5; i++) {
        for (unsigned k = 0; k < sizeof bad / sizeof bad[0]; k++)
            assert_refused(a, primitives[i], bad[k], -E_BADEP);
        if (primitives[i] != IPC_SENDREC)
            assert_refused(a, primitives[i], ENDPOINT_KERNEL, -E_BADEP);
    }
    assert_refused(a, IPC_RECEIVE, ENDPOINT_NONE, -E_BADEP);
    assert_refused(a, IPC_RECEIVE, ENDPOINT_SELF, -E_BADEP);
    assert_refused(a, IPC_RECEIVE, b->endpoint + (UINT64_C(1) << 32), -E_BADEP);
}

/* ---- Cycles ---- */

Test(ipc, sending_to_oneself_is_a_deadlock) {
    fixture_connect(a, a);
    assert_refused(a, IPC_SEND, a->endpoint, -E_DEADLOCK);
    assert_refused(a, IPC_SENDREC, a->endpoint, -E_DEADLOCK);
    assert_refused(a, IPC_RECEIVE, a->endpoint, -E_DEADLOCK);
    assert_refused(a, IPC_NBSEND, a->endpoint, -E_WOULDBLOCK);
    cr_assert_eq(fixture_ipc(a, IPC_NOTIFY, a->endpoint, 0), 0);
    receive(a, a->endpoint);
    assert_received(a, a->endpoint, &(struct message){ .type = MESSAGE_NOTIFY });
}

Test(ipc, cycles_of_two_are_refused) {
    static const unsigned waits[] = { IPC_SEND, IPC_SENDREC };
    for (unsigned i = 0; i < 2; i++) {
        fixture_ipc(b, waits[i], a->endpoint, 1);
        cr_assert(sending(b));
        assert_refused(a, IPC_SEND, b->endpoint, -E_DEADLOCK);
        assert_refused(a, IPC_SENDREC, b->endpoint, -E_DEADLOCK);
        fixture_ipc(a, IPC_RECEIVE, b->endpoint, 0); /* and is no cycle: it is sending */
        cr_assert_eq(fixture_received(a).source, b->endpoint);
        a->messages_received = 0;
        if (receiving(b))
            fixture_ipc(a, IPC_NBSEND, b->endpoint, 0);
        a->messages_sent = 0;
    }
    receive(b, a->endpoint);
    assert_refused(a, IPC_RECEIVE, b->endpoint, -E_DEADLOCK);
}

Test(ipc, cycles_of_three_are_refused) {
    fixture_ipc(b, IPC_SEND, c->endpoint, 1);
    fixture_ipc(c, IPC_SENDREC, a->endpoint, 1);
    assert_refused(a, IPC_SEND, b->endpoint, -E_DEADLOCK);
    assert_refused(a, IPC_SENDREC, b->endpoint, -E_DEADLOCK);
    assert_refused(a, IPC_RECEIVE, b->endpoint, -E_DEADLOCK);
    fixture_ipc(a, IPC_RECEIVE, ENDPOINT_ANY, 0); /* breaks it */
    cr_assert(ready(a) && receiving(c) && sending(b));
}

Test(ipc, cycles_through_a_reply_are_refused) {
    receive(b, ENDPOINT_ANY);
    fixture_ipc(a, IPC_SENDREC, b->endpoint, 1); /* a waits for b's reply */
    fixture_ipc(c, IPC_SEND, a->endpoint, 1);    /* c for a */
    b->messages_received = 0;
    assert_refused(b, IPC_SENDREC, c->endpoint, -E_DEADLOCK);
}
