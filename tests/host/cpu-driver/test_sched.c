/* The scheduler and its policies: who runs, for how long, at whose expense. */
#include <criterion/criterion.h>

#include "../random.h"
#include "fixture.h"
#include "ipc.h"
#include "sched/policies.h"
#include "time.h"
#include "x86_64/lapic.h"
#include "x86_64/switch.h"

#define MS      UINT64_C(1000000)
#define QUANTUM SCHED_QUANTUM_DEFAULT

static struct process *first, *p[6];

/* The first process waits, so that those of the test are alone. */
static void start(const struct sched_policy *policy, unsigned count) {
    first = fixture_boot();
    for (unsigned i = 0; i < count; i++) {
        p[i] = fixture_process("p");
        p[i]->sched.limit_priority = 0;
    }
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < i; k++)
            fixture_connect(p[i], p[k]);
    sched_set_priority(first, 0);
    fixture_ipc(first, IPC_RECEIVE, ENDPOINT_KERNEL, 0);
    sched_use(policy);
    sched_finish();
}

/* Lets whoever runs compute until the clock shows `until`. */
static void compute_until(uint64_t until) {
    while (lapic_timer_armed <= until)
        fixture_run_until_timer();
    cpu.now = until;
}

static void compute(uint64_t time) { compute_until(cpu.now + time); }

/* Lets whoever runs compute until another does. Returns how long that took. */
static uint64_t compute_to_the_end(void) {
    const struct process *who = current;
    uint64_t began = cpu.now;
    while (current == who)
        fixture_run_until_timer();
    return cpu.now - began;
}

static void block(struct process *who) {
    cr_assert_eq(current, who);
    who->context.vector = VECTOR_SYSCALL;
    who->context.rax = IPC_RECEIVE;
    who->context.rdi = ENDPOINT_KERNEL;
    ipc_entry(who);
}

static void wake(struct process *who) {
    ipc_event(who, EVENT_ALARM);
    sched_finish();
}

/* The first process is told, and goes on waiting. */
static void die(struct process *who) {
    process_die(who, DEATH_KILLED, 0);
    sched_finish();
    block(first);
}

static int kcall_sched_op(struct process *who, uint64_t op, uint64_t arg1, uint64_t arg2) {
    cr_assert_eq(current, who);
    who->context.vector = VECTOR_SYSCALL;
    who->context.rax = IPC_SENDREC;
    who->context.rdi = ENDPOINT_KERNEL;
    who->context.rsi = KCALL_SCHED;
    who->context.rdx = op;
    who->context.r10 = arg1;
    who->context.r8 = arg2;
    ipc_entry(who);
    return (int)who->context.rax;
}

TestSuite(mlfq, .fini = fixture_end);
TestSuite(rr, .fini = fixture_end);
TestSuite(sched, .fini = fixture_end);

/* ---- Multilevel feedback queue ---- */

Test(mlfq, equals_take_turns_by_the_quantum) {
    start(&sched_mlfq, 3);
    struct process *order[6];
    for (unsigned i = 0; i < 6; i++) {
        order[i] = current;
        cr_assert_eq(compute_to_the_end(), QUANTUM);
    }
    for (unsigned i = 0; i < 3; i++)
        cr_assert_eq(order[i], order[i + 3]);
}

Test(mlfq, a_used_up_quantum_costs_a_priority) {
    start(&sched_mlfq, 2);
    struct process *one = current, *other = one == p[0] ? p[1] : p[0];
    compute_to_the_end();
    cr_assert_eq(one->sched.priority, SCHED_PRIORITY_USER + 1);
    cr_assert_eq(other->sched.priority, SCHED_PRIORITY_USER);
    cr_assert_eq(current, other);
    compute(40 * QUANTUM);
    cr_assert_eq(one->sched.priority, SCHED_PRIORITIES - 1, "it sinks to the last, not beyond");
    cr_assert_eq(one->sched.base_priority, SCHED_PRIORITY_USER);
}

Test(mlfq, boost_lifts_everybody_to_the_base) {
    start(&sched_mlfq, 2);
    compute(40 * QUANTUM);
    cr_assert_eq(p[0]->sched.priority, SCHED_PRIORITIES - 1);
    compute_until(FIXTURE_START + sched_mlfq.boost_period + 2 * QUANTUM);
    cr_assert_leq(p[0]->sched.priority, SCHED_PRIORITY_USER + 1);
    cr_assert_leq(p[1]->sched.priority, SCHED_PRIORITY_USER + 1);
}

