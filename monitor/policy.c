#include "policy.h"

#include <string.h>

#include <bulkhead/ipc.h>
#include <bulkhead/kcall.h>
#include <runtime/pattern.h>

#define MS 1000000UL

/* What the C runtime of a program needs: memory for its heap, time, and to know about itself. */
#define KCALLS_PROGRAM                                                               \
    (KCALL_BIT(NULL) | KCALL_BIT(EXIT) | KCALL_BIT(MEM_MAP) | KCALL_BIT(MEM_UNMAP) | \
     KCALL_BIT(SETALARM) | KCALL_BIT(GETINFO))

/* A program that asks others, of whichever core (NOTIFY rings there), and is asked by none. */
#define IPC_CLIENT (IPC_BIT(SENDREC) | IPC_BIT(RECEIVE) | IPC_BIT(NOTIFY))

/* The driver of one serial port. It answers whoever may ask it, and asks nobody. */
#define SERIAL_PORT(base, line)                                                                 \
    .ipc = IPC_BIT(SENDREC) | IPC_BIT(RECEIVE) | IPC_BIT(NBSEND) | IPC_BIT(NOTIFY),             \
    .kcalls = KCALLS_PROGRAM | KCALL_BIT(VDEVIO) | KCALL_BIT(IRQCTL), .ports = { { base, 8 } }, \
    .lines = { { line, 1 } }, .frames = 128, .quantum = 50 * MS

/*
 * A program without privileges: it computes, and writes to the console. That may be on another
 * core, so it may ask the monitor for a channel; the monitor does nothing else for it.
 */
#define ORDINARY                                                                        \
    .ipc = IPC_CLIENT, .kcalls = KCALLS_PROGRAM, .targets = { "monitor", "serial" },    \
    .frames = 128, .priority = SCHED_PRIORITY_USER, .most_urgent = SCHED_PRIORITY_USER, \
    .quantum = 10 * MS

/*
 * Benchmarks and tests make children of their own, give them policies, and try out devices and
 * refusals. Nobody can give what it has not got, so they get all that the monitor has, and are
 * trusted as it is: keep them out of an archive that is neither for measuring nor for testing.
 * Three of them fit into a core's process slots, with all that they may create: a test may run
 * another.
 */
#define EVERYTHING                                                                         \
    .ipc = IPC_ALL, .kcalls = KCALL_ALL & ~KCALL_MONITOR,                                  \
    .targets = { "monitor", "serial", "test-*", "chanbench*", "monbench" },                \
    .ports = { { 0, 0x10000 } }, .lines = { { 0, 256 } }, .frames = 4096, .processes = 80, \
    .priority = SCHED_PRIORITY_USER, .most_urgent = 0, .quantum = 10 * MS, .manages = true

const struct policy policies[] = {
    /* Keys are for the shell: a program that could read them could keep them from it for good. */
    {
        .program = "serial",
        .service = SERVICE_CONSOLE,
        .arguments = { "com1", "shell", "test-*" },
        SERIAL_PORT(0x3f8, 4),
        .priority = 1,
        .most_urgent = 1,
    },
    /* The port that timelines leave by: the shell starts it when it has one to write. */
    {
        .program = "trace-port",
        .image = "serial",
        SERIAL_PORT(0x2f8, 3),
        .priority = 3,
        .most_urgent = 3,
    },
    /*
     * The rescue shell. NBSEND, to refuse messages that it does not expect; LOG, to be heard when
     * there is no console.
     */
    {
        .program = "shell",
        .service = SERVICE_SHELL,
        .ipc = IPC_CLIENT | IPC_BIT(NBSEND),
        .targets = { "monitor", "serial", "trace-port" },
        .kcalls = KCALLS_PROGRAM | KCALL_BIT(SYSCTL) | KCALL_BIT(SCHED) | KCALL_BIT(TRACE) |
                  KCALL_BIT(LOG),
        .frames = 480,
        .priority = 4,
        .most_urgent = 4,
        .quantum = 10 * MS,
        .manages = true,
    },
    { .program = "hello", ORDINARY },
    { .program = "crash", ORDINARY },
    { .program = "spin", ORDINARY },
    { .program = "ipcbench", EVERYTHING },
    { .program = "isobench", EVERYTHING },
    { .program = "chanbench", EVERYTHING },
    { .program = "monbench", EVERYTHING },
    { .program = "chanbench-idle", .image = "chanbench", ORDINARY },
    { .program = "test-*", EVERYTHING },
};

const size_t policy_count = sizeof policies / sizeof policies[0];

const struct policy *policy_find(const char *program) {
    for (size_t i = 0; i < policy_count; i++)
        if (pattern_matches(policies[i].program, program))
            return &policies[i];
    return NULL;
}

bool policy_targets(const struct policy *policy, const char *label) {
    for (size_t i = 0; i < POLICY_TARGETS && policy->targets[i] != NULL; i++)
        if (pattern_matches(policy->targets[i], label))
            return true;
    return false;
}
