/*
 * Isolation policies: what each program may do (thesis 2.3.1, Fig. 2.6 and 3.7). Read from text,
 * whose grammar is in docs/policies.md, by the same code in the monitor, the driver manager, and
 * the tool that checks the files of a build. By default everything is denied.
 *
 * Does no I/O and allocates nothing: all that is read lies in memory that the caller gives, and
 * points into the texts, which must stay.
 */
#ifndef RUNTIME_POLICY_H
#define RUNTIME_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICIES_MAX   128 /* drivers, of all files of a set */
#define POLICY_CLASSES 32
#define POLICY_FILES   8
#define POLICY_TARGETS 24
#define POLICY_RANGES                                                          \
    8 /* of ports, of lines, of memory: as many as a process has (PRIV_RANGES) \
       */
#define POLICY_PATTERNS   4 /* devices and classes of devices on the PCI bus */
#define POLICY_VETS       8
#define POLICY_ARGUMENTS  4
#define POLICY_ANY_CORE   0xffffU
#define POLICY_CHANNELS   128U /* the most that a process can have: BOUND_MAX */
#define POLICY_ERROR_TEXT 200
#define POLICY_BYTES      (24 * 1024) /* of memory that a set gets in the system */

/*
 * Programs without which the system is not whole: started at boot on core 0, started again when
 * they die. X(name, word)
 */
#define POLICY_SERVICES(X)                                                                    \
    X(NONE, "none")                                                                           \
    X(CONSOLE, "console") /* of all programs; has the serial port to itself while it lives */ \
    X(SHELL, "shell")                                                                         \
    X(PCI, "pci")                                                                             \
    X(IOMMU, "iommu")

enum policy_service {
#define X(name, word) SERVICE_##name,
    POLICY_SERVICES(X)
#undef X
        SERVICE_COUNT
};

/* What is done about a death. X(name, word) */
#define POLICY_RECOVERIES(X)                                         \
    X(NONE, "none")                                                  \
    X(DIRECT, "direct")   /* started again at once */                \
    X(BACKOFF, "backoff") /* after a pause that doubles each time */ \
    X(HOOK, "hook")       /* a program decides */

enum policy_recovery {
#define X(name, word) RECOVERY_##name,
    POLICY_RECOVERIES(X)
#undef X
        RECOVERY_COUNT
};

/* Ports; interrupt lines, by global system interrupt number; pages of physical memory. */
struct policy_range {
    uint64_t first, count;
};

#define POLICY_PCI_ANY 0xffffU

/* Devices on the PCI bus: by their identifiers, or by the class code in configuration space. */
struct policy_pci {
    uint8_t by_class;
    uint16_t vendor, device;      /* POLICY_PCI_ANY: any */
    uint32_t class24, class_mask; /* class << 16 | subclass << 8 | programming interface */
};

#define POLICY_VET_PORT 0xffU

/*
 * A register of which only some values may be written: the write has this width, and (value & mask)
 * is `value`. Rules that differ in `value` alone allow each of them.
 */
struct policy_vet {
    uint8_t bar;   /* 0 to 5; POLICY_VET_PORT: `offset` is a port */
    uint8_t width; /* 1, 2, 4 bytes */
    uint32_t offset, mask, value;
};

/*
 * The policy of a program. A list of words has each with its terminating zero, and ends with an
 * empty one: for (const char *w = list; *w != '\0'; w += strlen(w) + 1).
 */
