/*
 * The services of this core: starts, watches and ends their processes as service.h decides, and as
 * the records say that this core's agent is to act on. What it knows is kept by the monitor, so
 * that the next agent goes on where this one has died.
 */
#ifndef MANAGER_SUPERVISOR_H
#define MANAGER_SUPERVISOR_H

#include "group.h"

/* At start: with the table of `g`, and what a predecessor has left. */
void supervisor_open(struct group *g);

/* And when the group has begun: what has happened meanwhile. */
void supervisor_adopt(void);

/* For struct group_actions. */
void supervisor_act(void *context, unsigned slot);

bool supervisor_has_acted(void *context, unsigned slot);

/* The monitor has notified: some process may have died. */
void supervisor_look(void);

/* A process has notified, or answered. False: it is no service of this core. */
bool supervisor_notified(endpoint_t source);
bool supervisor_answered(const struct message *m);

/* The event loop's `asend`. */
void supervisor_asend(void *context);

#endif
