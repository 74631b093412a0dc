/* Budgets: CPU time of each period, whatever the policy. */
#include <criterion/criterion.h>

#include "fixture.h"
#include "ipc.h"
#include "sched/policies.h"
#include "time.h"
#include "x86_64/lapic.h"
#include "x86_64/switch.h"

#define MS     UINT64_C(1000000)
#define BUDGET (2 * MS)
#define PERIOD (10 * MS)

static struct process *first, *capped, *other;

static int budget(struct process *p, uint64_t time, uint64_t period) {
    uint64_t arg[MESSAGE_ARGS] = { PRIVCTL_BUDGET, p->endpoint, time, period };
    fixture_run(first);
    return fixture_kcall(first, KCALL_PRIVCTL, arg);
}

/* One with a budget, and one without if `two`; the first process waits. */
static void start(const struct sched_policy *policy, bool two) {
    first = fixture_boot();
    capped = fixture_process("capped");
    other = fixture_process("other");
    capped->sched.limit_priority = 0;
    fixture_connect(capped, other);
    cr_assert_eq(budget(capped, BUDGET, PERIOD), 0);
    sched_set_priority(first, 0);
    if (!two)
        fixture_ipc(other, IPC_RECEIVE, ENDPOINT_KERNEL, 0);
    fixture_run(first);
    fixture_ipc(first, IPC_RECEIVE, ENDPOINT_KERNEL, 0);
    sched_use(policy);
    sched_finish();
}

static void end(void) {
    cr_assert_eq(fixture_violations(), 0);
    fixture_end();
}

TestSuite(budget, .fini = end);

/* Lets whoever runs compute, and the core sleep, for so long. */
static void compute(uint64_t time) {
    uint64_t until = cpu.now + time;
    while (lapic_timer_armed <= until)
        fixture_run_until_timer();
    if (cpu.now < until)
        cpu.now = until;
    context_charge(cpu.now);
}

static uint64_t used_in(uint64_t time) {
    uint64_t before = capped->cpu_time;
    compute(time);
    return capped->cpu_time - before;
}

static const struct sched_policy *const both[] = { &sched_mlfq, &sched_rr };

Test(budget, is_a_limit_beside_others) {
    for (unsigned i = 0; i < 2; i++) {
        start(both[i], true);
        uint64_t before = other->cpu_time, used = used_in(100 * PERIOD);
        cr_assert_leq(used, 101 * BUDGET, "%lu", used);
        cr_assert_geq(used, 45 * BUDGET, "%lu", used);
        cr_assert_geq(other->cpu_time - before, 100 * PERIOD - used - PERIOD);
        cr_assert_gt(capped->refused[REFUSED_BUDGET], 40);
        cr_assert_eq(fixture_violations(), 0);
    }
}

Test(budget, is_a_limit_when_nobody_else_wants_the_cpu) {
    start(&sched_mlfq, false);
    uint64_t used = used_in(100 * PERIOD);
    cr_assert_leq(used, 101 * BUDGET, "%lu", used);
    cr_assert_geq(used, 95 * BUDGET, "%lu", used);
    cr_assert_gt(cpu.sleeps, 90);
}

Test(budget, of_a_longer_period_is_more_than_a_quantum) {
    start(&sched_mlfq, false);
    budget_set(capped, 35 * MS, 100 * MS);
    sched_finish();
    uint64_t used = used_in(1000 * MS);
    cr_assert(used >= 315 * MS && used <= 385 * MS, "%lu", used);
}

Test(budget, cannot_be_renewed_by_waiting) {
    start(&sched_mlfq, true);
    uint64_t used = 0;
    for (unsigned i = 0; i < 1000; i++) {
        used += used_in(MS / 10);
        if (current == capped) {
            fixture_ipc(capped, IPC_RECEIVE, ENDPOINT_KERNEL, 0);
            ipc_event(capped, EVENT_ALARM);
            sched_finish();
        }
    }
    cr_assert_leq(used, 12 * BUDGET, "%lu in ten periods", used);
}

