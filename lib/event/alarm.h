/*
 * The alarms of an event loop in the order in which they are due. Pure: it knows no clock.
 *
 * A list, because a process has few alarms and most are set for later than those before them, for
 * which the search from the end is short.
 */
#ifndef LIB_ALARM_H
#define LIB_ALARM_H

#include <runtime/event.h>

struct alarm_queue {
    struct event_alarm *first, *last; /* by deadline; of equal ones the older first */
};

#define ALARM_NEVER UINT64_MAX

/* `alarm` must not be set; its deadline is. */
void alarm_insert(struct alarm_queue *queue, struct event_alarm *alarm);

/* `alarm` must be set. */
void alarm_remove(struct alarm_queue *queue, struct event_alarm *alarm);

/* The earliest deadline, or ALARM_NEVER. */
static inline uint64_t alarm_next(const struct alarm_queue *queue) {
    return queue->first ? queue->first->deadline : ALARM_NEVER;
}

/*
 * Removes every alarm that is due at `now` and calls it back, in order. The callback may set and
 * cancel any alarm.
 */
void alarm_expire(struct alarm_queue *queue, uint64_t now);

#endif
