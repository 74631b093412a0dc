/* The console as a person at a terminal has it: the serial driver and the rescue shell, typed at.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "harness.h"

#define SECONDS 30 /* for anything to happen at the prompt */

TestSuite(console, .timeout = 240);

static struct qemu *q;

static void boot(void) {
    q = qemu_start((const char *const[]){ NULL });
    qemu_expect(q, "Type `help` for the commands.\r\n", BOOT_SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
}

/* Types a command and waits for a line of its output, then for the next prompt. */
static void command(const char *keys, const char *line) {
    char text[128];

    qemu_send(q, keys);
    qemu_send(q, "\r");
    snprintf(text, sizeof text, "\n%s\r\n", line);
    qemu_expect(q, text, SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
}

Test(console, lines_are_edited_and_recalled, .init = boot) {
    command("echo ac\033[Db", "abc");
    command("\033[A\177\177x", "ax");   /* up, and changed */
    command("\020\020", "abc");         /* the one before */
    command("nonsense\025echo e", "e"); /* ^U */
    command("cho f\033[He", "f");       /* home */
    command("ec\tg", "g");              /* tab */
    command("run hel\thi; echo h", "Hello from process 0.4.1, called with: hi");
    qemu_stop(q);
}

Test(console, interrupt_key_ends_a_program_and_cancels_a_line, .init = boot) {
    qemu_send(q, "run spin\r");
    qemu_expect(q, "run spin\r\n", SECONDS);
    qemu_send(q, "\003");
    qemu_expect(q, "^C\r\nspin: killed\r\n" PROMPT, SECONDS);
    qemu_send(q, "not to be run");
    qemu_expect(q, "not to be run", SECONDS);
    qemu_send(q, "\003");
    qemu_expect(q, "^C\r\n" PROMPT, SECONDS);
    qemu_send(q, "sleep 1000\r");
    qemu_expect(q, "sleep 1000\r\n", SECONDS);
    qemu_send(q, "\003");
    qemu_expect(q, "^C\r\n" PROMPT, SECONDS);
    command("echo on", "on");
    qemu_stop(q);
}

Test(console, interrupt_key_is_not_lost_while_the_shell_is_busy, .init = boot) {
    for (int i = 0; i < 20; i++) {
        qemu_send(q, "echo x\r\003"); /* before, during or after the command, or its next prompt */
        qemu_expect(q, PROMPT, SECONDS);
    }
    command("echo on", "on");
    qemu_stop(q);
}

Test(console, pasted_lines_are_all_there, .init = boot) {
    char line[96], shown[112];

    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof line,
                 "echo %d: a line of text, of which there are too many to type\r", i);
        qemu_send(q, line);
    }
    for (int i = 0; i < 200; i++) {
        snprintf(shown, sizeof shown,
                 "\n%d: a line of text, of which there are too many to type\r\n", i);
        qemu_expect(q, shown, SECONDS);
    }
    qemu_stop(q);
}

Test(console, driver_that_dies_is_replaced, .init = boot) {
    qemu_send(q, "kill serial\r");
    qemu_expect(q, "serial is started again", SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
    command("echo on", "on");
    qemu_send(q, "run spin\r"); /* the interrupt key works as before */
    qemu_expect(q, "run spin\r\n", SECONDS);
    qemu_send(q, "\003");
    qemu_expect(q, "spin: killed\r\n" PROMPT, SECONDS);
    qemu_stop(q);
}

Test(console, shell_that_dies_is_replaced, .init = boot) {
    qemu_send(q, "kill shell\r");
    qemu_expect(q, "The shell has been started again.", SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
    command("echo on", "on");
    qemu_stop(q);
}

Test(console, driver_that_dies_too_often_is_given_up, .init = boot) {
    for (int i = 0; i < 5; i++) {
        qemu_send(q, "kill serial\r");
        qemu_expect(q, "serial is started again", SECONDS);
        qemu_expect(q, PROMPT, SECONDS);
    }
    qemu_send(q, "kill serial\r");
    qemu_expect(q, "serial died 6 times in 10 s: given up", SECONDS);
    qemu_stop(q);
}

Test(console, program_in_the_background_is_announced_when_it_ends, .init = boot) {
    command("run crash div &", "crash (0.4.1) runs");
    command("sleep 1", "crash (0.4.1) died: divide error, in divide_by_zero+0x1a");
    qemu_stop(q);
}
