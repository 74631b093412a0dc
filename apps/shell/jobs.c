/* Programs: started by the monitor, waited for by the shell. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/startup.h>
#include <runtime/kcall.h>

#include "manager.h"
#include "names.h"
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

void jobs_announce(void) {
    char text[ENDPOINT_TEXT];

    for (struct job *job = jobs; job < jobs + JOBS_MAX; job++) {
        enum death_cause cause = DEATH_NONE;
        uint64_t status = 0;
        if (job->endpoint == ENDPOINT_NONE ||
            (manager_status(job->endpoint, &cause, &status) == 0 && cause == DEATH_NONE))
            continue;
        printf("%s (%s) has ended\n", job->name, endpoint_text(job->endpoint, text));
        judge(job, cause, status);
        job->endpoint = ENDPOINT_NONE;
    }
}

/* Waits for the end of a program; the interrupt key ends it. */
static enum status wait_for(const struct command *command, const struct job *job) {
    enum death_cause cause = DEATH_NONE;
    uint64_t status = 0;

    for (;;) {
        int error = manager_status(job->endpoint, &cause, &status);
        if (!error && cause != DEATH_NONE)
            return judge(job, cause, status);
        if (!error && shell_wait(0) == SHELL_INTERRUPT)
            error = manager_kill(job->endpoint);
        if (error)
            return shell_failed(command, error);
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

static enum status start(const struct command *command, const char *args, size_t bytes,
                         uint32_t argc) {
    struct job job = { .endpoint = ENDPOINT_NONE };

    int error = manager_spawn(args, bytes, argc, &job.endpoint);
    if (error == -E_NOENT || error == -E_PERM)
        return shell_misused(
            command, "'%s' is not a program to be run; `programs` lists those there are", args);
    if (error)
        return shell_failed(command, error);
    snprintf(job.name, sizeof job.name, "%s", args);
    return command->background ? put_in_background(&job) : wait_for(command, &job);
}

/* The words of a command lie one after the other, terminated, as the monitor wants them. */
static size_t words_bytes(const struct command *command, int first) {
    const char *last = command->word[command->words - 1];

    return (size_t)(last + strlen(last) + 1 - command->word[first]);
}

enum status builtin_run(const struct command *command) {
    return start(command, command->word[1], words_bytes(command, 1), (uint32_t)command->words - 1);
}

/* Also tells the program what it cannot find out: when the first prompt was shown. */
enum status builtin_ipcbench(const struct command *command) {
    char args[COMMAND_BYTES + 64];
    size_t bytes = words_bytes(command, 0);
    uint32_t argc = (uint32_t)command->words;

    memcpy(args, command->word[0], bytes);
    if (shell_prompt_stamp() != 0) {
        bytes += (size_t)snprintf(args + bytes, sizeof args - bytes, "prompt=%" PRIu64,
                                  shell_prompt_stamp()) +
                 1;
        argc++;
    }
    return start(command, args, bytes, argc);
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

enum status builtin_programs(const struct command *command) {
    (void)command;
    const char *name;

    for (size_t i = 0; (name = program_candidate(i)) != NULL; i++)
        puts(name);
    return STATUS_OK;
}
