/* What the agent asks its monitor (protocol/monitor.h), which it trusts and waits for. All return 0
 * or a negated error. */
#ifndef MANAGER_MONITOR_CALLS_H
#define MANAGER_MONITOR_CALLS_H

#include <bulkhead/protocol/monitor.h>

#include <stdbool.h>
#include <stddef.h>

/* `args` follow `how` in memory, argc strings in `bytes` bytes. *waits: as the protocol says. */
struct spawn_order {
    struct monitor_spawn how;
    char args[512];
};

int monitor_spawn(const struct spawn_order *order, size_t bytes, uint32_t argc,
                  endpoint_t *endpoint, uint64_t *waits);
int monitor_run(endpoint_t endpoint);
int monitor_kill(endpoint_t endpoint);

struct monitor_status {
    enum death_cause cause; /* DEATH_NONE: it lives */
    uint64_t status;
    bool left;
};

int monitor_status(endpoint_t endpoint, struct monitor_status *status);

/* Up to `most` children from number *skip on, which is moved on; *count receives how many. */
int monitor_adopt(struct monitor_child *children, size_t most, size_t *count, uint64_t *skip);

/* A piece of the text of a process; *offset is 0 again when all was looked at. */
int monitor_check(endpoint_t endpoint, uint64_t *offset);

int monitor_keep(unsigned number, const void *record, size_t bytes);
/* false: there is none of that length. */
bool monitor_kept(unsigned number, void *record, size_t bytes);

int monitor_file(const char name[LABEL_MAX], uint64_t offset, void *piece, size_t bytes,
                 size_t *got, uint64_t *total);
int monitor_policy(const char label[LABEL_MAX], struct monitor_policy *policy);

/* The view: its number and its members. */
int monitor_view(uint64_t *number, uint64_t *members);

/* Who has a name that all agree on; -E_NOENT. */
int monitor_find(const char *name, endpoint_t *endpoint);
/* Gives it to the caller, when all agree. -E_EXIST. */
int monitor_publish(const char *name);

#endif
