/* Round-robin: one queue, no priorities. Each runs until it blocks or its quantum is used up. */
#include "policies.h"

static struct sched_queue queue;

static void init(void) { sched_queue_init(&queue); }

static void enqueue(struct process *p, enum sched_reason reason) {
    (void)reason;
    sched_queue_append(&queue, p);
}

static void dequeue(struct process *p) { sched_queue_remove(p); }

static struct process *pick(void) {
    if (sched_queue_empty(&queue))
        return NULL;
    struct process *p = sched_queue_head(&queue);
    sched_queue_remove(p);
    return p;
}

static bool preempts(const struct process *p, const struct process *running,
                     const struct process *donor) {
    (void)p;
    (void)running;
    (void)donor;
    return false;
}

static void tick(struct process *donor) { donor->sched.quantum_left = donor->sched.quantum; }

const struct sched_policy sched_rr = {
    .name = "rr",
    .init = init,
    .enqueue = enqueue,
    .dequeue = dequeue,
    .pick = pick,
    .preempts = preempts,
    .handoff = NULL, /* a caller's partner may always run on its quantum */
    .tick = tick,
};
