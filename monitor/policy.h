/*
 * The static policy of the system: what each program may do (thesis 3.2; table 3.1 is its form). A
 * program without a row is not started: no-privilege defaults.
 */
#ifndef MONITOR_POLICY_H
#define MONITOR_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_TARGETS   5
#define POLICY_RANGES    2
#define POLICY_ARGUMENTS 4

/* Programs without which the system is not whole: started at boot, started again when they die. */
enum policy_service {
    SERVICE_NONE,
    SERVICE_CONSOLE, /* the console of all programs; has the serial port to itself while it lives */
    SERVICE_SHELL,
};

struct policy_range {
    uint32_t first, count; /* count 0: none */
};

/*
 * `program` is a name in the boot archive, which becomes the label of the process; "x*" stands for
 * all that begin with x. With `image`, that is the name in the archive: a driver of two devices has
 * two rows. `targets` are the labels of those that it may send to, or patterns as `program`, up to
 * the first NULL; they may answer. `arguments`, up to the first NULL, are what a service is started
 * with. The console's are its port, and who may read it and hear of its interrupt key: labels, or
 * patterns as `program`.
 */
struct policy {
    const char *program;
    const char *image; /* NULL: the same as `program` */
    uint32_t ipc;      /* set of IPC_BIT() */
    const char *targets[POLICY_TARGETS];
    uint64_t kcalls; /* set of KCALL_BIT() */
    struct policy_range ports[POLICY_RANGES], lines[POLICY_RANGES];
    uint32_t frames;     /* quota, in frames of 4 KiB */
    uint32_t processes;  /* that it may create, or let its children create */
    uint8_t priority;    /* base priority */
    uint8_t most_urgent; /* priority that may be set later on */
    uint64_t quantum;    /* nanoseconds */
    bool manages;        /* may ask the monitor to start and end programs */
    enum policy_service service;
    const char *arguments[POLICY_ARGUMENTS]; /* of at most LABEL_MAX characters */
};

extern const struct policy policies[];
extern const size_t policy_count;

/* The row of a program. NULL: it may not run. */
const struct policy *policy_find(const char *program);

/* Whether the row lets its program send to processes of a label. */
bool policy_targets(const struct policy *policy, const char *label);

#endif
