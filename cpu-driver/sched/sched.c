/*
 * What all policies share: whose quantum is running, when to ask, the idle loop.
 *
 * A quantum belongs to its donor. A process that is called by IPC runs on its caller's: neither
 * gains CPU time by calling or being called, and a policy's tick() hits the one whose quantum it
 * was.
 */
#include "sched.h"

#include "alarm.h"
#include "core.h"
#include "defence.h"
#include "ipc.h"
#include "policies.h"
#include "time.h"
#include "trace.h"
#include "x86_64/lapic.h"
#include "x86_64/switch.h"

/* The first is the default. */
static const struct sched_policy *const policies[] = { &sched_mlfq, &sched_rr };

const struct sched_policy *sched;
unsigned sched_work;

static struct process
    *donor; /* whose quantum `current` runs on; NULL: nobody's, and soon another runs */
static uint64_t quantum_end; /* TSC */
static uint64_t boost_at;    /* TSC */
static unsigned ready;       /* processes in the policy's queues, and those with a budget */
static unsigned watched;     /* the latter */
static struct process
    *next_up;                /* woke up and is to run at once: ready, in no queue; NULL: nobody */
static bool next_up_sent_to; /* by the running process: it runs on the same quantum */
static enum sched_reason leaves; /* how the running process goes, if it goes while ready */

const struct sched_policy *sched_policy(unsigned number) {
    return number < sizeof policies / sizeof policies[0] ? policies[number] : NULL;
}

static void adopt(const struct sched_policy *policy) {
    sched = policy;
    if (sched->handoff)
        ipc_fastpath_off |= FASTPATH_OFF_ASK;
    else
        ipc_fastpath_off &= ~(unsigned)FASTPATH_OFF_ASK;
    sched->init();
    boost_at = sched->boost ? cpu_rdtsc() + time_to_ticks(sched->boost_period) : UINT64_MAX;
}

static bool is_named(const struct sched_policy *policy, const char *name) {
    unsigned i = 0;
    while (policy->name[i] && policy->name[i] == name[i])
        i++;
    return policy->name[i] == name[i];
}

bool sched_init(const char *name) {
    donor = next_up = NULL;
    ready = watched = 0;
    sched_work = SCHED_WORK_PICK;
    leaves = SCHED_PREEMPTED;
    adopt(policies[0]);
    for (unsigned i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        if (is_named(policies[i], name)) {
            adopt(policies[i]);
            return true;
        }
    }
    return false;
}

static void enqueue(struct process *p, enum sched_reason reason) {
    sched->enqueue(p, reason);
    p->sched.queued = true;
    ready++;
    sched_work |= SCHED_WORK_TIMER;
}

static void dequeue(struct process *p) {
    sched->dequeue(p);
    p->sched.queued = false;
    ready--;
}

void sched_use(const struct sched_policy *policy) {
    budget_forget();
    struct slot_set moved = { { 0 } };
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        if (processes[slot].sched.queued) {
            dequeue(&processes[slot]);
            slot_set_add(&moved, slot);
        }
    }
    adopt(policy);
    for (int slot; (slot = slot_set_next(&moved, MAX_PROCESSES - 1)) >= 0;
         slot_set_remove(&moved, (unsigned)slot))
        enqueue(&processes[slot], SCHED_WOKEN);
    sched_work |= SCHED_WORK_PICK;
}

void sched_init_process(struct process *p, const struct process *supervisor) {
    uint8_t priority = SCHED_PRIORITY_USER;
    if (supervisor && supervisor->sched.limit_priority > priority)
        priority = supervisor->sched.limit_priority;
    p->sched = (struct sched_state){
        .priority = priority,
        .base_priority = priority,
        .limit_priority = priority,
        .quantum = time_to_ticks(SCHED_QUANTUM_DEFAULT),
        .quantum_left = time_to_ticks(SCHED_QUANTUM_DEFAULT),
    };
}

