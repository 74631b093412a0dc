/* The policies that come with the system; sched.c lists them. */
#ifndef CPU_DRIVER_SCHED_POLICIES_H
#define CPU_DRIVER_SCHED_POLICIES_H

#include "queue.h"
#include "sched.h"

extern const struct sched_policy sched_mlfq, sched_rr;

#endif
