/* Commands of the shell on a machine with several cores. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/kcall.h>

#include <runtime/startup.h>

#include "members.h"
#include "names.h"
#include "place.h"
#include "shell.h"

TestSuite(cores, .init = fake_reset);

static const struct {
    const char *name;
    enum status (*run)(const struct command *command);
} commands[] = {
    { "cores", builtin_cores }, { "ps", builtin_ps },         { "kill", builtin_kill },
    { "log", builtin_log },     { "uptime", builtin_uptime }, { "report", builtin_report },
    { "run", builtin_run },     { "mem", builtin_mem },       { "sched", builtin_sched },
};

static char shown[1 << 16]; /* by the last command */

/* What is printed from here to show_end() comes to be in `shown`. */
static FILE *former;
static char *text;
static size_t text_bytes;

static void show_begin(void) {
    former = stdout;
    stdout = open_memstream(&text, &text_bytes);
}

static void show_end(void) {
    fclose(stdout);
    stdout = former;
    snprintf(shown, sizeof shown, "%s", text);
    free(text);
}

static enum status run(const char *line) {
    static struct command command;
    enum status status = STATUS_USAGE;

    cr_assert(command_next(&line, &command) && command.error == NULL);
    show_begin();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, command.word[0]) == 0)
            status = commands[i].run(&command);
    show_end();
    return status;
}

static void expect(const char *line, enum status status, const char *output) {
    cr_expect_eq(run(line), status, "%s: %s", line, shown);
    cr_expect_str_eq(shown, output, "%s: %s", line, shown);
}

