/* SCRIPT: commands run in order, what they print is printed, and the exit status tells whether all
 * succeeded. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

TestSuite(script, .timeout = 240);

/* Runs a script with up to two settings and expects this exit status. Returns what was printed; the
 * caller frees it. */
static char *run_script(const char *script, const char *setting, const char *another,
                        int expected) {
    struct qemu *q =
        qemu_start((const char *const[]){ script, "TIMEOUT=120", setting, another, NULL });
    int status = qemu_wait_exit(q, 150);
    char *console = strdup(qemu_console(q));

    cr_expect_eq(status, expected, "%s: exit status %d\n%s%s", script, status, console,
                 qemu_errors(q));
    qemu_stop(q);
    return console;
}

/* Does the text end with this line? */
static bool ends_with_line(const char *text, const char *line) {
    size_t length = strlen(text), want = strlen(line);

    return length > want && text[length - 1] == '\n' &&
           strncmp(text + length - 1 - want, line, want) == 0 &&
           (length - 1 == want || text[length - 2 - want] == '\n');
}

Test(script, succeeds_when_every_command_does) {
    char *console = run_script("SCRIPT=ps; mem", NULL, NULL, 0);
    const char *ps = strstr(console, "monitor"), *end = strstr(console, "script: ");

    cr_expect(ps != NULL && end != NULL && ps < end, "%s", console);
    cr_expect(ends_with_line(console, "script: 2 commands, 0 failed"), "%s", console);
    cr_expect_null(strchr(console, '\r'), "carriage returns");
    cr_expect_null(strchr(console, '\x1b'), "escape sequences");
    free(console);
}

Test(script, succeeds_by_uefi) {
    char *console = run_script("SCRIPT=ps; mem", "FIRMWARE=uefi", NULL, 0);

    cr_expect(ends_with_line(console, "script: 2 commands, 0 failed"), "%s", console);
    cr_expect_null(strchr(console, '\r'), "carriage returns");
    cr_expect_null(strchr(console, '\x1b'), "escape sequences");
    cr_expect_null(strstr(console, "BdsDxe"), "the firmware's greetings");
    free(console);
}

Test(script, fails_when_a_command_fails_and_runs_the_rest) {
    char *console = run_script("SCRIPT=run no-such-program; ps", NULL, NULL, 1);

    cr_expect(strstr(console, "monitor") != NULL, "%s", console);
    cr_expect(ends_with_line(console, "script: 2 commands, 1 failed"), "%s", console);
    free(console);
}

Test(script, fails_when_a_command_is_unknown) {
    free(run_script("SCRIPT=frobnicate", NULL, NULL, 1));
}

Test(script, fails_when_it_powers_off_before_its_end) {
    free(run_script("SCRIPT=poweroff; ps", NULL, NULL, 1));
}

Test(script, fails_when_it_does_not_end_in_time) {
    struct qemu *q = qemu_start((const char *const[]){ "SCRIPT=run spin", "TIMEOUT=5", NULL });

    cr_expect_eq(qemu_wait_exit(q, 40), 1);
    cr_expect_str_eq(qemu_errors(q), "run: the script did not end within 5 seconds (TIMEOUT)\n");
    qemu_stop(q);
}

Test(script, arguments_reach_the_program_whatever_they_hold) {
    char *console =
        run_script("SCRIPT=run hello \"a b\" $x `y` 'q' {z} <w> | v, \\\\n", NULL, NULL, 0);

    cr_expect(strstr(console, "$x `y`") != NULL && strstr(console, "{z} <w> | v,") != NULL, "%s",
              console);
    free(console);
}

Test(script, a_recorded_run_repeats_exactly) {
    char file[] = "/tmp/bulkhead-XXXXXX", record[64], replay[64];
    int fd = mkstemp(file);

    cr_assert_geq(fd, 0);
    close(fd);
    (void)snprintf(record, sizeof record, "RECORD=%s", file);
    (void)snprintf(replay, sizeof replay, "REPLAY=%s", file);
    char *first = run_script("SCRIPT=ps; mem", "ACCEL=icount", record, 0);
    char *second = run_script("SCRIPT=ps; mem", "ACCEL=icount", replay, 0);

    cr_expect_str_eq(first, second);
    unlink(file);
    free(first);
    free(second);
}
