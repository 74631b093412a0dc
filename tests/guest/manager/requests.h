/* What the test asks the driver manager (protocol/manager.h), and its agents' deaths. */
#ifndef TESTS_GUEST_MANAGER_REQUESTS_H
#define TESTS_GUEST_MANAGER_REQUESTS_H

#include <stdbool.h>

#include <bulkhead/protocol/manager.h>
#include <runtime/startup.h>

/* What is known of a service. */
struct state {
    bool known;
    endpoint_t endpoint;
    unsigned state, reason, core;
    uint32_t restarts;
};

/* Parameters of a program without arguments, but for one if it is not NULL. */
struct manager_parameters plain_parameters(const char *program, const char *argument);

/* Each waits for its result, and asks the next agent if one dies. */
int service_up(const struct manager_parameters *p, endpoint_t *endpoint);
int service_do(enum manager_request type, const char *label, uint64_t core);

struct state service_state(const char *label);

/* Waits until a service has been restarted so often, or will not be any more, and is settled. */
struct state service_wait(const char *label, uint32_t restarts);

endpoint_t agent_of(uint64_t core);
endpoint_t agent_leading(void);

/* Ends a process, and waits until another of that label is there on that core. */
void agent_kill(endpoint_t agent);

void pause_for(uint64_t nanoseconds);

#endif
