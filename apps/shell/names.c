#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/startup.h>

#include "manager.h"
#include "members.h"

/* Processes that one request asks for, whatever the core. */
#define PAGE_PROCESSES (MONITOR_TEXT_MAX / sizeof(struct process_info))

/* Makes room for a page more. */
static int make_room(struct process_list *list) {
    size_t room = 2 * list->room + PAGE_PROCESSES;

    if (list->room - list->count >= PAGE_PROCESSES)
        return 0;
    struct process_info *process = realloc(list->process, room * sizeof *process);
    if (process == NULL)
        return -E_NOMEM;
    list->process = process;
    list->room = room;
    return 0;
}

int processes_add(struct process_list *list, uint32_t core) {
    struct info_result result = { 0 };
    uint64_t slot = 0;

    do {
        int error = make_room(list);
        struct process_info *page = list->process + list->count;
        if (!error)
            error = core_getinfo(core, INFO_PROCESSES, page, PAGE_PROCESSES * sizeof *page, slot,
                                 &result);
        if (error)
            return error;
        list->count += result.bytes / sizeof *page;
        if (result.bytes != 0)
            slot = endpoint_slot(list->process[list->count - 1].endpoint) + 1U;
    } while (result.bytes != 0 && result.bytes < result.total);
    return 0;
}

const struct process_list *processes_now(void) {
    static struct process_list list;
    const struct core_list *cores = cores_now();

    list.count = 0;
    if (cores == NULL)
        return NULL;
    for (uint32_t core = 0; core < cores->count; core++) {
        size_t before = list.count;
        if (cores->core[core].state != MONITOR_CORE_MEMBER)
            continue;
        int error = processes_add(&list, core);
        if (error && core == core_own())
            return NULL;
        if (error) /* it has failed meanwhile, and they with it */
            list.count = before;
    }
    return &list;
}

const char *process_name(const struct process_list *list, endpoint_t endpoint,
                         char text[ENDPOINT_TEXT]) {
    for (size_t i = 0; i < list->count; i++)
        if (list->process[i].endpoint == endpoint) {
            snprintf(text, ENDPOINT_TEXT, "%.*s", ENDPOINT_TEXT - 1, list->process[i].label);
            return text;
        }
    return endpoint_text(endpoint, text);
}

/* The incarnation that an endpoint does not show is the core's present one. */
static bool resolve_endpoint(const struct command *command, const char *word,
                             endpoint_t *endpoint) {
    uint32_t core = endpoint_core(*endpoint), incarnation = endpoint_incarnation(runtime_self());

    if (core != core_own()) {
        const struct core_list *list = cores_now();
        if (list == NULL || core >= list->count) {
            shell_misused(command, "'%s' is no process: there is no core %u", word, core);
            return false;
        }
        incarnation = list->core[core].incarnation;
    }
    return endpoint_parse(word, incarnation, endpoint);
}

bool process_resolve(const struct command *command, const char *word, endpoint_t *endpoint) {
    char label[LABEL_MAX + 1];
    const char *number;
    uint32_t core = 0;

    if (endpoint_parse(word, 0, endpoint))
        return resolve_endpoint(command, word, endpoint);
    bool on_core = label_split(word, label, &number);
    if (on_core && !core_parse(command, number, &core))
        return false;
    int error =
        on_core ? manager_lookup(core, label, endpoint) : manager_lookup(CORE_ANY, word, endpoint);
    if (error == -E_NOENT && on_core && cores_now()->core[core].state == MONITOR_CORE_MEMBER)
        shell_misused(command, "no process of core %u has the label '%s'", core, label);
    else if (error && on_core)
        core_failed(command, core, error);
    else if (error)
        shell_misused(command, "'%s' is neither an endpoint nor the label of a process", word);
    return error == 0;
}

enum status process_failed(const struct command *command, endpoint_t endpoint, int error) {
    bool gone = error == -E_NOENT || error == -E_PEERDEAD;

    return gone && endpoint_core(endpoint) != core_own()
               ? core_failed(command, endpoint_core(endpoint), error)
               : shell_failed(command, error);
}
