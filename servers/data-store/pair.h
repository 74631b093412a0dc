/*
 * Primary and backup: which of them this process is, how changes get to both, and what happens when
 * one of them dies. Pure: what it does to the world goes through struct pair_world.
 *
 *     STARTING --> JOINING --> FILLING --> FULL --(the primary is dead)--> PRIMARY
 *         |                                                                  ^
 *         +------- nobody is the primary, nor has what it had ---------------+
 *
 * The primary is who has the name STORE_NAME, on which all cores agree. A change is made here when
 * the backup has it, and answered then. Three rules make that enough:
 *
 * - A primary goes on alone only when its backup is certainly dead: it has it killed first. So who
 *   is FULL has all that was ever answered.
 * - A backup becomes the primary only when the primary is certainly dead, by the same means, and
 *   all cores have agreed to its name.
 * - Who starts becomes a primary with nothing only when there is none, and every other process of
 *   the store has said that it is not FULL.
 */
#ifndef STORE_PAIR_H
#define STORE_PAIR_H

#include "peers.h"
#include "transfer.h"

enum pair_role { PAIR_STARTING, PAIR_JOINING, PAIR_FILLING, PAIR_FULL, PAIR_PRIMARY };

#define PAIR_PART   ((size_t)64 * 1024) /* bytes of the memory that the two share */
#define PAIR_OTHERS 8                   /* other processes of the store that are asked */

/* Nanoseconds. */
#define PAIR_START   (20 * UINT64_C(1000000))   /* between looks while there is no primary */
#define PAIR_RETRY   (50 * UINT64_C(1000000))   /* until a peer is known to be dead */
#define PAIR_GRACE   (200 * UINT64_C(1000000))  /* for a backup to come of its own accord */
#define PAIR_BEAT    (2000 * UINT64_C(1000000)) /* between signs of life */
#define PAIR_SILENCE (10 * PAIR_BEAT)           /* after which a peer is taken for hung */

struct pair;

struct pair_world {
    /* Who has the name? ENDPOINT_NONE: nobody. */
    endpoint_t (*primary)(struct pair *pair);
    /* Asks all to agree that this process has it: 0, -E_EXIST, or another error: again later. */
    int (*claim)(struct pair *pair);
    /* Ends a process: true when it is certainly dead. */
    bool (*kill)(struct pair *pair, endpoint_t process);
    /* The other processes of the store, up to PAIR_OTHERS. False: they are not all known. */
    bool (*others)(struct pair *pair, endpoint_t *list, unsigned *count);
    /* Has a process of the store started on another core, if it can be. */
    void (*spawn)(struct pair *pair);
    /* Of the machine. On one there is never a backup. */
    uint32_t (*cores)(void);
    /* Without waiting. */
    bool (*send)(struct pair *pair, endpoint_t to, struct message *m);
    /* PAIR_PART bytes that are shared with the backup, or with the primary. NULL: there are not. */
    void *(*share)(struct pair *pair, endpoint_t backup);
    void *(*borrow)(struct pair *pair, endpoint_t primary);
    void (*unshare)(struct pair *pair);
    uint64_t (*now)(void);
    /* pair_tick() is to be called so many nanoseconds from now, and not before. */
    void (*wake)(struct pair *pair, uint64_t nanoseconds);
    /* A batch that was submitted is done. */
    void (*done)(struct pair *pair);
    /* This process is the primary from now on. */
    void (*lead)(struct pair *pair);
    /* It cannot go on. */
    void (*fail)(struct pair *pair, int error);
};

struct pair {
    const struct pair_world *world;
    struct store *store;
    endpoint_t self;
    enum pair_role role;
    endpoint_t peer; /* of JOINING, FILLING, FULL: the primary; of PRIMARY: the backup */
    uint64_t heard;  /* when from it */
    uint64_t due;    /* when pair_tick() is to be called */
    void *shared;
    /* The primary: */
    bool sending; /* a part is on its way */
    bool filled;  /* the backup has everything */
    bool fencing; /* it is not known yet whether the backup is dead */
    uint64_t sequence;
    struct sender sender;
    struct batch *batch; /* that was submitted; NULL: none */
    endpoint_t spare;    /* a process that could be the backup, and is not */
    /* The others: */
    struct receiver receiver;
    struct batch incoming;
    char part[PAIR_PART];
    bool orphaned; /* FULL: the primary is gone */
    endpoint_t asked[PAIR_OTHERS];
    unsigned asked_count, answered;
    uint64_t round;
    bool somebody_is_full;
};

/* Begins; `store` is empty, and the pair's until it calls lead(). */
void pair_start(struct pair *pair, const struct pair_world *world, struct store *store,
                endpoint_t self);

/* A message that a process of the store has sent: enum peer_message. */
void pair_message(struct pair *pair, const struct message *m);

/* The channel with a process has ended. */
void pair_gone(struct pair *pair, endpoint_t process);

/* The time has come of which wake() has spoken. */
void pair_tick(struct pair *pair);

/* The primary: whether it takes a batch now. */
static inline bool pair_is_free(const struct pair *pair) {
    return pair->batch == NULL && !pair->sending && !pair->fencing;
}

/* A batch that has been judged, when the pair is free: done() is called when both have it, at once
 * if there is no backup. */
void pair_submit(struct pair *pair, struct batch *batch);

/* ENDPOINT_NONE: there is none that has everything. */
static inline endpoint_t pair_backup(const struct pair *pair) {
    return pair->role == PAIR_PRIMARY && pair->filled ? pair->peer : ENDPOINT_NONE;
}

#endif
