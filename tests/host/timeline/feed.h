/* Cores that these tests make, and the text of their timeline. */
#ifndef TESTS_TIMELINE_FEED_H
#define TESTS_TIMELINE_FEED_H

#include <runtime/timeline.h>

#define FEED_CORES  4
#define FEED_EVENTS 4096

struct fake_core {
    struct trace_event event[FEED_EVENTS];
    size_t count;
    size_t oldest;  /* those before are overwritten */
    size_t lost_at; /* once this one has been read, so are the next ten; 0: never */
    size_t dies_at; /* it does when this one is asked for; 0: never */
    size_t piece;   /* most that one reading gets; 0: as many as wanted */
    uint64_t offset;
};

extern struct fake_core fake[FEED_CORES];
extern size_t fake_cores;

/* The text, terminated. */
extern char *text;
extern size_t text_bytes;

/* The write that fails, counted from 1; 0: none. */
extern unsigned failing_write;

/* A process of core `core`. */
endpoint_t process(unsigned core, unsigned slot);

/* Adds an event to a core. */
void record(unsigned core, uint64_t tsc, enum trace_type type, endpoint_t process, endpoint_t peer,
            uint64_t value);

/* Writes the timeline of all cores, of 1 GHz, to `text`. */
int write_text(void);

/* How often a string occurs in it. */
unsigned occurrences(const char *string);

#endif
