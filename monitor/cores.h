/*
 * The cores of the machine, as this monitor sees them: starts and fences others, and takes part in
 * the agreement on who is a member (membership.h).
 */
#ifndef MONITOR_CORES_H
#define MONITOR_CORES_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/protocol/monitor.h>

#include "peers.h"
#include "routes.h"
#include "view.h"

/*
 * Becomes a member: on core 0 as the first, which starts all others and then calls `ready`; on
 * another by asking who started it, and calls `ready` when it has been admitted.
 */
int cores_open(void (*ready)(void));

/* For peers_init(). */
extern const struct peer_service cores_service, cores_stop_service;

/* Who is a member now. */
const struct view *cores_view(void);
bool cores_is_member(uint32_t core);

/* Called after every change of the view, with the cores that have gone from it. */
typedef void cores_listener(core_set_t gone);
void cores_listen(cores_listener *listener);

/*
 * What is agreed on by all (agreement.h); each kind has a lane of its own, and so one operation of
 * this core at a time.
 */
enum operation_kind {
    OPERATION_START,
    OPERATION_NAME,
    OPERATION_CHUNK,
    OPERATION_NOTHING, /* to measure it */
};

struct announcement;
struct operation;

/* Begins an operation of which kind, key and arguments are given. As group_request(). */
int cores_agree(struct operation *operation);

/* Tells all members, along a tree. As group_announce(). */
int cores_announce(const struct announcement *announcement);

/* The tree from a member to all. Returns its rounds; who is no member is not told of. */
unsigned cores_tree(enum route_kind kind, unsigned root, uint8_t parent[CORES_MAX],
                    uint8_t round[CORES_MAX], enum tree_kind *tree);

/* Events of the kernel: the bell of another monitor, and that instances have stopped. */
void cores_bell(uint32_t core, bool closed);
void cores_stopped(void);

/*
 * MONITOR_CORE_CONTROL. Returns 1 when the reply will come later, else the result.
 */
int cores_control(endpoint_t client, enum core_control what, uint64_t core);

/* MONITOR_CORES: fills in what there is about a core. */
void cores_describe(uint32_t core, struct monitor_core *description);

#endif
