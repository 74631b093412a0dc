/* top and msgcount, on the console and in scripts. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

TestSuite(top, .timeout = 300);

Test(top, goes_on_until_the_interrupt_key) {
    struct qemu *q = qemu_start((const char *const[]){ "CORES=2", NULL });

    qemu_expect(q, PROMPT, BOOT_SECONDS);
    qemu_send(q, "run spin --core 1 &\r");
    qemu_expect(q, PROMPT, 30);
    qemu_send(q, "top 1\r");
    qemu_expect(q, "since the start of each core", 30);
    qemu_expect(q, "sample 2, over ", 30);
    qemu_expect(q, "sample 3, over ", 30);
    qemu_expect(q, "spin", 30);
    qemu_expect(q, "sample 4, over ", 30);
    qemu_send(q, "\x03");
    qemu_expect(q, PROMPT, 30);
    qemu_send(q, "poweroff\r");
    cr_expect_eq(qemu_wait_exit(q, 30), 0, "%s", qemu_errors(q));
    qemu_stop(q);
}

static unsigned count(const char *text, const char *what) {
    unsigned found = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        found++;
    return found;
}

/* The information server dies under it again and again: each time another one answers. */
Test(top, goes_on_when_the_server_is_killed) {
    struct qemu *q = qemu_start((const char *const[]){
        "ISO=build/test.iso",
        "SCRIPT=top -n 1; run test-information kill-info 5 & ; top -n 20 1; ps", "TIMEOUT=150",
        NULL });

    cr_expect_eq(qemu_wait_exit(q, 180), 0, "%s%s", qemu_console(q), qemu_errors(q));
    cr_expect_eq(count(qemu_console(q), "sample "), 21, "%s", qemu_console(q));
    cr_expect_geq(count(qemu_console(q), "sample 1, "), 3, "it was killed under top:\n%s",
                  qemu_console(q));
    cr_expect_eq(count(qemu_console(q), "kill-info: killed 5 times"), 1, "%s", qemu_console(q));
    qemu_stop(q);
}

/* The figure of a line `BENCH name=msgcount`; -1: there is none. */
static long figure(const char *console, const char *what) {
    char key[64];
    (void)snprintf(key, sizeof key, "what=%s ", what);
    const char *at = strstr(console, key);

    if (at == NULL)
        return -1;
    while (at > console && at[-1] != '\n')
        at--;
    const char *median = strstr(at, " median=");
    return median != NULL ? strtol(median + 8, NULL, 10) : -1;
}

Test(top, msgcount_counts_from_boot_and_by_command) {
    struct qemu *q = qemu_start((const char *const[]){
        "SCRIPT=msgcount; msgcount run hello; msgcount msgcount", "TIMEOUT=120", NULL });

    cr_expect_eq(qemu_wait_exit(q, 150), 1); /* the last is refused */
    const char *console = qemu_console(q);
    long boot = figure(console, "boot_to_prompt");
    cr_expect(boot > 0 && boot < 61331, "%ld", boot);
    long hello = figure(console, "run_hello");
    cr_expect(hello >= 4 && hello < 1000, "%ld", hello);
    cr_expect(figure(console, "ps") > figure(console, "echo_hello"), "%s", console);
    cr_expect(figure(console, "idle_second") >= 0, "%s", console);
    cr_expect_eq(count(console, "what=run_hello "), 2);
    cr_expect(strstr(console, "msgcount: it cannot count itself") != NULL, "%s", console);
    qemu_stop(q);
}
