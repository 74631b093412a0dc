/* top: what the information server tells, again and again. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/information.h>
#include <bulkhead/protocol/manager.h>
#include <runtime/grant.h>
#include <runtime/startup.h>

#include "manager.h"
#include "members.h"
#include "names.h"
#include "shell.h"
#include "table.h"

#define PROCESSES_SHOWN 16
#define TRIES           5 /* to reach the server, for one picture */
#define NO_RESTARTS     UINT32_MAX

enum { SECONDS_DEFAULT = 1, SECONDS_MAX = 3600, TIMES_MAX = 1000000 };

/* What is shown at a time. */
static struct picture {
    struct information_core core[CORES_MAX];
    struct information_process process[PROCESSES_SHOWN];
    uint64_t cores, processes, processes_all;
    uint64_t sample, period;
    struct {
        endpoint_t process;
        uint32_t restarts;
    } service[MANAGER_SERVICES];
    size_t services;
} picture;

static endpoint_t server; /* ENDPOINT_NONE: not known */
static struct grant_name cores_grant, processes_grant;

static void leave(void) {
    if (server == ENDPOINT_NONE)
        return;
    grant_revoke(cores_grant);
    grant_revoke(processes_grant);
    server = ENDPOINT_NONE;
}

/* Finds the server, or starts it: nothing is lost with one that has died. */
static int reach(void) {
    static const char args[] = INFORMATION_LABEL;
    endpoint_t found = ENDPOINT_NONE;
    int error = manager_lookup(CORE_ANY, INFORMATION_LABEL, &found);

    if (error == -E_NOENT)
        error = manager_spawn(CORE_HERE, args, sizeof args, 1, &found);
    if (error)
        return error;
    if (found == server)
        return 0;
    leave();
    error = grant_make(found, picture.core, sizeof picture.core, GRANT_WRITE, &cores_grant);
    if (error)
        return error;
    error =
        grant_make(found, picture.process, sizeof picture.process, GRANT_WRITE, &processes_grant);
    if (error)
        grant_revoke(cores_grant);
    else
        server = found;
    return error;
}

static int ask_cores(void) {
    struct message m = { .type = INFORMATION_CORES,
                         .arg = { cores_grant.id, sizeof picture.core } };
    int error = ipc_request(server, &m);

    picture.cores = error || m.arg[0] > CORES_MAX ? 0 : m.arg[0];
    return error;
}

static int ask_processes(void) {
    struct message m = { .type = INFORMATION_PROCESSES,
                         .arg = { processes_grant.id, sizeof picture.process } };
    int error = ipc_request(server, &m);

    picture.processes = error || m.arg[0] > PROCESSES_SHOWN ? 0 : m.arg[0];
    picture.processes_all = m.arg[1];
    picture.sample = m.arg[2];
    picture.period = m.arg[3];
    return error;
}

/* A server that dies meanwhile has a successor, which is asked instead. */
static int look(void) {
    int error = -E_PEERDEAD;

    for (int i = 0; i < TRIES && error; i++) {
        error = reach();
        if (!error)
            error = ask_cores();
        if (!error)
            error = ask_processes();
        if (error)
            leave();
    }
    return error;
}

/* How often the driver manager has started each of its services again; none, if it does not tell.
 */
static void ask_restarts(void) {
    uint64_t number = 0;
    endpoint_t manager;

    picture.services = 0;
    if (manager_lookup(CORE_HERE, MANAGER_LABEL, &manager) != 0)
        return;
    while (picture.services < MANAGER_SERVICES) {
        struct message m = { .type = MANAGER_STATUS, .arg = { number } };
        if (ipc_request(manager, &m) != 0 || m.arg[0] < number)
            return;
        picture.service[picture.services].process = m.arg[1];
        picture.service[picture.services++].restarts = (uint32_t)(m.arg[3] >> 32);
        number = m.arg[0] + 1;
    }
}

static uint32_t restarts_of(endpoint_t process) {
    for (size_t i = 0; i < picture.services; i++)
        if (picture.service[i].process == process)
            return picture.service[i].restarts;
    return NO_RESTARTS;
}

static void cell_share(struct table *table, uint32_t thousandths) {
    table_cell(table, "%u.%u", thousandths / 10, thousandths % 10);
}

static void print_core(struct table *table, const struct information_core *core) {
    table_cell(table, "%u", core->core);
    table_cell(table, "%s", core_state_text(core->state));
    if (core->up == 0) {
        for (int i = 0; i < 7; i++)
            table_cell(table, "-");
        return;
    }
    cell_share(table, core->busy);
    table_cell(table, "%u", core->messages);
    cell_share(table, core->fast);
    table_cell(table, "%u", core->interrupts);
    table_cell(table, "%u", core->switches);
    table_cell(table, "%u", core->processes);
    table_cell_bytes(table, core->free_bytes);
}

