/*
 * A machine of up to 64 cores on which monitors run as a group: their channels, the view word, the
 * fencing of cores, time, and the clients whose operations they agree on. Whatever happens is
 * checked against what README.md of monitor/ promises.
 *
 * Random: the order in which things happen, delays, and what goes wrong, from a seed.
 */
#ifndef TESTS_HOST_MONITOR_MACHINE_H
#define TESTS_HOST_MONITOR_MACHINE_H

#include "group.h"

#define MACHINE_SLOTS      16U /* of a channel */
#define MACHINE_OPERATIONS 4096U
#define MACHINE_VIEWS      4096U
#define MILLISECOND        UINT64_C(1000000) /* of nanoseconds */
#define SECOND             (1000 * MILLISECOND)

#define ROUTE_ANY (-1)

enum core_state {
    CORE_PARKED, /* runs nothing */
    CORE_RUNNING,
    CORE_HUNG, /* does nothing, until it is fenced */
};

/* Operations, as a set. */
struct history {
    uint64_t bit[MACHINE_OPERATIONS / 64];
};

struct core {
    enum core_state state;
    uint16_t incarnation;
    uint64_t due;
    bool in_view;     /* has installed one */
    bool credit_came; /* of which it has not been told */
    struct group group;
    struct routes routes;
    unsigned delivered[CORES_MAX]; /* the last that each root has announced, here */
    struct history acted;
};

struct channel {
    struct message slot[MACHINE_SLOTS];
    unsigned head, count, credit; /* credit: slots that may be used now */
};

struct fence {
    bool pending, acknowledged;
    uint64_t number; /* of the view for which */
};

/* One per core; it dies with it. */
struct client {
    uint32_t sequence;
    unsigned operation; /* its number in histories */
    uint64_t key;
    uint8_t route;
    bool waiting;  /* for an answer from `coordinator` */
    bool answered; /* `answer` is to be looked at */
    int answer;
    unsigned coordinator;
    uint16_t incarnation; /* of the coordinator */
};

struct machine {
    unsigned core_count;
    uint64_t now, word;
    struct topology topology; /* random */
    struct topology_core place[CORES_MAX];
    uint8_t distance[1];
    struct core core[CORES_MAX];
    struct channel channel[CORES_MAX][CORES_MAX]; /* from, to */
    struct fence fence[CORES_MAX][CORES_MAX];     /* by, of */
    struct client client[CORES_MAX];
    unsigned operations;
    bool off[MACHINE_OPERATIONS]; /* its client was told that it is not done */
    core_set_t lost;
    int route; /* enum route_kind of what is asked for; ROUTE_ANY: now this, now that */
    unsigned fences_lost_per_mille, refusals_per_mille;

    /* What is known of each view number. */
    struct {
        bool installed, fenced;
        uint16_t fencer;
        struct view view;
        struct history history;
    } views[MACHINE_VIEWS];
    unsigned announcements;
    unsigned installed, announced, committed, aborted, repeated, late; /* how often what happened */
};

/* The machine with only core 0 running. */
struct machine *machine_make(unsigned core_count, uint64_t seed);

uint64_t machine_random(uint64_t limit);
static inline bool machine_chance(unsigned per_mille) { return machine_random(1000) < per_mille; }

/* Announces a number, if nothing is under way there. */
void machine_announce(struct machine *machine, unsigned core);

/* Starts a core through a member. False: that is not possible now. */
bool machine_start_core(struct machine *machine, unsigned starter, unsigned core);

/* Hands over the next message of a channel. False: there is none, or nobody takes it. */
bool machine_deliver(struct machine *machine, unsigned from, unsigned to);

/* Tells a core that its channels have credit. False: they have no more than it knows. */
bool machine_give_credit(struct machine *machine, unsigned core);

/* The outcome of a fencing. */
void machine_end_fence(struct machine *machine, unsigned by, unsigned of);

/* Timers that are due. Each may be late, by some chance. */
void machine_tick(struct machine *machine, unsigned late_per_mille);

/* Messages and fencings, one after another, until there are none. */
void machine_run_out(struct machine *machine);

/* Time passes, in which everything is done at once and timers are on time. */
void machine_pass(struct machine *machine, uint64_t nanoseconds);

/*
 * The client of a core, which waits for nothing, asks a core for its next operation, or repeats
 * what it has asked for before. Returns what group_request() says.
 */
int machine_request(struct machine *machine, unsigned client, unsigned coordinator, uint64_t key);
int machine_repeat(struct machine *machine, unsigned client, unsigned coordinator);

/* Whether all cores that run are in one view, which has just them. */
bool machine_agrees(const struct machine *machine);

/* Prints what the monitors believe. */
void machine_dump(const struct machine *machine);

bool history_has(const struct history *history, unsigned operation);

/* A check: prints the command that repeats the run. */
void machine_check(bool fact, const char *what);
#define CHECK(fact) machine_check((fact), #fact)

#endif
