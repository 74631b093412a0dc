/*
 * Children of a test program: clones of it that run one function under a policy of their own.
 * Whatever should not fail here ends the test with "Bail out!".
 */
#ifndef TESTS_GUEST_SUPPORT_CHILD_H
#define TESTS_GUEST_SUPPORT_CHILD_H

#include <bulkhead/info.h>
#include <runtime/process.h>

#define CHILD_FRAMES 160

struct child_policy {
    uint32_t ipc;       /* set of IPC_BIT() */
    uint64_t kcalls;    /* set of KCALL_BIT() */
    bool talks;         /* it and the test may send to each other */
    bool urgent;        /* runs as soon as it is ready, before the test goes on */
    uint64_t frames;    /* 0: CHILD_FRAMES */
    uint64_t processes; /* that it may create */
};

/* Makes a child, starts it, or both. What is made can be given more than the policy. */
endpoint_t child_make(const char *label, void (*entry)(void *), void *arg,
                      const struct child_policy *policy, struct process *process);
endpoint_t child_start(const char *label, void (*entry)(void *), void *arg,
                       const struct child_policy *policy);

/* Waits for a child's death, fills in its report, and frees it. */
void child_bury(endpoint_t child, struct death_report *report);

/* Waits until a child is dead, and leaves it so. */
void child_wait(endpoint_t child);

/* Ends a child and frees it. */
void child_end(endpoint_t child);

/* Runs a child to its end. Returns its exit status; INT64_MIN when it ended otherwise. */
int64_t child_run(void (*entry)(void *), void *arg, const struct child_policy *policy);

/* The record of a process, as of now. */
struct process_info process_info(endpoint_t process);

/* Takes the kernel events that are there, and forgets them. */
void drop_events(void);

/* Waits so long (nanoseconds) and drops kernel events meanwhile. The alarm is used. */
void sleep_for(uint64_t time);

/* Checks that the kernel's invariants hold: one TAP line. */
void check_kernel(const char *when);

#endif
