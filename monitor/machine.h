/*
 * What this monitor knows of the machine as a whole, and the pages below 1 MiB that belong to no
 * core: what the monitors share before they can talk.
 */
#ifndef MONITOR_MACHINE_H
#define MONITOR_MACHINE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <bulkhead/cores.h>
#include <bulkhead/info.h>

#include <topology/topology.h>

#include "instance.h"

/* SYSTEM_VIEW: what all monitors see. */
struct system_view {
    _Atomic uint64_t view; /* the view word: see view.h */
    /* Who is using the trampoline, to start a core: its own number + 1; 0: nobody. */
    _Atomic uint32_t starter;
    /* Physical, of each core: its struct instance_info; 0: never started. */
    _Atomic uint64_t info[CORES_MAX];
};

_Static_assert(sizeof(struct system_view) <= PAGE_SIZE, "a page");

extern struct boot_info machine_boot;
extern struct core_info machine_own; /* of this core, as it was when the monitor started */
extern struct topology machine_topology;

/* Finds out, and maps the system block. 0, or a negated error; without other cores it is not there.
 */
int machine_open(void);

static inline uint32_t machine_cores(void) { return machine_boot.core_count; }

static inline uint32_t machine_self(void) { return machine_own.core; }

/* A page of the system block: enum system_page. */
void *machine_page(enum system_page page);

static inline struct system_view *machine_view(void) { return machine_page(SYSTEM_VIEW); }

#endif
