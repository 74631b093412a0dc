#include "group.h"

#include <bulkhead/error.h>

#include "peer_protocol.h"

static core_set_t group_multicast(void *context, core_set_t cores, const struct message *message) {
    const struct group *group = context;
    return group->actions->multicast(group->context, cores, message);
}

static uint64_t group_load(void *context) {
    const struct group *group = context;
    return group->actions->load(group->context);
}

static bool group_compare_and_swap(void *context, uint64_t expected, uint64_t desired) {
    const struct group *group = context;
    return group->actions->compare_and_swap(group->context, expected, desired);
}

static void group_freeze(void *context, const struct view *next) {
    struct group *group = context;
    agreement_freeze(&group->agreement, next);
    multicast_freeze(&group->multicast);
}

static void group_fence(void *context, unsigned core, enum removal why) {
    const struct group *group = context;
    group->actions->fence(group->context, core, why);
}

static void group_installed(void *context, const struct view *view, const struct view *former) {
    struct group *group = context;
    group->actions->installed(group->context, view, former);
    agreement_install(&group->agreement, view);
    multicast_install(&group->multicast, view);
}

static void group_stop(void *context, enum stop_reason why) {
    const struct group *group = context;
    group->actions->stop(group->context, why);
}

static const struct route *group_route(void *context, enum route_kind kind, core_set_t members,
                                       unsigned root) {
    const struct group *group = context;
    return group->actions->route(group->context, kind, members, root);
}

static int group_vote(void *context, const struct operation *operation) {
    const struct group *group = context;
    return group->actions->vote(group->context, operation);
}

static void group_act(void *context, const struct operation *operation) {
    const struct group *group = context;
    group->actions->act(group->context, operation);
}

static void group_cancel(void *context, const struct operation *operation) {
    const struct group *group = context;
    group->actions->cancel(group->context, operation);
}

static void group_finished(void *context, const struct operation *operation, int result) {
    const struct group *group = context;
    group->actions->finished(group->context, operation, result);
}

static const struct membership_actions membership_actions = {
    .multicast = group_multicast,
    .load = group_load,
    .compare_and_swap = group_compare_and_swap,
    .freeze = group_freeze,
    .fence = group_fence,
    .installed = group_installed,
    .stop = group_stop,
};

static const struct agreement_actions agreement_actions = {
    .multicast = group_multicast,
    .route = group_route,
    .vote = group_vote,
    .act = group_act,
    .cancel = group_cancel,
    .finished = group_finished,
};

static uint64_t group_deliver(void *context, unsigned root,
                              const struct announcement *announcement) {
    const struct group *group = context;
    return group->actions->deliver(group->context, root, announcement);
}

static void group_gathered(void *context, const struct announcement *announcement,
                           const struct tally *tally, uint64_t least) {
    const struct group *group = context;
    group->actions->gathered(group->context, announcement, tally, least);
}

static const struct multicast_actions multicast_actions = {
    .multicast = group_multicast,
    .route = group_route,
    .deliver = group_deliver,
    .gathered = group_gathered,
};

/* After anything that has happened: the one may have made the other go on; and where this core is
 * the only member, a change is made without any further event. */
static void go_on(struct group *group) {
    const struct membership *m = &group->membership;

    if (m->stopped)
        return;
    agreement_credit(&group->agreement);
    multicast_credit(&group->multicast);
    while (m->stage == CHANGE_PROPOSING && !m->settled && agreement_settled(&group->agreement))
        membership_settled(&group->membership, m->next.number);
}

void group_found(struct group *group, const struct group_actions *actions, void *context,
                 unsigned core, unsigned core_count, uint16_t incarnation, uint64_t now) {
    group->actions = actions;
    group->context = context;
    agreement_start(&group->agreement, &agreement_actions, group, core, incarnation);
    multicast_start(&group->multicast, &multicast_actions, group, core, incarnation);
    membership_found(&group->membership, &membership_actions, group, core, core_count, incarnation,
                     now);
}

void group_join(struct group *group, const struct group_actions *actions, void *context,
                unsigned core, unsigned core_count, uint16_t incarnation, unsigned starter,
                uint64_t now) {
    group->actions = actions;
    group->context = context;
    agreement_start(&group->agreement, &agreement_actions, group, core, incarnation);
    multicast_start(&group->multicast, &multicast_actions, group, core, incarnation);
    membership_join(&group->membership, &membership_actions, group, core, core_count, incarnation,
                    starter, now);
}

int group_message(struct group *group, unsigned sender, const struct message *message,
                  uint64_t now) {
    int error = -E_PROTOCOL;

    if (group->membership.stopped)
        return -E_STATE;
    switch (peer_class(message->type)) {
    case PEER_CLASS_LINK:
    case PEER_CLASS_CHANGE:
        error = membership_message(&group->membership, sender, message, now);
        break;
    case PEER_CLASS_VIEW:
        error = -E_STATE;
        if (!membership_accepts(&group->membership, sender, message->arg[0]))
            break;
        if (message->type == PEER_MULTICAST || message->type == PEER_GATHER) {
            error = multicast_message(&group->multicast, sender, message);
            break;
        }
        /* fall through */
    case PEER_CLASS_SETTLE:
        error = agreement_message(&group->agreement, sender, message);
        break;
    case PEER_CLASS_NONE:
        break;
    }
    go_on(group);
    return error;
}

uint64_t group_tick(struct group *group, uint64_t now) {
    uint64_t due = membership_tick(&group->membership, now);

    go_on(group);
    return due;
}

void group_credit(struct group *group) {
    membership_credit(&group->membership);
    go_on(group);
}

void group_given(struct group *group, unsigned core, uint16_t incarnation) {
    membership_given(&group->membership, core, incarnation);
}

void group_expect(struct group *group, unsigned core, uint16_t incarnation) {
    membership_expect(&group->membership, core, incarnation);
    go_on(group);
}

void group_remove(struct group *group, unsigned core, enum removal why) {
    membership_remove(&group->membership, core, why);
    go_on(group);
}

void group_leave(struct group *group) {
    membership_leave(&group->membership);
    go_on(group);
}

void group_fenced(struct group *group, unsigned core, bool acknowledged) {
    membership_fenced(&group->membership, core, acknowledged);
    go_on(group);
}

int group_request(struct group *group, const struct operation *operation) {
    if (group->membership.stopped)
        return -E_STATE;
    return agreement_request(&group->agreement, operation);
}

int group_announce(struct group *group, const struct announcement *announcement) {
    if (group->membership.stopped)
        return -E_STATE;
    return multicast_request(&group->multicast, announcement);
}
