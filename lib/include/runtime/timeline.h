/*
 * Timelines: the trace events of several cores (<bulkhead/trace.h>), merged by time, as text in the
 * JSON trace format of chrome://tracing and ui.perfetto.dev ("Trace Event Format", Google, 2016).
 * Pure: events and names come in, text goes out.
 *
 * A core is a "process" of the format, its processes and its kernel are "threads". A thread's
 * slices say what its process is doing: it runs, is ready, or waits for whom. Within them lie the
 * ends of messages, joined by arrows, and points for kernel calls, creations and ends.
 *
 * Events are read once, core by core as time goes on, so memory does not grow with their number.
 * Whatever the events are, the text is valid. An arrow is missing when one of its ends is: it was
 * overwritten, was not recorded, or lies too far from the other (TIMELINE_ARROWS). The name of a
 * process is missing when TIMELINE_THREADS others have been seen since it was last.
 */
#ifndef RUNTIME_TIMELINE_H
#define RUNTIME_TIMELINE_H

#include <stddef.h>

#include <bulkhead/kcall.h>
#include <bulkhead/trace.h>

#define TIMELINE_THREADS 1024 /* remembered at a time, of all cores */
#define TIMELINE_ARROWS  1024 /* begun and not ended, of all cores */

struct timeline_core {
    uint32_t number;
    uint64_t tsc_offset; /* added to the core's TSC, modulo 2^64, makes it the timeline's */
};

/* Where events and names come from, and where text goes. */
struct timeline_feed {
    void *context; /* first argument of each */

    /*
     * Copies up to `capacity` (more than 0) of a core's events from number *from on, or from the
     * oldest that is kept; *from receives the number of the first, *count how many: 0 ends the
     * core. Returns 0, or a negated error: the core has died, and this is its end.
     */
    int (*events)(void *context, uint32_t core, struct trace_event *events, size_t capacity,
                  uint64_t *from, size_t *count);

    /* Writes a process' label, at most LABEL_MAX characters, terminated; "" when it has none. */
    void (*label)(void *context, endpoint_t process, char label[LABEL_MAX + 1]);

    /* Takes a piece of text. Returns 0, or a negated error, which ends the timeline. */
    int (*write)(void *context, const char *text, size_t bytes);
};

/*
 * Writes the timeline of `count` cores. `frequency`: of the TSC, Hz, not 0. Returns 0, -E_NOMEM, or
 * what write() did not take.
 */
int timeline_write(const struct timeline_feed *feed, const struct timeline_core *cores,
                   size_t count, uint64_t frequency);

#endif