Test(budget, pays_for_what_is_called) {
    start(&sched_mlfq, true);
    while (current != other)
        fixture_run_until_timer();
    fixture_ipc(other, IPC_RECEIVE, ENDPOINT_ANY, 0);
    while (current != capped || capped->sched.throttled)
        fixture_run_until_timer();
    uint32_t refused = capped->refused[REFUSED_BUDGET];
    fixture_ipc(capped, IPC_SENDREC, other->endpoint, 7);
    cr_assert_eq(current, other, "on its client's quantum");
    compute(BUDGET + MS);
    cr_assert_eq(capped->refused[REFUSED_BUDGET] - refused, 1);
    cr_assert_eq(current, other, "which has a quantum of its own");
    cr_assert_eq(fixture_ipc(other, IPC_NBSEND, capped->endpoint, 0), 0);
    cr_assert(capped->state == PROCESS_READY && current == other);
    uint64_t before = capped->cpu_time;
    compute(3 * PERIOD);
    cr_assert_gt(capped->cpu_time, before);
}

/* Who is sent to runs on the sender's quantum while the sender is in a queue, from which it goes.
 */
Test(budget, pays_for_who_is_sent_to) {
    start(&sched_mlfq, true);
    other->sched.limit_priority = 0;
    sched_set_priority(other, 1);
    sched_finish();
    while (current != other)
        fixture_run_until_timer();
    fixture_ipc(other, IPC_RECEIVE, ENDPOINT_ANY, 0);
    while (current != capped || capped->sched.throttled)
        fixture_run_until_timer();
    cr_assert_eq(fixture_ipc(capped, IPC_NBSEND, other->endpoint, 0), 0);
    cr_assert_eq(current, other);
    compute(BUDGET + MS);
    cr_assert(capped->sched.throttled);
    compute(2 * PERIOD); /* it is put into the queue again meanwhile, and is there once */
    cr_assert_eq(fixture_violations(), 0);
    uint64_t before = capped->cpu_time;
    fixture_ipc(other, IPC_RECEIVE, ENDPOINT_ANY, 0);
    compute(3 * PERIOD);
    cr_assert_gt(capped->cpu_time, before);
    cr_assert_leq(capped->cpu_time - before, 4 * BUDGET);
}

Test(budget, ends_with_a_change_of_policy_for_this_period_only) {
    start(&sched_mlfq, true);
    for (unsigned i = 0; i < 200; i++) {
        compute(3 * MS);
        sched_use(both[i % 2]);
        cr_assert_eq(sched_in_use(), both[i % 2]);
        sched_finish();
        cr_assert_eq(fixture_violations(), 0);
    }
}

Test(budget, of_one_that_dies_is_forgotten) {
    start(&sched_mlfq, true);
    while (!capped->sched.throttled)
        fixture_run_until_timer();
    cr_assert_neq(sched, &sched_mlfq);
    process_die(capped, DEATH_KILLED, 0);
    sched_finish();
    compute(5 * PERIOD);
    cr_assert_eq(sched, &sched_mlfq);
}

Test(budget, priorities_and_boosts_find_who_is_throttled) {
    start(&sched_mlfq, true);
    for (unsigned i = 0; i < 300; i++) {
        compute(7 * MS);
        sched_set_priority(capped, (uint8_t)(i % SCHED_PRIORITIES));
        sched_finish();
        cr_assert_eq(fixture_violations(), 0);
    }
}

Test(budget, can_be_changed_and_taken_away) {
    start(&sched_mlfq, true);
    while (!capped->sched.throttled)
        fixture_run_until_timer();
    budget_set(capped, 0, 0);
    sched_finish();
    cr_assert_not(capped->sched.throttled);
    cr_assert_eq(sched, &sched_mlfq);
    cr_assert_eq(sched_quantum_of(capped), SCHED_QUANTUM_DEFAULT);
    cr_assert_geq(used_in(100 * PERIOD), 40 * PERIOD);
}

Test(budget, limits) {
    first = fixture_boot();
    capped = fixture_process("capped");
    cr_assert_eq(budget(capped, SCHED_BUDGET_MIN - 1, PERIOD), -E_RANGE);
    cr_assert_eq(budget(capped, PERIOD + 1, PERIOD), -E_RANGE);
    cr_assert_eq(budget(capped, SCHED_BUDGET_MIN, SCHED_PERIOD_MIN - 1), -E_RANGE);
    cr_assert_eq(budget(capped, SCHED_BUDGET_MIN, SCHED_PERIOD_MAX + 1), -E_RANGE);
    cr_assert_eq(budget(capped, PERIOD, PERIOD), 0);
    cr_assert_eq(budget(capped, 0, 0), 0);
}
