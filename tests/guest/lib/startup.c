#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/protocol/monitor.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "tests.h"

#define STATUS_ARGUMENTS_RIGHT 77

static const char arguments[] = "test-lib\0two words\0\0last";
static const char *const expected[] = { "test-lib", "two words", "", "last" };

#define ARGUMENTS (sizeof expected / sizeof expected[0])

int check_arguments(int argc, char **argv) {
    if (argc != (int)ARGUMENTS || argv[argc] != NULL)
        return 1;
    for (size_t i = 0; i < ARGUMENTS; i++)
        if (strcmp(argv[i], expected[i]) != 0)
            return 2;
    return STATUS_ARGUMENTS_RIGHT;
}

/* Has the monitor start this program again, with arguments. */
static void test_arguments(void) {
    struct message m = { .type = MONITOR_SPAWN,
                         .arg = { (uint64_t)arguments, sizeof arguments, ARGUMENTS } };
    if (!tap_is(ipc_request(runtime_monitor(), &m), 0, "monitor_starts_a_program"))
        return;
    endpoint_t program = m.arg[0];
    do {
        ipc_receive(runtime_monitor(), &m);
        m = (struct message){ .type = MONITOR_STATUS, .arg = { program } };
    } while (ipc_request(runtime_monitor(), &m) == 0 && m.arg[0] == DEATH_NONE);
    tap_is((int64_t)m.arg[0], DEATH_EXIT, "program_with_arguments_exits");
    tap_is((int64_t)m.arg[1], STATUS_ARGUMENTS_RIGHT, "arguments_arrive_as_given");
}

static void test_time(void) {
    struct message m = { 0 };
    uint64_t before = time_now();

    tap_ok(before <= time_now(), "time_does_not_go_back");
    tap_is(alarm_set(5 * TIME_MILLISECOND, NULL), 0, "alarm_is_set");
    ipc_receive(ENDPOINT_ANY, &m);
    uint64_t elapsed = time_now() - before;
    tap_ok(m.source == ENDPOINT_KERNEL && (m.arg[0] & EVENT_ALARM), "alarm_comes_from_the_kernel");
    tap_ok(elapsed >= 5 * TIME_MILLISECOND && elapsed < TIME_SECOND,
           "time_and_alarm_agree (%lu ns)", elapsed);
}

void test_startup(int argc, char **argv) {
    struct process_info self = { 0 };

    tap_is(argc, 1, "argc_counts_the_name");
    tap_is_string(argv[0], "test-lib", "argv_0_is_the_name");
    tap_ok(argv[1] == NULL, "argv_ends_with_null");
    tap_is(getinfo(INFO_PROCESS, &self, sizeof self, ENDPOINT_SELF, NULL, NULL), 0,
           "getinfo_of_oneself");
    tap_is((int64_t)runtime_self(), (int64_t)self.endpoint, "startup_page_has_the_right_endpoint");
    tap_ok(runtime_monitor() == self.supervisor, "startup_page_names_the_monitor");

    errno = 0;
    strtol("99999999999999999999", NULL, 10);
    tap_is(errno, ERANGE, "errno_works");
    test_arguments();
    test_time();
}
