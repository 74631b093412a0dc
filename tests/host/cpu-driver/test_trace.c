/* The trace ring, the clock and the alarms. */
#include <criterion/criterion.h>

#include "../random.h"
#include "alarm.h"
#include "fixture.h"
#include "ipc.h"
#include "sched/sched.h"
#include "time.h"
#include "trace.h"
#include "x86_64/lapic.h"

static struct process *first, *a, *b;

static void init(void) {
    first = fixture_boot();
    a = fixture_process("a");
    b = fixture_process("b");
    fixture_connect(a, b);
}

TestSuite(trace, .init = init, .fini = fixture_end);
TestSuite(alarm, .init = init, .fini = fixture_end);
TestSuite(time, .init = init);

/* ---- Trace ---- */

Test(trace, nothing_is_recorded_when_off) {
    trace(TRACE_EVENT_SEND, 1, 2, 3);
    cr_assert_eq(trace_count(), 0);
    trace_start(TRACE_CLASS_ALL);
    trace(TRACE_EVENT_SEND, 1, 2, 3);
    trace_stop();
    trace(TRACE_EVENT_SEND, 1, 2, 3);
    cr_assert_eq(trace_count(), 1);
}

Test(trace, events_are_stamped_and_numbered) {
    trace_start(TRACE_CLASS_ALL);
    for (unsigned i = 0; i < 10; i++) {
        cpu.now += 5;
        trace(TRACE_EVENT_KCALL, i, i + 1, i + 2);
    }
    for (unsigned i = 0; i < 10; i++) {
        const struct trace_event *e = trace_get(i);
        cr_assert_eq(e->type, TRACE_EVENT_KCALL);
        cr_assert_eq(e->tsc, FIXTURE_START + 5 * (i + 1));
        cr_assert(e->process == i && e->peer == i + 1 && e->value == i + 2);
    }
    cr_assert_null(trace_get(10));
}

Test(trace, only_wanted_classes_are_recorded) {
    static const enum trace_class class_of[] = {
#define X(name, class, text) [TRACE_EVENT_##name] = TRACE_CLASS_##class,
        TRACE_EVENTS(X)
#undef X
    };
    const unsigned types = sizeof class_of / sizeof class_of[0];
    for (unsigned classes = 0; classes <= TRACE_CLASS_ALL; classes++) {
        unsigned expected = 0;
        trace_start(classes);
        for (unsigned type = 1; type < types; type++) {
            trace((enum trace_type)type, 0, 0, 0);
            expected += (classes & class_of[type]) != 0;
        }
        cr_assert_eq(trace_count(), expected);
    }
}

Test(trace, the_oldest_events_are_overwritten) {
    trace_start(TRACE_CLASS_ALL);
    for (uint64_t i = 0; i < 3 * TRACE_RING_EVENTS + 7; i++) {
        trace(TRACE_EVENT_SEND, 0, 0, i);
        uint64_t oldest = i + 1 > TRACE_RING_EVENTS ? i + 1 - TRACE_RING_EVENTS : 0;
        cr_assert_eq(trace_get(i)->value, i);
        cr_assert_eq(trace_get(oldest)->value, oldest);
        cr_assert(oldest == 0 || !trace_get(oldest - 1));
        cr_assert_null(trace_get(i + 1));
    }
    cr_assert_null(trace_get(UINT64_MAX));
}

Test(trace, starting_clears_the_ring) {
    trace_start(TRACE_CLASS_ALL);
    trace(TRACE_EVENT_SEND, 0, 0, 1);
    trace_start(TRACE_CLASS_ALL);
    cr_assert_eq(trace_count(), 0);
    cr_assert_null(trace_get(0));
}

/* Of the types, processes and values of a rendezvous, in order. */
Test(trace, a_rendezvous_is_recorded_as_it_happens) {
    fixture_ipc(b, IPC_RECEIVE, ENDPOINT_ANY, 0);
    fixture_run(a);
    trace_start(TRACE_CLASS_IPC);
    ipc_fastpath_off |= FASTPATH_OFF_TRACE;
    fixture_ipc(a, IPC_SENDREC, b->endpoint, 0x321);
    cr_assert_eq(trace_count(), 2);
    const struct trace_event *send = trace_get(0), *receive = trace_get(1);
    cr_assert_eq(send->type, TRACE_EVENT_SEND);
    cr_assert(send->process == a->endpoint && send->peer == b->endpoint);
    cr_assert_eq(send->value, (uint64_t)IPC_SENDREC << 32 | 0x321);
    cr_assert_eq(receive->type, TRACE_EVENT_RECEIVE);
    cr_assert(receive->process == b->endpoint && receive->peer == a->endpoint);
    cr_assert_eq(receive->value, 0x321);
    trace_stop();
    ipc_fastpath_off = 0;
}

/* ---- Alarms ---- */

Test(alarm, goes_off_once_and_not_before) {
    alarm_set(a, cpu.now + 100);
    cr_assert_eq(alarm_next_deadline, cpu.now + 100);
    alarm_expire(cpu.now + 99);
    cr_assert_eq(a->events, 0);
    alarm_expire(cpu.now + 100);
    cr_assert_eq(a->events, EVENT_ALARM);
    cr_assert_eq(alarm_next_deadline, UINT64_MAX);
    a->events = 0;
    a->pending = 0;
    alarm_expire(UINT64_MAX - 1);
    cr_assert_eq(a->events, 0);
}

