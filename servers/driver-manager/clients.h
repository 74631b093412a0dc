/* Requests of clients of this core (protocol/manager.h): who may ask, and what makes sense. What
 * changes something goes to the group. */
#ifndef MANAGER_CLIENTS_H
#define MANAGER_CLIENTS_H

#include <runtime/event.h>

#include "group.h"

void clients_init(struct group *g);

/* A message that is a client's. */
enum event_action clients_serve(struct message *m);

/* For struct group_actions. */
void clients_answer(void *context, const struct client *result);

#endif
