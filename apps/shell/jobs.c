/* Programs: started by the monitor, waited for by the shell. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/startup.h>
#include <runtime/kcall.h>

#include "manager.h"
#include "members.h"
#include "names.h"
#include "pci.h"
#include "place.h"
#include "shell.h"

#define JOBS_MAX     16
#define REPORT_BYTES 4096

struct job {
    endpoint_t endpoint; /* ENDPOINT_NONE: a free entry */
    char name[LABEL_MAX + 1];
};

static struct job jobs[JOBS_MAX]; /* in the background */

/* Says how a program has ended, if not as it should. */
static enum status judge(const struct job *job, enum death_cause cause, uint64_t status) {
    static char report[REPORT_BYTES];

    switch (cause) {
    case DEATH_EXIT:
        if (status == 0)
            return STATUS_OK;
        printf("%s: exit status %" PRIu64 "\n", job->name, status);
        return STATUS_FAILED;
    case DEATH_KILLED:
        printf("%s: killed\n", job->name);
        return STATUS_FAILED;
    default:
        if (manager_report(job->endpoint, report, sizeof report) == 0)
            fputs(report, stdout);
        else
            printf("%s: died\n", job->name);
        return STATUS_FAILED;
    }
}

/* Nothing is known of a program any more: a core that fails takes its programs along. */
static enum status lose(const struct job *job, int error) {
    unsigned core = endpoint_core(job->endpoint);

    if (core_lives(job->endpoint))
        printf("%s: what became of it is not known: %s (%s)\n", job->name, error_text(error),
               error_name(error));
    else
        printf("%s: lost with core %u, which has failed or was stopped\n", job->name, core);
    return STATUS_FAILED;
}

void jobs_announce(void) {
    char text[ENDPOINT_TEXT];

    for (struct job *job = jobs; job < jobs + JOBS_MAX; job++) {
        enum death_cause cause = DEATH_NONE;
        uint64_t status = 0;
        if (job->endpoint == ENDPOINT_NONE)
            continue;
        int error = manager_status(job->endpoint, &cause, &status);
        if (!error && cause == DEATH_NONE)
            continue;
        printf("%s (%s) has ended\n", job->name, endpoint_text(job->endpoint, text));
        if (error)
            lose(job, error);
        else
            judge(job, cause, status);
        job->endpoint = ENDPOINT_NONE;
    }
}

/* Waits for the end of a program; the interrupt key ends it. */
static enum status wait_for(const struct job *job) {
    enum death_cause cause = DEATH_NONE;
    uint64_t status = 0;

    for (;;) {
        int error = manager_status(job->endpoint, &cause, &status);
        if (!error && cause != DEATH_NONE)
            return judge(job, cause, status);
        if (error)
            return lose(job, error);
        if (shell_wait(0) == SHELL_INTERRUPT)
            manager_kill(job->endpoint); /* of one that has ended meanwhile the status will tell */
    }
}

static enum status put_in_background(const struct job *job) {
    char text[ENDPOINT_TEXT];

    printf("%s (%s) runs\n", job->name, endpoint_text(job->endpoint, text));
    for (struct job *entry = jobs; entry < jobs + JOBS_MAX; entry++)
        if (entry->endpoint == ENDPOINT_NONE) {
            *entry = *job;
            return STATUS_OK;
        }
    puts("(too many programs in the background: its end will not be announced)");
    return STATUS_OK;
}

/* A program that the monitor of a core does not start. */
static enum status not_started(const struct command *command, uint64_t core, const char *name,
                               int error) {
    const struct core_list *list = cores_now();
    bool elsewhere = core != CORE_HERE && list != NULL;

    if (elsewhere && (error == -E_PEERDEAD || list->core[core].state != MONITOR_CORE_MEMBER))
        return core_failed(command, (uint32_t)core, error);
    if (error == -E_NOENT || error == -E_PERM)
        return shell_misused(
            command, "'%s' is not a program to be run; `programs` lists those there are", name);
    return shell_failed(command, error);
}

static enum status start(const struct command *command, uint64_t core, const char *args,
                         size_t bytes, uint32_t argc) {
    struct job job = { .endpoint = ENDPOINT_NONE };
    bool waits;
    int error = manager_spawn_driver(core, args, bytes, argc, &job.endpoint, &waits);

    if (error)
        return not_started(command, core, args, error);
    if (waits && !pci_attach(command, args, job.endpoint))
        return STATUS_FAILED;
    snprintf(job.name, sizeof job.name, "%s", args);
    return command->background ? put_in_background(&job) : wait_for(&job);
}

/* The words of a command lie one after the other, terminated, as the monitor wants them. */
static size_t words_bytes(const struct command *command, int first, int count) {
    const char *last = command->word[first + count - 1];

    return (size_t)(last + strlen(last) + 1 - command->word[first]);
}

