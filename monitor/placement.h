/*
 * Which core is the best for a process? Each member of the view says how good it is, as a number,
 * lower is better; what is asked for goes to all, and the lowest number comes back (multicast.h).
 */
#ifndef MONITOR_PLACEMENT_H
#define MONITOR_PLACEMENT_H

#include <bulkhead/message.h>
#include <bulkhead/protocol/monitor.h>

#include "multicast.h"

/*
 * What MONITOR_PLACE asks for, as all are told. Errors: -E_INVAL no such rule, -E_NOENT there is no
 * such core or node, or nothing is known of where the device is.
 */
int placement_describe(const uint64_t arg[MESSAGE_ARGS], uint64_t asked[3]);

/* How good this core is; MULTICAST_NOTHING: not at all. */
uint64_t placement_offer(const uint64_t asked[3]);

/* Whose offer it is. */
static inline unsigned placement_core(uint64_t offer) { return offer & 0xff; }

#endif
