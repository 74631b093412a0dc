/*
 * Requests to the monitor (include/bulkhead/protocol/monitor.h), a function each. All return 0 or a
 * negated error. `core` is the number of a core, or CORE_HERE, or where the protocol has it
 * CORE_ANY.
 */
#ifndef SHELL_MANAGER_H
#define SHELL_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/protocol/monitor.h>

/*
 * `args` are argc strings, each with its terminating zero, in `bytes` bytes; the first names the
 * program.
 */
int manager_spawn(uint64_t core, const char *args, size_t bytes, uint32_t argc,
                  endpoint_t *endpoint);

/* The same; *waits: it is a driver that runs when it has got its device (protocol/pci.h: ATTACH).
 */
int manager_spawn_driver(uint64_t core, const char *args, size_t bytes, uint32_t argc,
                         endpoint_t *endpoint, bool *waits);

int manager_status(endpoint_t endpoint, enum death_cause *cause, uint64_t *status);

/* At most `bytes` - 1 characters of the report, terminated. */
int manager_report(endpoint_t endpoint, char *buffer, size_t bytes);

int manager_kill(endpoint_t endpoint);

int manager_lookup(uint64_t core, const char *label, endpoint_t *endpoint);

/* Terminated; "" when it has none. */
int manager_label(endpoint_t endpoint, char label[LABEL_MAX + 1]);

/* A name a line, at most `bytes` - 1 characters, terminated. */
int manager_programs(char *buffer, size_t bytes);

int manager_sched(endpoint_t endpoint, enum sched_op op, uint64_t value);

/* Up to `most` cores, from core 0 on; *count receives how many. */
int manager_cores(struct monitor_core *cores, size_t most, size_t *count, uint64_t *view);

/* The tree of *kind from a root, of up to `most` cores; *kind becomes the one that it is. */
int manager_tree(uint32_t root, enum monitor_tree *kind, struct monitor_tree_core *cores,
                 size_t most, size_t *count, uint32_t *rounds);

/* The best core for a process (MONITOR_PLACE). */
int manager_place(enum monitor_place rule, uint64_t near, uint64_t apart, uint32_t *core);

int manager_core_control(uint64_t core, enum core_control what);

/* *moved: MiB, after an error too. */
int manager_memory_move(uint64_t mib, uint64_t from, uint64_t to, uint64_t *moved);

/* The kernel call GETINFO there; arg[] as there, and its outputs. */
int manager_getinfo(uint64_t core, uint64_t arg[4]);

/*
 * The kernel call TRACE there; arg[] as there, and its outputs; and arg[3]: the TSC there less the
 * TSC here.
 */
int manager_trace(uint64_t core, uint64_t arg[4]);

#endif