/* Whose last quantum was used up. */
__attribute__((cold, noinline)) static void begin_new_quantum(struct process *p, uint64_t now) {
    p->sched.quantum_left = budget_slice(p, now);
    quantum_end = now + p->sched.quantum_left;
}

static void begin_quantum(struct process *p, uint64_t now) {
    donor = p;
    p->lender = NULL;
    if (__builtin_expect(!p->sched.quantum_left, 0))
        begin_new_quantum(p, now);
    else
        quantum_end = now + p->sched.quantum_left;
}

/* The running quantum is used up: it may be in the kernel, before the timer could say so. */
__attribute__((cold, noinline)) static void use_up(uint64_t now) {
    leaves = SCHED_EXPIRED;
    if (ready)
        sched->tick(donor);
    else
        donor->sched.quantum_left = 0;
    if (donor->sched.budget)
        budget_used_up(donor, now);
}

/*
 * Takes what is left of the running quantum back to its donor. One that is used up is so however it
 * ends: who is faster than the timer, by yielding or waiting right before it, gets no other.
 */
static void end_quantum(uint64_t now) {
    if (__builtin_expect(donor && now >= quantum_end, 0))
        use_up(now);
    else if (donor)
        donor->sched.quantum_left = DEFENCE(QUANTUM) ? quantum_end - now : donor->sched.quantum;
    donor = NULL;
}

/* The donor is about to run again by itself: whoever runs on its quantum goes on with its own. */
__attribute__((cold, noinline)) static void end_donation(void) {
    uint64_t now = cpu_rdtsc();
    end_quantum(now);
    begin_quantum(current, now);
    leaves = SCHED_PREEMPTED;
    sched_work |= SCHED_WORK_TIMER;
}

/* Another process was to run at once; now `p`, which is more urgent, is. */
__attribute__((cold, noinline)) static void displace_next_up(struct process *p) {
    enqueue(next_up, SCHED_WOKEN);
    next_up = p;
}

/*
 * A process that must wait. Should it be more urgent than the donor, if not than the process that
 * runs on the donor's quantum, then that quantum is not handed on past it.
 */
static void wait_for_turn(struct process *p) {
    enqueue(p, SCHED_WOKEN);
    if (donor && donor != current && sched->preempts(p, donor, donor))
        ipc_fastpath_off |= FASTPATH_OFF_URGENT;
}

void sched_wake(struct process *p, endpoint_t by) {
    trace(TRACE_EVENT_WAKE, p->endpoint, by, 0);
    if (p == donor)
        end_donation();
    if (!donor || !sched->preempts(p, next_up ? next_up : current, donor)) {
        wait_for_turn(p);
    } else if (next_up) {
        displace_next_up(p);
        next_up_sent_to = by == current->endpoint;
    } else {
        next_up = p;
        next_up_sent_to = by == current->endpoint; /* where there is a donor, somebody runs */
        sched_work |= SCHED_WORK_PICK;
    }
}

void sched_watch(bool on) {
    ready += on ? 1U : -1U;
    watched += on ? 1U : -1U;
    sched_work |= SCHED_WORK_TIMER;
}

void sched_remove(struct process *p) {
    if (p->sched.budget)
        budget_set(p, 0, 0);
    if (p->sched.queued)
        dequeue(p);
    if (p == next_up)
        next_up = NULL;
    if (p == current || p == donor)
        sched_work |= SCHED_WORK_PICK;
    if (p == donor)
        donor = NULL;
}

void sched_yield(void) {
    sched_work |= SCHED_WORK_PICK;
    leaves = SCHED_YIELDED;
}

void sched_set_priority(struct process *p, uint8_t priority) {
    unsigned demotion = (unsigned)(p->sched.priority - p->sched.base_priority);
    bool queued = p->sched.queued;
    if (queued)
        dequeue(p);
    p->sched.base_priority = priority;
    p->sched.priority = (uint8_t)(priority + demotion < SCHED_PRIORITIES ? priority + demotion
                                                                         : SCHED_PRIORITIES - 1);
    if (queued)
        enqueue(p, SCHED_WOKEN);
    sched_work |= SCHED_WORK_PICK;
}

