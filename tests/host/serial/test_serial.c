/* The whole serial driver, in a world that these tests make. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>

#define PROGRAM "serial-test"
#include "../random.h"

#include "fake.h"

TestSuite(serial, .timeout = 60);

static unsigned step; /* of idle() */

static void expect_output(const char *text) {
    cr_assert_eq(device.output_bytes, strlen(text), "%zu bytes", device.output_bytes);
    cr_assert_eq(memcmp(device.output, text, strlen(text)), 0);
}

Test(serial, without_a_device_exits_and_says_why) {
    device.absent = true;
    cr_assert_eq(run_driver(), E_NOTSUP);
}

Test(serial, writes_and_makes_newlines_for_a_terminal) {
    client_ask(0, CONSOLE_WRITE, "hello\nworld\n");
    cr_assert_eq(run_driver(), FAKE_DONE);
    expect_output("hello\r\nworld\r\n");
    cr_assert_eq(clients[0].answers, 1);
    cr_assert_eq(client_result(0), 0);
}

Test(serial, a_port_that_nobody_reads_gets_bytes_as_they_are) {
    device.second = true;
    client_ask(0, CONSOLE_WRITE, "hello\nworld\n");
    client_ask(1, CONSOLE_READ, NULL);
    cr_assert_eq(run_driver(), FAKE_DONE);
    expect_output("hello\nworld\n");
    cr_assert_eq(client_result(1), -E_PERM);
}

Test(serial, without_a_port_it_knows_exits_and_touches_nothing) {
    static char name[] = "serial", port[] = "com9";

    cr_assert_eq(driver_main(1, (char *[]){ name, NULL }), E_INVAL);
    cr_assert_eq(driver_main(2, (char *[]){ name, port, NULL }), E_INVAL);
    cr_assert_eq(device.accesses, 0);
}

Test(serial, writes_without_a_fifo) {
    device.no_fifo = true;
    client_ask(0, CONSOLE_WRITE, "hello");
    cr_assert_eq(run_driver(), FAKE_DONE);
    expect_output("hello");
}

Test(serial, writes_although_interrupts_are_lost) {
    device.deaf_irq = true;
    client_ask(0, CONSOLE_WRITE, "0123456789012345678901234567890123456789");
    cr_assert_eq(run_driver(), FAKE_DONE);
    expect_output("0123456789012345678901234567890123456789");
    cr_assert_gt(kernel.alarms, 0);
}

Test(serial, sets_no_alarm_when_it_has_nothing_to_wait_for) {
    client_ask(0, CONSOLE_READ, NULL);
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(kernel.alarms, 0);
}

Test(serial, refuses_lengths_that_do_not_fit) {
    struct message m = { .type = CONSOLE_WRITE, .tag = 7 };

    clients[0].waits = clients[1].waits = true;
    client_send(0, &m); /* of no bytes */
    m.arg[0] = CONSOLE_DATA_MAX + 1;
    client_send(1, &m);
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(0), -E_RANGE);
    cr_assert_eq(client_result(1), -E_RANGE);
    expect_output("");
}

Test(serial, refuses_requests_that_it_does_not_know) {
    struct message m = { .type = CONSOLE_ATTACH + 1, .tag = 7 };

    clients[0].waits = clients[1].waits = true;
    client_send(0, &m);
    m.type = 0;
    client_send(1, &m);
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(0), -E_BADCALL);
    cr_assert_eq(client_result(1), -E_BADCALL);
}

Test(serial, ignores_notifications_of_clients) {
    client_send(0, &(struct message){ .type = MESSAGE_NOTIFY });
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(clients[0].answers, 0);
}

static bool type_abc(void) {
    if (step++ > 0)
        return false;
    cr_assert_eq(clients[0].answers, 0, "there was no input yet");
    device_receive("abc", 3, 0);
    return true;
}

Test(serial, answers_a_reader_when_there_is_input) {
    client_ask(0, CONSOLE_READ, NULL);
    kernel.idle = type_abc;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(0), 0);
    cr_assert_str_eq(client_text(0), "abc");
}

Test(serial, keeps_input_for_who_comes_later) {
    device_receive("typed ahead", 11, 0);
    client_ask(0, CONSOLE_READ, NULL);
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_str_eq(client_text(0), "typed ahead");
}

Test(serial, lets_one_read_at_a_time) {
    client_ask(0, CONSOLE_READ, NULL);
    client_ask(1, CONSOLE_READ, NULL);
    kernel.idle = type_abc;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(1), -E_BUSY);
    cr_assert_str_eq(client_text(0), "abc");
}

/* The first reader is gone, then another comes, then input. */
static bool reader_dies(void) {
    switch (step++) {
    case 0:
        clients[0].gone = true;
        client_ask(1, CONSOLE_READ, NULL);
        return true;
    case 1:
        device_receive("x", 1, 0);
        return true;
    default:
        return false;
    }
}

