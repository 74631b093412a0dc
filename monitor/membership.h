/*
 * Membership: which cores belong to the system, in views that all members agree on. README.md tells
 * the protocol.
 *
 * A change of view goes through these steps, at the core that makes it:
 *
 *   win      compare-and-swap of the view word. Who loses waits for the winner, and observes it
 *   propose  to all members of the new view. From now on they refuse what is older (READY)
 *   settle   operations of the old view come to the same end on all of them (agreement.h)
 *   fence    who is not a member any more
 *   install  at all members
 *
 * A further failure on the way makes somebody win the next number, and begin again.
 *
 * Pure: a state machine without a clock, a channel or memory of its own. It says what it wants by
 * struct membership_actions, of which none may call back into it. It never queues a message: what
 * is still to be sent follows from its state, so that a channel without credit delays, and loses
 * nothing.
 */
#ifndef MONITOR_MEMBERSHIP_H
#define MONITOR_MEMBERSHIP_H

#include "suspicion.h"
#include "view.h"

/* Why a core is to be no member any more. The first reason counts. */
enum removal {
    REMOVAL_NONE,
    REMOVAL_SUSPECTED, /* did not answer */
    REMOVAL_STOPPED,   /* its kernel said so */
    REMOVAL_LEFT,      /* it has asked for it */
    REMOVAL_ORDERED,   /* somebody who may has asked for it */
    REMOVAL_EXCLUDED,  /* it had no part in a change that was made without us */
};

/* Why this core has to stop. */
enum stop_reason {
    STOP_EXCLUDED,     /* the others have gone on without it */
    STOP_LEFT,         /* as it had asked */
    STOP_NOT_ADMITTED, /* nobody has made it a member in time */
};

struct membership_actions {
    /* Sends a message to a set of cores. Returns those whose channel had credit for it: the others
     * did not get it. */
    core_set_t (*multicast)(void *context, core_set_t cores, const struct message *message);
    /* The view word. Both are sequentially consistent. */
    uint64_t (*load)(void *context);
    bool (*compare_and_swap)(void *context, uint64_t expected, uint64_t desired);
    /* A view is proposed: the operations of older ones are to be settled. If this core leads it,
     * membership_settled() has to follow. */
    void (*freeze)(void *context, const struct view *next);
    /* Make sure that a core runs nothing any more; membership_fenced() has to follow, at the latest
     * after a time-out. A core that is fenced already is fenced again. Asked of the winner alone.
     */
    void (*fence)(void *context, unsigned core, enum removal why);
    /* A view counts from now on. `former` has number 0 in the first that this core is in. */
    void (*installed)(void *context, const struct view *view, const struct view *former);
    /* This core has to stop: nothing else will be asked any more. */
    void (*stop)(void *context, enum stop_reason why);
};

enum change_stage {
    CHANGE_NONE,
    CHANGE_PROPOSING, /* until all are READY and operations are settled */
    CHANGE_FENCING,
};

/* Periods of suspicion after which a core that nobody has made a member gives up. */
#define MEMBERSHIP_JOIN_PERIODS 30U

struct membership {
    const struct membership_actions *actions;
    void *context;
    uint16_t core, starter;
    uint16_t self; /* incarnation */
    unsigned core_count, periods_outside;
    bool stopped, wants_to_leave;

    struct view view; /* installed */
    struct view next; /* newest proposal that this core is READY for, or makes; number 0: none */
    struct view arriving; /* proposal of which not all parts have come */
    core_set_t arrived;   /* of it: bit per part */

    bool may_overtake;  /* a winner that is no member: once a period */
    uint64_t noticed;   /* newest number seen in the view word */
    core_set_t touched; /* who has been in any view or proposal since the last was installed */
    uint16_t given[CORES_MAX];    /* the last incarnation that it has been given */
    core_set_t joining;           /* who has said HELLO */
    uint16_t expected[CORES_MAX]; /* incarnation in which a core is being started; 0: it is not */
    enum removal removal[CORES_MAX];
    core_set_t failing; /* whose `removal` is set */

    enum change_stage stage; /* of `next`, at its leader */
    core_set_t awaited;      /* PROPOSING: not yet READY */
    bool settled;            /* PROPOSING */
    core_set_t fencing;      /* FENCING: outcome not yet known */

    /* What is to be sent, and to whom. */
    core_set_t owed_propose[VIEW_PARTS_MAX];
    core_set_t owed_install, owed_excluded, owed_ping, owed_pong, owed_ready, owed_hello,
        owed_leave;
    uint32_t pong_round[CORES_MAX];
    uint16_t excluded[CORES_MAX]; /* incarnation to be told */

    struct suspicion suspicion;
};

/*
 * One of the two comes first. found: this is the first core of the system; the view word becomes
 * that of view 1. join: this core has been started, in `incarnation`, by `starter`.
 */
void membership_found(struct membership *m, const struct membership_actions *actions, void *context,
                      unsigned core, unsigned core_count, uint16_t incarnation, uint64_t now);
void membership_join(struct membership *m, const struct membership_actions *actions, void *context,
                     unsigned core, unsigned core_count, uint16_t incarnation, unsigned starter,
                     uint64_t now);

/*
 * The start of a core. It is agreed on first, as an operation on the core as key: so nobody else
 * starts it, and every member knows the incarnation that is given to it. The starter then expects
 * it: whose HELLO to obey; 0: it has given up.
 *
 * next_incarnation: 0: the core has had them all, or it is lost. It has to be no member.
 */
uint16_t membership_next_incarnation(const struct membership *m, unsigned core);
void membership_given(struct membership *m, unsigned core, uint16_t incarnation);
void membership_expect(struct membership *m, unsigned core, uint16_t incarnation);

/* A core is to be no member any more. Nothing happens if it is none. */
void membership_remove(struct membership *m, unsigned core, enum removal why);

/* This core wants to leave. `stop` comes when it has. */
void membership_leave(struct membership *m);

/* Outcome of `fence`. */
void membership_fenced(struct membership *m, unsigned core, bool acknowledged);

/* Outcome of `freeze` for the proposal `number`. */
void membership_settled(struct membership *m, uint64_t number);

/*
 * A message of class LINK, or one of PROPOSE, READY, INSTALL. -E_STATE: it came too late to count.
 * -E_PROTOCOL: it is no message of this protocol.
 */
int membership_message(struct membership *m, unsigned sender, const struct message *message,
                       uint64_t now);

/*
 * Whether a message of class VIEW counts. It may be the first news that a view has been installed,
 * so `installed` may be called.
 */
bool membership_accepts(struct membership *m, unsigned sender, uint64_t stamp);

/* Time has passed. Returns when to call it next. */
uint64_t membership_tick(struct membership *m, uint64_t now);

/* Some channel has credit again. */
void membership_credit(struct membership *m);

#endif
