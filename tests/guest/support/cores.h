/* Requests to the monitor about cores, for tests: results as its protocol says. */
#ifndef TESTS_GUEST_SUPPORT_CORES_H
#define TESTS_GUEST_SUPPORT_CORES_H

#include <stddef.h>

#include <bulkhead/protocol/monitor.h>

int cores_list(struct monitor_core *cores, size_t count, uint64_t *view);
enum monitor_core_state core_state(uint32_t core);
uint32_t core_incarnation(uint32_t core);
int core_control(enum core_control what, uint32_t core);
int core_spawn(uint32_t core, const char *args, size_t bytes, uint32_t argc, endpoint_t *child);
int core_getinfo(uint32_t core, enum info what, void *buffer, size_t bytes);
int core_lookup(uint64_t core, const char *label, endpoint_t *found);

/* Waits until a program has ended; its exit status, or a negated error of asking for it. */
int await_end(endpoint_t child);

#endif
