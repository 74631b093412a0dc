/*
 * Notes between agents of different cores: in pieces, by messages of the channel that two of them
 * have. What has no room in the channel waits here, and is sent when there is some; nobody is
 * waited for. Who lets too much wait, or sends what is no note, is as good as gone.
 */
#ifndef MANAGER_LINKS_H
#define MANAGER_LINKS_H

#include "group.h"

#include <bulkhead/message.h>

/* Messages of this type are pieces of notes. */
#define LINK_PIECE (MESSAGE_TYPE_SERVICE + 0x100)

/* A note has come whole; the other end is gone, or of no use. */
typedef void link_note_fn(uint32_t core, endpoint_t from, const struct note *note);
typedef void link_gone_fn(uint32_t core);

void links_init(link_note_fn *note, link_gone_fn *gone);

/* Notes for this core go to that agent from now on. What waits for another is dropped. */
void links_set(uint32_t core, endpoint_t agent);

void links_send(uint32_t core, const struct note *note);

/* A message of type LINK_PIECE. The end of a channel. */
void links_take(const struct message *m);
void links_gone(endpoint_t agent);

#endif
