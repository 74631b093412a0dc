/*
 * The processes that this monitor supervises: all that run on its core, except what these make for
 * themselves. Each is started in the order of thesis 2.2.1: created, isolated by its policy, made
 * known, and only then run.
 */
#ifndef MONITOR_CHILDREN_H
#define MONITOR_CHILDREN_H

#include <stdint.h>

#include <bulkhead/info.h>

#include "policy.h"

#define CHILDREN_MAX 256 /* as many as a core has process slots */

struct child {
    endpoint_t endpoint; /* ENDPOINT_NONE: a free entry */
    endpoint_t spawner;  /* gets a NOTIFY when it ends; ENDPOINT_NONE: the monitor itself */
    endpoint_t keeper;   /* of a driver that has its device: the PCI server (drivers.h) */
    uint64_t entry;      /* of a driver that waits: where it begins, and its stack */
    uint64_t stack;
    uint32_t storms; /* interrupt storms that the monitor knows of */
    uint16_t device; /* MONITOR_NO_DEVICE: none */
    uint8_t driving; /* enum monitor_driver_state; 0: it is no driver of a PCI device */
    bool held;       /* it is dead, and kept while its memory may be mapped elsewhere (grants.h) */
    const struct policy *policy;
    uint64_t age;      /* how many were started before it */
    const void *image; /* in the archive, for symbols */
    size_t image_bytes;
    char label[LABEL_MAX + 1];
};

/*
 * Starts a program under its policy. `args` are argc strings in args_bytes bytes, the first of
 * which is the program's name in the policy. Errors: -E_NOENT no such program, -E_PERM no policy
 * for it, -E_CORE it is to run on another core, -E_TOOBIG, -E_INVAL arguments, -E_CHECKSUM,
 * -E_IMAGE, -E_QUOTA, -E_NOMEM, -E_NOSLOT. What is wrong with an image is logged.
 */
int child_spawn(const char *args, size_t args_bytes, uint32_t argc, endpoint_t spawner,
                struct child **made);

/* How many live ones there are. */
unsigned children_count(void);

/* The live child of an endpoint, or NULL. */
struct child *child_find(endpoint_t endpoint);

/* Each child in turn, dead drivers that are kept included: the first after `child`, or of all when
 * that is NULL; NULL: there is none. */
struct child *child_next(struct child *child);

/*
 * Frees what is left of a dead child, and tells its spawner; when its memory is mapped nowhere
 * else. child_unheld(): that is so now.
 */
void child_free(struct child *child);
void child_unheld(endpoint_t endpoint);

/* The oldest live child of a label, or NULL. */
struct child *child_of_label(const char *label);

/*
 * Makes known to all who may use the console which process it is from now on; ENDPOINT_NONE: none.
 */
void children_tell_console(endpoint_t console);

/*
 * Handles the deaths of all processes of which this monitor is the supervisor, own children and
 * orphans.
 */
void children_bury(void);

#endif