void sched_timer(uint64_t now) {
    sched_work |= SCHED_WORK_TIMER;
    if (!donor || !ready || now < quantum_end || !DEFENCE(PREEMPTION))
        return;
    sched_work |= SCHED_WORK_PICK;
    leaves = SCHED_EXPIRED;
}

static void timer_update(void) {
    uint64_t deadline = alarm_next_deadline;
    if (ready && donor && quantum_end < deadline)
        deadline = quantum_end;
    if (deadline < lapic_timer_armed)
        lapic_timer_arm(deadline);
}

static struct process *take(void) {
    struct process *next = ready ? sched->pick() : NULL;
    if (next) {
        next->sched.queued = false;
        ready--;
    }
    return next;
}

/* Nobody is ready: sleeps, with no tick, until an interrupt makes somebody so. */
static struct process *idle(void) {
    struct process *next;
    context_leave(cpu_rdtsc());
    trace(TRACE_EVENT_SWITCH, ENDPOINT_NONE, ENDPOINT_NONE, 0);
    do {
        timer_update();
        cpu_wait_for_interrupt();
    } while (!(next = take()));
    return next;
}

/* From now on `next` runs, on a quantum of its own. */
static void run(struct process *next, uint64_t now) {
    if (next != current) {
        context_switch(next, now);
        trace(TRACE_EVENT_SWITCH, next->endpoint, ENDPOINT_NONE, next->sched.priority);
    }
    begin_quantum(next, now);
}

/*
 * Who is sent to, and is to run at once, does so on the sender's quantum, whether the sender waits
 * or not: else one who sends to somebody urgent, over and over again, takes the CPU from all others
 * at the other's expense.
 */
static bool run_on_same_quantum(struct process *next, uint64_t now) {
    next_up_sent_to = false;
    if (!next || !donor || now >= quantum_end || now >= boost_at)
        return false;
    if (current->state == PROCESS_READY)
        enqueue(current, SCHED_PREEMPTED);
    leaves = SCHED_PREEMPTED;
    context_switch(next, now);
    trace(TRACE_EVENT_SWITCH, next->endpoint, ENDPOINT_NONE, next->sched.priority);
    next->lender = NULL;
    return true;
}

/* Takes the CPU from whoever has it, and gives it to who is to run at once, or whom the policy
 * says. */
static void pick_next(void) {
    uint64_t now = cpu_rdtsc();
    struct process *next = next_up;
    next_up = NULL;
    if (next_up_sent_to && run_on_same_quantum(next, now))
        return;
    end_quantum(now);
    ipc_fastpath_off &= ~(unsigned)FASTPATH_OFF_URGENT;
    if (current && current->state == PROCESS_READY)
        enqueue(current, leaves);
    leaves = SCHED_PREEMPTED;
    if (now >= boost_at) {
        if (next)
            enqueue(next, SCHED_WOKEN); /* others may be more urgent than it when boosted */
        next = NULL;
        sched->boost();
        boost_at = now + time_to_ticks(sched->boost_period);
    }
    if (!next)
        next = take();
    if (!next) {
        next = idle();
        now = cpu_rdtsc();
    }
    run(next, now);
}

void sched_dispatch(void) {
    if (sched_work & SCHED_WORK_PICK)
        pick_next();
    timer_update();
    sched_work = 0; /* what was asked for while the core was idle is done too */
}

/* Every process that is queued is linked on both sides, and there are as many as were counted. */
unsigned sched_check(void) {
    unsigned queued = 0, wrong = 0;
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        const struct sched_link *link = &processes[slot].sched.link;
        if (!processes[slot].sched.queued)
            continue;
        queued++;
        if (link->next) /* else the policy has queues of another kind */
            wrong += link->next->prev != link || link->prev->next != link;
    }
    return wrong + (queued + watched != ready) + (next_up != NULL);
}