struct policy {
    const char *program;   /* the label of its processes; "x*" stands for all that begin with x */
    const char *image;     /* its file in the archive; NULL: the one that is called as the label */
    const char *targets;   /* words: labels or patterns of those whom it may send to */
    const char *arguments; /* words: what a service is started with */
    const char *hook;      /* program that decides on a recovery, or NULL */
    const char *instead;   /* label of the driver whose devices it may have in its place, or NULL */
    const char *at;        /* its label in the text: policy_where() */
    uint64_t kcalls;       /* set of KCALL_BIT() */
    const struct policy_range *ports, *lines, *memory;
    const struct policy_pci *patterns;
    const struct policy_vet *vets;
    uint64_t quantum;                 /* nanoseconds */
    uint64_t budget, budget_period;   /* nanoseconds of each period; 0: as much as there is */
    uint64_t heartbeat;               /* nanoseconds between two; 0: none */
    uint64_t recovery_period;         /* nanoseconds in which it is recovered so often: */
    uint16_t recovery_count;          /* ... then given up */
    uint16_t core;                    /* POLICY_ANY_CORE: any */
    uint32_t ipc;                     /* set of IPC_BIT() */
    uint32_t frames;                  /* quota of memory, in frames of 4 KiB */
    uint32_t interrupt_limit;         /* per second, of one source; more is a storm; 0: none */
    uint16_t processes;               /* that it may create, or let its children create */
    uint16_t channels;                /* most bindings, channels and pools, at a time */
    uint8_t port_count, line_count;   /* elements of ports, of lines */
    uint8_t memory_count;             /* of memory, */
    bool memory_any;                  /* or all that is no RAM */
    uint8_t pattern_count, vet_count; /* elements of patterns, of vets */
    uint8_t priority, most_urgent;    /* base priority, and the most urgent that may be set */
    uint8_t service, recovery;        /* enum policy_service, enum policy_recovery */
    bool manages;                     /* may ask the monitor to start and end programs */
    bool mirror;                      /* its file is kept in memory for restarts */
    bool kernel;                      /* KERNEL is among its targets */
    bool refused;                     /* it has an error: the program may not run */
};

/* What is wrong, and where. */
struct policy_error {
    const char *file;
    uint32_t line, column; /* from 1 */
    const char *source;    /* that line, without its end */
    size_t source_bytes;
    char text[POLICY_ERROR_TEXT]; /* "expected a number of ports, found 'x'" */
};

typedef void policy_error_fn(void *context, const struct policy_error *error);

struct policy_file {
    const char *name, *text;
    size_t bytes;
};

/* A set of entries that drivers share. */
struct policy_class {
    const char *name; /* in the text */
    size_t name_bytes;
    const char *body, *end; /* the text from behind its `{`; the end of its file */
    bool refused;
};

/* The policies of a machine. All fields are read-only but for the functions below. */
struct policy_set {
    struct policy *policy; /* in the order of the files */
    size_t count;
    size_t errors;
    struct policy_class class[POLICY_CLASSES];
    size_t class_count;
    struct policy_file file[POLICY_FILES];
    size_t file_count;
    char *end;  /* policies are allocated upwards, what they point to downwards from here */
    bool ended; /* nothing more is read: an error of structure, or no room */
    policy_error_fn *report;
    void *context;
};

/* An empty set, with memory for what it will have; errors are reported as they are found. */
void policy_set_open(struct policy_set *set, void *memory, size_t bytes, policy_error_fn *report,
                     void *context);

/*
 * Adds the policies of a file. A driver with an error is refused, as is one that uses a class with
 * an error, or conflicts with one before it: it stays in the set as `refused`, so that no pattern
 * that comes later gives its programs another policy. After an error of structure (a brace that is
 * missing, say) nothing more is read, of other files too. Returns the number of errors.
 */
size_t policy_set_read(struct policy_set *set, const char *file, const char *text, size_t bytes);

/* After the last file: checks what needs all of them. Returns the number of errors of all. */
size_t policy_set_close(struct policy_set *set);

/* The policy of a program: the first that matches its label. NULL: none, or it is refused. */
const struct policy *policy_set_find(const struct policy_set *set, const char *program);

/* The first policy that is not refused of a service. NULL: none. */
const struct policy *policy_set_service(const struct policy_set *set, enum policy_service service);

/* Whether a policy lets its program send to processes of a label. */
bool policy_targets(const struct policy *policy, const char *label);

/* Where a place in one of the texts is, and what its line says. */
void policy_where(const struct policy_set *set, const char *at, struct policy_error *where);

/*
 * An error for people: "FILE:LINE:COLUMN: TEXT", the line, and a caret below the place. Writes at
 * most `bytes`, with a terminating zero; returns what it would have written, as snprintf() does.
 */
size_t policy_error_format(char *buffer, size_t bytes, const struct policy_error *error);

#endif
