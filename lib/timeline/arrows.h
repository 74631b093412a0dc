/*
 * Inside a timeline: arrows from the event that sends to the event that receives, on whatever
 * cores. The table holds those that have begun and not ended; where there is no room the oldest is
 * forgotten, and will have no end.
 */
#ifndef LIB_TIMELINE_ARROWS_H
#define LIB_TIMELINE_ARROWS_H

#include <runtime/timeline.h>

/* X(name, text): what makes an arrow. */
#define ARROW_KINDS(X)        \
    X(MESSAGE, "message")     \
    X(NOTIFY, "notify")       \
    X(INTERRUPT, "interrupt") \
    X(CHANNEL, "channel")     \
    X(BELL, "bell")

enum arrow_kind {
#define X(name, text) ARROW_##name,
    ARROW_KINDS(X)
#undef X
};

/* Ends belong together when all of this is the same; a channel's value alone tells them. */
struct arrow_ends {
    enum arrow_kind kind;
    endpoint_t from, to;
    uint64_t value;
};

#define ARROW_WAYS 4

struct arrows {
    uint32_t last; /* identifier given; the first is 1 */
    struct arrow {
        struct arrow_ends ends;
        uint32_t id; /* 0: a free entry */
    } table[TIMELINE_ARROWS / ARROW_WAYS][ARROW_WAYS];
};

/*
 * Begins an arrow and returns its identifier. Of several messages between the same ends the last
 * counts, as those before it were not received; what merges with an earlier one that is still to be
 * received, as notifications do, begins no arrow: 0.
 */
uint32_t arrow_begin(struct arrows *arrows, const struct arrow_ends *ends);

/* Ends an arrow and returns its identifier; 0: its beginning is not known. */
uint32_t arrow_end(struct arrows *arrows, const struct arrow_ends *ends);

/* Forgets all beginnings. */
void arrows_forget(struct arrows *arrows);

const char *arrow_text(enum arrow_kind kind);

#endif