Test(mlfq, nobody_else_ready_means_no_tick) {
    start(&sched_mlfq, 1);
    fixture_run_until_timer(); /* one that was set before */
    cr_assert_eq(lapic_timer_armed, UINT64_MAX);
    cr_assert_eq(p[0]->sched.priority, SCHED_PRIORITY_USER);
    cr_assert_eq(current, p[0]);
}

Test(mlfq, waking_up_preempts_the_less_urgent) {
    start(&sched_mlfq, 2);
    block(current);
    struct process *hog = current, *sleeper = hog == p[0] ? p[1] : p[0];
    sched_set_priority(hog, SCHED_PRIORITY_USER + 1);
    sched_finish();
    compute(3 * MS);
    wake(sleeper);
    cr_assert_eq(current, sleeper);
    block(sleeper);
    cr_assert_eq(current, hog);
    cr_assert_eq(lapic_timer_armed == UINT64_MAX || lapic_timer_armed >= cpu.now, true);
}

Test(mlfq, waking_up_does_not_preempt_an_equal) {
    start(&sched_mlfq, 2);
    block(current);
    struct process *runner = current, *sleeper = runner == p[0] ? p[1] : p[0];
    wake(sleeper);
    cr_assert_eq(current, runner);
    compute(QUANTUM);
    cr_assert_eq(current, sleeper);
}

Test(mlfq, who_is_preempted_goes_on_first_with_what_it_has_left) {
    start(&sched_mlfq, 3);
    sched_set_priority(p[0], 1);
    sched_finish();
    cr_assert_eq(current, p[0]);
    block(p[0]);
    struct process *one = current;
    compute(4 * MS);
    wake(p[0]);
    cr_assert_eq(current, p[0]);
    compute(2 * MS);
    block(p[0]);
    cr_assert_eq(current, one);
    cr_assert_eq(compute_to_the_end(), QUANTUM - 4 * MS);
}

Test(mlfq, the_most_urgent_of_several_woken_at_once_runs) {
    start(&sched_mlfq, 4);
    for (unsigned i = 0; i < 3; i++) {
        sched_set_priority(p[i], (uint8_t)(3 - i));
        sched_finish();
        cr_assert_eq(current, p[i]);
        block(p[i]);
    }
    cr_assert_eq(current, p[3]);
    for (unsigned i = 0; i < 3; i++)
        ipc_event(p[i], EVENT_ALARM); /* in one interrupt: less urgent ones first */
    sched_finish();
    cr_assert_eq(current, p[2]);
    block(p[2]);
    cr_assert_eq(current, p[1]);
    block(p[1]);
    cr_assert_eq(current, p[0]);
}

Test(mlfq, one_woken_to_run_at_once_may_die_before) {
    start(&sched_mlfq, 2);
    sched_set_priority(p[0], 1);
    sched_finish();
    block(p[0]);
    cr_assert_eq(current, p[1]);
    ipc_event(p[0], EVENT_ALARM);
    die(p[0]);
    cr_assert_eq(current, p[1]);
}

Test(mlfq, yielding_lets_equals_run) {
    start(&sched_mlfq, 3);
    for (unsigned round = 0; round < 2; round++) {
        bool ran[3] = { false };
        for (unsigned i = 0; i < 3; i++) {
            for (unsigned k = 0; k < 3; k++)
                ran[k] |= current == p[k];
            kcall_sched_op(current, SCHED_YIELD, 0, 0);
        }
        cr_assert(ran[0] && ran[1] && ran[2]);
    }
}

/* The kernel is entered before the timer's interrupt is: each time the quantum ends. */
Test(mlfq, yielding_before_the_timer_goes_off_starves_nobody) {
    start(&sched_mlfq, 2);
    sched_set_priority(p[1], SCHED_PRIORITIES - 1);
    sched_finish();
    for (unsigned i = 0; i < 2000 && current == p[0]; i++) {
        cpu.now += QUANTUM / 10;
        kcall_sched_op(p[0], SCHED_YIELD, 0, 0);
    }
    cr_assert_eq(current, p[1]);
    cr_assert_eq(p[0]->sched.priority, SCHED_PRIORITIES - 1);
    cr_assert_lt(cpu.now, FIXTURE_START + sched_mlfq.boost_period);
}

