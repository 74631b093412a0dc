/* Several cores, as a person at the prompt has them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

/* For anything to happen at the prompt: there may be more cores than the machine below has. */
#define SECONDS 60

TestSuite(cores, .timeout = 300);

static struct qemu *q;

static void boot(const char *cores) {
    q = qemu_start((const char *const[]){ cores, NULL });
    qemu_expect(q, "Type `help` for the commands.\r\n", 2 * BOOT_SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
}

/* Types a command, and waits until it is shown: what follows is the end of its line. */
static void type(const char *keys) {
    qemu_send(q, keys);
    qemu_send(q, "\r");
    qemu_expect(q, keys, SECONDS);
}

/* Types a command, which prints this, perhaps among other things, and then the prompt. */
static void command(const char *keys, const char *output) {
    type(keys);
    qemu_expect(q, output, SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
}

static void boot_2(void) { boot("CORES=2"); }

static void boot_4(void) { boot("CORES=4"); }

static void end(void) {
    qemu_send(q, "poweroff\r");
    cr_expect_eq(qemu_wait_exit(q, SECONDS), 0);
    qemu_stop(q);
}

/* ---- What there is ---- */

Test(cores, come_up_and_are_listed, .init = boot_4) {
    cr_expect_not_null(strstr(qemu_console(q), "Bulkhead on 4 cores with "));
    type("cores");
    qemu_expect(q, "CORE  NODE  APIC  STATE   INCARNATION", SECONDS);
    for (const char *const *row =
             (const char *const[]){ "\n   0     0     0  member            0",
                                    "\n   1     0     1  member            0",
                                    "\n   2     0     2  member            0",
                                    "\n   3     0     3  member            0", "\nview ", NULL };
         *row != NULL; row++)
        qemu_expect(q, *row, SECONDS);
    type("ps");
    for (const char *const *row =
             (const char *const[]){ "\n0.0.1     monitor", "\n0.3.1     shell",
                                    "\n1.0.1     monitor", "\n2.0.1     monitor",
                                    "\n3.0.1     monitor", NULL };
         *row != NULL; row++)
        qemu_expect(q, *row, SECONDS);
    command("log 3", "\ncore 3: ");
    command("mem 2", "\npartition of core 2: ");
    command("uptime -v 1", "\ncore 1 of 4: up ");
    end();
}

Test(cores, names_of_what_is_not_there_are_refused, .init = boot_2) {
    command("ps 2", "\nps: there is no core 2: the machine has cores 0 to 1\r\n");
    command("run hello --core 2", "\nrun: there is no core 2: the machine has cores 0 to 1\r\n");
    command("run none --core 1", "\nrun: 'none' is not a program to be run");
    command("cores stop 0", "\ncores: core 0 cannot be stopped");
    command("cores start 1", "\ncores: core 1 is a member already\r\n");
    command("kill hello@1", "\nkill: no process of core 1 has the label 'hello'\r\n");
    command("kill 1.77.1", "\nkill: no such endpoint (E_BADEP)\r\n");
    end();
}

/* ---- Programs ---- */

Test(cores, programs_of_another_end_as_here, .init = boot_2) {
    command("run crash nothing --core 1", "\ncrash: exit status 2\r\n");
    command("run crash div --core 1",
            "\ncrash (1.2.1) died: divide error, in divide_by_zero+0x1a\r\n");
    command("report 1.2.1", "\ncrash (1.2.1) died: divide error");
    command("log 1", "crash (1.2.1) died: divide error");
    type("run --core 1 spin");
    qemu_send(q, "\003");
    qemu_expect(q, "^C\r\nspin: killed\r\n" PROMPT, SECONDS);
    type("run crash null --core 1 &"); /* it is told of at the next prompt, which may be this one */
    qemu_expect(q, "\ncrash (1.4.1) runs\r\n", SECONDS);
    qemu_send(q, "sleep 1\r");
    qemu_expect(q, "\ncrash (1.4.1) died: page fault reading 0x0", SECONDS);
    end();
}

Test(cores, processes_of_another_are_changed_and_killed, .init = boot_2) {
    command("run spin --core 1 &", "\nspin (1.1.1) runs\r\n");
    command("sched prio spin@1 12", "\r\n");
    command("ps 1", "\n1.1.1     spin     ready      12");
    command("run spin --core any &", "\nspin (0."); /* the other is busy */
    command("kill spin@1; sleep 1", "\nspin (1.1.1) has ended\r\nspin: killed\r\n");
    command("kill spin; sleep 1", ") has ended\r\nspin: killed\r\n");
    end();
}

/* ---- Cores that come and go ---- */

Test(cores, one_is_stopped_and_started_again, .init = boot_2) {
    for (int incarnation = 1; incarnation <= 3; incarnation++) {
        char line[64];
        command("cores stop 1", "\ncore 1 is off, view ");
        command("cores stop 1", "\ncores: core 1 is off already\r\n");
        command("log 1", "\nlog: core 1 is off; `cores start 1` starts it\r\n");
        command("run hello --core 1", "\nrun: core 1 is off; `cores start 1` starts it\r\n");
        snprintf(line, sizeof line, "\ncore 1 is a member, incarnation %d, view ", incarnation);
        command("cores start 1", line);
        command("run crash nothing --core 1", "\ncrash: exit status 2\r\n");
    }
    end();
}

Test(cores, one_is_fenced_and_its_programs_with_it, .init = boot_4) {
    command("run spin --core 2 &", "\nspin (2.1.1) runs\r\n");
    command("run spin --core 3 &", "\nspin (3.1.1) runs\r\n");
    command("cores fence 2", "\ncore 2 is off, view ");
    cr_expect_not_null(
        strstr(qemu_console(q), "\nspin (2.1.1) has ended\r\nspin: lost with core 2"));
    command("cores", "\n   2     0     2  off               0");
    command("kill spin@3; sleep 1", "\nspin (3.1.1) has ended\r\nspin: killed\r\n");
    command("cores start 2", "\ncore 2 is a member, incarnation 1, view ");
    command("ps 2", "\n2.0.1     monitor");
    end();
}

Test(cores, one_that_fails_leaves_a_report_and_can_be_started_again) {
    q = qemu_start(
        (const char *const[]){ "CORES=4", "ISO=build/test.iso", "CMDLINE=debug=1", NULL });
    qemu_expect(q, "Type `help` for the commands.\r\n", 2 * BOOT_SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
    command("run test-panic 2 --core 3", "\ntest-panic: lost with core 3, which has failed");
    /* The report is in the log of the core that has fenced it: any of them. */
    command("log 0; log 1; log 2", "core 3 stopped\r\nmonitor:   divide error");
    command("run crash nothing --core 1", "\ncrash: exit status 2\r\n");
    command("cores start 3", "\ncore 3 is a member, incarnation 1, view ");
    command("run crash nothing --core 3", "\ncrash: exit status 2\r\n");
    end();
}

/* ---- Scripts ---- */

Test(cores, scripts_tell_whether_it_worked) {
    static const struct {
        const char *script, *last;
        int status;
    } scripts[] = {
        { "SCRIPT=cores stop 1; cores start 1; run --core 1 hello; ps 1; log 1",
          "\nscript: 5 commands, 0 failed", 0 },
        { "SCRIPT=cores stop 0; cores stop 7; cores halt 1; log 2; run crash x --core 1",
          "\nscript: 5 commands, 5 failed", 1 },
    };

    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        q = qemu_start((const char *const[]){ "CORES=2", scripts[i].script, "TIMEOUT=200", NULL });
        cr_expect_eq(qemu_wait_exit(q, 220), scripts[i].status, "%s", qemu_console(q));
        cr_expect_not_null(strstr(qemu_console(q), scripts[i].last), "%s", qemu_console(q));
        qemu_stop(q);
    }
}
