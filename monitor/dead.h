/*
 * The dead that are kept until the dumper has written their core files: a few, for a while. Only
 * those whose end was not in order, and only if the boot command line has dumps=1.
 */
#ifndef MONITOR_DEAD_H
#define MONITOR_DEAD_H

#include <stdbool.h>

#include "children.h"
#include "requests.h"

/* How many of a core, and nanoseconds after which one is given up that nobody has released. */
#define DEAD_KEPT_MAX  4
#define DEAD_KEPT_TIME (60 * UINT64_C(1000000000))

/* Are core files wanted at all? */
bool dead_wanted(void);

/* A child is dead, and not needed for anything else: is it to be kept? child_unkept() ends that. */
bool dead_keep(const struct child *child);

/* Requests of the dumper: DEAD, DEAD_RANGE, DEAD_MEMORY, DEAD_RELEASE. */
int dead_next(struct call *call);
int dead_range(struct call *call);
int dead_memory(struct call *call);
int dead_release(struct call *call);

#endif