/* ---- Donation ---- */

/* `client` calls `server`, which has been waiting. */
static void call(struct process *client, struct process *server) {
    cr_assert_eq(current, client);
    client->context.vector = VECTOR_SYSCALL;
    client->context.rax = IPC_SENDREC;
    client->context.rdi = server->endpoint;
    ipc_entry(client);
}

static void serve(struct process *server) {
    cr_assert_eq(current, server);
    server->context.vector = VECTOR_SYSCALL;
    server->context.rax = IPC_RECEIVE;
    server->context.rdi = ENDPOINT_ANY;
    ipc_entry(server);
}

/* p[0] serves, at the priority given. */
static void start_with_server(unsigned count, uint8_t priority) {
    start(&sched_mlfq, count);
    sched_set_priority(p[0], 0);
    sched_finish();
    serve(p[0]);
    sched_set_priority(p[0], priority);
    sched_finish();
}

Test(mlfq, a_server_runs_on_its_callers_quantum) {
    start_with_server(3, SCHED_PRIORITY_USER);
    struct process *client = current;
    uint64_t began = cpu.now;
    compute(6 * MS);
    call(client, p[0]);
    cr_assert_eq(current, p[0]);
    cr_assert_eq(counters.fastpath_hits, 1);
    compute_to_the_end();
    cr_assert_eq(cpu.now - began, QUANTUM);
    cr_assert_eq(client->sched.priority, SCHED_PRIORITY_USER + 1, "whose quantum it was");
    cr_assert_eq(p[0]->sched.priority, SCHED_PRIORITY_USER);
    cr_assert_neq(current, p[0]);
}

/* The sender goes on afterwards, with what it has left. */
Test(mlfq, one_who_is_sent_to_runs_on_the_senders_quantum) {
    start_with_server(3, SCHED_PRIORITY_USER - 4);
    struct process *sender = current;
    uint64_t began = cpu.now, own = p[0]->sched.quantum_left;
    compute(2 * MS);
    cr_assert_eq(fixture_ipc(sender, IPC_NBSEND, p[0]->endpoint, 0), 0);
    cr_assert_eq(current, p[0], "it is more urgent");
    compute(3 * MS);
    fixture_ipc(p[0], IPC_RECEIVE, ENDPOINT_ANY, 0);
    cr_assert_eq(current, sender);
    cr_assert_eq(p[0]->sched.quantum_left, own);
    compute_to_the_end();
    cr_assert_eq(cpu.now - began, QUANTUM);
    cr_assert_neq(current, sender);
}

/* It is used up in a call, before the timer could say so: its owner has had its turn all the same.
 */
Test(mlfq, a_quantum_that_ends_in_the_kernel_has_ended) {
    start_with_server(3, SCHED_PRIORITY_USER - 4);
    struct process *sender = current, *other = sender == p[1] ? p[2] : p[1];
    sched_set_priority(other, SCHED_PRIORITIES - 1);
    sched_set_priority(sender, SCHED_PRIORITIES - 1); /* it cannot sink below the other */
    sched_finish();
    while (current != sender)
        compute_to_the_end();
    cpu.now += QUANTUM; /* and no interrupt is taken */
    cr_assert_eq(fixture_ipc(sender, IPC_NBSEND, p[0]->endpoint, 0), 0);
    cr_assert_eq(current, p[0]);
    fixture_ipc(p[0], IPC_RECEIVE, ENDPOINT_ANY, 0);
    cr_assert_eq(current, other);
}

Test(mlfq, a_server_is_as_urgent_as_its_caller) {
    start_with_server(3, SCHED_PRIORITY_USER + 4);
    struct process *client = current, *other = client == p[1] ? p[2] : p[1];
    sched_set_priority(other, 2);
    sched_finish();
    cr_assert_eq(current, other);
    block(other);
    sched_set_priority(client, 1);
    sched_finish();
    cr_assert_eq(current, client);
    call(client, p[0]);
    cr_assert_eq(current, p[0]);
    wake(other);
    cr_assert_eq(current, p[0], "it is less urgent than the caller");
    sched_set_priority(other, 0);
    sched_finish();
    cr_assert_eq(current, other);
}

