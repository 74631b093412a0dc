/*
 * Budgets: how much CPU time a process has in each period (thesis 3.3.1, "Restricting CPU Usage").
 *
 * A budget is spent in slices: the quantum of a process that has one is as long as its budget
 * allows, which is asked for when the last one has been used up. When nothing is left it is
 * throttled: ready, but in no queue until its period ends.
 *
 * That works with every policy, and costs nothing on any path while nobody is throttled: only then
 * a policy of our own is before the real one.
 */
#include "sched.h"

#include "alarm.h"
#include "defence.h"
#include "policies.h"

static const struct sched_policy *real; /* while somebody is throttled; else NULL */
static struct sched_policy gate;

const struct sched_policy *sched_in_use(void) { return real ? real : sched; }

/* Whether it is in `gate`'s hands instead of in a queue. */
static bool is_parked(const struct process *p) { return p->sched.throttled && p->sched.queued; }

static void gate_enqueue(struct process *p, enum sched_reason reason) {
    if (!p->sched.throttled)
        real->enqueue(p, reason);
}

static void gate_dequeue(struct process *p) {
    if (!p->sched.throttled)
        real->dequeue(p);
}

static bool gate_preempts(const struct process *p, const struct process *running,
                          const struct process *donor) {
    return !p->sched.throttled && real->preempts(p, running, donor);
}

/* The real policy does not know those that are parked. */
static void gate_boost(void) {
    struct slot_set parked = { { 0 } };
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        if (!is_parked(&processes[slot]))
            continue;
        slot_set_add(&parked, slot);
        processes[slot].sched.queued = false;
    }
    real->boost();
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++)
        if (slot_set_has(&parked, slot))
            processes[slot].sched.queued = true;
}

/* The earliest end of a period that somebody waits for. */
static uint64_t next_release = UINT64_MAX;

static void throttle(struct process *p) {
    process_count_refusal(p, REFUSED_BUDGET);
    if (p->sched.queued) /* another has used it up, to whom it has sent: it is parked from now on */
        sched->dequeue(p);
    p->sched.throttled = true;
    if (p->sched.period_end < next_release) {
        next_release = p->sched.period_end;
        alarm_set_budget(next_release);
    }
    if (real)
        return;
    real = sched;
    gate = *real;
    gate.enqueue = gate_enqueue;
    gate.dequeue = gate_dequeue;
    gate.preempts = gate_preempts;
    if (real->boost)
        gate.boost = gate_boost;
    sched = &gate;
}

static void release(struct process *p) {
    p->sched.throttled = false;
    if (!p->sched.queued)
        return;
    real->enqueue(p, SCHED_WOKEN);
    sched_work |= SCHED_WORK_PICK; /* it may be more urgent than who runs */
}

/* Lets those go on whose period has ended by then. */
static void release_until(uint64_t time) {
    uint64_t next = UINT64_MAX;
    for (struct process *p = processes; real && p < processes + MAX_PROCESSES; p++) {
        if (!p->sched.throttled)
            continue;
        if (p->state == PROCESS_DEAD || p->state == PROCESS_FREE || p->sched.period_end <= time)
            release(p);
        else if (p->sched.period_end < next)
            next = p->sched.period_end;
    }
    next_release = next;
    alarm_set_budget(next);
    if (real && next == UINT64_MAX) {
        sched = real;
        real = NULL;
    }
}

void budget_expire(uint64_t now) { release_until(now); }

void budget_forget(void) { release_until(UINT64_MAX); }

void budget_set(struct process *p, uint64_t budget, uint64_t period) {
    uint64_t quantum = sched_quantum_of(p);
    if (p->sched.throttled) {
        p->sched.period_end = 0;
        release_until(0);
    }
    if (!budget != !p->sched.budget)
        sched_watch(budget);
    p->sched.budget = budget;
    p->sched.period = period;
    p->sched.quantum = budget ? 0 : quantum;
    p->sched.full_quantum = quantum;
    p->sched.quantum_left = p->sched.budget_left = p->sched.period_end = 0;
}

uint64_t budget_slice(struct process *p, uint64_t now) {
    if (!p->sched.budget)
        return p->sched.quantum;
    if (!DEFENCE(BUDGET))
        return p->sched.full_quantum;
    if (now >= p->sched.period_end) {
        p->sched.budget_left = p->sched.budget;
        p->sched.period_end = now + p->sched.period;
    }
    uint64_t slice = p->sched.budget_left;
    if (slice > p->sched.full_quantum)
        slice = p->sched.full_quantum;
    p->sched.budget_left -= slice;
    return slice;
}

void budget_used_up(struct process *p, uint64_t now) {
    if (!p->sched.budget_left && now < p->sched.period_end)
        throttle(p);
}
