/* Tests of a machine with four cores, made from core 0; and what they have in common. */
#ifndef TESTS_GUEST_CORES_TESTS_H
#define TESTS_GUEST_CORES_TESTS_H

#include <runtime/ipc.h>
#include <runtime/tap.h>

#include "../support/cores.h"

/* Runs this program again on a core, with one argument, and returns its exit status. */
int run_part(uint32_t core, const char *argument);

/* Every instance that is a member verifies its invariants. */
void check_all(const char *when);

void test_members(void);
void test_requests(void);
void test_names(void);
void test_stop_and_start(void);
void test_fence(void);
void test_containment(void);
void test_chunks(void);

/* Parts of tests, run elsewhere. */
int part_crash(const char *arguments);
int part_fill(void);
int part_shuffle(void);
int part_publish(const char *name);
int part_find(const char *name);

#endif
