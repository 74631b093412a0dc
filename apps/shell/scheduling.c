/* sched. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <runtime/kcall.h>

#include "manager.h"
#include "names.h"
#include "shell.h"

#define US 1000UL

static const char *const words[] = { "prio", "quantum" };

static int policies(struct sched_info *info) {
    int error = getinfo(INFO_SCHED, info, sizeof *info, 0, NULL, NULL);

    if (!error && info->count > SCHED_POLICIES_MAX)
        info->count = SCHED_POLICIES_MAX;
    return error;
}

static enum status show(const struct sched_info *info) {
    for (uint32_t i = 0; i < info->count; i++)
        printf("%s %.*s\n", i == info->current ? "*" : " ", (int)sizeof info->name[i],
               info->name[i]);
    if (info->boost_period != 0)
        printf("every %" PRIu64 " ms all processes are boosted to their base priority\n",
               info->boost_period / 1000000);
    return STATUS_OK;
}

static enum status choose(const struct command *command, const struct sched_info *info) {
    for (uint32_t i = 0; i < info->count; i++)
        if (strncmp(info->name[i], command->word[1], sizeof info->name[i]) == 0) {
            int error = sched_policy(i);
            return error ? shell_failed(command, error) : STATUS_OK;
        }
    return shell_misused(command, "'%s' is not a policy; `sched` lists them", command->word[1]);
}

/* sched prio PROCESS N, sched quantum PROCESS US. */
static enum status change(const struct command *command) {
    bool quantum = strcmp(command->word[1], words[1]) == 0;
    uint64_t least = quantum ? SCHED_QUANTUM_MIN / US : 0;
    uint64_t most = quantum ? SCHED_QUANTUM_MAX / US : SCHED_PRIORITIES - 1;
    endpoint_t endpoint;
    uint64_t value;

    if (!process_resolve(command, command->word[2], &endpoint))
        return STATUS_USAGE;
    if (!shell_number(command->word[3], least, most, &value))
        return shell_misused(command, "'%s' is not a %s: must be %" PRIu64 " to %" PRIu64 "%s",
                             command->word[3], quantum ? "quantum" : "priority", least, most,
                             quantum ? " (microseconds)" : "");
    int error = quantum ? manager_sched(endpoint, SCHED_QUANTUM, value * US)
                        : manager_sched(endpoint, SCHED_PRIORITY, value);
    return error ? process_failed(command, endpoint, error) : STATUS_OK;
}

enum status builtin_sched(const struct command *command) {
    bool changes = command->words > 1 && (strcmp(command->word[1], words[0]) == 0 ||
                                          strcmp(command->word[1], words[1]) == 0);
    struct sched_info info = { 0 };

    if (changes && command->words == 4)
        return change(command);
    if (changes || command->words > 2)
        return shell_misused(
            command, "use it as: sched prio PROCESS NUMBER, or sched quantum PROCESS MICROSECONDS");
    int error = policies(&info);
    if (error)
        return shell_failed(command, error);
    return command->words == 1 ? show(&info) : choose(command, &info);
}

const char *sched_candidate(size_t index) {
    static struct sched_info info;

    if (index < 2)
        return words[index];
    if (index == 2 && policies(&info))
        info.count = 0;
    return index - 2 < info.count ? info.name[index - 2]
                                  : process_candidate(index - 2 - info.count);
}