Test(serial, a_dead_reader_is_in_nobodys_way) {
    client_ask(0, CONSOLE_READ, NULL);
    kernel.idle = reader_dies;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_str_eq(client_text(1), "x");
}

static bool reader_leaves_then_another_comes(void) {
    switch (step++) {
    case 0:
        clients[0].waits = false; /* it has sent READ without waiting for the answer */
        device_receive("kept", 4, 0);
        return true;
    case 1:
        client_ask(1, CONSOLE_READ, NULL);
        return true;
    default:
        return false;
    }
}

Test(serial, input_is_not_lost_to_a_reader_that_does_not_wait) {
    client_ask(0, CONSOLE_READ, NULL);
    kernel.idle = reader_leaves_then_another_comes;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(clients[0].answers, 0);
    cr_assert_str_eq(client_text(1), "kept");
}

static bool stalled_then_not(void) {
    if (step++ > 0)
        return false;
    /* 4096 bytes are queued, 16 in the device; a whole message and its newlines must fit. */
    cr_assert_gt(kernel.queued, 0, "the driver took more than it has room for");
    cr_assert_eq(clients[0].answers + clients[1].answers, 0);
    device.stalled = false;
    return true;
}

Test(serial, makes_writers_wait_when_it_has_no_room) {
    char expected[FAKE_OUTPUT] = "";
    char text[CONSOLE_DATA_MAX + 1];
    struct message m = { .type = CONSOLE_WRITE, .tag = 7 };

    device.stalled = true;
    for (unsigned i = 0; i < 300; i++) { /* from a client that does not wait for answers */
        struct console_data data = { .length = CONSOLE_DATA_MAX };
        snprintf(text, sizeof text, "%039u\n", i);
        memcpy(data.data, text, sizeof data.data);
        memcpy(m.arg, &data, sizeof data);
        client_send(2, &m);
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%039u\r\n", i);
    }
    client_ask(0, CONSOLE_WRITE, "first ");
    client_ask(1, CONSOLE_WRITE, "second");
    kernel.idle = stalled_then_not;
    cr_assert_eq(run_driver(), FAKE_DONE);
    snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "first second");
    expect_output(expected);
    cr_assert_eq(clients[0].answers, 1);
    cr_assert_eq(clients[1].answers, 1);
}

static bool stalled_flush(void) {
    if (step++ > 0)
        return false;
    cr_assert_eq(clients[1].answers, 0, "output is still in the device");
    device.stalled = false;
    return true;
}

Test(serial, answers_a_flush_when_all_output_has_left) {
    device.stalled = true;
    client_ask(0, CONSOLE_WRITE, "some text that is longer than the fifo");
    client_ask(1, CONSOLE_FLUSH, NULL);
    client_ask(2, CONSOLE_WRITE, "; more");
    kernel.idle = stalled_flush;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(clients[1].answers, 1);
    cr_assert_eq(client_result(1), 0);
    cr_assert_eq(clients[2].answers, 1);
    expect_output("some text that is longer than the fifo; more");
}

Test(serial, a_flush_of_nothing_is_answered_at_once) {
    client_ask(0, CONSOLE_FLUSH, NULL);
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(0), 0);
    cr_assert_eq(kernel.alarms, 0);
}

static bool flush_after_a_long_text(void) {
    if (step++ > 0)
        return false;
    client_ask(0, CONSOLE_WRITE, "0123456789012345678901234567890123456789");
    client_ask(1, CONSOLE_FLUSH, NULL);
    client_ask(2, CONSOLE_WRITE, ".");
    return true;
}

Test(serial, a_flush_keeps_nobody_waiting_longer_than_the_output_takes) {
    kernel.idle = flush_after_a_long_text;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(1), 0);
    cr_assert_eq(clients[2].answers, 1);
    cr_assert_leq(kernel.slept, 1000000);
}

/* While the flush waits, and the writer behind it, there is no moment without input. */
static void type_until_flushed(void) {
    if (kernel.queued == 1)
        device_receive("x", 1, 0);
}

Test(serial, a_flush_is_answered_whatever_is_typed) {
    device.before_access = type_until_flushed;
    client_ask(0, CONSOLE_FLUSH, NULL);
    client_ask(1, CONSOLE_WRITE, ".");
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(clients[0].answers, 1);
    cr_assert_eq(clients[1].answers, 1);
}

/* ---- Whom input is for ---- */

static bool strangers_then_input(void) {
    switch (step++) {
    case 0:
        client_ask(0, CONSOLE_READ, NULL);
        client_ask(1, CONSOLE_ATTACH, NULL);
        return true;
    case 1:
        client_ask(2, CONSOLE_READ, NULL);
        device_receive("\003mine", 5, 0);
        return true;
    default:
        return false;
    }
}

