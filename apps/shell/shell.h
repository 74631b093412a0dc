/* What the parts of the shell share. */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/info.h>

#include "command.h"

#define PROMPT "bulkhead> "

/* Exit status of a command, as everywhere: 0 success, 1 it failed, 2 it was not used rightly. */
enum status { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

/*
 * A command of the shell. `run` gets it with words[0] its name; the number of its arguments has
 * been checked. It prints what went wrong itself.
 */
struct builtin {
    const char *name;
    const char *arguments; /* as in a manual */
    const char *help;      /* one line */
    const char *details;   /* more lines, or NULL */
    int least, most;       /* number of arguments */
    bool background;       /* may end in `&` */
    enum status (*run)(const struct command *command);
    const char *(*candidate)(size_t index); /* completes its arguments: see line.h; may be NULL */
};

extern const struct builtin builtins[];
extern const size_t builtin_count;

/* Runs one command, whatever it is. */
enum status shell_execute(const struct command *command);

/*
 * Prints "COMMAND: TEXT" and returns STATUS_USAGE, or STATUS_FAILED with the text of a negated
 * error.
 */
enum status shell_misused(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum status shell_failed(const struct command *command, int error);

/* The number in a word, if it is one and within [least, most]. */
bool shell_number(const char *word, uint64_t least, uint64_t most, uint64_t *number);

/*
 * Ends the machine's life when the present command is done; after a script, when its result has
 * been printed.
 */
void shell_power_off(void);

/* When the first prompt was shown, by the time-stamp counter; 0: not by this shell. */
uint64_t shell_prompt_stamp(void);

/* ---- events.c: what happens to the shell while a command runs ---- */

enum shell_event {
    SHELL_MONITOR,   /* a program that it has started has ended, or there is a new console */
    SHELL_INTERRUPT, /* the interrupt key */
    SHELL_ALARM,     /* the time that was given is over */
};

/*
 * Makes the interrupt key of the present console an event. Nothing when it is one already, or there
 * is no console.
 */
void shell_attach(void);

/* Drops the notification of an interrupt key that a reading has told of already. */
void shell_drop_interrupt(void);

/* Waits for an event, and shows the interrupt key; 0 nanoseconds: without limit. */
enum shell_event shell_wait(uint64_t nanoseconds);

/* Waits. False: the interrupt key ended it. */
bool shell_sleep(uint64_t nanoseconds);

/* ---- jobs.c: programs ---- */

/* Tells of programs in the background that have ended. */
void jobs_announce(void);

enum status builtin_run(const struct command *command);
enum status builtin_ipcbench(const struct command *command);

/* ---- the other commands, by file ---- */

enum status builtin_cores(const struct command *command);
enum status builtin_ps(const struct command *command);
enum status builtin_kill(const struct command *command);
enum status builtin_report(const struct command *command);
enum status builtin_programs(const struct command *command);
enum status builtin_mem(const struct command *command);
enum status builtin_iommu(const struct command *command);
enum status builtin_log(const struct command *command);
enum status builtin_uptime(const struct command *command);
enum status builtin_poweroff(const struct command *command);
enum status builtin_reboot(const struct command *command);
enum status builtin_sched(const struct command *command);
enum status builtin_trace(const struct command *command);

const char *program_candidate(size_t index);
const char *run_candidate(size_t index);
const char *cores_candidate(size_t index);
const char *mem_candidate(size_t index);
const char *core_candidate(size_t index);
const char *process_candidate(size_t index);
const char *sched_candidate(size_t index);
const char *trace_candidate(size_t index);

#endif
