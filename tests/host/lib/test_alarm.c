#include <criterion/criterion.h>
#include <stdlib.h>

#include "../../../lib/event/alarm.h"

#define ALARMS 32

static struct alarm_queue queue;
static struct event_alarm alarms[ALARMS];
static size_t fired[4 * ALARMS], fired_count;

static void record(struct event_alarm *alarm) { fired[fired_count++] = (size_t)(alarm - alarms); }

static void insert(size_t i, uint64_t deadline, void (*callback)(struct event_alarm *)) {
    alarms[i].deadline = deadline;
    alarms[i].callback = callback;
    alarm_insert(&queue, &alarms[i]);
}

Test(alarm, empty_queue_has_no_deadline) {
    cr_assert_eq(alarm_next(&queue), ALARM_NEVER);
    alarm_expire(&queue, UINT64_MAX);
    cr_assert_eq(fired_count, 0);
}

Test(alarm, fire_in_order_of_deadline) {
    insert(0, 30, record);
    insert(1, 10, record);
    insert(2, 20, record);
    cr_assert_eq(alarm_next(&queue), 10);
    alarm_expire(&queue, 25);
    cr_assert_eq(fired_count, 2);
    cr_assert_eq(fired[0], 1);
    cr_assert_eq(fired[1], 2);
    cr_assert_eq(alarm_next(&queue), 30);
    cr_assert(alarms[0].set);
    cr_assert_not(alarms[1].set);
}

Test(alarm, equal_deadlines_fire_oldest_first) {
    for (size_t i = 0; i < 4; i++)
        insert(i, 7, record);
    alarm_expire(&queue, 7);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(fired[i], i);
}

Test(alarm, removed_alarm_does_not_fire) {
    for (size_t i = 0; i < 3; i++)
        insert(i, i, record);
    alarm_remove(&queue, &alarms[1]);
    alarm_remove(&queue, &alarms[0]);
    alarm_expire(&queue, 10);
    cr_assert_eq(fired_count, 1);
    cr_assert_eq(fired[0], 2);
    cr_assert_null(queue.first);
    cr_assert_null(queue.last);
}

static void set_again(struct event_alarm *alarm) {
    record(alarm);
    insert((size_t)(alarm - alarms), alarm->deadline + 10, set_again);
}

Test(alarm, callback_may_set_its_alarm_again) {
    insert(0, 5, set_again);
    alarm_expire(&queue, 29);
    cr_assert_eq(fired_count, 3);
    cr_assert_eq(alarm_next(&queue), 35);
}

static void cancel_next(struct event_alarm *alarm) {
    record(alarm);
    alarm_remove(&queue, alarm + 1);
}

Test(alarm, callback_may_cancel_an_alarm_that_is_due) {
    insert(0, 5, cancel_next);
    insert(1, 6, record);
    alarm_expire(&queue, 10);
    cr_assert_eq(fired_count, 1);
    cr_assert_null(queue.first);
}

Test(alarm, any_sequence_keeps_the_order) {
    srand(1);
    for (size_t step = 0; step < 10000; step++) {
        size_t i = (size_t)rand() % ALARMS;
        if (alarms[i].set)
            alarm_remove(&queue, &alarms[i]);
        else
            insert(i, (uint64_t)rand() % 100, record);

        size_t count = 0, expected = 0;
        for (struct event_alarm *a = queue.first; a; a = a->next) {
            count++;
            cr_assert(!a->next || a->deadline <= a->next->deadline);
            cr_assert(a->next ? a->next->previous == a : queue.last == a);
        }
        for (size_t k = 0; k < ALARMS; k++)
            expected += alarms[k].set;
        cr_assert_eq(count, expected);
    }
}