Test(serial, input_and_the_interrupt_key_are_for_the_labels_it_was_given) {
    clients[0].label = clients[1].label = "read";
    kernel.idle = strangers_then_input;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(0), -E_PERM);
    cr_assert_eq(client_result(1), -E_PERM);
    cr_assert_not(clients[1].notified);
    cr_assert_str_eq(client_text(2), "mine");
}

Test(serial, a_label_may_be_one_of_a_pattern) {
    clients[0].label = "test-0123456789012345678"; /* of full length, without a terminating zero */
    clients[1].label = "test";
    client_ask(0, CONSOLE_ATTACH, NULL);
    client_ask(1, CONSOLE_ATTACH, NULL);
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(0), 0);
    cr_assert_eq(client_result(1), -E_PERM);
}

Test(serial, a_label_counts_when_the_monitor_gave_it) {
    clients[0].supervisor = fake_client(1);
    client_ask(0, CONSOLE_READ, NULL);
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(0), -E_PERM);
}

static bool read_again(void) {
    if (step++ >= 10)
        return false;
    device_receive("x", 1, 0);
    client_ask(0, CONSOLE_READ, NULL);
    return true;
}

Test(serial, who_reads_again_is_not_looked_up_again) {
    kernel.idle = read_again;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(clients[0].answers, 10);
    cr_assert_eq(kernel.inquiries, 1);
}

static bool press_interrupt(void) {
    if (step++ > 0)
        return false;
    device_receive("ab\003cd", 5, 0);
    return true;
}

Test(serial, the_interrupt_key_notifies_who_is_attached) {
    client_ask(0, CONSOLE_ATTACH, NULL);
    client_ask(1, CONSOLE_READ, NULL);
    kernel.idle = press_interrupt;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert(clients[0].notified);
    cr_assert_not(clients[1].notified);
    cr_assert_str_eq(client_text(1), "cd", "what came before the key is void");
}

static bool attached_reader(void) {
    switch (step++) {
    case 0:
        client_ask(0, CONSOLE_READ, NULL);
        return true;
    case 1:
        device_receive("\003", 1, 0);
        return true;
    default:
        return false;
    }
}

Test(serial, the_interrupt_key_ends_the_read_of_who_is_attached) {
    client_ask(0, CONSOLE_ATTACH, NULL);
    kernel.idle = attached_reader;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(0), -E_INTR);
    cr_assert_not(clients[0].notified);
}

static bool key_then_read(void) {
    switch (step++) {
    case 0:
        device_receive("\003", 1, 0);
        return true;
    case 1:
        client_ask(0, CONSOLE_READ, NULL);
        return true;
    case 2:
        cr_assert_eq(client_result(0), -E_INTR);
        client_ask(0, CONSOLE_READ, NULL);
        return true;
    case 3:
        cr_assert_eq(clients[0].answers, 2, "one key is told once");
        return false;
    default:
        return false;
    }
}

Test(serial, an_interrupt_key_between_two_reads_is_not_lost) {
    client_ask(0, CONSOLE_ATTACH, NULL);
    kernel.idle = key_then_read;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert(clients[0].notified);
    cr_assert_eq(step, 4);
}

static bool key_then_attach_then_read(void) {
    switch (step++) {
    case 0:
        device_receive("\003", 1, 0);
        return true;
    case 1:
        client_ask(0, CONSOLE_ATTACH, NULL);
        return true;
    case 2:
        client_ask(0, CONSOLE_READ, NULL);
        return true;
    default:
        return false;
    }
}

Test(serial, attaching_again_forgets_an_interrupt_key) {
    client_ask(0, CONSOLE_ATTACH, NULL);
    kernel.idle = key_then_attach_then_read;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(clients[0].answers, 2);
}

static bool send_break(void) {
    if (step++ > 0)
        return false;
    device_receive("\0", 1, FAKE_BREAK);
    return true;
}

Test(serial, a_break_counts_as_the_interrupt_key_and_is_no_input) {
    client_ask(0, CONSOLE_ATTACH, NULL);
    client_ask(1, CONSOLE_READ, NULL);
    kernel.idle = send_break;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert(clients[0].notified);
    cr_assert_eq(clients[1].answers, 0);
}

Test(serial, takes_no_more_clients_than_it_has_entries_for_and_forgets_the_dead) {
    for (unsigned i = 0; i < 9; i++)
        client_ask(i, CONSOLE_ATTACH, NULL);
    client_ask(10, CONSOLE_WRITE, "x");
    cr_assert_eq(run_driver(), FAKE_DONE);
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(client_result(i), 0);
    cr_assert_eq(client_result(8), -E_NOSLOT);
}

