/*
 * Memory that moves from one core to another, in chunks of 2 MiB, at a client's request. README.md
 * tells the protocol: the core that gives takes one chunk after the other out of its kernel's
 * hands, and asks all members to agree on the new owner, which takes it then.
 */
#ifndef MONITOR_CHUNKS_H
#define MONITOR_CHUNKS_H

#include <stdbool.h>
#include <stdint.h>

#include "agreement.h"
#include "bootinfo.h"
#include "peers.h"

extern const struct peer_service chunks_service;

/* For cores_listen(). */
void chunks_view_changed(core_set_t gone);

/* Whether this core knows which chunks have been moved: a new member is told by others. */
bool chunks_known(void);

/* What a core owns, moved chunks included. False: there is no room to say it all. */
bool chunks_partition(uint32_t core, struct range_list *memory);

/* MONITOR_MEMORY_MOVE. Returns 1: the client will have its reply. Errors: as there. */
int chunks_move(endpoint_t client, uint64_t mib, uint64_t from, uint64_t to);

/* In cores.c: operations on chunks, as in struct agreement_actions. */
int chunks_vote(const struct operation *operation);
void chunks_moved(const struct operation *operation);
void chunks_cancel(const struct operation *operation);
void chunks_agreed(int result);

#endif
