/* The trace ring of this core (include/bulkhead/trace.h). */
#ifndef CPU_DRIVER_TRACE_H
#define CPU_DRIVER_TRACE_H

#include <bulkhead/trace.h>

#define TRACE_RING_EVENTS 2048 /* power of two */

#define TRACE_READ_MAX 64 /* events that one TRACE_READ copies at most, to be short */

/* Set of the enum trace_class that are recorded; 0: off. */
extern unsigned trace_classes;

void trace_record(enum trace_type type, endpoint_t process, endpoint_t peer, uint64_t value);

/*
 * Records an event if its class is on. When tracing is off this is one test of a variable: a macro,
 * so that the arguments are not even computed.
 */
#define trace(type, process, peer, value)             \
    do {                                              \
        if (__builtin_expect(trace_classes != 0, 0))  \
            trace_record(type, process, peer, value); \
    } while (0)

/* Clears the ring and records these classes from now on. */
void trace_start(unsigned classes);
void trace_stop(void);

/* Events ever recorded since trace_start(). */
uint64_t trace_count(void);

/* The event of that number; NULL when it is overwritten or not there yet. */
const struct trace_event *trace_get(uint64_t number);

#endif
