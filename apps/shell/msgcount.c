/*
 * msgcount: how many messages the system takes for something, as measured for MINIX 3 in thesis
 * 3.1.2 (docs/message-counts.md). What counting itself takes is counted too, and taken off.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "manager.h"
#include "members.h"
#include "shell.h"

#define IDLE_TIME TIME_SECOND

/* Of all cores together. */
struct counts {
    uint64_t messages, kernel_calls;
};

static struct counts at_prompt; /* of the own core, then */
static bool booted_here;

static void add(struct counts *counts, const struct core_info *info) {
    counts->messages += info->messages;
    counts->kernel_calls += info->kernel_calls;
}

/* Only the own core can be asked without messages of other cores. */
void msgcount_booted(void) {
    struct core_info info = { 0 };

    booted_here = getinfo(INFO_CORE, &info, sizeof info, 0, NULL, NULL) == 0;
    add(&at_prompt, &info);
}

/* The members, once for all: to ask for them takes messages. */
static struct {
    uint32_t core[CORES_MAX];
    size_t count;
} members;

static int find_members(void) {
    const struct core_list *list = cores_now();

    members.count = 0;
    for (size_t i = 0; list != NULL && i < list->count; i++)
        if (list->core[i].state == MONITOR_CORE_MEMBER)
            members.core[members.count++] = list->core[i].core;
    return list != NULL ? 0 : -E_NOENT;
}

static int count(struct counts *counts) {
    *counts = (struct counts){ 0 };
    for (size_t i = 0; i < members.count; i++) {
        struct core_info info = { 0 };
        int error = core_getinfo(members.core[i], INFO_CORE, &info, sizeof info, 0, NULL);
        if (error)
            return error;
        add(counts, &info);
    }
    return 0;
}

static uint64_t less(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

static struct counts difference(struct counts after, struct counts before) {
    return (struct counts){ less(after.messages, before.messages),
                            less(after.kernel_calls, before.kernel_calls) };
}

/* What is counted between two countings that nothing lies between. */
static int count_nothing(struct counts *overhead) {
    struct counts first, second;
    int error = count(&first);

    if (!error)
        error = count(&second);
    if (!error)
        *overhead = difference(second, first);
    return error;
}

static void print(const char *what, struct counts counts, size_t cores) {
    uint64_t n = counts.messages;

    printf("BENCH name=msgcount unit=messages n=1 min=%" PRIu64 " q1=%" PRIu64 " median=%" PRIu64
           " q3=%" PRIu64 " max=%" PRIu64 " what=",
           n, n, n, n, n);
    for (const char *at = what; *at != '\0'; at++)
        putchar(*at == ' ' ? '_' : *at);
    printf(" kernel_calls=%" PRIu64 " cores=%zu\n", counts.kernel_calls, cores);
}

/* Runs a command line and prints what it took. */
static enum status measure(const char *text) {
    static struct command command; /* not that which runs this */
    struct counts overhead = { 0 }, before, after;
    const char *at = text;

    if (!command_next(&at, &command))
        return STATUS_USAGE;
    int error = count_nothing(&overhead);
    if (!error)
        error = count(&before);
    if (error)
        return shell_failed(&command, error);
    enum status status = shell_execute(&command);
    fflush(stdout);
    error = count(&after);
    if (error)
        return shell_failed(&command, error);
    print(text, difference(difference(after, before), overhead), members.count);
    return status;
}

/* What goes on when nobody asks for anything. */
static enum status measure_idle(const struct command *command) {
    struct counts overhead, before, after;
    int error = count_nothing(&overhead);

    if (!error)
        error = count(&before);
    if (!error && !shell_sleep(IDLE_TIME))
        return STATUS_FAILED;
    if (!error)
        error = count(&after);
    if (error)
        return shell_failed(command, error);
    print("idle second", difference(difference(after, before), overhead), members.count);
    return STATUS_OK;
}

static enum status measure_all(const struct command *command) {
    static const char *const typical[] = { "echo hello", "run hello", "ps",  "cores",
                                           "pci -v",     "log",       "help" };
    enum status status = STATUS_OK;

    if (booted_here)
        print("boot to prompt", at_prompt, 1);
    for (size_t i = 0; i < sizeof typical / sizeof typical[0] && status == STATUS_OK; i++)
        status = measure(typical[i]);
    return status == STATUS_OK ? measure_idle(command) : status;
}

enum status builtin_msgcount(const struct command *command) {
    static char text[COMMAND_BYTES];
    size_t used = 0;

    int error = find_members();
    if (error)
        return shell_failed(command, error);
    if (command->words == 1)
        return measure_all(command);
    if (strcmp(command->word[1], command->word[0]) == 0)
        return shell_misused(command, "it cannot count itself");
    for (int i = 1; i < command->words; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 1 ? " " : "",
                                 command->word[i]);
    return measure(text);
}