static bool one_dies(void) {
    if (step++ > 0)
        return false;
    clients[3].gone = true;
    client_ask(8, CONSOLE_ATTACH, NULL);
    return true;
}

Test(serial, the_place_of_a_dead_client_is_given_away) {
    for (unsigned i = 0; i < 8; i++)
        client_ask(i, CONSOLE_ATTACH, NULL);
    kernel.idle = one_dies;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(client_result(8), 0);
}

static bool damaged(void) {
    if (step++ > 0)
        return false;
    device_receive("a", 1, 0);
    device_receive("b", 1, FAKE_FRAMING);
    device_receive("c", 1, 0);
    return true;
}

Test(serial, drops_damaged_bytes_and_rings) {
    client_ask(0, CONSOLE_READ, NULL);
    kernel.idle = damaged;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_str_eq(client_text(0), "ac");
    expect_output("\a");
}

static bool overrun(void) {
    if (step++ > 0)
        return false;
    device_receive("0123456789abcdefgh", 18, 0);
    return true;
}

Test(serial, rings_when_the_device_has_lost_input) {
    client_ask(0, CONSOLE_READ, NULL);
    kernel.idle = overrun;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_str_eq(client_text(0), "0123456789abcdef");
    expect_output("\a");
}

/* Nobody reads, and the other end does not listen: what there is no room for rings. */
static bool flood(void) {
    if (step++ >= 300)
        return false;
    device_receive("0123456789abcdef", 16, 0);
    return true;
}

Test(serial, rings_when_there_is_no_room_for_input) {
    kernel.idle = flood;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_gt(device.lost, 0);
    cr_assert_lt(device.lost, 300 * 16 - 4000);
    cr_assert_gt(device.output_bytes, 0);
    for (size_t i = 0; i < device.output_bytes; i++)
        cr_assert_eq(device.output[i], '\a');
}

/* ---- Bytes that arrive between any two accesses to the device ---- */

static char sent[20000], received[20000];
static size_t sent_bytes, received_bytes;

/* Now and then, one byte or a burst that may reach the FIFO's trigger level. */
static void type_at_random(void) {
    uint64_t burst = random_below(40) > 0 ? 0 : random_below(2) ? 1 : 1 + random_below(10);

    for (; burst > 0 && sent_bytes < sizeof sent; burst--) {
        char c = (char)('a' + random_below(26));
        size_t lost = device.lost;
        device_receive(&c, 1, 0);
        if (device.lost == lost)
            sent[sent_bytes++] = c;
    }
}

static bool read_on(void) {
    if (clients[0].answers > step) {
        const char *text = client_text(0);
        while (*text != '\0')
            received[received_bytes++] = *text++;
        step = clients[0].answers;
        client_ask(0, CONSOLE_READ, NULL);
        return true;
    }
    if (sent_bytes < sizeof sent) {
        client_ask(1, CONSOLE_WRITE, "x"); /* gives the driver something to do */
        return true;
    }
    return false;
}

Test(serial, loses_nothing_that_arrives_at_any_moment) {
    random_start();
    client_ask(0, CONSOLE_READ, NULL);
    kernel.idle = read_on;
    device.before_access = type_at_random;
    random_check(run_driver() == FAKE_DONE);
    random_check(sent_bytes == sizeof sent);
    random_check(received_bytes == sent_bytes);
    random_check(memcmp(sent, received, sent_bytes) == 0);
}

/* ---- An end that sends as fast as it may, to a reader that comes late ---- */

static bool send_what_is_accepted(void) {
    size_t before = sent_bytes;

    for (; sent_bytes < sizeof sent && device_accepts(); sent_bytes++) {
        sent[sent_bytes] = (char)('a' + sent_bytes % 23);
        device_receive(&sent[sent_bytes], 1, 0);
    }
    return sent_bytes > before;
}

static bool send_then_read(void) {
    static bool reading;

    if (send_what_is_accepted())
        return true;
    if (!reading) {
        cr_assert_lt(sent_bytes, 5000, "nobody reads");
        cr_assert_gt(sent_bytes, 4000);
        reading = true;
        client_ask(0, CONSOLE_READ, NULL);
        return true;
    }
    return read_on();
}

Test(serial, holds_off_an_end_that_sends_more_than_is_read) {
    kernel.idle = send_then_read;
    cr_assert_eq(run_driver(), FAKE_DONE);
    cr_assert_eq(sent_bytes, sizeof sent);
    cr_assert_eq(received_bytes, sent_bytes);
    cr_assert_eq(memcmp(sent, received, sent_bytes), 0);
    cr_assert_eq(device.lost, 0);
    cr_assert_eq(device.output_bytes, 0);
}