Test(alarm, a_new_one_replaces_the_old) {
    alarm_set(a, 2000);
    alarm_set(a, 3000);
    cr_assert_eq(alarm_next_deadline, 3000);
    alarm_set(a, 1500);
    cr_assert_eq(alarm_next_deadline, 1500);
    alarm_cancel(a);
    cr_assert_eq(alarm_next_deadline, UINT64_MAX);
    alarm_cancel(a);
}

Test(alarm, the_dead_have_none) {
    alarm_set(a, 2000);
    alarm_set(b, 3000);
    process_die(a, DEATH_KILLED, 0);
    cr_assert_eq(alarm_next_deadline, 3000);
}

Test(alarm, the_timer_is_set_to_the_earliest) {
    struct message m = { .type = KCALL_SETALARM, .arg = { 5000 } };
    fixture_call(a, IPC_SENDREC, ENDPOINT_KERNEL, &m);
    cr_assert_leq(lapic_timer_armed, cpu.now + 5000);
    m.arg[0] = 70;
    fixture_call(b, IPC_SENDREC, ENDPOINT_KERNEL, &m);
    cr_assert_leq(lapic_timer_armed, cpu.now + 70);
}

Test(alarm, wakes_the_core_from_sleep) {
    struct message m = { .type = KCALL_SETALARM, .arg = { 5000 } };
    fixture_call(a, IPC_SENDREC, ENDPOINT_KERNEL, &m);
    fixture_ipc(a, IPC_RECEIVE, ENDPOINT_KERNEL, 0);
    fixture_ipc(b, IPC_RECEIVE, ENDPOINT_ANY, 0);
    uint64_t before = cpu.now;
    fixture_ipc(first, IPC_RECEIVE, a->endpoint, 0); /* now nobody is ready */
    cr_assert_geq(cpu.now, before + 5000);
    cr_assert_eq(current, a);
    cr_assert_eq(fixture_received(a).arg[0], EVENT_ALARM);
    cr_assert_geq(cpu.sleeps, 1);
    cr_assert_eq(counters.idle_time, cpu.now - before);
    fixture_ipc(a, IPC_SEND, first->endpoint, 0);
}

Test(alarm, setting_tells_what_the_one_before_had_left) {
    uint64_t args[MESSAGE_ARGS] = { 5000 };
    cr_assert_eq(fixture_kcall(a, KCALL_SETALARM, args), 0);
    cr_assert_eq(args[0], 0);
    cpu.now += 1000;
    args[0] = 9000;
    fixture_kcall(a, KCALL_SETALARM, args);
    cr_assert_eq(args[0], 4000);
    args[0] = 0;
    fixture_kcall(a, KCALL_SETALARM, args);
    cr_assert_eq(args[0], 9000);
    cr_assert_eq(alarm_next_deadline, UINT64_MAX);
    args[0] = UINT64_MAX;
    cr_assert_eq(fixture_kcall(a, KCALL_SETALARM, args), 0, "as good as never");
    cr_assert_gt(alarm_next_deadline, UINT64_MAX / 4);
}

Test(alarm, random_alarms_go_off_in_order) {
    uint64_t expected[MAX_PROCESSES] = { 0 };
    random_start();
    struct process *all[20];
    for (unsigned i = 0; i < 20; i++)
        all[i] = fixture_process("p");
    for (unsigned step = 0; step < 5000; step++) {
        unsigned i = (unsigned)random_below(20);
        if (random_below(3)) {
            expected[i] = cpu.now + 1 + random_below(500);
            alarm_set(all[i], expected[i]);
        } else {
            expected[i] = 0;
            alarm_cancel(all[i]);
        }
        cpu.now += random_below(30);
        alarm_expire(cpu.now);
        uint64_t next = UINT64_MAX;
        for (unsigned k = 0; k < 20; k++) {
            bool due = expected[k] && expected[k] <= cpu.now;
            cr_assert_eq(all[k]->events, due ? EVENT_ALARM : 0, REPLAY, REPLAY_ARGS(step));
            cr_assert_eq(all[k]->alarm_deadline, due ? 0 : expected[k]);
            all[k]->events = 0;
            all[k]->pending = 0;
            expected[k] = due ? 0 : expected[k];
            next = expected[k] && expected[k] < next ? expected[k] : next;
        }
        cr_assert_eq(alarm_next_deadline, next, REPLAY, REPLAY_ARGS(step));
    }
}

/* ---- Time ---- */

Test(time, conversions_are_exact_for_a_whole_frequency) {
    static const uint64_t values[] = { 0, 1, 999, 1000000007, UINT64_C(1) << 60 };
    for (unsigned i = 0; i < 5; i++) {
        cr_assert_eq(time_to_ticks(values[i]), values[i]);
        cr_assert_eq(time_from_ticks(values[i]), values[i]);
    }
    cr_assert_eq(time_to_ticks(UINT64_MAX), UINT64_MAX / 2, "saturates: now + that does not wrap");
    cr_assert_eq(time_frequency(), FAKE_TSC_HZ);
}

Test(time, now_counts_from_the_start) {
    cr_assert_eq(time_now(), 0);
    cpu.now += 123456;
    cr_assert_eq(time_now(), 123456);
}
