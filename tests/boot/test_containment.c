/*
 * A core that goes wrong harms no other: seen from the console, on cores that really run at the
 * same time. What an instance can do to another's memory is tried out by tests/guest/cores.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "harness.h"

#define SECONDS 120 /* for anything, with four cores on fewer */

TestSuite(containment, .timeout = 400);

static struct qemu *q;

static void boot(void) {
    q = qemu_start(
        (const char *const[]){ "CORES=4", "CMDLINE=debug=1", "ISO=build/test.iso", NULL });
    qemu_expect(q, "Type `help` for the commands.\r\n", 2 * BOOT_SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
}

/* With interrupts off it answers nobody: it is suspected, and fenced. */
Test(containment, core_that_hangs_is_fenced_while_others_exchange_messages, .init = boot) {
    qemu_send(q, "run test-storm --messages 400000 --kills 0 --without 2 &\r");
    qemu_expect(q, "TAP version 13", SECONDS);
    qemu_send(q, "run test-panic 8 --core 2\r");
    qemu_expect(q, "lost with core 2", SECONDS);
    qemu_expect(q, "messages of those that live were accounted for", SECONDS);
    qemu_expect(q, "core 3 has not failed", SECONDS);
    cr_expect_null(strstr(qemu_console(q), "not ok"), "%s", qemu_console(q));
    qemu_send(q, "\rcores start 2\r");
    qemu_expect(q, "core 2", SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
    qemu_send(q, "run hello --core 2\r");
    qemu_expect(q, "Hello from process 2.", SECONDS);
    qemu_stop(q);
}

/* It has the console: its report is there, and then the word of who leads the others. */
Test(containment, others_go_on_without_core_0, .init = boot) {
    qemu_send(q, "run test-panic 2\r");
    qemu_expect(q, "core 0 stopped", SECONDS);
    qemu_expect(q, "divide error", SECONDS);
    qemu_expect(q, "without core 0, led by core ", SECONDS);
    qemu_stop(q);
}

/* The machine goes on without it; it is made to rest, and can be started later. */
Test(containment, core_that_does_not_come_up_is_done_without) {
    q = qemu_start((const char *const[]){ "CORES=3", "CMDLINE=debug=1 late=1", NULL });
    qemu_expect(q, "core 1 did not come up in time", 2 * BOOT_SECONDS);
    qemu_expect(q, "Bulkhead on 2 of 3 cores with ", SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
    qemu_send(q, "run hello --core 2\r");
    qemu_expect(q, "Hello from process 2.", SECONDS);
    qemu_send(q, "run hello --core 1\r");
    qemu_expect(q, "run: ", SECONDS);
    qemu_send(q, "cores start 1\r");
    qemu_expect(q, "incarnation 1", SECONDS);
    qemu_send(q, "run hello --core 1\r");
    qemu_expect(q, "Hello from process 1.", SECONDS);
    qemu_stop(q);
}
