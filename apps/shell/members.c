#include "members.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "manager.h"

#define LOAD_PERIOD (50 * TIME_MILLISECOND) /* long enough for a busy core to be seen as such */

const struct core_list *cores_now(void) {
    static struct core_list list;

    return manager_cores(list.core, CORES_MAX, &list.count, &list.view) ? NULL : &list;
}

const char *core_state_text(uint32_t state) {
    static const char *const text[] = {
#define X(name, text) text,
        MONITOR_CORE_STATES(X)
#undef X
    };
    return state < sizeof text / sizeof text[0] ? text[state] : "?";
}

uint32_t core_own(void) { return endpoint_core(runtime_self()); }

bool core_lives(endpoint_t endpoint) {
    uint32_t core = endpoint_core(endpoint);
    const struct core_list *list = cores_now();

    return list == NULL || (core < list->count && list->core[core].state == MONITOR_CORE_MEMBER &&
                            list->core[core].incarnation == endpoint_incarnation(endpoint));
}

int core_getinfo(uint32_t core, enum info what, void *buffer, size_t bytes, uint64_t selector,
                 struct info_result *result) {
    uint64_t arg[4] = { what, (uint64_t)buffer, bytes, selector };
    int error = core == core_own() ? trap_kernel_4(KCALL_GETINFO, arg) : manager_getinfo(core, arg);

    if (!error && result != NULL)
        *result = (struct info_result){ arg[0], arg[1], arg[2] };
    return error;
}

/* ---- Cores in commands ---- */

bool core_parse(const struct command *command, const char *word, uint32_t *core) {
    const struct core_list *list = cores_now();
    uint64_t number;

    if (!shell_number(word, 0, UINT32_MAX, &number))
        shell_misused(command, "'%s' is not the number of a core", word);
    else if (list == NULL)
        shell_misused(command, "the monitor does not tell what cores there are");
    else if (number >= list->count && list->count == 1)
        shell_misused(command, "there is no core %" PRIu64 ": the machine has core 0 alone",
                      number);
    else if (number >= list->count)
        shell_misused(command, "there is no core %" PRIu64 ": the machine has cores 0 to %zu",
                      number, list->count - 1);
    else {
        *core = (uint32_t)number;
        return true;
    }
    return false;
}

bool core_arguments(const struct command *command, const char *option, bool *with_option,
                    uint32_t *core) {
    bool named = false;

    *with_option = false;
    *core = core_own();
    for (int i = 1; i < command->words; i++) {
        const char *word = command->word[i];
        if (option != NULL && strcmp(word, option) == 0) {
            *with_option = true;
        } else if (word[0] == '-' && option != NULL) {
            shell_misused(command, "'%s' is not an option; there is %s", word, option);
            return false;
        } else if (named) {
            shell_misused(command, "one core at a time: '%s' is too many", word);
            return false;
        } else if (!core_parse(command, word, core)) {
            return false;
        } else {
            named = true;
        }
    }
    return true;
}

enum status core_failed(const struct command *command, uint32_t core, int error) {
    const struct core_list *list = error == -E_NOENT || error == -E_PEERDEAD ? cores_now() : NULL;
    uint32_t state =
        list != NULL && core < list->count ? list->core[core].state : (uint32_t)MONITOR_CORE_MEMBER;

    if (error == -E_PEERDEAD)
        shell_misused(command, "core %u failed before it answered", core);
    else if (state == MONITOR_CORE_OFF)
        shell_misused(command, "core %u is off; `cores start %u` starts it", core, core);
    else if (state != MONITOR_CORE_MEMBER)
        shell_misused(command, "core %u is not a member: it is %s", core, core_state_text(state));
    else
        return shell_failed(command, error);
    return STATUS_FAILED;
}

const char *core_candidate(size_t index) {
    static const struct core_list *list;
    static char text[12];

    if (index == 0)
        list = cores_now();
    if (list == NULL || index >= list->count)
        return NULL;
    snprintf(text, sizeof text, "%u", list->core[index].core);
    return text;
}

/* ---- Load ---- */

uint32_t core_idle_share(const struct core_info *before, const struct core_info *after) {
    uint64_t time = after->time - before->time, idle = after->idle_time - before->idle_time;

    if (after->time <= before->time || after->idle_time < before->idle_time)
        return 0;
    return idle >= time ? 100 : (uint32_t)(idle * 100 / time);
}

uint32_t core_choose(const struct core_load *load, size_t count) {
    const struct core_load *best = load;

    for (const struct core_load *other = load + 1; other < load + count; other++)
        if (other->idle > best->idle ||
            (other->idle == best->idle && other->processes < best->processes))
            best = other;
    return best->core;
}

static int measure(uint32_t core, struct core_info *info) {
    return core_getinfo(core, INFO_CORE, info, sizeof *info, 0, NULL);
}

int core_most_idle(uint32_t *core) {
    static struct core_info before[CORES_MAX];
    struct core_load load[CORES_MAX];
    const struct core_list *list = cores_now();
    struct info_result processes;
    struct core_info after = { 0 };
    size_t asked = 0, count = 0;

    for (uint32_t i = 0; list != NULL && i < list->count; i++)
        if (list->core[i].state == MONITOR_CORE_MEMBER && measure(i, &before[asked]) == 0)
            asked++;
    if (!shell_sleep(LOAD_PERIOD))
        return -E_INTR;
    for (size_t i = 0; i < asked; i++)
        if (measure(before[i].core, &after) == 0 &&
            core_getinfo(before[i].core, INFO_PROCESSES, NULL, 0, 0, &processes) == 0)
            load[count++] = (struct core_load){ after.core, core_idle_share(&before[i], &after),
                                                processes.total / sizeof(struct process_info) };
    if (count == 0)
        return -E_NOENT;
    *core = core_choose(load, count);
    return 0;
}
