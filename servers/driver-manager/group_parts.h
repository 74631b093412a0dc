/* Between the parts of the group: group.c (who leads, and what agents tell each other) and drive.c
 * (what the leader does about requests). */
#ifndef MANAGER_GROUP_PARTS_H
#define MANAGER_GROUP_PARTS_H

#include "group.h"

static inline uint64_t core_bit(uint32_t core) { return UINT64_C(1) << core; }

static inline bool core_in(uint64_t set, uint32_t core) {
    return core < CORES_MAX && (set >> core & 1);
}

/* To one agent, or all that are connected. */
void group_send(struct group *g, uint32_t core, struct note *note);
void group_send_all(struct group *g, struct note *note);

/* Takes a record into the own replica. */
void group_set(struct group *g, unsigned slot, const struct record *record);
void group_set_client(struct group *g, const struct client *noted);

/* The result of a request, to who asked; forgets it, if that is here. */
void group_answer(struct group *g, const struct client *result);

/* Whether a service should run on this core, and its agent knows nothing of it. */
bool group_lacks(const struct group *g, unsigned slot);

/* ---- drive.c ---- */

/* It leads from now on: what is under way goes on. */
void drive_begin(struct group *g);

void drive_request(struct group *g, const struct request *q);
void drive_acknowledged(struct group *g, uint32_t core, unsigned slot, version_t version);
void drive_acted(struct group *g, unsigned slot, const struct client *result);

/* An agent lacks a service that should run on its core: it is started there, or elsewhere. */
void drive_lacks(struct group *g, uint32_t core, unsigned slot);

/* An agent has come: it has all records. One is gone. The view is another. */
void drive_connected(struct group *g, uint32_t core);
void drive_gone(struct group *g, uint32_t core);
void drive_view(struct group *g);

#endif
