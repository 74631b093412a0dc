/* ps, kill, report. */
#include <inttypes.h>
#include <stdio.h>

#include <bulkhead/error.h>
#include <bulkhead/refusal.h>

#include "manager.h"
#include "members.h"
#include "names.h"
#include "shell.h"
#include "table.h"

#define FRAME_KIB    (PAGE_SIZE / 1024)
#define REPORT_BYTES 4096

static const char *state_text(uint32_t state) {
    static const char *const text[] = {
#define X(name, text) text,
        PROCESS_STATES(X)
#undef X
    };
    return state < sizeof text / sizeof text[0] ? text[state] : "?";
}

/* Nanoseconds as milliseconds, to the nearest tenth. */
static void cell_ms(struct table *table, uint64_t nanoseconds) {
    uint64_t tenths = (nanoseconds + 50000) / 100000;

    table_cell(table, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

static void row(struct table *table, const struct process_info *process) {
    char text[ENDPOINT_TEXT];

    table_cell(table, "%s", endpoint_text(process->endpoint, text));
    table_cell(table, "%.*s", LABEL_MAX, process->label);
    table_cell(table, "%s", state_text(process->state));
    table_cell(table, "%u", process->priority);
    cell_ms(table, process->cpu_time);
    table_cell(table, "%lu", process->frames * FRAME_KIB);
    table_cell(table, "%" PRIu64, process->messages_sent);
    table_cell(table, "%" PRIu64, process->messages_received);
}

static void row_details(struct table *table, const struct process_list *list,
                        const struct process_info *process) {
    char text[ENDPOINT_TEXT];

    table_cell(table, "%s", process_name(list, process->partner, text));
    table_cell(table, "%s", process_name(list, process->supervisor, text));
    table_cell(table, "%u", process->base_priority);
    cell_ms(table, process->quantum);
    table_cell(table, "%lu", process->frames_quota * FRAME_KIB);
    table_cell(table, "%u", process->slots_quota);
    table_cell(table, "%u", process->refusals);
}

/* The processes that `ps [-v] [CORE]` is to show: of all members, or of one. */
static enum status select_processes(const struct command *command, bool *details,
                                    const struct process_list **list) {
    static struct process_list of_core;
    uint32_t core;

    if (!core_arguments(command, "-v", details, &core))
        return STATUS_USAGE;
    if (command->words == 1 + (int)*details) {
        *list = processes_now();
        return *list != NULL ? STATUS_OK : shell_failed(command, -E_NOMEM);
    }
    of_core.count = 0;
    *list = &of_core;
    int error = processes_add(&of_core, core);
    return error ? core_failed(command, core, error) : STATUS_OK;
}

/* What each was refused, by kind. */
static void print_refusals(const struct process_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const struct process_info *process = &list->process[i];
        struct refusal_info info;
        uint64_t arg[4] = { INFO_REFUSALS, (uint64_t)&info, sizeof info, process->endpoint };
        if (process->refusals == 0 || manager_getinfo(endpoint_core(process->endpoint), arg) != 0 ||
            arg[0] != sizeof info)
            continue;
        for (unsigned kind = 0; kind < REFUSAL_COUNT; kind++)
            if (info.count[kind] != 0)
                printf("%.*s was refused: %s, %" PRIu32 " %s\n", LABEL_MAX, process->label,
                       refusal_text(kind), info.count[kind],
                       info.count[kind] == 1 ? "time" : "times");
    }
}

enum status builtin_ps(const struct command *command) {
    static const struct table_column columns[] = {
        { "ENDPOINT", TABLE_LEFT },   { "LABEL", TABLE_LEFT },       { "STATE", TABLE_LEFT },
        { "PRIO", TABLE_RIGHT },      { "CPU ms", TABLE_RIGHT },     { "MEM KiB", TABLE_RIGHT },
        { "SENT", TABLE_RIGHT },      { "RECEIVED", TABLE_RIGHT },   { "WAITS FOR", TABLE_LEFT },
        { "SUPERVISOR", TABLE_LEFT }, { "BASE", TABLE_RIGHT },       { "QUANTUM ms", TABLE_RIGHT },
        { "QUOTA KiB", TABLE_RIGHT }, { "MAY CREATE", TABLE_RIGHT }, { "REFUSED", TABLE_RIGHT },
    };
    enum { COLUMNS_BRIEF = 8, COLUMNS_ALL = sizeof columns / sizeof columns[0] };
    const struct process_list *list;
    struct table table;
    bool details;

    enum status status = select_processes(command, &details, &list);
    if (status != STATUS_OK)
        return status;
    table_begin(&table, stdout, columns, details ? COLUMNS_ALL : COLUMNS_BRIEF);
    while (table_pass(&table))
        for (size_t i = 0; i < list->count; i++) {
            row(&table, &list->process[i]);
            if (details)
                row_details(&table, list, &list->process[i]);
        }
    if (details)
        print_refusals(list);
    return STATUS_OK;
}

enum status builtin_kill(const struct command *command) {
    endpoint_t endpoint;

    if (!process_resolve(command, command->word[1], &endpoint))
        return STATUS_USAGE;
    int error = manager_kill(endpoint);
    return error ? process_failed(command, endpoint, error) : STATUS_OK;
}

enum status builtin_report(const struct command *command) {
    static char report[REPORT_BYTES];
    endpoint_t endpoint;

    if (!process_resolve(command, command->word[1], &endpoint))
        return STATUS_USAGE;
    int error = manager_report(endpoint, report, sizeof report);
    if (error == -E_NOENT && core_lives(endpoint))
        return shell_misused(
            command, "no death of '%s' is remembered; give the endpoint of one of the last %d dead",
            command->word[1], MONITOR_REPORTS);
    if (error)
        return process_failed(command, endpoint, error);
    fputs(report, stdout);
    return STATUS_OK;
}

/* Labels of live processes, with the core if it is another than the shell's. */
const char *process_candidate(size_t index) {
    static char label[LABEL_MAX + sizeof "@65535"];
    static const struct process_list *list;

    if (index == 0)
        list = processes_now();
    if (list == NULL || index >= list->count)
        return NULL;
    const struct process_info *process = &list->process[index];
    int length = snprintf(label, sizeof label, "%.*s", LABEL_MAX, process->label);
    if (endpoint_core(process->endpoint) != core_own())
        snprintf(label + length, sizeof label - (size_t)length, "@%u",
                 endpoint_core(process->endpoint));
    return label;
}
