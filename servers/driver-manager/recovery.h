/*
 * What is done about the failures of one service: its recovery policy (docs/policies.md; thesis
 * 4.2.1), without any input or output. Times are nanoseconds.
 */
#ifndef MANAGER_RECOVERY_H
#define MANAGER_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include <runtime/policy.h>

/* Pauses before a start, which double with each failure: of `backoff`, and of the other policies
 * for a service that keeps dying as soon as it runs, so that it does not keep the core busy. */
#define BACKOFF_FIRST UINT64_C(10000000)    /* 10 ms */
#define BACKOFF_MOST  UINT64_C(10000000000) /* 10 s */
#define LOOP_LIFE     UINT64_C(10000000)    /* who lives no longer than 10 ms is in a loop.. */
#define LOOP_FREE     5U                    /* ..when it has happened more often in a row */
#define LOOP_FIRST    UINT64_C(1000000)     /* 1 ms */
#define LOOP_MOST     UINT64_C(1000000000)  /* 1 s */

struct recovery_policy {
    uint8_t way; /* enum policy_recovery */
    uint16_t count;
    uint64_t period; /* more than `count` recoveries in it: given up */
};

/* Of a service, since somebody has last started it on purpose. */
struct recovery {
    uint64_t level;    /* recoveries in the last period, as a budget that is filled up evenly: in
                          nanoseconds of the period that are used up */
    uint64_t last;     /* when that was so */
    uint64_t failures; /* of all time: the third argument of hooks */
    uint32_t streak;   /* failures, each before the service had lived for a period */
    uint32_t loop;     /* failures in a row of lives of at most LOOP_LIFE */
};

enum recovery_verdict {
    RECOVERY_GIVE_UP,
    RECOVERY_START, /* after `pause` */
    RECOVERY_ASK,   /* the hook */
};

struct recovery_decision {
    enum recovery_verdict verdict;
    uint64_t pause;
};

/* It is started on purpose, or with another device: the past does not count. */
void recovery_forget(struct recovery *r);

/* A failure at `now`, after a life that began at `started`. */
struct recovery_decision recovery_decide(struct recovery *r, const struct recovery_policy *policy,
                                         uint64_t started, uint64_t now);

#endif
