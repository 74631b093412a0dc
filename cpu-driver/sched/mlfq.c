/*
 * Multilevel feedback queue (thesis 3.3.1): a queue per priority, round-robin within one. Who uses
 * up a quantum sinks by one priority, so that a process that loops starves nobody; every boost
 * period all rise again to their base.
 */
#include "policies.h"

static struct sched_queue queues[SCHED_PRIORITIES];
static uint32_t nonempty; /* bit n: queues[n] has members */

static void init(void) {
    for (unsigned i = 0; i < SCHED_PRIORITIES; i++)
        sched_queue_init(&queues[i]);
    nonempty = 0;
}

/* Who was merely interrupted goes on where it was: at the head, with what it has left. */
static void enqueue(struct process *p, enum sched_reason reason) {
    struct sched_queue *q = &queues[p->sched.priority];
    if (reason == SCHED_PREEMPTED)
        sched_queue_prepend(q, p);
    else
        sched_queue_append(q, p);
    nonempty |= 1U << p->sched.priority;
}

static void dequeue(struct process *p) {
    sched_queue_remove(p);
    if (sched_queue_empty(&queues[p->sched.priority]))
        nonempty &= ~(1U << p->sched.priority);
}

static struct process *pick(void) {
    if (!nonempty)
        return NULL;
    struct process *p = sched_queue_head(&queues[__builtin_ctz(nonempty)]);
    dequeue(p);
    return p;
}

/* A process that was called is as urgent as its caller, if that is more. */
static bool preempts(const struct process *p, const struct process *running,
                     const struct process *donor) {
    return p->sched.priority < running->sched.priority && p->sched.priority < donor->sched.priority;
}

static void tick(struct process *donor) {
    bool queued = donor->sched.queued;
    if (queued)
        dequeue(donor);
    if (donor->sched.priority < SCHED_PRIORITIES - 1)
        donor->sched.priority++;
    donor->sched.quantum_left = donor->sched.quantum;
    if (queued)
        enqueue(donor, SCHED_EXPIRED);
}

static void boost(void) {
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        struct process *p = &processes[slot];
        if (p->state == PROCESS_FREE || p->sched.priority == p->sched.base_priority)
            continue;
        bool queued = p->sched.queued;
        if (queued)
            dequeue(p);
        p->sched.priority = p->sched.base_priority;
        if (queued)
            enqueue(p, SCHED_WOKEN);
    }
}

const struct sched_policy sched_mlfq = {
    .name = "mlfq",
    .init = init,
    .enqueue = enqueue,
    .dequeue = dequeue,
    .pick = pick,
    .preempts = preempts,
    .handoff = NULL, /* a caller's partner may always run on its quantum */
    .tick = tick,
    .boost = boost,
    .boost_period = 1000000000,
};
