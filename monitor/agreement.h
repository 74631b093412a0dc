/*
 * Agreement: an operation is carried out by all members of the view, or by none. Any member may
 * coordinate one, by two-phase commit along the tree of which it is the root; README.md tells the
 * protocol.
 *
 * Operations never outlive their view. When a new one is proposed, the members freeze, and its
 * leader brings what is undecided to the same end on all of them; then the coordinators that are
 * members begin again with what came to nothing.
 *
 * Pure, as membership.h. Memory is static: what does not fit is refused.
 */
#ifndef MONITOR_AGREEMENT_H
#define MONITOR_AGREEMENT_H

#include "phase.h"
#include "view.h"

/* Operations that a core may coordinate at a time; clients that a core may have. */
#define AGREEMENT_SLOTS 4U
#define AGREEMENT_LANES 4U

/*
 * What is agreed upon. `client` and `sequence` identify it: a client numbers its operations from 1
 * on, has one at a time, and repeats it with the same number until it has an answer. `lane`, below
 * AGREEMENT_LANES, is the client's among those of its core, given by the monitor there, and its
 * until it has ended. Two operations on the same key exclude one another. What kind, key and
 * arguments mean is the caller's.
 */
struct operation {
    endpoint_t client;
    uint32_t sequence;
    uint16_t kind;
    uint8_t lane;
    uint8_t route; /* enum route_kind */
    uint64_t key;
    uint64_t argument[2];
};

struct agreement_actions {
    /* As in struct membership_actions. */
    core_set_t (*multicast)(void *context, core_set_t cores, const struct message *message);
    /* This core's part in the tree from a root to the members of a view. */
    const struct route *(*route)(void *context, enum route_kind kind, core_set_t members,
                                 unsigned root);
    /* Whether this core can do an operation: 0 or an error. If it can, then it still can when `act`
     * or `cancel` comes. */
    int (*vote)(void *context, const struct operation *operation);
    /* Do it. */
    void (*act)(void *context, const struct operation *operation);
    /* It is off. */
    void (*cancel)(void *context, const struct operation *operation);
    /* What this core has coordinated has ended, on all members alike. 0: it is done; else an error,
     * and it is done nowhere. */
    void (*finished)(void *context, const struct operation *operation, int result);
};

enum record_state {
    RECORD_EMPTY,
    RECORD_PREPARED,  /* can be done; locks key and client */
    RECORD_REFUSED,   /* cannot be done here: `error` */
    RECORD_COMMITTED, /* done */
    RECORD_ABORTED,
};

/* What the members below in the tree, and this one, have voted: the worst of it. */
struct votes {
    enum record_state state;
    int error; /* REFUSED */
};

enum relay_stage { RELAY_NONE, RELAY_VOTING, RELAY_DECIDING };

/*
 * A member's log of an operation, and what it passes on of it. Each slot of each coordinator has
 * its record.
 */
struct record {
    struct operation operation;
    enum record_state state;
    int error;
    enum relay_stage stage; /* of a member that is not the coordinator */
    bool commits;           /* DECIDING */
    struct votes votes;     /* VOTING */
    struct phase phase;
};

#define AGREEMENT_RECORDS (CORES_MAX * AGREEMENT_SLOTS)

static inline unsigned record_coordinator(unsigned record) { return record / AGREEMENT_SLOTS; }

/* Of the last operation of a client that was done. */
struct client_log {
    endpoint_t client;
    uint32_t sequence;
};

enum attempt_stage {
    ATTEMPT_FREE,
    ATTEMPT_WAITING, /* for a view */
    ATTEMPT_VOTING,
    ATTEMPT_DECIDING, /* decided; until all know */
};

/* An operation that this core coordinates. */
struct attempt {
    struct operation operation;
    enum attempt_stage stage;
    int result;         /* DECIDING */
    bool commits;       /* DECIDING */
    struct votes votes; /* VOTING */
    struct phase phase; /* PREPARE, or COMMIT or ABORT */
    struct tally tally; /* of the phases that are over */
};

enum settlement_stage {
    SETTLEMENT_NONE,
    SETTLEMENT_ASKING,  /* has any member committed? */
    SETTLEMENT_TELLING, /* the decision, to all */
    SETTLEMENT_DONE,
};

/* What the leader of a proposed view does about an undecided record. */
struct settlement {
    enum settlement_stage stage;
    bool commits; /* TELLING */
    endpoint_t client;
    uint32_t sequence;
    core_set_t awaited, owed;
};

struct agreement {
    const struct agreement_actions *actions;
    void *context;
    uint16_t core, self;

    struct view view; /* number 0: not yet a member */
    bool frozen;      /* `next` is proposed */
    struct view next;
    bool leads; /* this core is its leader, and settles */

    struct attempt attempt[AGREEMENT_SLOTS];
    struct record record[AGREEMENT_RECORDS];
    struct client_log log[CORES_MAX][AGREEMENT_LANES];

    struct tally tally; /* of the attempt that has ended last */

    /* Per slot: about the records of which coordinators this core has something to say, to its
     * children or its parent in the tree, or to the leader of the proposed view. */
    core_set_t owed_below[AGREEMENT_SLOTS];
    core_set_t owed_vote[AGREEMENT_SLOTS], owed_ack[AGREEMENT_SLOTS];
    core_set_t owed_state[AGREEMENT_SLOTS], owed_settled[AGREEMENT_SLOTS];

    unsigned reported; /* records below are reported to the leader */
    bool owes_frozen;
    core_set_t not_frozen; /* leader: whose reports have not all come */
    struct settlement settlement[AGREEMENT_RECORDS];
};

void agreement_start(struct agreement *a, const struct agreement_actions *actions, void *context,
                     unsigned core, uint16_t incarnation);

/*
 * Begins an operation, of which `finished` tells the end; 0. Or it need not begin: AGREEMENT_DONE
 * it has been done, -E_BUSY this core coordinates it already, -E_STATE the client is past it,
 * -E_NOSLOT too many are under way here, -E_INVAL no such lane.
 */
#define AGREEMENT_DONE 1
int agreement_request(struct agreement *a, const struct operation *operation);

/* The membership has proposed, has installed a view. */
void agreement_freeze(struct agreement *a, const struct view *next);
void agreement_install(struct agreement *a, const struct view *view);

/* Whether this core leads the proposal, and all operations of older views have come to an end. */
bool agreement_settled(const struct agreement *a);

/*
 * A message of class VIEW that membership_accepts(), or one of class SETTLE. -E_STATE: it came too
 * late to count. -E_PROTOCOL: it is no message of this protocol.
 */
int agreement_message(struct agreement *a, unsigned sender, const struct message *message);

/* Some channel has credit again. */
void agreement_credit(struct agreement *a);

#endif
