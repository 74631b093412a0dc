/*
 * Requests to the monitor (include/bulkhead/protocol/monitor.h), a function each. All return 0 or a
 * negated error.
 */
#ifndef SHELL_MANAGER_H
#define SHELL_MANAGER_H

#include <stddef.h>
#include <stdint.h>

#include <bulkhead/protocol/monitor.h>

/*
 * `args` are argc strings, each with its terminating zero, in `bytes` bytes; the first names the
 * program.
 */
int manager_spawn(const char *args, size_t bytes, uint32_t argc, endpoint_t *endpoint);

int manager_status(endpoint_t endpoint, enum death_cause *cause, uint64_t *status);

/* At most `bytes` - 1 characters of the report, terminated. */
int manager_report(endpoint_t endpoint, char *buffer, size_t bytes);

int manager_kill(endpoint_t endpoint);

int manager_lookup(const char *label, endpoint_t *endpoint);

/* A name a line, at most `bytes` - 1 characters, terminated. */
int manager_programs(char *buffer, size_t bytes);

int manager_sched(endpoint_t endpoint, enum sched_op op, uint64_t value);

#endif
