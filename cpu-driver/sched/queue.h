/* A queue of processes for scheduling policies: a ring of links through struct sched_state; all
 * operations are O(1). */
#ifndef CPU_DRIVER_SCHED_QUEUE_H
#define CPU_DRIVER_SCHED_QUEUE_H

#include "process.h"

struct sched_queue {
    struct sched_link ends; /* next: the head, prev: the tail */
};

static inline void sched_queue_init(struct sched_queue *q) {
    q->ends.next = q->ends.prev = &q->ends;
}

static inline bool sched_queue_empty(const struct sched_queue *q) {
    return q->ends.next == &q->ends;
}

static inline void sched_link_between(struct sched_link *before, struct sched_link *link,
                                      struct sched_link *after) {
    link->prev = before;
    link->next = after;
    before->next = after->prev = link;
}

static inline void sched_queue_append(struct sched_queue *q, struct process *p) {
    sched_link_between(q->ends.prev, &p->sched.link, &q->ends);
}

static inline void sched_queue_prepend(struct sched_queue *q, struct process *p) {
    sched_link_between(&q->ends, &p->sched.link, q->ends.next);
}

static inline void sched_queue_remove(struct process *p) {
    p->sched.link.prev->next = p->sched.link.next;
    p->sched.link.next->prev = p->sched.link.prev;
    p->sched.link.next = p->sched.link.prev = NULL;
}

/* The process that a link belongs to. */
static inline struct process *sched_process(struct sched_link *link) {
    return (struct process *)((char *)link - offsetof(struct process, sched.link));
}

/* The head of a queue that is not empty. */
static inline struct process *sched_queue_head(const struct sched_queue *q) {
    return sched_process(q->ends.next);
}

#endif
