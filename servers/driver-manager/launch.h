/* Starts a service's process in the order of thesis 2.2: created, isolated, published, and only
 * then run; and its hook. */
#ifndef MANAGER_LAUNCH_H
#define MANAGER_LAUNCH_H

#include "local.h"
#include "mirror.h"

/*
 * Creates and isolates it: *process; *waits as MONITOR_SPAWN says. `program`: its file. The cookie
 * is the slot.
 */
int launch_create(const struct manager_parameters *p, const char program[LABEL_MAX], unsigned slot,
                  const struct mirror *mirror, endpoint_t *process, uint64_t *waits);

/* Publishes it, gives it its device, and lets it run; else it is ended. */
int launch_run(const struct manager_parameters *p, endpoint_t process, uint64_t waits,
               uint16_t device);

/* Runs a hook with the arguments of thesis 4.2.1: label, reason, failures, the service's own. */
int launch_hook(const struct manager_parameters *p, const char hook[LABEL_MAX],
                enum manager_reason reason, uint64_t failures, unsigned slot, endpoint_t *process);

/* A hook's cookie: no slot. */
#define LAUNCH_HOOK_COOKIE 0x1000U

const char *launch_reason(enum manager_reason reason);

#endif
