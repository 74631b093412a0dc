/* The parts of the test of the data store. */
#ifndef TESTS_GUEST_STORE_H
#define TESTS_GUEST_STORE_H

#include <stdint.h>

#include <bulkhead/endpoint.h>
#include <bulkhead/protocol/monitor.h>
#include <runtime/store.h>

/* Labels with the rights of an ordinary program, of which this one is the image. */
#define USER       "store-user"
#define OTHER_USER "store-stranger"

/* Runs this program on a core, under a label, with one more argument: its exit status. */
int run_as(uint32_t core, const char *label, const char *what);
int start_as(uint32_t core, const char *label, const char *what, endpoint_t *child);

/* What it does then (users.c); 0, or the line of a check that failed. */
int user_main(const char *what);

void test_values(void);
void test_privacy(void);
void test_transactions(void);
void test_subscriptions(uint32_t core);
void test_maps(uint32_t core);
void test_hostile(void);
void test_failover(uint64_t seed, uint64_t rounds);

/* The workload of test_failover(), as a user: `seed` and how many operations. */
int work(uint64_t seed, uint64_t operations);

/* Waits so long; kernel events are dropped. */
void pause_for(uint64_t nanoseconds);

/* Who is primary and backup: what is not there is ENDPOINT_NONE. */
endpoint_t primary_now(void);
endpoint_t backup_now(void);

#endif
