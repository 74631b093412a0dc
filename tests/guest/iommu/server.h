/* The server under test: a clone of the test's program, with the rights that the server has, and
 * requests to it. */
#ifndef TESTS_GUEST_IOMMU_SERVER_H
#define TESTS_GUEST_IOMMU_SERVER_H

#include <bulkhead/message.h>
#include <bulkhead/refusal.h>

/* Starts it, and waits until it serves; ends it at once, as a bug would. */
void server_start(void);
void server_kill(void);

/* Tells it what the keepers say from now on: `fake` of this process. */
void server_tell_keepers(void);

/* How often it has told of a refusal. */
uint32_t server_refused(enum refusal kind);

/* A request with three arguments; the reply's, from the first on, go to reply[]. */
extern uint64_t reply[MESSAGE_ARGS];
int server_request(uint32_t type, uint64_t arg0, uint64_t arg1, uint64_t arg2, uint64_t arg3);

#endif
