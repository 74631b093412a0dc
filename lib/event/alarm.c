#include "alarm.h"

void alarm_insert(struct alarm_queue *queue, struct event_alarm *alarm) {
    struct event_alarm *before = queue->last;
    while (before && before->deadline > alarm->deadline)
        before = before->previous;

    alarm->previous = before;
    alarm->next = before ? before->next : queue->first;
    *(before ? &before->next : &queue->first) = alarm;
    *(alarm->next ? &alarm->next->previous : &queue->last) = alarm;
    alarm->set = true;
}

void alarm_remove(struct alarm_queue *queue, struct event_alarm *alarm) {
    *(alarm->previous ? &alarm->previous->next : &queue->first) = alarm->next;
    *(alarm->next ? &alarm->next->previous : &queue->last) = alarm->previous;
    alarm->next = alarm->previous = NULL;
    alarm->set = false;
}

void alarm_expire(struct alarm_queue *queue, uint64_t now) {
    while (queue->first && queue->first->deadline <= now) {
        struct event_alarm *alarm = queue->first;
        alarm_remove(queue, alarm);
        alarm->callback(alarm);
    }
}
