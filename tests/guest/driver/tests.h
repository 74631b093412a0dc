/*
 * Tests of the driver framework: a clone of the test is a driver, another one is the driver
 * manager's agent, and does what the test asks it to do.
 */
#ifndef TESTS_GUEST_DRIVER_TESTS_H
#define TESTS_GUEST_DRIVER_TESTS_H

#include <driver.h>

#include "child.h"

/* What the driver of these tests is asked. */
enum victim_request {
    VICTIM_ECHO = MESSAGE_TYPE_SERVICE, /* reply arg[0]: one more than arg[0] */
    VICTIM_LATER,                       /* answered after arg[0] nanoseconds; -E_IO if arg[1] */
    VICTIM_HOLD,                        /* takes no request for arg[0] nanoseconds */
    VICTIM_FAIL,                        /* driver_fail(arg[0]) */
    VICTIM_PANIC,
    VICTIM_NOTIFIED, /* reply arg[0]: notifications of clients, arg[1]: calls of idle() */
};

/* How it is to be: set before it is started. */
struct victim {
    int start_error;
    int probe; /* its result; DRIVER_LATER: 7 ms later, 0 */
    bool no_probe;
    int shutdown_error;
    uint64_t busy; /* nanoseconds, from its start, for which it has work */
};

extern struct victim victim;

/* Starts the driver, and an agent for it. */
extern endpoint_t driver, agent;
void start_driver(struct victim how);
void start_agent(void);

/* What the driver runs, in its process. */
void run_victim(void *unused);

/* Its exit status, INT64_MIN if it has ended otherwise; and the agent ends. */
int64_t end_of_driver(void);

/* Ends it. */
void end_driver(void);

/* A request to the driver: of a client, and of the agent, by SENDREC. */
int client_asks(enum victim_request type, uint64_t argument, struct message *m);
int agent_asks(enum driver_request type, uint64_t argument, struct message *m);

/* Has the agent send a heartbeat: 0 if the driver has answered, else -E_WOULDBLOCK. */
int agent_beats(void);

/*
 * Has the agent send a request, look away for so long, and then look for the reply, which has to be
 * there within a second: its result, -E_WOULDBLOCK if there is none.
 */
int agent_posts(enum driver_request type, uint64_t argument, uint64_t looks_away);

/* Has the agent send such a request, and goes on; then, what came of it. */
void agent_begins(enum driver_request type, uint64_t argument);
int agent_ends(void);

#endif
