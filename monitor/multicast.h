/*
 * A message to all members of the view, along the tree of its root, and the news that it has come
 * to all, with the lowest of the numbers that each has to say about it. A core has one of its own
 * under way at a time. When the view changes it begins anew: a member may get it twice.
 *
 * Pure, as agreement.h, with which it shares `multicast` and `route`.
 */
#ifndef MONITOR_MULTICAST_H
#define MONITOR_MULTICAST_H

#include "phase.h"
#include "view.h"

enum announcement_kind {
    ANNOUNCE_NOTHING, /* to measure it */
    ANNOUNCE_UNMAP,   /* argument[0]: a process whose pools are to be unmapped (bindings.h) */
    ANNOUNCE_PLACE,   /* which core is the best for something? (placement.h) */
    ANNOUNCEMENT_KINDS,
};

struct announcement {
    uint32_t sequence; /* of the root's */
    uint8_t kind;      /* enum announcement_kind */
    uint8_t route;     /* enum route_kind */
    uint64_t argument[3];
};

#define MULTICAST_NOTHING UINT64_MAX

struct multicast_actions {
    core_set_t (*multicast)(void *context, core_set_t cores, const struct message *message);
    const struct route *(*route)(void *context, enum route_kind kind, core_set_t members,
                                 unsigned root);
    /* It has come: do what it says. Returns this core's number, MULTICAST_NOTHING: it has none. */
    uint64_t (*deliver)(void *context, unsigned root, const struct announcement *announcement);
    /* All members have done what this core has announced; `least` of their numbers. */
    void (*gathered)(void *context, const struct announcement *announcement,
                     const struct tally *tally, uint64_t least);
};

/* What this core passes on, of a root; or its own. */
struct relay {
    bool active;
    struct announcement announcement;
    struct phase phase;
    uint64_t least; /* here and below, so far */
};

struct multicast {
    const struct multicast_actions *actions;
    void *context;
    uint16_t core, self;
    core_set_t members; /* 0: not yet, or a view is proposed */
    uint64_t number;    /* of the view */
    bool requested;     /* relay[core] is under way */
    struct relay relay[CORES_MAX];
    core_set_t owed_below; /* roots for which something is owed to children */
    core_set_t owed_above; /* and to the parent */
};

void multicast_start(struct multicast *m, const struct multicast_actions *actions, void *context,
                     unsigned core, uint16_t incarnation);

/* Announces; the sequence number is not the caller's. `gathered` will follow. -E_BUSY one is under
 * way, -E_INVAL. */
int multicast_request(struct multicast *m, const struct announcement *announcement);

/* A view is proposed, is installed. */
void multicast_freeze(struct multicast *m);
void multicast_install(struct multicast *m, const struct view *view);

/* MULTICAST or GATHER that membership_accepts(). Errors as agreement_message(). */
int multicast_message(struct multicast *m, unsigned sender, const struct message *message);

/* Some channel has credit again. */
void multicast_credit(struct multicast *m);

#endif