Test(mlfq, a_servers_callers_death_ends_the_donation) {
    start_with_server(3, SCHED_PRIORITY_USER);
    struct process *client = current, *other = client == p[1] ? p[2] : p[1];
    call(client, p[0]);
    die(client);
    cr_assert(current == p[0] || current == other);
    compute(5 * QUANTUM);
    cr_assert_gt(p[0]->cpu_time, 0);
    cr_assert_gt(other->cpu_time, 0);
}

Test(mlfq, a_server_does_not_give_its_own_quantum_away) {
    start_with_server(3, 1);
    struct process *client = current, *other = client == p[1] ? p[2] : p[1];
    call(client, p[0]);
    block(p[0]); /* it answers later: when its device is done */
    cr_assert_eq(current, other);
    wake(p[0]);
    cr_assert_eq(current, p[0]);
    p[0]->context.vector = VECTOR_SYSCALL;
    p[0]->context.rax = IPC_REPLYRECV;
    p[0]->context.rdi = client->endpoint;
    ipc_entry(p[0]);
    cr_assert_eq(p[0]->state, PROCESS_RECEIVING);
    compute(SCHED_QUANTUM_DEFAULT * 3);
    cr_assert_eq(p[0]->sched.priority, 1, "who computes after it is not at its expense");
}

/* ---- Shares of the processor ---- */

Test(mlfq, computing_processes_starve_nobody) {
    start(&sched_mlfq, 6);
    for (unsigned i = 0; i < 6; i++)
        sched_set_priority(p[i], (uint8_t)(i * 3));
    sched_finish();
    uint64_t began = cpu.now;
    compute(10000 * MS);
    context_charge(cpu.now);
    uint64_t total = 0;
    for (unsigned i = 0; i < 6; i++) {
        cr_assert_gt(p[i]->cpu_time, 300 * MS, "process %u of priority %u: %lu ms", i, i * 3,
                     p[i]->cpu_time / MS);
        total += p[i]->cpu_time;
    }
    cr_assert_eq(total, cpu.now - began, "all time is charged to somebody");
}

Test(mlfq, a_process_that_calls_a_lot_pays_for_its_server) {
    start_with_server(3, SCHED_PRIORITY_USER);
    uint64_t time[3] = { 0 };
    for (unsigned i = 0; i < 2000; i++) {
        struct process *client = current;
        if (client == p[2]) { /* computes only */
            compute(MS);
            continue;
        }
        if (client == p[1])
            call(client, p[0]);
        if (current == p[0]) {
            compute(MS);
            if (current == p[0]) {
                p[0]->context.vector = VECTOR_SYSCALL;
                p[0]->context.rax = IPC_REPLYRECV;
                p[0]->context.rdi = p[1]->endpoint;
                ipc_entry(p[0]);
            }
        }
    }
    context_charge(cpu.now);
    for (unsigned i = 0; i < 3; i++)
        time[i] = p[i]->cpu_time;
    cr_assert_gt(time[0] + time[1], time[2] / 2);
    cr_assert_lt(time[0] + time[1], time[2] * 2);
}

/* ---- Round-robin ---- */

Test(rr, everybody_gets_the_same) {
    start(&sched_rr, 4);
    for (unsigned i = 0; i < 4; i++)
        sched_set_priority(p[i], (uint8_t)(i * 4));
    sched_finish();
    compute(400 * QUANTUM);
    context_charge(cpu.now);
    for (unsigned i = 0; i < 4; i++)
        cr_assert(p[i]->cpu_time >= 98 * QUANTUM && p[i]->cpu_time <= 102 * QUANTUM);
    cr_assert_eq(p[0]->sched.priority, 0, "priorities stay");
}

Test(rr, waking_up_preempts_nobody) {
    start(&sched_rr, 2);
    struct process *sleeper = current;
    block(sleeper);
    struct process *runner = current;
    sched_set_priority(sleeper, 0);
    sched_finish();
    wake(sleeper);
    cr_assert_eq(current, runner);
    compute_to_the_end();
    cr_assert_eq(current, sleeper);
}

/* ---- What all policies share ---- */

