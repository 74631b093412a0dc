/*
 * The agents of all cores as one driver manager: one leads, and all have its table (design 7, 8).
 * What is asked for is logged on all replicas before the agent of a service's core acts, and again
 * with its result; whoever leads next finds it in its own replica, or the newest of another, and
 * goes on. A request is known by its client and its number: the second time it is not done again.
 *
 *   client -> its agent -REQUEST-> leader -RECORD-> all -ACK-> leader -ACT-> agent of the core
 *   client <- its agent <-RESULT-- leader -RECORD (done)-> all         <-ACTED-+
 *
 * Who leads is what all monitors agree on: the process that has the name MANAGER_LABEL. They give
 * it to another only when that one is dead. A message counts only if it comes from, or goes to,
 * that process, and its core is a member. tests/models/manager.pml checks this.
 *
 * No input or output: all of it goes through struct group_actions.
 */
#ifndef MANAGER_GROUP_H
#define MANAGER_GROUP_H

#include "table.h"

/* X(name): what agents tell each other. */
#define NOTES(X)                                                                   \
    X(HELLO)    /* to the leader: I am this core's agent; my newest version */     \
    X(WANT)     /* from the leader, as it begins: send me all that you have */     \
    X(SNAPSHOT) /* all records follow: to a leader, of which it takes the newer */ \
    X(RECORD)   /* log this */                                                     \
    X(CLIENT)   /* of a snapshot: the last request of a client */                  \
    X(COMPLETE) /* that was the snapshot */                                        \
    X(ACK)      /* it is logged */                                                 \
    X(ACT)      /* all have logged it: do it */                                    \
    X(ACTED)    /* it is done, with this result */                                 \
    X(LACKS)    /* it should run here, and nobody here has heard of it */          \
    X(REQUEST)  /* a client asks */                                                \
    X(RESULT)   /* tell it */                                                      \
    X(STATE)    /* how a service is doing: to the leader, and from it to all */

enum note_type {
#define X(name) NOTE_##name,
    NOTES(X)
#undef X
        NOTE_COUNT
};

/* How a service is doing. It is no part of the table: its core's agent knows best, and tells. */
struct condition {
    endpoint_t endpoint;
    uint64_t since;
    uint32_t restarts, complaints, missed;
    uint8_t state, reason;
    uint16_t core;
};

struct request {
    endpoint_t client; /* ENDPOINT_NONE: no request */
    uint64_t sequence;
    uint8_t operation;                    /* enum operation; MOVE_STOP for a move */
    uint16_t core;                        /* of a move */
    uint16_t bound;                       /* of UP: core on which its policy has it */
    struct manager_parameters parameters; /* UP, UPDATE: all; else its label */
};

struct note {
    uint32_t type; /* enum note_type */
    uint32_t slot;
    uint64_t view;
    union {
        version_t version;          /* HELLO, ACK; ACT: of the operation */
        struct record record;       /* RECORD */
        struct client client;       /* CLIENT, RESULT; ACTED: version of the operation, result,
                                       endpoint */
        struct request request;     /* REQUEST */
        struct condition condition; /* STATE */
    };
};

/* Bytes of a note that matter. */
size_t note_bytes(const struct note *note);

struct group_actions {
    /* To the agent of another core; in order. What cannot be sent is as if the agent were gone. */
    void (*send)(void *context, uint32_t core, const struct note *note);
    /* Keeps it for this agent's successor. */
    void (*keep_record)(void *context, unsigned slot);
    void (*keep_client)(void *context, unsigned index);
    /* Does what a record says: then group_acted(). It may have been told before. */
    void (*act)(void *context, unsigned slot);
    /* Whether it has begun, at least, what the record says. */
    bool (*has_acted)(void *context, unsigned slot);
    /* The result of a request of a client of this core. */
    void (*answer)(void *context, const struct client *result);
};

#define REQUESTS_MAX 64U /* under way, here or at the leader */

enum group_role {
    GROUP_LOST, /* nobody leads, as far as is known */
    GROUP_FOLLOWING,
    GROUP_RECOVERING, /* this one leads, and asks the others what they have */
    GROUP_LEADING,
};

/* What the leader does about a record. */
struct drive {
    uint64_t awaited; /* set of cores whose ACK it waits for */
    bool logging;     /* then comes ACT, or the result */
    bool acting;
};

struct group {
    const struct group_actions *actions;
    void *context;
    uint16_t self;
    endpoint_t agent, leader;
    uint64_t view, members;
    enum group_role role;
    uint64_t connected; /* leader: cores whose agents have said HELLO to it; else the leader's */
    endpoint_t peer[CORES_MAX]; /* leader: those agents */
    uint64_t awaited;           /* RECOVERING: those whose HELLO, or snapshot, is to come */
    uint64_t stale;    /* following, while a snapshot comes: slots that were not in it yet */
    version_t version; /* the last that this leader has given */
    struct table table;
    struct drive drive[MANAGER_SERVICES];
    struct request asked[REQUESTS_MAX];   /* by clients of this core, without result */
    struct request pending[REQUESTS_MAX]; /* leader: for whose service something is under way */
    bool informed;                        /* following: a snapshot has come whole */
    bool taking, more; /* drive.c: pending requests are being taken; again, when that is done */
    struct condition condition[MANAGER_SERVICES];
};

/* The table is what was kept. */
void group_start(struct group *g, const struct group_actions *actions, void *context, uint16_t self,
                 endpoint_t agent);

/* The view, or who leads, is another; ENDPOINT_NONE: nobody does, and somebody should. */
void group_view(struct group *g, uint64_t number, uint64_t members);
void group_leader(struct group *g, endpoint_t leader);

/* RECOVERING has taken long enough: those who have not answered are left out. */
void group_recovered(struct group *g);

/* A note of the agent of a core; the connection with it is gone. */
void group_note(struct group *g, uint32_t core, endpoint_t from, const struct note *note);
void group_gone(struct group *g, uint32_t core);

/* A client of this core asks. -E_NOSLOT; 0: it will have its answer. */
int group_request(struct group *g, const struct request *request);

/* This core's agent has done what a record of that version says. */
void group_acted(struct group *g, unsigned slot, version_t version, int result,
                 endpoint_t endpoint);

/* A service of this core has come into another state. */
void group_condition(struct group *g, unsigned slot, const struct condition *condition);

/* Whether it knows of all services: who leads, or who has heard of all from that one. */
bool group_is_informed(const struct group *g);

/* Whether the connection with the leader is to be made, or made again: by a HELLO. */
bool group_wants_hello(const struct group *g);
void group_hello(struct group *g);

#endif
