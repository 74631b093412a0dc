/* Debts: who leaves work to others without waiting is passed over for it. */
#include <criterion/criterion.h>

#include "fixture.h"
#include "ipc.h"
#include "sched/policies.h"
#include "x86_64/lapic.h"
#include "x86_64/switch.h"

static struct process *first, *sender, *receiver, *other;

/* Sender and another compute, the receiver waits. */
static void start(const struct sched_policy *policy) {
    first = fixture_boot();
    sender = fixture_process("sender");
    receiver = fixture_process("receiver");
    other = fixture_process("other");
    fixture_ipc(receiver, IPC_RECEIVE, ENDPOINT_KERNEL, 0);
    sched_set_priority(first, 0);
    fixture_run(first);
    fixture_ipc(first, IPC_RECEIVE, ENDPOINT_KERNEL, 0);
    sched_use(policy);
    sched_finish();
}

static void end(void) {
    cr_assert_eq(fixture_violations(), 0);
    fixture_end();
}

TestSuite(debt, .fini = end);

/* Whose quantum runs pays for it. */
static void run_other(void) {
    for (unsigned i = 0; i < 10 && current != other; i++) {
        sched_yield();
        sched_finish();
    }
    cr_assert_eq(current, other);
}

/* The receiver takes messages from the sender's table, and has had so much CPU time with each. */
static void serve(unsigned messages, uint64_t time_of_each) {
    if (sched_is_donor(sender) && other->state == PROCESS_READY)
        run_other();
    for (unsigned i = 0; i <= messages; i++) {
        debt_serve(receiver, sender);
        receiver->messages_received++;
        receiver->cpu_time += i < messages ? time_of_each : 0;
    }
}

/* Lets the two compute until so many quanta have ended; how much the sender got of it. */
static uint64_t sender_gets(unsigned quanta) {
    uint64_t before = sender->cpu_time;
    while (quanta--)
        fixture_run_until_timer();
    context_charge(cpu.now);
    return sender->cpu_time - before;
}

static const struct sched_policy *const both[] = { &sched_mlfq, &sched_rr };

Test(debt, is_paid_in_turns) {
    for (unsigned i = 0; i < 2; i++) {
        start(both[i]);
        uint64_t quantum = sender->sched.quantum;
        sender_gets(40); /* both have sunk as far as they do */
        serve(10, quantum);
        cr_assert_eq(sender->sched.turns_owed, 10);
        cr_assert_eq(debtors, 1);
        cr_assert_leq(sender_gets(10), quantum + quantum / 10);
        sender_gets(4);
        cr_assert_eq(debtors, 0);
        uint64_t got = sender_gets(20);
        cr_assert(got >= 9 * quantum && got <= 11 * quantum, "%lu", got);
        cr_assert_eq(sched_in_use(), sched, "the policy itself is asked again");
    }
}

Test(debt, is_a_quantum_a_message_at_most) {
    start(&sched_mlfq);
    serve(3, 100 * sender->sched.quantum);
    cr_assert_eq(sender->sched.turns_owed, 3);
}

Test(debt, has_a_limit) {
    start(&sched_mlfq);
    serve(1000, sender->sched.quantum);
    cr_assert_eq(sender->sched.turns_owed, 64);
    cr_assert_lt(sender->sched.debt, sender->sched.quantum);
}

Test(debt, little_work_adds_up) {
    start(&sched_mlfq);
    serve(100, sender->sched.quantum / 50);
    cr_assert_eq(sender->sched.turns_owed, 2);
}

Test(debt, is_not_made_by_who_is_less_urgent) {
    start(&sched_mlfq);
    sender->sched.limit_priority = 0;
    sender->sched.base_priority = (uint8_t)(receiver->sched.base_priority - 1);
    serve(10, sender->sched.quantum);
    cr_assert_eq(sender->sched.turns_owed, 0);
}

Test(debt, ends_when_another_message_comes) {
    start(&sched_mlfq);
    run_other();
    debt_serve(receiver, sender);
    receiver->messages_received += 2;
    receiver->cpu_time += 10 * sender->sched.quantum;
    debt_serve(receiver, sender);
    cr_assert_eq(sender->sched.turns_owed, 0);
}

/* There is nobody to leave its turns to. */
Test(debt, is_forgiven_to_who_is_alone) {
    start(&sched_mlfq);
    serve(10, sender->sched.quantum);
    cr_assert_eq(debtors, 1);
    fixture_ipc(other, IPC_RECEIVE, ENDPOINT_KERNEL, 0);
    sched_yield();
    sched_finish();
    cr_assert_eq(current, sender);
    cr_assert_eq(debtors, 0);
}

Test(debt, dies_with_its_debtor) {
    start(&sched_mlfq);
    serve(10, sender->sched.quantum);
    process_die(sender, DEATH_KILLED, 0);
    sched_finish(); /* its supervisor is told */
    cr_assert_eq(debtors, 0);
    serve(1, sender->sched.quantum);
    cr_assert_eq(debtors, 0, "no more is owed to it");
}

Test(debt, is_forgotten_with_its_policy) {
    start(&sched_mlfq);
    serve(10, sender->sched.quantum);
    sched_use(&sched_rr);
    cr_assert_eq(debtors, 0);
    cr_assert_eq(sched, &sched_rr);
}
