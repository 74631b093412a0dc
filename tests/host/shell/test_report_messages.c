/* The last messages of a death report, from a record that may hold anything. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/ipc.h>

#define PROGRAM "shell-test"
#include "../random.h"

#include "report.h"
#include "report_messages.h"

TestSuite(report_messages, .timeout = 60);

#define SERVER endpoint_make(0, 1, 0, 5)

static struct report_record messages;
static struct death_report death;
static char text[REPORT_BYTES];

static void label(endpoint_t endpoint, char name[LABEL_MAX + 1]) {
    memset(name, 0, LABEL_MAX + 1);
    if (endpoint == SERVER)
        memcpy(name, "a-label-of-24-characters", LABEL_MAX);
}

static void expect(const char *expected) {
    size_t length = report_messages(text, sizeof text, &death, &messages, label);

    cr_assert_eq(length, strlen(text));
    cr_assert_str_eq(text, expected);
}

static void entry(endpoint_t to, uint64_t sent, endpoint_t from, uint64_t received) {
    struct message_record *r = &messages.record;
    unsigned i = r->next / 8;

    messages.found = true;
    r->to[i] = to, r->sent[i] = sent, r->from[i] = from, r->received[i] = received;
    r->next = (uint8_t)(r->next + 8);
}

#define HEAD(type, tag) ((uint64_t)(tag) << 32 | (uint32_t)(type))

Test(report_messages, a_call_is_two_messages) {
    entry(SERVER, HEAD(0x105, 7), SERVER, HEAD(-E_PERM, 7));
    expect("  sent      type 0x105, tag 7 to a-label-of-24-characters (0.5.1)\n"
           "  received  result E_PERM, tag 7 from a-label-of-24-characters (0.5.1)\n");
}

Test(report_messages, each_kind_is_told_in_order) {
    entry(endpoint_make(0, 3, 2, 9), HEAD(0x100, 1), ENDPOINT_NONE, 0);
    entry(SERVER, HEAD(0, 1), ENDPOINT_NONE, (uint64_t)-E_WOULDBLOCK);
    entry(SERVER, 0, RECORD_NOTIFIED, 0);
    entry(RECORD_NOTIFIED, 0, SERVER, 0);
    entry(ENDPOINT_NONE, 0, ENDPOINT_KERNEL, HEAD(MESSAGE_NOTIFY, 0));
    entry(ENDPOINT_NONE, 0, UINT64_C(0xfffe0003), HEAD(MESSAGE_NOTIFY, 0));
    expect("  sent      type 0x100, tag 1 to 2.9.3\n"
           "  sent      result 0, tag 1 to a-label-of-24-characters (0.5.1): E_WOULDBLOCK\n"
           "  sent      a notification to a-label-of-24-characters (0.5.1)\n"
           "  received  a notification from a-label-of-24-characters (0.5.1)\n"
           "  received  a notification from the kernel\n"
           "  received  a notification from its binding 3\n");
}

static unsigned lines(void) {
    unsigned count = 0;

    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    return count;
}

Test(report_messages, the_last_are_told_when_there_are_many) {
    char last[80];

    for (unsigned i = 0; i < 1000; i++)
        entry(SERVER, HEAD(0x100, i), SERVER, HEAD(0, i));
    report_messages(text, sizeof text, &death, &messages, label);
    cr_assert_eq(lines(), REPORT_MESSAGES);
    cr_assert_eq(strncmp(text, "  sent      type 0x100, tag 984 to", 34), 0, "%s", text);
    (void)snprintf(last, sizeof last, "  received  result 0, tag 999 from %s (0.5.1)\n",
                   "a-label-of-24-characters");
    cr_assert_str_eq(text + strlen(text) - strlen(last), last);
}

Test(report_messages, what_it_waited_for_is_told_of_who_was_killed) {
    messages.in_call = true;
    death = (struct death_report){
        .cause = DEATH_KILLED, .rax = IPC_SENDREC, .rdi = SERVER, .rsi = HEAD(0x102, 3)
    };
    expect("  sends     type 0x102, tag 3 to a-label-of-24-characters (0.5.1): not answered\n");
    death.rax = IPC_SEND;
    expect("  sends     type 0x102, tag 3 to a-label-of-24-characters (0.5.1)\n");
    death.rax = IPC_RECEIVE;
    expect("  waits for a message from a-label-of-24-characters (0.5.1)\n");
    death.rax = IPC_REPLYRECV;
    expect("  waits for a message from anybody\n");
}

Test(report_messages, nothing_is_made_up) {
    death = (struct death_report){ .cause = DEATH_KILLED, .rax = IPC_SENDREC, .rdi = SERVER };
    expect(""); /* it ran: rax is a value of its own */
    messages.in_call = true;
    death.rdi = ENDPOINT_KERNEL; /* a kernel call */
    expect("");
    death = (struct death_report){ .cause = DEATH_EXCEPTION, .rax = IPC_SENDREC, .rdi = SERVER };
    expect("");
    death = (struct death_report){ .cause = DEATH_KILLED, .rax = 0x77, .rdi = SERVER };
    expect("");
    memset(&messages.record, 0xff, sizeof messages.record); /* and not found */
    messages.found = false;
    expect("");
}

/* Whatever a process leaves in its record, the text is printable, and within its bounds. */
Test(report_messages, garbage_is_bounded) {
    static char part[REPORT_BYTES];

    random_start();
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t *byte = (uint8_t *)&messages.record;
        for (size_t i = 0; i < sizeof messages.record; i++)
            byte[i] = random_below(3) ? (uint8_t)random_next() : 0;
        messages.found = true;
        messages.in_call = random_next() & 1;
        death.cause = (uint32_t)random_below(5);
        death.rax = random_below(10);
        death.rdi = random_next();
        size_t length = report_messages(text, sizeof text, &death, &messages, label);
        random_check(length == strlen(text) && length < sizeof text - 1);
        random_check(lines() <= REPORT_MESSAGES + 1);
        for (size_t i = 0; i < length; i++)
            random_check(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
        size_t room = 1 + random_below(sizeof part);
        size_t cut = report_messages(part, room, &death, &messages, label);
        random_check(cut < room && cut == strlen(part) && strncmp(part, text, cut) == 0);
    }
}
