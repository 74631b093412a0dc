/* The commands, in one table, and how one is run. */
#include <stdio.h>
#include <string.h>

#include <runtime/startup.h>

#include "pci.h"
#include "shell.h"
#include "table.h"

static enum status builtin_help(const struct command *command);

static enum status builtin_echo(const struct command *command) {
    for (int i = 1; i < command->words; i++)
        printf("%s%s", i > 1 ? " " : "", command->word[i]);
    putchar('\n');
    return STATUS_OK;
}

static enum status builtin_sleep(const struct command *command) {
    enum { DAY = 86400 };
    uint64_t seconds;

    if (!shell_number(command->word[1], 0, DAY, &seconds))
        return shell_misused(command, "'%s' is not a number of seconds: must be 0 to %d",
                             command->word[1], DAY);
    return shell_sleep(seconds * TIME_SECOND) ? STATUS_OK : STATUS_FAILED;
}

static const char *builtin_candidate(size_t index) {
    return index < builtin_count ? builtins[index].name : NULL;
}

#define ANY_NUMBER (COMMAND_WORDS - 1)

const struct builtin builtins[] = {
    {
        .name = "help",
        .arguments = "[COMMAND]",
        .help = "what commands there are, or what one does",
        .most = 1,
        .run = builtin_help,
        .candidate = builtin_candidate,
    },
    {
        .name = "ps",
        .arguments = "[-v] [CORE]",
        .help = "processes",
        .details =
            "Of all cores, or of one: the first number of an endpoint is its core. -v shows\n"
            "whom each waits for, what its policy lets it have, and what it was refused.",
        .most = 2,
        .run = builtin_ps,
        .candidate = core_candidate,
    },
    {
        .name = "cores",
        .arguments = "[start|stop|fence CORE | --tree [KIND] [CORE]]",
        .help = "cores, and their kernels",
        .details =
            "Without arguments: what each core is doing, its memory, from where on, and how much\n"
            "it has worked since it was started. `stop` is in order: its monitor agrees. `fence`\n"
            "ends it at once, as when it has failed. `start` starts it again with a fresh kernel,\n"
            "the next incarnation: endpoints of the one before mean nothing any more.\n"
            "`--tree` draws how a core tells all others: in which round which core is told by\n"
            "which. KIND: multicast, binomial, flat; without, the one that costs least.",
        .most = 3,
        .run = builtin_cores,
        .candidate = cores_candidate,
    },
    {
        .name = "iommu",
        .arguments = "[FAULTS]",
        .help = "what confines devices, and what it refused them",
        .details =
            "The devices that may reach memory, how much, and how many of their interrupts are\n"
            "let through; then the last faults: what devices tried and the hardware refused.",
        .most = 1,
        .run = builtin_iommu,
    },
    {
        .name = "mem",
        .arguments = "[CORE] | move MIB FROM TO",
        .help = "memory of a core",
        .details =
            "Of the shell's own core, unless another is named. `move` takes free memory from\n"
            "one core and gives it to another, in chunks of 2 MiB.",
        .most = 4,
        .run = builtin_mem,
        .candidate = mem_candidate,
    },
    {
        .name = "log",
        .arguments = "[-f] [CORE]",
        .help = "the log of a core's kernel",
        .details = "Of the shell's own core, unless another is named. -f goes on with new lines\n"
                   "until ^C.",
        .most = 2,
        .run = builtin_log,
        .candidate = core_candidate,
    },
    {
        .name = "run",
        .arguments = "PROGRAM [ARGUMENT...] [--core PLACE] [&]",
        .help = "run a program",
        .details =
            "On the shell's own core; or where PLACE says: N: core N; any: the one with most\n"
            "idle time; or, chosen by the monitors, the least loaded: near:N: near core N;\n"
            "node:N: near the memory of NUMA node N; pci:B:D.F: near a PCI device, if the build\n"
            "was told where that is; apart:N: sharing no physical core with core N. `--core` "
            "stands first or last.\n"
            "^C ends the program. With & the shell does not wait for\n"
            "it. `programs` lists the programs.",
        .least = 1,
        .most = ANY_NUMBER,
        .background = true,
        .run = builtin_run,
        .candidate = run_candidate,
    },
    {
        .name = "pci",
        .arguments = "[-v]",
        .help = "PCI devices",
        .details = "-v shows registers, capabilities, who drives it, and whether an IOMMU confines "
                   "that.",
        .most = 1,
        .run = builtin_pci,
        .candidate = pci_candidate,
    },
    {
        .name = "programs",
        .arguments = "",
        .help = "programs that can be run",
        .run = builtin_programs,
    },
    {
        .name = "kill",
        .arguments = "PROCESS",
        .help = "end a process",
        .details =
            "PROCESS is an endpoint, as ps shows it, or a label, or label@core. A label alone is\n"
            "looked for on the shell's own core first.",
        .least = 1,
        .most = 1,
        .run = builtin_kill,
        .candidate = process_candidate,
    },
    {
        .name = "report",
        .arguments = "PROCESS",
        .help = "how a process died",
        .details = "PROCESS is the endpoint of a process that has died.",
        .least = 1,
        .most = 1,
        .run = builtin_report,
    },
    {
        .name = "sched",
        .arguments = "[POLICY | prio PROCESS N | quantum PROCESS US]",
        .help = "scheduling",
        .details =
            "Without arguments: the policies, and which is in use on the shell's own core. "
            "PROCESS\n"
            "may be of any core (see `help kill`). A priority is 0 (most urgent) to 15, no more\n"
            "urgent than the process' policy allows; a quantum is in microseconds.",
        .most = 3,
        .run = builtin_sched,
        .candidate = sched_candidate,
    },
    {
        .name = "trace",
        .arguments = "[start [CLASS...] | stop | show [N] | all]",
        .help = "what the kernel does",
        .details =
            "Records events of the classes sched, ipc, irq, process, kcall, channel or all; shows\n"
            "the last N of them (40). `trace all` stops recording on all cores and writes what "
            "they\n"
            "have recorded as one timeline to the second serial port: on the host, make run\n"
            "TRACE=FILE.",
        .most = ANY_NUMBER,
        .run = builtin_trace,
        .candidate = trace_candidate,
    },
    {
        .name = "ipcbench",
        .arguments = "[FIGURE...]",
        .help = "measure kernel and IPC",
        .details = "The same as run ipcbench, with the time from boot to prompt.",
        .most = ANY_NUMBER - 1,
        .background = true,
        .run = builtin_ipcbench,
    },
    {
        .name = "uptime",
        .arguments = "[-v] [CORE]",
        .help = "time since a core's start",
        .details = "Of the shell's own core, unless another is named. -v shows the processor, and\n"
                   "what it has done.",
        .most = 2,
        .run = builtin_uptime,
        .candidate = core_candidate,
    },
    {
        .name = "sleep",
        .arguments = "SECONDS",
        .help = "wait",
        .least = 1,
        .most = 1,
        .run = builtin_sleep,
    },
    {
        .name = "echo",
        .arguments = "[WORD...]",
        .help = "print words",
        .most = ANY_NUMBER,
        .run = builtin_echo,
    },
    {
        .name = "poweroff",
        .arguments = "",
        .help = "switch the machine off",
        .run = builtin_poweroff,
    },
    {
        .name = "reboot",
        .arguments = "",
        .help = "start the machine again",
        .run = builtin_reboot,
    },
};