static void print_cores(void) {
    static const struct table_column columns[] = {
        { "CORE", TABLE_RIGHT },       { "STATE", TABLE_LEFT },
        { "BUSY %", TABLE_RIGHT },     { "MESSAGES/s", TABLE_RIGHT },
        { "FAST %", TABLE_RIGHT },     { "INTERRUPTS/s", TABLE_RIGHT },
        { "SWITCHES/s", TABLE_RIGHT }, { "PROCESSES", TABLE_RIGHT },
        { "FREE", TABLE_RIGHT },
    };
    struct table table;

    table_begin(&table, stdout, columns, sizeof columns / sizeof columns[0]);
    while (table_pass(&table))
        for (uint64_t i = 0; i < picture.cores; i++)
            print_core(&table, &picture.core[i]);
}

static void print_process(struct table *table, const struct information_process *process) {
    char text[ENDPOINT_TEXT];
    uint32_t restarts = restarts_of(process->endpoint);

    table_cell(table, "%s", endpoint_text(process->endpoint, text));
    table_cell(table, "%.*s", LABEL_MAX, process->label);
    cell_share(table, process->busy);
    table_cell(table, "%" PRIu64, process->cpu_time / 1000000);
    table_cell(table, "%u", process->sent);
    table_cell(table, "%u", process->received);
    table_cell(table, "%" PRIu64, process->memory_bytes / 1024);
    if (process->driver != 0 && process->device < MONITOR_NO_DEVICE)
        table_cell(table, "%02x:%02x.%x", process->device >> 8, process->device >> 3 & 0x1f,
                   process->device & 7);
    else
        table_cell(table, "%s", process->driver != 0 ? "waits" : "-");
    if (restarts != NO_RESTARTS)
        table_cell(table, "%u", restarts);
    else
        table_cell(table, "-");
}

static void print_processes(void) {
    static const struct table_column columns[] = {
        { "ENDPOINT", TABLE_LEFT }, { "LABEL", TABLE_LEFT },   { "BUSY %", TABLE_RIGHT },
        { "CPU ms", TABLE_RIGHT },  { "SENT/s", TABLE_RIGHT }, { "RECEIVED/s", TABLE_RIGHT },
        { "KiB", TABLE_RIGHT },     { "DRIVES", TABLE_LEFT },  { "RESTARTS", TABLE_RIGHT },
    };
    struct table table;

    table_begin(&table, stdout, columns, sizeof columns / sizeof columns[0]);
    while (table_pass(&table))
        for (uint64_t i = 0; i < picture.processes; i++)
            print_process(&table, &picture.process[i]);
    if (picture.processes < picture.processes_all)
        printf("and %" PRIu64 " more\n", picture.processes_all - picture.processes);
}

static void show(bool clear) {
    if (clear)
        fputs("\x1b[H\x1b[2J", stdout); /* ECMA-48: the upper left corner, nothing on the screen */
    if (picture.period != 0)
        printf("sample %" PRIu64 ", over %" PRIu64 ".%03" PRIu64 " s; ^C ends\n", picture.sample,
               picture.period / TIME_SECOND, picture.period / TIME_MILLISECOND % 1000);
    else
        printf("sample %" PRIu64 ", since the start of each core; ^C ends\n", picture.sample);
    print_cores();
    putchar('\n');
    print_processes();
}

/* top [-n TIMES] [SECONDS] */
static bool read_arguments(const struct command *command, uint64_t *times, uint64_t *seconds) {
    int next = 1;

    *times = 0;
    *seconds = SECONDS_DEFAULT;
    if (command->words > 2 && strcmp(command->word[1], "-n") == 0) {
        if (!shell_number(command->word[2], 1, TIMES_MAX, times)) {
            shell_misused(command, "'%s' is not a number of times: must be 1 to %d",
                          command->word[2], TIMES_MAX);
            return false;
        }
        next = 3;
    }
    if (command->words > next + 1 || (next == 1 && command->words == 3)) {
        shell_misused(command, "use it as: top [-n TIMES] [SECONDS]");
        return false;
    }
    if (command->words == next + 1 && !shell_number(command->word[next], 1, SECONDS_MAX, seconds)) {
        shell_misused(command, "'%s' is not a number of seconds: must be 1 to %d",
                      command->word[next], SECONDS_MAX);
        return false;
    }
    return true;
}

enum status builtin_top(const struct command *command) {
    uint64_t times, seconds;

    if (!read_arguments(command, &times, &seconds))
        return STATUS_USAGE;
    for (uint64_t i = 0; times == 0 || i < times; i++) {
        if (i != 0 && !shell_sleep(seconds * TIME_SECOND))
            break;
        int error = look();
        if (error) {
            leave();
            return shell_failed(command, error);
        }
        ask_restarts();
        show(times == 0);
    }
    leave();
    return STATUS_OK;
}
