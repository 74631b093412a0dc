/* cores. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>

#include "manager.h"
#include "members.h"
#include "shell.h"
#include "table.h"
#include "tree.h"

/* What is known of a core at one moment. */
struct row {
    struct monitor_core core;
    bool answers; /* the rest is known */
    struct core_info info;
    struct memory_info memory;
    size_t processes;
};

static const struct verb {
    const char *name;
    enum core_control control;
    uint32_t state; /* that it leads to */
} verbs[] = {
    { "start", CORE_CONTROL_START, MONITOR_CORE_MEMBER },
    { "stop", CORE_CONTROL_STOP, MONITOR_CORE_OFF },
    { "fence", CORE_CONTROL_FENCE, MONITOR_CORE_OFF },
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void ask(struct row *row, const struct monitor_core *core) {
    struct info_result processes;
    uint32_t number = core->core;

    row->core = *core;
    row->answers =
        core->state == MONITOR_CORE_MEMBER &&
        core_getinfo(number, INFO_CORE, &row->info, sizeof row->info, 0, NULL) == 0 &&
        core_getinfo(number, INFO_MEMORY, &row->memory, sizeof row->memory, 0, NULL) == 0 &&
        core_getinfo(number, INFO_PROCESSES, NULL, 0, 0, &processes) == 0;
    if (row->answers)
        row->processes = processes.total / sizeof(struct process_info);
}

static void print_row(struct table *table, const struct row *row) {
    static const struct core_info start;

    table_cell(table, "%u", row->core.core);
    table_cell(table, "%u", row->core.node);
    table_cell(table, "%u", row->core.apic_id);
    table_cell(table, "%s", core_state_text(row->core.state));
    table_cell(table, "%u", row->core.incarnation);
    table_cell_bytes(table, row->core.memory_bytes);
    if (!row->answers) {
        for (int i = 0; i < 4; i++)
            table_cell(table, "-");
        return;
    }
    table_cell(table, "0x%" PRIx64, row->memory.partition_base);
    table_cell(table, "%u", 100 - core_idle_share(&start, &row->info));
    table_cell(table, "%" PRIu64, row->info.messages);
    table_cell(table, "%zu", row->processes);
}

static enum status show(const struct command *command) {
    static const struct table_column columns[] = {
        { "CORE", TABLE_RIGHT },     { "NODE", TABLE_RIGHT },        { "APIC", TABLE_RIGHT },
        { "STATE", TABLE_LEFT },     { "INCARNATION", TABLE_RIGHT }, { "MEMORY", TABLE_RIGHT },
        { "FROM", TABLE_RIGHT },     { "LOAD %", TABLE_RIGHT },      { "MESSAGES", TABLE_RIGHT },
        { "PROCESSES", TABLE_RIGHT }
    };
    static struct row rows[CORES_MAX];
    const struct core_list *list = cores_now();
    struct table table;

    if (list == NULL)
        return shell_failed(command, -E_NOENT);
    for (size_t i = 0; i < list->count; i++)
        ask(&rows[i], &list->core[i]);
    table_begin(&table, stdout, columns, sizeof columns / sizeof columns[0]);
    while (table_pass(&table))
        for (size_t i = 0; i < list->count; i++)
            print_row(&table, &rows[i]);
    printf("view %" PRIu64 "\n", list->view);
    return STATUS_OK;
}

/* Says why it was not done. */
static enum status refused(const struct command *command, const struct verb *verb, uint32_t core,
                           int error) {
    const struct core_list *list = cores_now();
    uint32_t state = list != NULL ? list->core[core].state : (uint32_t)MONITOR_CORE_MEMBER;

    switch (-error) {
    case E_STATE:
        if (state == MONITOR_CORE_LOST)
            shell_misused(command,
                          "core %u is lost: it did not acknowledge that it stopped, so its memory "
                          "is never used again",
                          core);
        else
            shell_misused(command, "core %u is %s%s", core,
                          state == MONITOR_CORE_MEMBER ? "a member" : core_state_text(state),
                          state == verb->state ? " already" : "");
        break;
    case E_NOTSUP:
        if (verb->control == CORE_CONTROL_START)
            shell_misused(command, "core %u is a member already", core);
        else
            shell_misused(command, "core %u cannot be %s: to reset it resets the machine", core,
                          verb->control == CORE_CONTROL_STOP ? "stopped" : "fenced");
        break;
    case E_BUSY:
        shell_misused(command, "core %u is being started or stopped", core);
        break;
    case E_IO:
        shell_misused(command, "core %u %s; `log` says why", core,
                      verb->control == CORE_CONTROL_START ? "did not start" : "is lost");
        break;
    default:
        return shell_failed(command, error);
    }
    return STATUS_FAILED;
}

static enum status control(const struct command *command, const struct verb *verb) {
    uint32_t core;

    if (!core_parse(command, command->word[2], &core))
        return STATUS_USAGE;
    int error = manager_core_control(core, verb->control);
    if (error)
        return refused(command, verb, core, error);
    const struct core_list *list = cores_now();
    if (list == NULL)
        return shell_failed(command, -E_NOENT);
    if (list->core[core].state == MONITOR_CORE_MEMBER)
        printf("core %u is a member, incarnation %u, view %" PRIu64 "\n", core,
               list->core[core].incarnation, list->view);
    else
        printf("core %u is %s, view %" PRIu64 "\n", core, core_state_text(list->core[core].state),
               list->view);
    return STATUS_OK;
}

enum status builtin_cores(const struct command *command) {
    if (command->words == 1)
        return show(command);
    if (strcmp(command->word[1], "--tree") == 0)
        return tree_show(command);
    for (const struct verb *verb = verbs; verb < verbs + VERBS && command->words == 3; verb++)
        if (strcmp(command->word[1], verb->name) == 0)
            return control(command, verb);
    return shell_misused(command, "use it as: cores, or cores start|stop|fence CORE, or cores "
                                  "--tree [KIND] [CORE]");
}

const char *cores_candidate(size_t index) {
    if (index < VERBS)
        return verbs[index].name;
    if (index == VERBS)
        return "--tree";
    const char *kind = tree_kind_name(index - VERBS - 1);
    return kind != NULL ? kind : core_candidate(index - VERBS - 1 - MONITOR_TREE_COUNT);
}
