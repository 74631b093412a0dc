/*
 * What clients have announced to all cores: MONITOR_ANNOUNCE, MONITOR_UNMAP and MONITOR_PLACE.
 */
#ifndef MONITOR_ANNOUNCEMENTS_H
#define MONITOR_ANNOUNCEMENTS_H

#include <runtime/ipc.h>

#include "multicast.h"

/* All return 1 when the reply will come later, else an error. */
int announcements_measure(endpoint_t client, const uint64_t arg[MESSAGE_ARGS]);
int announcements_unmap(endpoint_t client, const uint64_t arg[MESSAGE_ARGS]);
int announcements_place(endpoint_t client, const uint64_t arg[MESSAGE_ARGS]);

/* For cores.c: one has come; one of ours has come to all, has been agreed on. */
uint64_t announcements_deliver(const struct announcement *announcement);
void announcements_gathered(const struct announcement *announcement, const struct tally *tally,
                            uint64_t least);
void announcements_agreed(int result, const struct tally *tally);

#endif
