/* Inside the framework: what its files have in common. */
#ifndef DRIVERS_LIB_INTERNAL_H
#define DRIVERS_LIB_INTERNAL_H

#include <driver.h>

/* ---- agent.c ---- */

/*
 * Whether a process is an agent of the driver manager: of its label, which counts if our own
 * supervisor has given it. It has been asked once for the agent that there is.
 */
bool agent_is(endpoint_t process);

/*
 * Replies to an agent's request; tried again while it is not receiving, for DRIVER_REPLY_TIME, or
 * until there is a reply to the next request of that kind.
 */
void agent_reply(enum driver_request request, const struct message *reply);

/* ---- manage.c ---- */

/* Whether a request is of the driver manager's protocol. */
static inline bool manage_is_request(uint32_t type) {
    return type - DRIVER_REQUEST_BASE < DRIVER_REQUESTS_COUNT;
}

/* Serves one: replies, now or later. */
void manage_request(struct message *m);

/* Whether the driver has been told to end, and takes no more requests. */
bool manage_ending(void);

/* If the driver is to end, and all that it has taken is done, it does. */
void manage_settle(void);

/* ---- driver.c ---- */

extern const struct driver *driver_running;
extern struct driver_statistics driver_counts; /* `time` is when it became ready */

/* ---- state.c ---- */

/* Counts this process, and has the driver restore what its predecessor saved, if that is of use. */
void state_load(void);

/* Processes of this label that were started here, this one included; 1 if that is not known. */
uint64_t state_starts(void);

/* As driver_save(). */
int state_save(void);

#endif
