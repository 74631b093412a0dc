/* The cores of the machine, and what they tell. */
#ifndef SHELL_MEMBERS_H
#define SHELL_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/protocol/monitor.h>

#include "shell.h"

struct core_list {
    uint64_t view; /* its number */
    size_t count;
    struct monitor_core core[CORES_MAX]; /* by number */
};

/* Looks up all cores; the list is overwritten by the next call. NULL: it cannot be had. */
const struct core_list *cores_now(void);

const char *core_state_text(uint32_t state);

/* The core that the shell runs on. */
uint32_t core_own(void);

/* Is a process of that endpoint's core, in its incarnation, still possible? */
bool core_lives(endpoint_t endpoint);

struct info_result {
    size_t bytes, total; /* written, and that there are */
    uint64_t position;   /* INFO_LOG: of the first byte */
};

/*
 * GETINFO on a core: the own kernel is asked directly, others through the monitors, who carry
 * MONITOR_TEXT_MAX bytes at most.
 */
int core_getinfo(uint32_t core, enum info what, void *buffer, size_t bytes, uint64_t selector,
                 struct info_result *result);

/*
 * The core that a word of the command means. False: it means none, which has been said.
 */
bool core_parse(const struct command *command, const char *word, uint32_t *core);

/* What `[OPTION] [CORE]`, in any order, means: core_own() if no core is named. False: it is said.
 */
bool core_arguments(const struct command *command, const char *option, bool *with_option,
                    uint32_t *core);

/* Says why a core has not answered. */
enum status core_failed(const struct command *command, uint32_t core, int error);

/* How busy a core is. */
struct core_load {
    uint32_t core;
    uint32_t idle; /* percent of the time */
    size_t processes;
};

/* Percent of the time between two moments that a core was idle. */
uint32_t core_idle_share(const struct core_info *before, const struct core_info *after);

/* The one to be given more to do: most idle, then fewest processes, then lowest. count > 0. */
uint32_t core_choose(const struct core_load *load, size_t count);

/* The member that has most idle time at present. */
int core_most_idle(uint32_t *core);

#endif