Test(sched, policies_are_found_by_name) {
    char name[SCHED_NAME_MAX] = "rr";
    fixture_boot();
    cr_assert(sched_init(name));
    cr_assert_eq(sched, &sched_rr);
    char other[SCHED_NAME_MAX] = "lottery";
    cr_assert_not(sched_init(other));
    cr_assert_eq(sched, sched_policy(0));
    cr_assert_null(sched_policy(SCHED_POLICIES_MAX));
    fixture_boot();
}

Test(sched, quantum_of_a_process_counts) {
    start(&sched_mlfq, 2);
    struct process *one = current;
    kcall_sched_op(one, SCHED_QUANTUM, ENDPOINT_SELF, 3 * MS);
    compute_to_the_end(); /* the one that it had begun */
    compute_to_the_end(); /* the other's */
    cr_assert_eq(current, one);
    cr_assert_eq(compute_to_the_end(), 3 * MS);
}

Test(sched, policy_changes_under_load_lose_nobody) {
    start(&sched_mlfq, 6);
    for (unsigned i = 0; i < 100; i++) {
        sched_use(i % 2 ? &sched_mlfq : &sched_rr);
        sched_finish();
        compute(3 * MS);
        cr_assert_eq(fixture_violations(), 0);
    }
    sched_use(&sched_rr);
    sched_finish();
    uint64_t before[6];
    for (unsigned i = 0; i < 6; i++)
        before[i] = p[i]->cpu_time;
    compute(12 * QUANTUM);
    context_charge(cpu.now);
    for (unsigned i = 0; i < 6; i++)
        cr_assert_gt(p[i]->cpu_time, before[i]);
}

static bool refuses_all(const struct process *from, const struct process *to) {
    (void)from;
    (void)to;
    return false;
}

Test(sched, a_policy_that_refuses_handoff_is_asked_each_time) {
    static struct sched_policy strict;
    start(&sched_mlfq, 2);
    serve(current);
    struct process *client = current, *server = client == p[0] ? p[1] : p[0];
    strict = sched_mlfq;
    strict.handoff = refuses_all;
    sched_use(&strict);
    sched_finish();
    call(client, server);
    cr_assert_eq(counters.fastpath_hits, 0);
    cr_assert_eq(client->state, PROCESS_RECEIVING);
    cr_assert_eq(current, server, "it is the only one who can run");
    server->context.rax = IPC_REPLYRECV;
    server->context.rdi = client->endpoint;
    ipc_entry(server);
    sched_use(&sched_mlfq);
    sched_finish();
    call(client, server);
    cr_assert_eq(counters.fastpath_hits, 1);
}

/* Whom mlfq must not keep waiting: whoever is more urgent than both who runs and whose quantum it
 * is. */
static void check_most_urgent_runs(unsigned step) {
    for (unsigned i = 0; i < 6; i++)
        cr_assert(!p[i]->sched.queued || sched != &sched_mlfq ||
                      p[i]->sched.priority >= current->sched.priority,
                  "%u waits, %u runs" REPLAY, p[i]->sched.priority, current->sched.priority,
                  REPLAY_ARGS(step));
}

static void random_step(void) {
    struct process *any = p[random_below(6)];
    switch (random_below(8)) {
    case 0:
    case 1:
        block(current); /* sooner or later the first process, woken below, runs */
        break;
    case 2:
    case 3:
        if (any->state == PROCESS_RECEIVING)
            wake(any);
        break;
    case 4:
        kcall_sched_op(current, SCHED_YIELD, 0, 0);
        break;
    case 5:
        sched_set_priority(any, (uint8_t)random_below(SCHED_PRIORITIES));
        sched_finish();
        break;
    case 6:
        if (random_below(50) == 0) {
            sched_use(sched == &sched_mlfq ? &sched_rr : &sched_mlfq);
            sched_finish();
        }
        break;
    default:
        compute(random_below(15 * MS));
    }
}

static void wake_anyone(void) {
    for (unsigned i = 0; i < 6; i++)
        ipc_event(p[i], EVENT_ALARM);
}

Test(sched, random_use_keeps_the_queues_right) {
    random_start();
    start(&sched_mlfq, 6);
    cpu.on_sleep = wake_anyone;
    for (unsigned step = 0; step < 20000; step++) {
        random_step();
        cr_assert_eq(current->state, PROCESS_READY);
        check_most_urgent_runs(step);
        if (step % 50 == 0)
            cr_assert_eq(fixture_violations(), 0, REPLAY, REPLAY_ARGS(step));
    }
}
