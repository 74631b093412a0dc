/*
 * Receiving from many channels. Idle ones are armed and cost nothing: nobody looks at them until
 * their doorbell rings. Active ones are served in turn, one message each.
 *
 * A doorbell belongs to one binding. Whoever wakes the receiver (the kernel, epoll) says which
 * rang; the set shares no memory with any peer. It is used by one thread.
 *
 * Bells are collected, and told by chan_set_rung(), between receives and not only before sleeping:
 * members that are always active would otherwise keep all others out.
 */
#ifndef URPC_SET_H
#define URPC_SET_H

#include <urpc/ring.h>

#define CHAN_SET_MAX 65535U

/* One member; the caller's array of them is the set's storage. */
struct chan_member {
    struct chan_rx *rx; /* NULL: none */
    uint32_t empty;     /* looks that found no message, since the last one that did */
    uint16_t next;      /* in the queue of active members */
    uint16_t active;    /* is it in the queue? */
};

struct chan_set {
    struct chan_member *members;
    uint32_t capacity;
    uint32_t patience;
    uint16_t first; /* of the queue of active members */
    uint16_t last;
};

/*
 * `members`: `capacity` (1 to CHAN_SET_MAX) of the caller's, in use until the set is. An active
 * channel is armed after more than `patience` looks in a row that found no message; ringing costs
 * more than looking, so 0 is only for those who will sleep at once. Errors: -E_INVAL capacity.
 */
int chan_set_init(struct chan_set *set, struct chan_member *members, uint32_t capacity,
                  uint32_t patience);

/*
 * Adds a channel as number `index`, below the capacity: that of its binding. It starts active.
 * Errors: -E_RANGE, -E_EXIST the number is taken.
 */
int chan_set_add(struct chan_set *set, uint32_t index, struct chan_rx *rx);

/* Takes a channel out. Cost: the number of active channels. Errors: -E_RANGE, -E_NOENT. */
int chan_set_remove(struct chan_set *set, uint32_t index);

/*
 * The doorbell of binding `index` has rung, or its peer has died. Harmless if it is not a member,
 * or has ended.
 */
void chan_set_rung(struct chan_set *set, uint32_t index);

/*
 * The next message of any member: 0, and `index` says whose. CHAN_READY: no message now, but not
 * all members are armed: call again. Errors: -E_WOULDBLOCK no message, and all members are armed:
 * the caller may sleep until a doorbell rings; -E_PEERDEAD, -E_PROTOCOL member `index` has ended:
 * said once, after that it is only to be removed. Cost: at most one look at each active member.
 */
int chan_set_receive(struct chan_set *set, struct message *message, uint32_t *index);

/* Is `index` the only active member? */
static inline int chan_set_is_alone(const struct chan_set *set, uint32_t index) {
    return set->first == index && set->last == index;
}

/*
 * For who has found the only active member empty and is about to sleep, without a round of looks:
 * 0: all members are armed now, CHAN_READY: it has a message. Errors: of its ring;
 * chan_set_receive() will say it. In all cases but the first it stays active.
 */
int chan_set_arm_last(struct chan_set *set);

#endif
