/*
 * What a monitor has to do with the others as one of them: membership, agreement and multicast, put
 * together.
 * The monitor's main program feeds it messages, time and outcomes, and does what it asks for.
 */
#ifndef MONITOR_GROUP_H
#define MONITOR_GROUP_H

#include "agreement.h"
#include "membership.h"
#include "multicast.h"

struct group_actions {
    /* As membership.h tells them. */
    core_set_t (*multicast)(void *context, core_set_t cores, const struct message *message);
    uint64_t (*load)(void *context);
    bool (*compare_and_swap)(void *context, uint64_t expected, uint64_t desired);
    void (*fence)(void *context, unsigned core, enum removal why);
    void (*installed)(void *context, const struct view *view, const struct view *former);
    void (*stop)(void *context, enum stop_reason why);
    /* As agreement.h does. */
    const struct route *(*route)(void *context, enum route_kind kind, core_set_t members,
                                 unsigned root);
    int (*vote)(void *context, const struct operation *operation);
    void (*act)(void *context, const struct operation *operation);
    void (*cancel)(void *context, const struct operation *operation);
    void (*finished)(void *context, const struct operation *operation, int result);
    /* As multicast.h does. */
    uint64_t (*deliver)(void *context, unsigned root, const struct announcement *announcement);
    void (*gathered)(void *context, const struct announcement *announcement,
                     const struct tally *tally, uint64_t least);
};

struct group {
    const struct group_actions *actions;
    void *context;
    struct membership membership;
    struct agreement agreement;
    struct multicast multicast;
};

void group_found(struct group *group, const struct group_actions *actions, void *context,
                 unsigned core, unsigned core_count, uint16_t incarnation, uint64_t now);
void group_join(struct group *group, const struct group_actions *actions, void *context,
                unsigned core, unsigned core_count, uint16_t incarnation, unsigned starter,
                uint64_t now);

/* A message of PEER_MESSAGES. -E_STATE: it came too late to count; -E_PROTOCOL: it makes no sense.
 */
int group_message(struct group *group, unsigned sender, const struct message *message,
                  uint64_t now);

/* Time has passed: to be called after the messages that have come by then. Returns when next. */
uint64_t group_tick(struct group *group, uint64_t now);

/* Some channel that had no credit has some. */
void group_credit(struct group *group);

/* As membership_*(), agreement_request() and multicast_request(). */
void group_given(struct group *group, unsigned core, uint16_t incarnation);
void group_expect(struct group *group, unsigned core, uint16_t incarnation);
void group_remove(struct group *group, unsigned core, enum removal why);
void group_leave(struct group *group);
void group_fenced(struct group *group, unsigned core, bool acknowledged);
int group_request(struct group *group, const struct operation *operation);
int group_announce(struct group *group, const struct announcement *announcement);

#endif
