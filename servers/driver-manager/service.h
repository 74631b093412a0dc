/*
 * The life of one service on its core: a state machine without input or output. Events go in, and
 * what is to be done comes out; whoever does it tells of the result by the next event. Times are
 * nanoseconds.
 *
 *                 start                    spawned
 *     DOWN, .. ----------> STARTING -------------------> UP ---+
 *      ^                    ^  ^  |  it cannot be          |   | dies, or is condemned
 *      | cleared   verdict  |  |  +-----> RECOVERING <-----+---+
 *      |                    |  |             | cleared
 *     STOPPING <- stop      | WAITING <------+------> HOOK, GIVEN_UP, ENDED
 *
 * `cleared`: the order of death is complete (docs/threats.md); nothing is started before that.
 */
#ifndef MANAGER_SERVICE_H
#define MANAGER_SERVICE_H

#include <bulkhead/endpoint.h>
#include <bulkhead/protocol/manager.h>

#include "recovery.h"

/* How long a service may take to end in order, and a hook to decide. */
#define SHUTDOWN_TIME UINT64_C(2000000000)
#define HOOK_TIME     UINT64_C(60000000000)

enum service_action {
    SERVICE_NOTHING,
    SERVICE_SPAWN,    /* then service_spawned() */
    SERVICE_SHUTDOWN, /* ask it to end */
    SERVICE_KILL,
    SERVICE_HOOK, /* run its hook, then service_hook_ended(); in another state it has no hook any
                     more */
};

struct service {
    uint8_t state;    /* enum manager_state */
    uint8_t reason;   /* enum manager_reason: of the last restart, or of the one under way */
    bool again;       /* STOPPING: it is started when it is gone */
    bool condemned;   /* the reason of its death is known: somebody has decided on it */
    bool failed_over; /* it has its stand-by device */
    bool has_standby;
    bool cleared_late; /* RECOVERING, STOPPING: it is dead, and not yet cleared away */
    bool clean;        /* RECOVERING: it has ended by itself, with status 0 */
    uint32_t restarts; /* starts after the first of its present life as a service */
    int32_t error;     /* of the last start that failed */
    uint64_t since;    /* when it has come into this state */
    uint64_t started;  /* when it was spawned last */
    uint64_t deadline; /* when service_tick() is to be called; 0: not */
    struct recovery recovery;
};

/* On purpose: reason START, MOVE, CORE, REFRESH, UPDATE. From DOWN, GIVEN_UP, ENDED, HOMELESS. */
enum service_action service_start(struct service *s, enum manager_reason reason, uint64_t now);

/*
 * To be stopped; `again`: and started again, for that reason. Also where it does not run: then
 * SERVICE_NOTHING and it is DOWN, or SERVICE_SPAWN.
 */
enum service_action service_stop(struct service *s, bool again, enum manager_reason reason,
                                 uint64_t now);

/* The result of SERVICE_SPAWN: 0 or a negated error. */
enum service_action service_spawned(struct service *s, int error,
                                    const struct recovery_policy *policy, uint64_t now);

/* It has been found to be broken. SERVICE_NOTHING: it does not run. */
enum service_action service_condemn(struct service *s, enum manager_reason reason, uint64_t now);

/* Its process has died: by itself with status 0 (`clean`), or not. */
void service_died(struct service *s, enum manager_reason reason, bool clean, uint64_t now);

/* And nothing of it is left. */
enum service_action service_cleared(struct service *s, const struct recovery_policy *policy,
                                    uint64_t now);

/* Its hook has ended: whether it is to be started again. */
enum service_action service_hook_ended(struct service *s, bool start, uint64_t now);

/* s->deadline has passed. */
enum service_action service_tick(struct service *s, uint64_t now);

/* Whether it has a process that has not been cleared away. */
bool service_has_process(const struct service *s);

/* Whether what was asked for by start or stop has come to an end: it runs, or does not. */
bool service_is_settled(const struct service *s);

#endif
