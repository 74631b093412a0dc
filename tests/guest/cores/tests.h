/* Tests of a machine with four cores, made from core 0; and what they have in common. */
#ifndef TESTS_GUEST_CORES_TESTS_H
#define TESTS_GUEST_CORES_TESTS_H

#include <bulkhead/protocol/monitor.h>
#include <runtime/ipc.h>
#include <runtime/tap.h>

/* ---- Requests to the monitor: results as it says ---- */

int cores_list(struct monitor_core *cores, size_t count, uint64_t *view);
enum monitor_core_state core_state(uint32_t core);
uint32_t core_incarnation(uint32_t core);
int core_control(enum core_control what, uint32_t core);
int core_spawn(uint32_t core, const char *args, size_t bytes, uint32_t argc, endpoint_t *child);
int core_getinfo(uint32_t core, enum info what, void *buffer, size_t bytes);
int core_lookup(uint64_t core, const char *label, endpoint_t *found);

/* Waits until a program has ended; its exit status, or a negated error of asking for it. */
int await_end(endpoint_t child);

/* Runs this program again on a core, with one argument, and returns its exit status. */
int run_part(uint32_t core, const char *argument);

/* Every instance that is a member verifies its invariants. */
void check_all(const char *when);

void test_members(void);
void test_requests(void);
void test_stop_and_start(void);
void test_fence(void);
void test_containment(void);

/* Part of a test, run elsewhere. */
int part_crash(const char *arguments);

#endif
