/* ps, kill, report. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>

#include "manager.h"
#include "names.h"
#include "shell.h"
#include "table.h"

#define FRAME_KIB (PAGE_SIZE / 1024)

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

enum status builtin_ps(const struct command *command) {
    static const struct table_column columns[] = {
        { "ENDPOINT", TABLE_LEFT },   { "LABEL", TABLE_LEFT },       { "STATE", TABLE_LEFT },
        { "PRIO", TABLE_RIGHT },      { "CPU ms", TABLE_RIGHT },     { "MEM KiB", TABLE_RIGHT },
        { "SENT", TABLE_RIGHT },      { "RECEIVED", TABLE_RIGHT },   { "WAITS FOR", TABLE_LEFT },
        { "SUPERVISOR", TABLE_LEFT }, { "BASE", TABLE_RIGHT },       { "QUANTUM ms", TABLE_RIGHT },
        { "QUOTA KiB", TABLE_RIGHT }, { "MAY CREATE", TABLE_RIGHT }, { "REFUSED", TABLE_RIGHT },
    };
    enum { COLUMNS_BRIEF = 8, COLUMNS_ALL = sizeof columns / sizeof columns[0] };
    bool all = command->words == 2;
    const struct process_list *list;
    struct table table;

    if (all && strcmp(command->word[1], "-v") != 0)
        return shell_misused(command, "'%s' is not an option; there is -v", command->word[1]);
    if ((list = processes_now()) == NULL)
        return shell_failed(command, -E_NOENT);
    table_begin(&table, stdout, columns, all ? COLUMNS_ALL : COLUMNS_BRIEF);
    while (table_pass(&table))
        for (size_t i = 0; i < list->count; i++) {
            row(&table, &list->process[i]);
            if (all)
                row_details(&table, list, &list->process[i]);
        }
    return STATUS_OK;
}

enum status builtin_kill(const struct command *command) {
    endpoint_t endpoint;
    int error = process_resolve(command->word[1], &endpoint);

    if (error == -E_NOENT)
        return shell_misused(command, "'%s' is neither an endpoint nor the label of a process",
                             command->word[1]);
    if (!error)
        error = manager_kill(endpoint);
    return error ? shell_failed(command, error) : STATUS_OK;
}

enum status builtin_report(const struct command *command) {
    static char report[4096];
    endpoint_t endpoint;
    int error = process_resolve(command->word[1], &endpoint);

    if (!error)
        error = manager_report(endpoint, report, sizeof report);
    if (error == -E_NOENT)
        return shell_misused(
            command, "no death of '%s' is remembered; give the endpoint of one of the last %d dead",
            command->word[1], MONITOR_REPORTS);
    if (error)
        return shell_failed(command, error);
    fputs(report, stdout);
    return STATUS_OK;
}

/* Labels of live processes. */
const char *process_candidate(size_t index) {
    static char label[LABEL_MAX + 1];
    static const struct process_list *list;

    if (index == 0)
        list = processes_now();
    if (list == NULL || index >= list->count)
        return NULL;
    memcpy(label, list->process[index].label, LABEL_MAX);
    return label;
}
