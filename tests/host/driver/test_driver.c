/* The framework itself: who may ask it, and in which order it does things. */
#include <criterion/criterion.h>
#include <string.h>

#include <driver.h>

#include <runtime/ipc.h>

#include "fake.h"

static unsigned seen_irqs;
static uint32_t unmasked_then; /* lines that were, when irq() was called */

static int start(bool restarted) {
    cr_assert(!restarted);
    int error = driver_irq(4, 0);
    return error ? error : driver_irq(9, 31);
}

static void irq(uint32_t lines) {
    seen_irqs |= lines;
    unmasked_then = fake.unmasked;
}

static int probe(void) { return 0; }

static const struct driver table = { .name = "test", .start = start, .irq = irq, .probe = probe };

static int result(size_t i) {
    cr_assert_lt(i, fake.sent_count);
    return message_result(&fake.sent[i]);
}

Test(driver, answers_agents_alone) {
    fake_message(FAKE_CLIENT, DRIVER_PROBE, 0);
    fake_message(FAKE_AGENT, DRIVER_PROBE, 0);
    fake_message(FAKE_CLIENT, DRIVER_PROBE, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(fake.sent_count, 3);
    cr_assert(result(0) == -E_PERM && result(1) == 0 && result(2) == -E_PERM);
    cr_assert(fake.sent_to[1] == FAKE_AGENT && fake.sent[1].tag == 9);
}

Test(driver, a_label_is_worth_what_its_giver_is) {
    fake.process[2].supervisor = FAKE_CLIENT;
    fake_message(FAKE_AGENT, DRIVER_PROBE, 0);
    fake_message(FAKE_AGENT, MESSAGE_NOTIFY, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(result(0), -E_PERM);
    cr_assert_eq(fake.notified_count, 0);
}

Test(driver, an_agents_label_is_the_whole_label) {
    static const char *const labels[] = { "manage", "manager2", "Manager",
                                          "managermanagermanagerman" };

    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        fake.process[4 + i].supervisor = FAKE_MONITOR;
        memcpy(fake.process[4 + i].label, labels[i], strlen(labels[i]));
        fake_message(((endpoint_t)1 << 32) + 4 + i, DRIVER_IDENTIFY, 0);
    }
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        cr_assert_eq(result(i), -E_PERM, "%s", labels[i]);
}

Test(driver, who_is_no_process_of_this_core_is_no_agent) {
    fake_message(((endpoint_t)1 << 32) + 6, DRIVER_SHUTDOWN, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(result(0), -E_PERM);
}

Test(driver, asks_once_who_an_agent_is) {
    for (unsigned i = 0; i < 10; i++)
        fake_message(FAKE_AGENT, MESSAGE_NOTIFY, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(fake.notified_count, 10);
    cr_assert_leq(fake.inquiries, 2);
    cr_assert_eq(fake.notified[9], FAKE_AGENT);
}

Test(driver, asks_once_who_a_stranger_is) {
    for (unsigned i = 0; i < 10; i++)
        fake_message(FAKE_CLIENT, MESSAGE_NOTIFY, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(fake.notified_count, 0);
    cr_assert_leq(fake.inquiries, 2);
}

Test(driver, a_reply_is_tried_again_for_a_while) {
    fake.deaf = 5;
    fake_message(FAKE_AGENT, DRIVER_PROBE, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert(fake.attempts == 6 && fake.sent_count == 1 && result(0) == 0);
}

Test(driver, but_not_for_ever) {
    fake.deaf = 1000000;
    fake_message(FAKE_AGENT, DRIVER_PROBE, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(fake.sent_count, 0);
    cr_assert(fake.attempts > 50 && fake.attempts < 200, "%u", fake.attempts);
    cr_assert(fake.now >= DRIVER_REPLY_TIME && fake.now < 2 * DRIVER_REPLY_TIME);
}

Test(driver, a_client_that_is_not_there_loses_its_answer_at_once) {
    fake.deaf = 1000000;
    fake_message(FAKE_CLIENT, DRIVER_PROBE, 0);
    fake_message(FAKE_CLIENT, MESSAGE_TYPE_SERVICE, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(fake.attempts, 2);
}

Test(driver, lines_are_unmasked_before_the_device_is_looked_at) {
    fake_event(EVENT_IRQ, 1U << 31);
    fake.unmasked = 0;
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(seen_irqs, 1U << 31);
    cr_assert(fake.registered == (1U << 4 | 1U << 9) && unmasked_then & 1U << 9);
}

Test(driver, lines_that_it_has_not_registered_are_not_its) {
    fake_event(EVENT_IRQ, 1U << 3 | 1);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(seen_irqs, 1);
    cr_assert_eq(driver_irq(5, 32), -E_RANGE);
}

static int fails_to_unmask_later(bool restarted) {
    (void)restarted;
    int error = driver_irq(4, 0);
    fake.unmask_error = -E_STATE;
    return error;
}

Test(driver, a_line_that_cannot_be_unmasked_ends_it) {
    const struct driver broken = { .name = "test", .start = fails_to_unmask_later, .irq = irq };

    fake_event(EVENT_IRQ, 1);
    fake_event(EVENT_IRQ, 1);
    cr_assert_eq(driver_run(&broken), E_STATE);
    cr_assert_eq(seen_irqs, 0);
    cr_assert_eq(fake.taken, 1);
}

Test(driver, without_entries_refuses_requests) {
    const struct driver empty = { .name = "empty" };

    fake_message(FAKE_CLIENT, MESSAGE_TYPE_SERVICE, 0);
    fake_message(FAKE_AGENT, DRIVER_PROBE, 0);
    fake_message(FAKE_AGENT, DRIVER_SHUTDOWN, 0);
    cr_assert_eq(driver_run(&empty), 0);
    cr_assert(result(0) == -E_BADCALL && result(1) == -E_NOTSUP && result(2) == 0);
}

Test(driver, is_told_to_end_once) {
    const struct driver deferring = { .name = "test", .request = NULL };
    struct driver_statistics statistics;

    fake_message(FAKE_AGENT, DRIVER_STATISTICS, 0);
    fake_message(FAKE_AGENT, DRIVER_SHUTDOWN, 1000);
    fake_message(FAKE_AGENT, DRIVER_SHUTDOWN, 1000);
    cr_assert_eq(driver_run(&deferring), 0);
    cr_assert_eq(fake.taken, 2, "nothing was pending");
    memcpy(&statistics, fake.sent[0].arg, sizeof statistics);
    cr_assert_eq(statistics.requests, 0);
}
