/*
 * Scheduling. The core asks a policy, a table of callbacks, whom to run; two come with the system
 * (mlfq.c, rr.c). To try a policy of your own, write one more file with a struct sched_policy, add
 * it to the list in sched.c, and choose it at boot (`sched=NAME`) or while running (`sched NAME` in
 * the shell). docs/write-a-policy.md walks through it.
 *
 * The running process is in no queue. All callbacks are called with interrupts off and must not
 * block; times are in ticks of the TSC. A policy keeps its per-process data in struct sched_state
 * (process.h).
 */
#ifndef CPU_DRIVER_SCHED_H
#define CPU_DRIVER_SCHED_H

#include "process.h"

/* Why a process is put into the queue of those that are ready. */
enum sched_reason {
    SCHED_WOKEN,     /* it was blocked, or is new */
    SCHED_PREEMPTED, /* it ran until a more urgent one woke up; it has some of its quantum left */
    SCHED_EXPIRED,   /* it ran until a quantum was used up */
    SCHED_YIELDED,   /* it gave the CPU away */
};

#define SCHED_NAME_MAX 16

struct sched_policy {
    char name[SCHED_NAME_MAX]; /* zero-padded */

    /* The policy is about to be used: forget all queues. Ready processes are enqueued next. */
    void (*init)(void);

    /* `p` is ready and not running: queue it. */
    void (*enqueue)(struct process *p, enum sched_reason reason);

    /* `p`, which is queued, is no longer ready (it was killed): take it out. */
    void (*dequeue)(struct process *p);

    /* Takes out and returns whom to run next; NULL when nobody is ready. */
    struct process *(*pick)(void);

    /*
     * `p` has just woken up: must it run at once, instead of `running`, who runs on the quantum of
     * `donor`? If so it is not enqueued.
     */
    bool (*preempts)(const struct process *p, const struct process *running,
                     const struct process *donor);

    /*
     * `from` is about to wait for `to` in an IPC call: may `to` run at once, past the queues, on
     * what is left of the quantum that `from` was running on? Asked on the IPC fast path; NULL:
     * always, which makes that path shorter.
     */
    bool (*handoff)(const struct process *from, const struct process *to);

    /* `donor` has used up its quantum (whoever ran on it) while others are ready: give it a new
     * one. */
    void (*tick)(struct process *donor);

    /* Every boost_period nanoseconds, at a scheduling decision; NULL and 0: never. */
    void (*boost)(void);
    uint64_t boost_period;
};

/* The policy that is asked: the one in use, or what budgets have put before it (budget.c). */
extern const struct sched_policy *sched;
const struct sched_policy *sched_in_use(void);

/* The policies, by number, as SCHED_POLICY and INFO_SCHED know them; NULL when there is none of
 * that number. */
const struct sched_policy *sched_policy(unsigned number);

/* Starts with the policy of that name; with the default one, and false, when there is none. */
bool sched_init(const char *name);

/* Goes on with another policy; every ready process changes over. */
void sched_use(const struct sched_policy *policy);

/* Gives a new process its priority and quantum: the usual, but nothing that its supervisor (NULL:
 * it has none) could not set. */
void sched_init_process(struct process *p, const struct process *supervisor);

/* A process is ready to run, because of `by`. */
void sched_wake(struct process *p, endpoint_t by);

/* A process is about to die: it is not to run any more. */
void sched_remove(struct process *p);

/* The running process gives the CPU away. */
void sched_yield(void);

/* Changes the base priority of a process. What it has sunk below it by using up quanta stays. */
void sched_set_priority(struct process *p, uint8_t priority);

/*
 * Budgets (budget.c): CPU time that a process has in each period, on top of whatever policy is in
 * use. budget_set() gives it one, in ticks; 0: none. budget_slice() is how long its next quantum
 * may be, budget_used_up() is told when that has ended. budget_forget() lets everybody go on,
 * before another policy is adopted.
 */
void budget_set(struct process *p, uint64_t budget, uint64_t period);
uint64_t budget_slice(struct process *p, uint64_t now);
void budget_used_up(struct process *p, uint64_t now);
void budget_forget(void);

/* A quantum of a process, in ticks, whether it has a budget or not. */
static inline uint64_t sched_quantum_of(const struct process *p) {
    return p->sched.budget ? p->sched.full_quantum : p->sched.quantum;
}

static inline void sched_set_quantum(struct process *p, uint64_t ticks) {
    *(p->sched.budget ? &p->sched.full_quantum : &p->sched.quantum) = ticks;
}

/* The time has come that alarm_set_budget() was told: a period ends. */
void budget_expire(uint64_t now);

/* One more process, or one less, has a budget: the end of a quantum counts even if nobody else is
 * ready. */
void sched_watch(bool on);

/* The timer has gone off: ends the running quantum if it is used up. */
void sched_timer(uint64_t now);

/* Verifies the scheduler's own bookkeeping: returns the number of violations. */
unsigned sched_check(void);

/* What sched_dispatch() has to do: set whenever something happens that it must look at. */
enum sched_work {
    SCHED_WORK_PICK = 1 << 0,  /* the running process blocked, or is to be replaced */
    SCHED_WORK_TIMER = 1 << 1, /* the timer may have to go off earlier than it is set to */
};
extern unsigned sched_work;

/* The running process has blocked. */
static inline void sched_block(void) { sched_work |= SCHED_WORK_PICK; }

/*
 * Makes the right process `current`, waiting for one when nobody is ready, and sets the timer.
 * sched_finish() is the last step of every way through the kernel but the fast path.
 */
void sched_dispatch(void);

static inline void sched_finish(void) {
    if (sched_work)
        sched_dispatch();
}

#endif
