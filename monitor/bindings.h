/*
 * Channels and pools between a process of this core and one of another: agreed on by the two
 * monitors, policy checked on both sides. The protocol is that of tests/models/binding.pml: OFFER,
 * ACCEPT, and from each side one CLOSE, which says that its side is unmapped.
 */
#ifndef MONITOR_BINDINGS_H
#define MONITOR_BINDINGS_H

#include <runtime/ipc.h>

#include "cores.h"
#include "peers.h"

extern const struct peer_service bindings_service;

/* For cores_listen(). */
void bindings_cores_gone(core_set_t gone);

/*
 * MONITOR_CONNECT, MONITOR_POOL and MONITOR_DISCONNECT of a client. The first two return 1 when the
 * reply will come later; or 0, with the reply's arguments, if the channel is there already.
 */
int bindings_connect(endpoint_t client, uint64_t arg[MESSAGE_ARGS]);
int bindings_pool(endpoint_t client, uint64_t arg[MESSAGE_ARGS]);
int bindings_disconnect(endpoint_t client, endpoint_t name);

/* MONITOR_LINE, in the same way. */
int bindings_line(endpoint_t client, uint64_t arg[MESSAGE_ARGS]);

/* MONITOR_BOUND. */
int bindings_next(endpoint_t client, uint64_t arg[MESSAGE_ARGS]);

/*
 * All pools that a process shares with others end at once, by one announcement to all cores in the
 * place of a CLOSE from and to each. begin: here, before it is announced: -E_BUSY one is still
 * being made. unmap: at each core, the announcement says that the owner's side is unmapped. end:
 * here, all have said that theirs are.
 */
int bindings_unmap_begin(endpoint_t owner);
void bindings_unmap(endpoint_t owner);
void bindings_unmap_end(endpoint_t owner);

/* A process has died, and is still there: its ends are closed. Afterwards it may be destroyed. */
void bindings_process_died(endpoint_t process);

#endif
