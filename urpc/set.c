#include <urpc/set.h>

#define SET_NONE ((uint16_t)CHAN_SET_MAX)

int chan_set_init(struct chan_set *set, struct chan_member *members, uint32_t capacity,
                  uint32_t patience) {
    if (capacity == 0 || capacity > CHAN_SET_MAX)
        return -E_INVAL;
    for (uint32_t i = 0; i < capacity; i++)
        members[i] = (struct chan_member){ .rx = NULL };
    *set = (struct chan_set){
        .members = members,
        .capacity = capacity,
        .patience = patience,
        .first = SET_NONE,
        .last = SET_NONE,
    };
    return 0;
}

static void chan_set_append(struct chan_set *set, uint16_t index) {
    set->members[index].next = SET_NONE;
    set->members[index].active = 1;
    if (set->first == SET_NONE)
        set->first = index;
    else
        set->members[set->last].next = index;
    set->last = index;
}

/* Takes `index`, which comes after `before` (SET_NONE: is the first), out of the queue. */
static void chan_set_unlink(struct chan_set *set, uint16_t before, uint16_t index) {
    struct chan_member *member = &set->members[index];

    if (before == SET_NONE)
        set->first = member->next;
    else
        set->members[before].next = member->next;
    if (set->last == index)
        set->last = before;
    member->active = 0;
}

int chan_set_add(struct chan_set *set, uint32_t index, struct chan_rx *rx) {
    if (index >= set->capacity)
        return -E_RANGE;
    if (set->members[index].rx)
        return -E_EXIST;
    set->members[index] = (struct chan_member){ .rx = rx };
    chan_set_append(set, (uint16_t)index);
    return 0;
}

int chan_set_remove(struct chan_set *set, uint32_t index) {
    if (index >= set->capacity)
        return -E_RANGE;
    if (!set->members[index].rx)
        return -E_NOENT;

    uint16_t before = SET_NONE;
    for (uint16_t i = set->first; i != SET_NONE; i = set->members[i].next) {
        if (i == index) {
            chan_set_unlink(set, before, i);
            break;
        }
        before = i;
    }
    set->members[index].rx = NULL;
    return 0;
}

void chan_set_rung(struct chan_set *set, uint32_t index) {
    if (index >= set->capacity)
        return;

    struct chan_member *member = &set->members[index];
    if (!member->rx || member->active || member->rx->error)
        return;
    member->empty = 0;
    chan_set_append(set, (uint16_t)index);
}

/*
 * Serves the first of the queue, which it has just left: a message, an error of the ring,
 * CHAN_READY if it is to stay active, -E_WOULDBLOCK if it is armed.
 */
static int chan_set_serve(struct chan_set *set, struct chan_member *member,
                          struct message *message) {
    struct chan_rx *rx = member->rx;
    int error = chan_receive(rx, message);

    if (error == 0)
        member->empty = 0;
    if (error != -E_WOULDBLOCK)
        return error;
    if (member->empty++ < set->patience)
        return CHAN_READY;

    int armed = chan_arm(rx);
    if (armed != CHAN_READY)
        return armed ? armed : -E_WOULDBLOCK;
    error = chan_receive(rx, message);
    if (error == 0)
        member->empty = 0;
    if (error == -E_WOULDBLOCK) { /* it was there: no correct producer takes a message back */
        chan_rx_kill(rx, -E_PROTOCOL);
        return rx->error;
    }
    return error;
}

int chan_set_receive(struct chan_set *set, struct message *message, uint32_t *index) {
    uint16_t last = set->last;
    uint16_t served = SET_NONE;

    while (set->first != SET_NONE && served != last) {
        served = set->first;
        struct chan_member *member = &set->members[served];
        chan_set_unlink(set, SET_NONE, served);

        int result = chan_set_serve(set, member, message);
        if (result == 0 || result == CHAN_READY)
            chan_set_append(set, served);
        if (result != CHAN_READY && result != -E_WOULDBLOCK) {
            *index = served;
            return result;
        }
    }
    return set->first == SET_NONE ? -E_WOULDBLOCK : CHAN_READY;
}

int chan_set_arm_last(struct chan_set *set) {
    struct chan_member *member = &set->members[set->first];
    int state = chan_arm(member->rx);

    if (state == 0) {
        member->active = 0;
        set->first = set->last = SET_NONE;
    }
    return state;
}