const size_t builtin_count = sizeof builtins / sizeof builtins[0];

static const struct builtin *find(const char *name) {
    for (size_t i = 0; i < builtin_count; i++)
        if (strcmp(builtins[i].name, name) == 0)
            return &builtins[i];
    return NULL;
}

static enum status help_one(const struct command *command) {
    const struct builtin *builtin = find(command->word[1]);

    if (builtin == NULL)
        return shell_misused(command, "'%s' is not a command; `help` lists those there are",
                             command->word[1]);
    printf("%s %s\n%s\n", builtin->name, builtin->arguments, builtin->help);
    if (builtin->details != NULL)
        printf("%s\n", builtin->details);
    return STATUS_OK;
}

static enum status builtin_help(const struct command *command) {
    static const struct table_column columns[] = { { "COMMAND", TABLE_LEFT },
                                                   { "WHAT IT IS FOR", TABLE_LEFT } };
    struct table table;

    if (command->words == 2)
        return help_one(command);
    table_begin(&table, stdout, columns, 2);
    while (table_pass(&table))
        for (const struct builtin *builtin = builtins; builtin < builtins + builtin_count;
             builtin++) {
            table_cell(&table, "%s %s", builtin->name, builtin->arguments);
            table_cell(&table, "%s", builtin->help);
        }
    puts("\nSeparate commands by `;`. Tab completes, the arrow keys edit and recall lines, ^C ends "
         "what runs.");
    return STATUS_OK;
}

/* A command of that name does not exist; perhaps a program does. */
static enum status unknown(const struct command *command) {
    const char *program;

    for (size_t i = 0; (program = program_candidate(i)) != NULL; i++)
        if (strcmp(program, command->word[0]) == 0)
            return shell_misused(command, "not a command, but a program: `run %s`", program);
    return shell_misused(command, "no such command; `help` lists those there are");
}

enum status shell_execute(const struct command *command) {
    if (command->error != NULL) {
        printf("shell: %s\n", command->error);
        return STATUS_USAGE;
    }
    const struct builtin *builtin = find(command->word[0]);
    int arguments = command->words - 1;

    if (builtin == NULL)
        return unknown(command);
    if (arguments < builtin->least || arguments > builtin->most)
        return shell_misused(command, "use it as: %s %s", builtin->name, builtin->arguments);
    if (command->background && !builtin->background)
        return shell_misused(command, "it cannot run in the background");
    return builtin->run(command);
}
