/*
 * What an agent knows of a service of its core, beside its record: kept by the monitor for the next
 * agent (MONITOR_KEEP), whole at each change.
 */
#ifndef MANAGER_LOCAL_H
#define MANAGER_LOCAL_H

#include "service.h"
#include "table.h"

struct local {
    version_t acted;    /* the operation that was begun last */
    endpoint_t process; /* ENDPOINT_NONE: none, or it was cleared away */
    endpoint_t hook;    /* the process that decides */
    endpoint_t told;    /* the result of `acted`, when it is not owed any more */
    int32_t result;
    uint8_t owed;      /* the result is still to come */
    uint8_t fell_back; /* an update has failed: it is the program before */
    uint8_t recovery;  /* as of its policy: */
    uint8_t reserved;
    uint16_t recovery_count;
    uint16_t device; /* that it has, or MANAGER_NO_DEVICE: any */
    uint32_t complaints;
    uint64_t recovery_period, period, refresh; /* nanoseconds */
    char hook_program[LABEL_MAX];
    uint8_t mirrored;
    struct service service;
};

/* ---- store.. of records: kept.c ---- */

/* The table, and what is known of the services of this core, as they were last kept. */
void kept_load(struct table *table, struct local locals[MANAGER_SERVICES]);

void kept_record(const struct table *table, unsigned slot);
void kept_client(const struct table *table, unsigned index);
void kept_local(const struct local *local, unsigned slot);

#endif
