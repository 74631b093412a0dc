/*
 * Names on which all monitors agree, such as which process of which core is the console. Set by an
 * agreed operation; who becomes a member later is told them by the leader of its view. A name is
 * its process' until that dies.
 */
#ifndef MONITOR_NAMES_H
#define MONITOR_NAMES_H

#include "agreement.h"
#include "cores.h"
#include "peers.h"

#define NAME_BYTES 16 /* of a name, zero-padded */

/* What to do when a name means another process from now on; ENDPOINT_NONE: none. */
typedef void names_listener(endpoint_t process);

extern const struct peer_service names_service;

void names_listen(const char *name, names_listener *listener);

/*
 * Asks all to agree that a name means a process. It is asked again until they do, or it is to mean
 * another.
 */
void names_publish(const char *name, endpoint_t process);

/* Calls once all that this core has asked for is agreed on, so that all cores know it. */
void names_when_agreed(void (*call)(void));

/* ENDPOINT_NONE: nobody. */
endpoint_t names_find(const char *name);

/* MONITOR_PUBLISH, whose reply comes later if this returns 1, and MONITOR_FIND. */
int names_publish_for(endpoint_t client, const uint64_t arg[MESSAGE_ARGS]);
int names_find_for(uint64_t arg[MESSAGE_ARGS]);

/* A process of this core has died: it has no names any more. */
void names_process_died(endpoint_t process);

/* For cores_listen(). */
void names_view_changed(core_set_t gone);

/*
 * For cores.c: whether an operation on names can be done; it is off; it is done; what this core has
 * asked for has ended.
 */
int names_vote(const struct operation *operation);
void names_cancel(const struct operation *operation);
void names_set(const struct operation *operation);
void names_agreed(int result);

#endif