static size_t lines_shown(void) {
    size_t lines = 0;

    for (const char *at = shown; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

/* ---- cores ---- */

Test(cores, are_listed_with_what_they_do) {
    fake_fail(0);
    fake.core[3].core.state = MONITOR_CORE_LOST;
    fake.core[1].info.time = 1000;
    fake.core[1].info.idle_time = 250;
    fake_process(2, "spin");
    expect(
        "cores", STATUS_OK,
        "CORE  NODE  APIC  STATE   INCARNATION    MEMORY       FROM  LOAD %  MESSAGES  PROCESSES\n"
        "   0     0     0  off               4  64.0 MiB          -       -         -          -\n"
        "   1     0     2  member            5  64.0 MiB  0x4000000      75        10          3\n"
        "   2     1     4  member            6  64.0 MiB  0x8000000     100        20          2\n"
        "   3     1     6  lost              7  64.0 MiB          -       -         -          -\n"
        "view 8\n");
}

Test(cores, one_that_fails_while_it_is_asked_is_listed_without_figures) {
    fake.fails_at = -E_PEERDEAD;
    fake.fails_on = 2;
    cr_expect_eq(run("cores"), STATUS_OK);
    cr_expect_not_null(strstr(shown, "   2     1     4  member            6  64.0 MiB          -"),
                       "%s", shown);
}

Test(cores, are_stopped_started_and_fenced) {
    expect("cores stop 2", STATUS_OK, "core 2 is off, view 8\n");
    cr_expect(fake.controlled == 2 && fake.control == CORE_CONTROL_STOP);
    expect("cores start 2", STATUS_OK, "core 2 is a member, incarnation 7, view 9\n");
    cr_expect_eq(fake.control, CORE_CONTROL_START);
    expect("cores fence 3", STATUS_OK, "core 3 is off, view 10\n");
    cr_expect(fake.controlled == 3 && fake.control == CORE_CONTROL_FENCE);
}

Test(cores, refusals_say_why) {
    static const struct {
        const char *line;
        int error;
        uint32_t state;
        const char *output;
    } refusals[] = {
        { "cores stop 2", -E_STATE, MONITOR_CORE_OFF, "cores: core 2 is off already\n" },
        { "cores start 2", -E_STATE, MONITOR_CORE_MEMBER, "cores: core 2 is a member already\n" },
        { "cores start 2", -E_STATE, MONITOR_CORE_LOST,
          "cores: core 2 is lost: it did not acknowledge that it stopped, so its memory is never "
          "used again\n" },
        { "cores fence 2", -E_STATE, MONITOR_CORE_STARTING, "cores: core 2 is starting\n" },
        { "cores stop 0", -E_NOTSUP, MONITOR_CORE_MEMBER,
          "cores: core 0 cannot be stopped: to reset it resets the machine\n" },
        { "cores fence 0", -E_NOTSUP, MONITOR_CORE_MEMBER,
          "cores: core 0 cannot be fenced: to reset it resets the machine\n" },
        { "cores start 0", -E_NOTSUP, MONITOR_CORE_MEMBER, "cores: core 0 is a member already\n" },
        { "cores start 2", -E_BUSY, MONITOR_CORE_STARTING,
          "cores: core 2 is being started or stopped\n" },
        { "cores start 2", -E_IO, MONITOR_CORE_OFF,
          "cores: core 2 did not start; `log` says why\n" },
        { "cores fence 2", -E_IO, MONITOR_CORE_LOST, "cores: core 2 is lost; `log` says why\n" },
        { "cores stop 2", -E_PERM, MONITOR_CORE_MEMBER,
          "cores: operation not permitted by the caller's policy (E_PERM)\n" },
    };

    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        fake.control_error = refusals[i].error;
        fake.core[2].core.state = refusals[i].state;
        expect(refusals[i].line, STATUS_FAILED, refusals[i].output);
    }
}

Test(cores, words_that_mean_nothing_are_refused) {
    static const char usage[] = "cores: use it as: cores, or cores start|stop|fence CORE, or cores "
                                "--tree [KIND] [CORE]\n";

    expect("cores 2", STATUS_USAGE, usage);
    expect("cores stop", STATUS_USAGE, usage);
    expect("cores halt 2", STATUS_USAGE, usage);
    expect("cores stop two", STATUS_USAGE, "cores: 'two' is not the number of a core\n");
    expect("cores stop -1", STATUS_USAGE, "cores: '-1' is not the number of a core\n");
    expect("cores stop 4", STATUS_USAGE,
           "cores: there is no core 4: the machine has cores 0 to 3\n");
    expect("cores stop 65535", STATUS_USAGE,
           "cores: there is no core 65535: the machine has cores 0 to 3\n");
    cr_expect_eq(fake.control, 0);
}

/* ---- What a core tells ---- */

Test(cores, that_are_no_members_do_not_answer) {
    fake_fail(0);
    fake.core[3].core.state = MONITOR_CORE_FENCING;
    expect("ps 0", STATUS_FAILED, "ps: core 0 is off; `cores start 0` starts it\n");
    expect("log 0", STATUS_FAILED, "log: core 0 is off; `cores start 0` starts it\n");
    expect("mem 3", STATUS_FAILED, "mem: core 3 is not a member: it is fencing\n");
    expect("uptime 7", STATUS_USAGE, "uptime: there is no core 7: the machine has cores 0 to 3\n");
    expect("ps 1 2", STATUS_USAGE, "ps: one core at a time: '2' is too many\n");
    expect("ps -x 2", STATUS_USAGE, "ps: '-x' is not an option; there is -v\n");
    fake.fails_at = -E_PEERDEAD;
    fake.fails_on = 2;
    expect("uptime 2", STATUS_FAILED, "uptime: core 2 failed before it answered\n");
}

Test(cores, memory_and_time_are_those_of_the_core_named) {
    fake.core[2].info.time = 3005 * TIME_MILLISECOND;
    expect("uptime 2", STATUS_OK, "core 2 of 4: up 3.005 s, idle 0.000 s\n");
    cr_expect_eq(run("mem 2"), STATUS_OK);
    cr_expect_eq(strncmp(shown, "partition of core 2: 32 chunks of 2 MiB, from 0x8000000\n", 56), 0,
                 "%s", shown);
    cr_expect_eq(run("uptime -v"), STATUS_OK);
    cr_expect_eq(strncmp(shown, "core 1 of 4", 11), 0, "%s", shown);
}

Test(cores, memory_is_moved) {
    static const char usage[] = "mem: use it as: mem move MIB FROM TO, an even number of MiB\n";
    expect("mem move 8 1 2", STATUS_OK, "8 MiB moved from core 1 to core 2\n");
    expect("mem move 3 1 2", STATUS_USAGE, usage);
    expect("mem move 0 1 2", STATUS_USAGE, usage);
    expect("mem move 8 1", STATUS_USAGE, usage);
    expect("mem move 8 1 7", STATUS_USAGE,
           "mem: there is no core 7: the machine has cores 0 to 3\n");
    cr_expect_eq(run("mem move 8 3 2"), STATUS_FAILED);
    cr_expect_not_null(strstr(shown, "6 MiB moved from core 3 to core 2\n"), "%s", shown);
}

Test(cores, processes_are_those_of_all_members_or_of_one) {
    fake_process(2, "spin");
    fake_fail(3);
    cr_expect_eq(run("ps"), STATUS_OK);
    cr_expect_eq(lines_shown(), 1 + 1 + 3 + 2, "%s", shown);
    cr_expect_not_null(strstr(shown, "\n2.1.1     spin "), "%s", shown);
    cr_expect_eq(run("ps 2"), STATUS_OK);
    cr_expect_eq(lines_shown(), 1 + 2, "%s", shown);
    cr_expect_eq(run("ps -v 0"), STATUS_OK);
    cr_expect_eq(lines_shown(), 1 + 1, "%s", shown);
    fake.fails_at = -E_PEERDEAD;
    fake.fails_on = 2;
    cr_expect_eq(run("ps"), STATUS_OK, "%s", shown);
    cr_expect_eq(lines_shown(), 1 + 1 + 3, "%s", shown);
}

Test(cores, what_a_process_was_refused_is_shown) {
    endpoint_t spin = fake_process(2, "spin");
    fake.core[2].process[endpoint_slot(spin)].refusals = 8;
    fake.core[2].refused.count[REFUSED_KCALL] = 7;
    fake.core[2].refused.count[REFUSED_TARGET] = 1;
    cr_expect_eq(run("ps 2"), STATUS_OK);
    cr_expect_null(strstr(shown, "refused"), "%s", shown);
    cr_expect_eq(run("ps -v 2"), STATUS_OK);
    cr_expect_not_null(strstr(shown, "\nspin was refused: kernel call not allowed, 7 times\n"),
                       "%s", shown);
    cr_expect_not_null(strstr(shown, "\nspin was refused: destination not allowed, 1 time\n"), "%s",
                       shown);
}

Test(cores, more_processes_than_fit_into_a_reply_are_fetched_in_pages) {
    for (int i = 0; i < 200; i++)
        fake_process(2, "hello");
    for (unsigned slot = 3; slot < 150; slot += 3)
        fake.core[2].process[slot].endpoint = ENDPOINT_NONE;
    cr_expect_eq(run("ps 2"), STATUS_OK);
    cr_expect_eq(lines_shown(), 1 + 201 - 49, "%s", shown);
    cr_expect_leq(fake.largest, MONITOR_TEXT_MAX);
    cr_expect_not_null(strstr(shown, "\n2.200.1 "), "%s", shown);
}

Test(cores, a_log_longer_than_a_reply_is_fetched_in_pieces) {
    static char log[10001];

    for (size_t i = 0; i < sizeof log - 1; i++)
        log[i] = (char)(i % 50 == 49 ? '\n' : 'a' + i / 50 % 26);
    fake.core[3].log = log;
    expect("log 3", STATUS_OK, log);
    fake.core[3].log_dropped = 6000; /* overwritten */
    expect("log 3", STATUS_OK, log + 6000);
    cr_expect_leq(fake.largest, MONITOR_TEXT_MAX);
}

static void more_is_logged(struct message *m) {
    fake.core[2].log = "one\ntwo\n";
    fake_alarm(m);
}

static void core_2_fails(struct message *m) {
    fake_fail(2);
    fake_alarm(m);
}

Test(cores, a_log_is_followed_until_its_core_fails) {
    fake.core[2].log = "one\n";
    fake.happens[0] = fake_alarm;
    fake.happens[1] = more_is_logged;
    fake.happens[2] = core_2_fails;
    expect("log -f 2", STATUS_FAILED, "one\ntwo\nlog: core 2 is off; `cores start 2` starts it\n");
}

/* ---- run ---- */

Test(cores, a_program_runs_where_it_is_told_to) {
    fake.happens[0] = fake.happens[1] = fake_program_ends;
    expect("run hello a 'b c' --core 2", STATUS_OK, "");
    cr_expect_str_eq(fake.spawned, "2: hello a b c");
    expect("run --core 3 hello --core 2", STATUS_OK, "");
    cr_expect_str_eq(fake.spawned, "3: hello --core 2");
}

Test(cores, a_program_runs_where_the_monitors_find_it_best) {
    fake.happens[0] = fake.happens[1] = fake.happens[2] = fake_program_ends;
    expect("run hello --core near:2", STATUS_OK, "");
    cr_expect_str_eq(fake.spawned, "2: hello");
    expect("run --core node:1 hello", STATUS_OK, "");
    cr_expect_str_eq(fake.spawned, "1: hello");
    expect("run hello --core apart:4", STATUS_OK, "");
    cr_expect_str_eq(fake.spawned, "3: hello");
    expect("run hello --core node:9", STATUS_USAGE, "run: 'node:9': there is no such place\n");
    expect("run hello --core pci:0:1f", STATUS_USAGE,
           "run: 'pci:0:1f': BUS:DEVICE.FUNCTION follows pci:\n");
    expect("run hello --core pci:00:1f.2", STATUS_USAGE,
           "run: 'pci:00:1f.2': there is no such place\n");
    expect("run hello --core near:x", STATUS_USAGE, "run: 'near:x': a number follows near:\n");
}

/* ---- cores --tree ---- */

Test(cores, a_tree_is_drawn_in_the_order_in_which_cores_are_told) {
    expect("cores --tree chosen 0", STATUS_OK,
           "core 0 (package 0, cache 0, node 0)\n"
           "|- 1: core 2 (package 2, cache 2, node 0)\n"
           "|  `- 2: core 3 (package 3, cache 3, node 0)\n"
           "`- 2: core 1 (package 1, cache 1, node 0)\n"
           "multicast: 2 rounds\n");
}

Test(cores, a_tree_can_be_chosen_and_its_root) {
    fake.happens[0] = NULL;
    expect("cores --tree flat 9", STATUS_USAGE,
           "cores: there is no core 9: the machine has cores 0 to 3\n");
    expect("cores --tree star", STATUS_USAGE, "cores: 'star' is not the number of a core\n");
    expect("cores --tree 0 0", STATUS_USAGE,
           "cores: use it as: cores --tree [chosen|flat|binomial|multicast] [CORE]\n");
}

Test(cores, an_exit_status_comes_from_another_core) {
    fake.status = 3;
    fake.happens[0] = fake_monitor_notifies; /* of something else */
    fake.happens[1] = fake_program_ends;
    expect("run hello --core 2", STATUS_FAILED, "hello: exit status 3\n");
}

Test(cores, the_interrupt_key_ends_a_program_of_another_core) {
    fake.happens[0] = fake_interrupt;
    expect("run spin --core 2", STATUS_FAILED, "^C\nspin: killed\n");
    cr_expect_eq(fake.killed, endpoint_make(6, 1, 2, 1));
}

Test(cores, a_program_whose_core_fails_is_not_waited_for) {
    fake.happens[0] = core_2_fails;
    expect("run spin --core 2", STATUS_FAILED,
           "spin: lost with core 2, which has failed or was stopped\n");
}

static void core_2_is_another(struct message *m) {
    fake_fail(2);
    fake.core[2].core.state = MONITOR_CORE_MEMBER;
    fake.core[2].core.incarnation++;
    fake_process(2, "monitor");
    fake_process(2, "hello"); /* in the slot of the one before */
    fake_monitor_notifies(m);
}

Test(cores, a_program_of_an_incarnation_before_is_lost) {
    fake.happens[0] = core_2_is_another;
    expect("run spin --core 2", STATUS_FAILED,
           "spin: lost with core 2, which has failed or was stopped\n");
}

Test(cores, a_program_in_the_background_that_is_lost_is_announced) {
    expect("run spin --core 2 &", STATUS_OK, "spin (2.1.1) runs\n");
    fake_fail(2);
    show_begin();
    jobs_announce();
    show_end();
    cr_expect_str_eq(shown, "spin (2.1.1) has ended\n"
                            "spin: lost with core 2, which has failed or was stopped\n");
    show_begin();
    jobs_announce();
    show_end();
    cr_expect_str_eq(shown, "");
}

Test(cores, a_program_that_cannot_be_started_there_says_why) {
    fake_fail(2);
    expect("run hello --core 2", STATUS_FAILED, "run: core 2 is off; `cores start 2` starts it\n");
    expect("run no-such --core 3", STATUS_USAGE,
           "run: 'no-such' is not a program to be run; `programs` lists those there are\n");
    expect("run hello --core 4", STATUS_USAGE,
           "run: there is no core 4: the machine has cores 0 to 3\n");
    expect("run hello --core all", STATUS_USAGE, "run: 'all' is not the number of a core\n");
    fake.fails_at = -E_PEERDEAD;
    fake.fails_on = 3;
    expect("run hello --core 3", STATUS_FAILED, "run: core 3 failed before it answered\n");
    fake.fails_at = -E_QUOTA;
    expect("run hello --core 3", STATUS_FAILED, "run: quota exhausted (E_QUOTA)\n");
}

Test(cores, any_is_the_one_that_is_most_idle_at_present) {
    fake.core[0].idle_step = 20;
    fake.core[1].idle_step = 60;
    fake.core[2].idle_step = 80;
    fake.core[2].info.time = 1000000 * TIME_SECOND; /* it was busy before */
    fake.core[3].core.state = MONITOR_CORE_OFF;
    fake.happens[0] = fake_alarm;
    fake.happens[1] = fake_program_ends;
    expect("run hello --core any", STATUS_OK, "");
    cr_expect_str_eq(fake.spawned, "2: hello");
}

Test(cores, of_equally_idle_ones_any_is_that_with_fewest_processes) {
    const struct core_load load[] = { { 0, 99, 3 }, { 1, 99, 1 }, { 2, 98, 0 }, { 3, 99, 1 } };

    cr_expect_eq(core_choose(load, 4), 1);
    cr_expect_eq(core_choose(load, 1), 0);
}

Test(cores, idle_share_is_of_the_time_between) {
    struct core_info before = { .time = 1000, .idle_time = 900 }, after = before;

    cr_expect_eq(core_idle_share(&before, &after), 0);
    after.time = 2000;
    after.idle_time = 1150;
    cr_expect_eq(core_idle_share(&before, &after), 25);
    after.idle_time = 4000; /* the clocks of both are read one after the other */
    cr_expect_eq(core_idle_share(&before, &after), 100);
    after = (struct core_info){ .time = 10 }; /* it was started again */
    cr_expect_eq(core_idle_share(&before, &after), 0);
}

/* Program and arguments, and then the core, of a `run`; "" when it is refused. */
static void expect_place(const char *line, const char *words, const char *core) {
    struct command command;
    struct place place;
    char found[256] = "";
    size_t length = 0;

    cr_assert(command_next(&line, &command));
    bool good = place_parse(&command, &place);
    for (int i = place.first; good && i < place.first + place.count; i++) {
        length += (size_t)snprintf(found + length, sizeof found - length, "%s|", command.word[i]);
    }
    cr_expect_str_eq(found, words);
    if (good)
        cr_expect_str_eq(place.core != NULL ? place.core : "none", core);
}

Test(cores, option_for_the_core_stands_first_or_last) {
    expect_place("run a", "a|", "none");
    expect_place("run a b c", "a|b|c|", "none");
    expect_place("run a b --core 2", "a|b|", "2");
    expect_place("run --core 2 a b", "a|b|", "2");
    expect_place("run --core 2 a --core 3", "a|--core|3|", "2");
    expect_place("run a --core 2 b", "a|--core|2|b|", "none");
    expect_place("run a --core", "", "");
    expect_place("run --core", "", "");
    expect_place("run --core 2", "", "");
    expect_place("run --core --core 2", "2|", "--core");
}

/* ---- Processes by name ---- */

Test(cores, a_process_is_named_by_label_and_core) {
    endpoint_t here = fake_process(1, "spin"), there = fake_process(3, "spin");
    endpoint_t hello = fake_process(3, "hello");

    expect("kill spin@3", STATUS_OK, "");
    cr_expect_eq(fake.killed, there);
    expect("kill spin", STATUS_OK, "");
    cr_expect_eq(fake.killed, here);
    expect("sched prio hello 9", STATUS_OK, ""); /* on no core before that one */
    cr_expect_eq(fake.scheduled, hello);
    expect("kill 3.2.1", STATUS_OK, ""); /* in the incarnation of its core */
    cr_expect_eq(fake.killed, hello);
}

Test(cores, a_name_that_is_no_process_says_why) {
    fake_fail(2);
    expect("kill spin@3", STATUS_USAGE, "kill: no process of core 3 has the label 'spin'\n");
    expect("kill spin@2", STATUS_USAGE, "kill: core 2 is off; `cores start 2` starts it\n");
    expect("kill spin@4", STATUS_USAGE, "kill: there is no core 4: the machine has cores 0 to 3\n");
    expect("kill spin@x", STATUS_USAGE, "kill: 'x' is not the number of a core\n");
    expect("kill spin", STATUS_USAGE,
           "kill: 'spin' is neither an endpoint nor the label of a process\n");
    expect("kill 4.1.1", STATUS_USAGE, "kill: '4.1.1' is no process: there is no core 4\n");
    expect("kill 3.9.1", STATUS_FAILED, "kill: no such endpoint (E_BADEP)\n");
    expect("kill 2.1.1", STATUS_FAILED, "kill: core 2 is off; `cores start 2` starts it\n");
    expect("report 2.1.1", STATUS_FAILED, "report: core 2 is off; `cores start 2` starts it\n");
    expect("report 3.0.1", STATUS_USAGE,
           "report: no death of '3.0.1' is remembered; give the endpoint of one of the last 32 "
           "dead\n");
    fake.cause = DEATH_EXCEPTION;
    expect("report 3.1.1", STATUS_OK, "the report\n");
}

Test(cores, labels_are_completed_with_their_core) {
    fake_process(3, "spin");
    cr_expect_str_eq(process_candidate(0), "monitor@0");
    cr_expect_str_eq(process_candidate(1), "monitor");
    cr_expect_str_eq(process_candidate(6), "spin@3");
    cr_expect_null(process_candidate(7));
    cr_expect_str_eq(core_candidate(0), "0");
    cr_expect_str_eq(core_candidate(3), "3");
    cr_expect_null(core_candidate(4));
}

Test(cores, label_and_core_are_split_at_the_last_at_sign) {
    char label[LABEL_MAX + 1];
    const char *core;

    cr_expect(label_split("a@b@12", label, &core));
    cr_expect_str_eq(label, "a@b");
    cr_expect_str_eq(core, "12");
    cr_expect_not(label_split("spin", label, &core));
    cr_expect_not(label_split("@1", label, &core));
    cr_expect_not(label_split("a-label-that-is-far-too-long@1", label, &core));
    cr_expect(label_split("a-label-of-full-length-x@1", label, &core));
    cr_expect_str_eq(label, "a-label-of-full-length-x");
}