/* A hexadecimal number up to `most`, and the character after it. */
static bool parse_part(const char **at, uint64_t most, char after, uint64_t *value) {
    char *end;

    *value = strtoul(*at, &end, 16);
    bool good = end != *at && **at != '-' && *value <= most && *end == after;
    *at = end + 1;
    return good;
}

/* "BUS:DEVICE.FUNCTION", in hexadecimal, as MONITOR_PLACE wants it. */
static bool parse_device(const char *word, uint64_t *device) {
    uint64_t bus, slot, function;
    bool good = parse_part(&word, 0xff, ':', &bus) && parse_part(&word, 0x1f, '.', &slot) &&
                parse_part(&word, 7, '\0', &function);

    *device = good ? bus << 8 | slot << 3 | function : 0;
    return good;
}

/* "near:N" and the like. True: the monitors are to choose, or what is wrong has been said. */
static bool choose_place(const struct command *command, const char *word, enum status *status,
                         uint32_t *core) {
    static const struct {
        const char *prefix;
        enum monitor_place rule;
    } rules[] = { { "near:", MONITOR_PLACE_CORE },
                  { "node:", MONITOR_PLACE_NODE },
                  { "apart:", MONITOR_PLACE_ANY },
                  { "pci:", MONITOR_PLACE_DEVICE } };

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        size_t length = strlen(rules[i].prefix);
        uint64_t number, apart = CORE_HERE;
        if (strncmp(word, rules[i].prefix, length) != 0)
            continue;
        bool good = rules[i].rule == MONITOR_PLACE_DEVICE
                        ? parse_device(word + length, &number)
                        : shell_number(word + length, 0, UINT32_MAX, &number);
        if (!good) {
            *status = shell_misused(command, "'%s': %s follows %s", word,
                                    rules[i].rule == MONITOR_PLACE_DEVICE ? "BUS:DEVICE.FUNCTION"
                                                                          : "a number",
                                    rules[i].prefix);
            return true;
        }
        if (rules[i].rule == MONITOR_PLACE_ANY)
            apart = number;
        int error = manager_place(rules[i].rule, number, apart, core);
        *status = STATUS_OK;
        if (error == -E_NOENT)
            *status = shell_misused(command, "'%s': there is no such place", word);
        else if (error)
            *status = shell_failed(command, error);
        return true;
    }
    return false;
}

/* The core that --core means. STATUS_OK, or what is wrong has been said. */
static enum status choose_core(const struct command *command, const char *word, uint64_t *core) {
    uint32_t number = 0;
    enum status status = STATUS_OK;

    if (choose_place(command, word, &status, &number)) {
        if (status != STATUS_OK)
            return status;
    } else if (strcmp(word, "any") == 0) {
        int error = core_most_idle(&number);
        if (error)
            return shell_failed(command, error);
    } else if (!core_parse(command, word, &number)) {
        return STATUS_USAGE;
    }
    *core = number;
    return STATUS_OK;
}

enum status builtin_run(const struct command *command) {
    uint64_t core = CORE_HERE;
    struct place place;

    if (!place_parse(command, &place))
        return shell_misused(command, "use it as: run PROGRAM [ARGUMENT...] [--core "
                                      "N|any|near:N|node:N|apart:N|pci:B:D.F] [&]");
    enum status status = place.core != NULL ? choose_core(command, place.core, &core) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    return start(command, core, command->word[place.first],
                 words_bytes(command, place.first, place.count), (uint32_t)place.count);
}

/* Also tells the program what it cannot find out: when the first prompt was shown. */
enum status builtin_ipcbench(const struct command *command) {
    char args[COMMAND_BYTES + 64];
    size_t bytes = words_bytes(command, 0, command->words);
    uint32_t argc = (uint32_t)command->words;

    memcpy(args, command->word[0], bytes);
    if (shell_prompt_stamp() != 0) {
        bytes += (size_t)snprintf(args + bytes, sizeof args - bytes, "prompt=%" PRIu64,
                                  shell_prompt_stamp()) +
                 1;
        argc++;
    }
    return start(command, CORE_HERE, args, bytes, argc);
}

/* The programs that can be run, a string each, one after the other; an empty one ends them. */
const char *program_candidate(size_t index) {
    static char names[4096];
    static const char *next;

    if (index == 0) {
        manager_programs(names, sizeof names - 1);
        names[strlen(names) + 1] = '\0';
        for (char *at = names; (at = strchr(at, '\n')) != NULL;)
            *at++ = '\0';
        next = names;
    } else {
        next += strlen(next) + 1;
    }
    return *next != '\0' ? next : NULL;
}

/* The option follows the programs. */
const char *run_candidate(size_t index) {
    static size_t programs;
    const char *name = index == 0 || index <= programs ? program_candidate(index) : NULL;

    if (name != NULL)
        programs = index + 1;
    return name != NULL ? name : index == programs ? "--core" : NULL;
}

enum status builtin_programs(const struct command *command) {
    (void)command;
    const char *name;

    for (size_t i = 0; (name = program_candidate(i)) != NULL; i++)
        puts(name);
    return STATUS_OK;
}
