/* Timelines: the shell writes them to the second serial port, and TRACE=FILE keeps the last. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

TestSuite(trace, .timeout = 240);

static char file[] = "/tmp/bulkhead trace XXXXXX";
static char setting[64];

static void make_file(void) {
    int fd = mkstemp(file);

    cr_assert_geq(fd, 0);
    close(fd);
    (void)snprintf(setting, sizeof setting, "TRACE=%s", file);
}

/* Runs a script and expects this exit status, this on the console, and this as the only error. */
static void run_script(const char *script, const char *trace, int expected, const char *said,
                       const char *error) {
    struct qemu *q = qemu_start((const char *const[]){ script, "TIMEOUT=120", trace, NULL });
    int status = qemu_wait_exit(q, 150);

    cr_expect_eq(status, expected, "%s: exit status %d\n%s%s", script, status, qemu_console(q),
                 qemu_errors(q));
    cr_expect(strstr(qemu_console(q), said) != NULL, "%s", qemu_console(q));
    cr_expect_str_eq(qemu_errors(q), error);
    qemu_stop(q);
}

/* Runs a jq program on the file, and expects that it gives nothing that is false. */
static void run_jq(const char *options, const char *program) {
    char command[512];

    (void)snprintf(command, sizeof command, "jq --exit-status %s '%s' '%s' >/dev/null", options,
                   program, file);
    int status = system(command); // NOLINT(cert-env33-c): nothing of it comes from outside
    cr_expect_eq(status, 0, "%s", command);
}

static void expect_content(const char *expression) { run_jq("", expression); }

static void expect_valid(void) {
    run_jq("--slurp --from-file", "tests/host/timeline/check.jq");
    expect_content(".traceEvents | length > 0");
}

Test(trace, a_timeline_reaches_the_host) {
    make_file();
    run_script("SCRIPT=trace start all; run hello; sleep 1; trace all", setting, 0, " events in ",
               "");
    expect_valid();
    expect_content(
        "[.traceEvents[] | select(.ph == \"M\") | .args.name | sub(\" .*\"; \"\")] "
        "| contains([\"core\", \"kernel\", \"shell\", \"monitor\", \"serial\", \"hello\"])");
    expect_content("[.traceEvents[] | select(.ph == \"f\")] | length > 10");
    expect_content("any(.traceEvents[]; .name == \"run\" and .dur > 0.001)");
    expect_content("any(.traceEvents[]; .name == \"created by monitor\")");
    expect_content("any(.traceEvents[]; .name == \"idle\" and .dur > 900000)");
    expect_content("any(.traceEvents[]; .name == \"exited\")");
    unlink(file);
}

Test(trace, cores_are_in_one_timeline_and_arrows_lead_across) {
    make_file();
    struct qemu *q = qemu_start(
        (const char *const[]){ "SCRIPT=trace start all; run hello --core 1; sleep 1; trace all",
                               "CORES=2", "TIMEOUT=120", setting, NULL });
    cr_expect_eq(qemu_wait_exit(q, 150), 0, "%s%s", qemu_console(q), qemu_errors(q));
    qemu_stop(q);
    expect_valid();
    expect_content("[.traceEvents[] | select(.name == \"process_name\") | .args.name] "
                   "== [\"core 0\", \"core 1\"]");
    expect_content("any(.traceEvents[]; .pid == 2 and .args.name == \"hello 1.1.1\")");
    expect_content("any(.traceEvents[]; .name == \"exited\" and .pid == 2)");
    expect_content("[.traceEvents[] | select(.cat == \"bell\")] | group_by(.id)[] "
                   "| select(length == 2) | .[0].pid != .[1].pid");
    unlink(file);
}

Test(trace, a_later_timeline_takes_the_place_of_an_earlier_one) {
    make_file();
    run_script("SCRIPT=trace start all; run hello; run hello; run hello; trace all; "
               "trace start process; run crash null; trace all",
               setting, 1, "8 commands, 1 failed", "");
    expect_valid();
    expect_content("any(.traceEvents[]; .name == \"exception\")");
    expect_content("all(.traceEvents[]; .name != \"exited\" and .name != \"run\")");
    unlink(file);
}

Test(trace, overwritten_events_are_counted) {
    make_file();
    run_script("SCRIPT=trace start all; help; help; ps -v; ps -v; ps -v; ps -v; trace all", setting,
               0, "2048 events in ", "");
    expect_valid();
    expect_content("any(.traceEvents[]; .name | endswith(\" events lost\"))");
    unlink(file);
}

Test(trace, a_machine_without_a_second_port_says_so) {
    run_script("SCRIPT=trace start; trace all; ps", NULL, 1, "run it with TRACE=FILE", "");
}

Test(trace, a_script_that_writes_no_timeline_fails) {
    char error[160];

    make_file();
    (void)snprintf(error, sizeof error,
                   "run: %s: no timeline came; the shell's `trace all` writes one\n", setting);
    run_script("SCRIPT=ps", setting, 1, "0 failed", error);
    unlink(file);
}

Test(trace, works_on_the_console_too) {
    make_file();
    struct qemu *q = qemu_start((const char *const[]){ setting, NULL });

    qemu_expect(q, PROMPT, BOOT_SECONDS);
    qemu_send(q, "trace start sched\r");
    qemu_expect(q, PROMPT, 30);
    qemu_send(q, "trace all\r");
    qemu_expect(q, " bytes", 60);
    qemu_expect(q, PROMPT, 30);
    qemu_send(q, "poweroff\r");
    cr_expect_eq(qemu_wait_exit(q, 30), 0, "%s", qemu_errors(q));
    expect_valid();
    qemu_stop(q);
    unlink(file);
}
