#include "tests.h"

#include <string.h>

#include <bulkhead/protocol/console.h>
#include <runtime/asend.h>
#include <runtime/console.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "manager.h"

static int ask(uint32_t type, uint64_t length) {
    struct message m = { .type = type, .arg = { length } };

    return ipc_request(runtime_console(), &m);
}

/* Sends more than there is room for, of what is refused, and waits for no answer. */
static void flood(void *unused) {
    (void)unused;
    for (int i = 0; i < 1000; i++)
        ipc_send(runtime_console(), &(struct message){ .type = CONSOLE_WRITE });
    kcall_exit(0);
}

/* Fills an ASEND table with requests, and dies. */
static void post(void *unused) {
    static ASEND_ENTRIES(entries, ASEND_MAX);

    (void)unused;
    for (int i = 0; i < ASEND_MAX; i++)
        entries[i] = (struct asend_entry){ .state = ASEND_READY,
                                           .destination = runtime_console(),
                                           .message = { .type = CONSOLE_FLUSH } };
    ipc_asend(entries, ASEND_MAX);
    kcall_exit(0);
}

void read_for_ever(void) { ask(CONSOLE_READ, 0); }

/* Starts a reader, and waits until it waits for input. */
static endpoint_t start_reader(void) {
    static const char args[] = "test-services\0read";
    struct process_info info = { 0 };
    endpoint_t reader;

    if (manager_spawn(CORE_HERE, args, sizeof args, 2, &reader))
        tap_bail_out("cannot start a reader");

    while (getinfo(INFO_PROCESS, &info, sizeof info, reader, NULL, NULL) == 0 &&
           (info.state != PROCESS_RECEIVING || info.partner != runtime_console())) {
        struct message m;
        alarm_set(TIME_MILLISECOND, NULL);
        ipc_receive(ENDPOINT_KERNEL, &m);
    }
    return reader;
}

static void end_reader(endpoint_t reader) {
    manager_kill(reader);
    wait_for_end(reader);
}

static void test_readers(void) {
    endpoint_t first = start_reader();

    tap_is(ask(CONSOLE_READ, 0), -E_BUSY, "one_reads_at_a_time");
    end_reader(first);
    endpoint_t second = start_reader();
    tap_is(ask(CONSOLE_READ, 0), -E_BUSY, "a_dead_reader_is_in_nobodys_way");
    end_reader(second);
}

/* Tries to get at the keyboard. The exit status says what has worked. */
static void listen(void *unused) {
    (void)unused;
    uint64_t read = ask(CONSOLE_READ, 0) != -E_PERM, attach = ask(CONSOLE_ATTACH, 0) != -E_PERM;
    kcall_exit(read | attach << 1);
}

static void test_listeners(void) {
    tap_is(end_of_clone(start_clone("stranger", listen, runtime_console())), 0,
           "the_keyboard_is_not_for_everyone");
    tap_is(end_of_clone(start_clone("shell", listen, runtime_console())), 0,
           "the_keyboard_is_not_for_who_has_only_taken_the_label");
    tap_is(console_attach(), 0, "the_keyboard_is_for_whom_the_monitor_names");
}

void test_console(void) {
    tap_is(ask(CONSOLE_ATTACH + 1, 0), -E_BADCALL, "console_refuses_unknown_requests");
    tap_is(ask(0, 0), -E_BADCALL, "console_refuses_requests_below_the_first");
    tap_is(ask(CONSOLE_WRITE, 0), -E_RANGE, "console_refuses_to_write_nothing");
    tap_is(ask(CONSOLE_WRITE, CONSOLE_DATA_MAX + 1), -E_RANGE,
           "console_refuses_lengths_beyond_a_message");
    tap_is(ask(CONSOLE_WRITE, UINT64_MAX), -E_RANGE, "console_refuses_absurd_lengths");
    tap_is(console_flush(), 0, "console_flushes");
    test_listeners();
    test_readers();
    tap_is(end_of_clone(start_clone("flood", flood, runtime_console())), 0,
           "console_waits_for_nobody_who_does_not_take_answers");
    tap_is(end_of_clone(start_clone("post", post, runtime_console())), 0, "console_survives_asend");
    tap_is(console_flush(), 0, "console_goes_on");
}
