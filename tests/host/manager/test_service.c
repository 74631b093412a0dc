/* The life of a service. */
#include <criterion/criterion.h>

#include <bulkhead/error.h>

#include "service.h"

#define SECOND UINT64_C(1000000000)

static struct service s;
static uint64_t now;
static const struct recovery_policy direct = { RECOVERY_DIRECT, 3, 60 * SECOND };
static const struct recovery_policy backoff = { RECOVERY_BACKOFF, 3, 60 * SECOND };
static const struct recovery_policy hook = { RECOVERY_HOOK, 3, 60 * SECOND };
static const struct recovery_policy none = { RECOVERY_NONE, 0, 0 };

static void begin(void) {
    s = (struct service){ .state = MANAGER_STATE_DOWN };
    now = SECOND;
}

TestSuite(service, .init = begin);

#define EXPECT(action, state_wanted)                                        \
    do {                                                                    \
        cr_expect_eq((action), SERVICE_NOTHING);                            \
        cr_expect_eq(s.state, MANAGER_STATE_##state_wanted, "%u", s.state); \
    } while (0)

static void up(void) {
    cr_assert_eq(service_start(&s, MANAGER_REASON_NONE, now), SERVICE_SPAWN);
    cr_assert_eq(service_spawned(&s, 0, &direct, now), SERVICE_NOTHING);
    cr_assert_eq(s.state, MANAGER_STATE_UP);
}

Test(service, starts) {
    up();
    cr_expect_eq(s.restarts, 0);
    cr_expect(service_is_settled(&s) && service_has_process(&s));
}

Test(service, a_first_start_that_fails_leaves_it_down) {
    service_start(&s, MANAGER_REASON_NONE, now);
    EXPECT(service_spawned(&s, -E_QUOTA, &direct, now), DOWN);
    cr_expect_eq(s.error, -E_QUOTA);
}

Test(service, is_started_again_only_when_nothing_of_it_is_left) {
    up();
    service_died(&s, MANAGER_REASON_EXCEPTION, false, ++now);
    cr_expect_eq(s.state, MANAGER_STATE_RECOVERING);
    cr_expect_eq(service_cleared(&s, &direct, ++now), SERVICE_SPAWN);
    EXPECT(service_spawned(&s, 0, &direct, now), UP);
    cr_expect(s.restarts == 1 && s.reason == MANAGER_REASON_EXCEPTION);
    EXPECT(service_cleared(&s, &direct, now), UP);
}

Test(service, a_death_is_told_once) {
    up();
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    service_died(&s, MANAGER_REASON_SIGNAL, true, now);
    cr_expect_eq(s.reason, MANAGER_REASON_EXIT);
    cr_expect_eq(service_cleared(&s, &direct, now), SERVICE_SPAWN);
    cr_expect_eq(s.restarts, 1);
}

Test(service, who_ends_with_status_0_has_nothing_more_to_do) {
    up();
    service_died(&s, MANAGER_REASON_EXIT, true, now);
    EXPECT(service_cleared(&s, &direct, now), ENDED);
}

Test(service, who_is_condemned_dies_for_that_reason) {
    up();
    cr_expect_eq(service_condemn(&s, MANAGER_REASON_HEARTBEAT, now), SERVICE_KILL);
    EXPECT(service_condemn(&s, MANAGER_REASON_COMPLAINT, now), RECOVERING);
    service_died(&s, MANAGER_REASON_SIGNAL, false, now);
    cr_expect_eq(service_cleared(&s, &direct, now), SERVICE_SPAWN);
    cr_expect_eq(s.reason, MANAGER_REASON_HEARTBEAT);
    service_spawned(&s, 0, &direct, now);
    service_died(&s, MANAGER_REASON_EXCEPTION, false, now);
    cr_expect_eq(s.reason, MANAGER_REASON_EXCEPTION, "the next one does not");
}

Test(service, is_given_up_after_its_budget_and_can_be_started_then) {
    up();
    for (unsigned i = 0; i < 3; i++) {
        service_died(&s, MANAGER_REASON_PANIC, false, now += SECOND);
        cr_assert_eq(service_cleared(&s, &direct, now), SERVICE_SPAWN);
        service_spawned(&s, 0, &direct, now);
    }
    service_died(&s, MANAGER_REASON_PANIC, false, now);
    EXPECT(service_cleared(&s, &direct, now), GIVEN_UP);
    cr_expect_eq(s.restarts, 3);
    cr_expect_eq(service_stop(&s, true, MANAGER_REASON_REFRESH, now), SERVICE_SPAWN);
    EXPECT(service_spawned(&s, 0, &direct, now), UP);
}

Test(service, a_recovery_that_fails_is_one_more_failure) {
    up();
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    service_cleared(&s, &direct, now);
    cr_expect_eq(service_spawned(&s, -E_QUOTA, &direct, now), SERVICE_SPAWN);
    cr_expect_eq(service_spawned(&s, -E_QUOTA, &direct, now), SERVICE_SPAWN);
    EXPECT(service_spawned(&s, -E_QUOTA, &direct, now), GIVEN_UP);
    cr_expect_eq(s.reason, MANAGER_REASON_START);
}

Test(service, without_recovery_it_stays_away) {
    up();
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    EXPECT(service_cleared(&s, &none, now), GIVEN_UP);
}

Test(service, backoff_waits) {
    up();
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    EXPECT(service_cleared(&s, &backoff, now), WAITING);
    EXPECT(service_tick(&s, s.deadline - 1), WAITING);
    cr_expect_eq(service_tick(&s, s.deadline), SERVICE_SPAWN);
    EXPECT(service_spawned(&s, 0, &backoff, now), UP);
}

Test(service, a_hook_decides) {
    up();
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    cr_expect_eq(service_cleared(&s, &hook, now), SERVICE_HOOK);
    cr_expect_eq(service_hook_ended(&s, true, now), SERVICE_SPAWN);
    service_spawned(&s, 0, &hook, now);
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    cr_expect_eq(service_cleared(&s, &hook, now), SERVICE_HOOK);
    EXPECT(service_hook_ended(&s, false, now), GIVEN_UP);
    EXPECT(service_hook_ended(&s, true, now), GIVEN_UP);
}

Test(service, a_hook_that_hangs_is_not_waited_for) {
    up();
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    service_cleared(&s, &hook, now);
    cr_expect_eq(service_tick(&s, now + HOOK_TIME), SERVICE_SPAWN);
}

Test(service, stops_in_order_and_if_not_is_ended) {
    up();
    cr_expect_eq(service_stop(&s, false, MANAGER_REASON_NONE, now), SERVICE_SHUTDOWN);
    cr_expect_not(service_is_settled(&s));
    EXPECT(service_tick(&s, now + SHUTDOWN_TIME - 1), STOPPING);
    cr_expect_eq(service_tick(&s, now + SHUTDOWN_TIME), SERVICE_KILL);
    service_died(&s, MANAGER_REASON_SIGNAL, false, now);
    EXPECT(service_cleared(&s, &direct, now), DOWN);
    cr_expect_eq(s.restarts, 0);
}

Test(service, stop_takes_one_that_is_dying_or_waiting_as_it_is) {
    up();
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    EXPECT(service_stop(&s, false, MANAGER_REASON_NONE, now), STOPPING);
    cr_expect_eq(s.deadline, 0, "it is dead already");
    EXPECT(service_cleared(&s, &direct, now), DOWN);

    up();
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    service_cleared(&s, &backoff, now);
    EXPECT(service_stop(&s, false, MANAGER_REASON_NONE, now), DOWN);
    EXPECT(service_tick(&s, now + 100 * SECOND), DOWN);
}

Test(service, refresh_and_rejuvenation_are_no_failures) {
    up();
    for (unsigned i = 0; i < 20; i++) {
        bool young = i % 2;
        enum service_action action = young ? service_condemn(&s, MANAGER_REASON_REJUVENATION, now)
                                           : service_stop(&s, true, MANAGER_REASON_REFRESH, now);
        cr_expect_eq(action, SERVICE_SHUTDOWN);
        service_died(&s, MANAGER_REASON_EXIT, true, now);
        cr_expect_eq(service_cleared(&s, &direct, now), SERVICE_SPAWN);
        EXPECT(service_spawned(&s, 0, &direct, now), UP);
        cr_expect_eq(s.reason, young ? MANAGER_REASON_REJUVENATION : MANAGER_REASON_REFRESH);
    }
    cr_expect_eq(s.restarts, 20);
    cr_expect_eq(s.recovery.failures, 0);
}

Test(service, its_stand_by_takes_over_when_it_would_be_given_up) {
    s.has_standby = true;
    up();
    for (unsigned i = 0; i < 4; i++) {
        cr_expect_not(s.failed_over);
        service_died(&s, MANAGER_REASON_EXIT, false, now);
        cr_expect_eq(service_cleared(&s, &direct, now), SERVICE_SPAWN);
        service_spawned(&s, 0, &direct, now);
    }
    cr_expect(s.failed_over);
    for (unsigned i = 0; i < 3; i++) {
        service_died(&s, MANAGER_REASON_EXIT, false, now);
        cr_expect_eq(service_cleared(&s, &direct, now), SERVICE_SPAWN);
        service_spawned(&s, 0, &direct, now);
    }
    service_died(&s, MANAGER_REASON_EXIT, false, now);
    EXPECT(service_cleared(&s, &direct, now), GIVEN_UP);
    service_stop(&s, true, MANAGER_REASON_REFRESH, now);
    cr_expect_not(s.failed_over, "an administrator has mended the first");
}
