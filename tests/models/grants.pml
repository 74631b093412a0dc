/*
 * Memory of one core that a process of another has mapped by a grant (monitor/grants.c): how it is
 * mapped, given back and revoked, with a death of any process, and a crash of either core, at every
 * step.
 *
 * The root, on the owner's core, grants a page to the mapper, on the importer's; or to a link
 * there, which passes it on: then the owner's monitor has a record of that. Requests go from the
 * importer's monitor to the owner's, one at a time, and are replied to; beside them go
 *
 *     GRANT_REVOKE     owner to importer: take it away
 *     GRANT_RELEASED   importer to owner: nobody here has it mapped; asked for or not
 *     GRANT_DIED       importer to owner: a process that had asked has died
 *
 * Each channel has CREDIT slots. What finds none is owed, and sent when there is credit again; what
 * is sent first meanwhile overtakes it.
 *
 * Names are those of the code; where a kernel call comes in, others may act before and after it.
 */

#include "common.pml"

CLAIM(freed_unreachable)
CLAIM(revoked_unreachable)
CLAIM(wait_ended)
CLAIM(nothing_leaked)
CLAIM(dead_grant_nothing)

/* How often what may happen in one run. */
#ifndef GRANTS
#define GRANTS 2
#endif
#ifndef MAPS
#define MAPS 2
#endif
#ifndef DELEGATIONS
#define DELEGATIONS 1
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef CREDIT
#define CREDIT 1
#endif

#define OWNER    0
#define IMPORTER 1
#define MAPPER   0 /* clients of the importer's monitor */
#define LINK     1
#define NOBODY   0 /* no identity */

mtype = { NOTHING, MAP, UNMAP, DELEGATE, REVOKE };           /* requests to a monitor */
mtype = { REQUEST, REPLY, GRANT_REVOKE, GRANT_RELEASED, GRANT_DIED };

/* ---- The owner's core ---- */

/* The root, its page, and the one entry of its grant table: all the kernel's. */
byte root;               /* its identity, until it is destroyed */
bool root_dead, root_news; /* of its death, which the monitor is to hear of */
bool present;            /* it has its page */
byte pins;
byte grant, grantee;     /* identities */
bool valid, remote;      /* GRANT_VALID, GRANT_REMOTE */
byte grants = GRANTS;

bool root_asks, root_waits; /* for the end of a revocation, of its monitor */

/* The monitor's. */
bool serving, served;    /* a request from there; its result is known, and the reply owed */
bool success;
byte replied;            /* number of the record */
bool held;               /* the root is dead, and to be destroyed */
bool gone;               /* the importer has been fenced, and is to be started */

typedef export_t {
    bool used, ending, owed; /* GRANT_REVOKE is to be sent */
    bool released; /* it is to be unpinned */
    bool lost;     /* to a core that may run on */
    byte grant, record; /* identities; record 0: none */
};
export_t export;

typedef record_t {
    byte id; /* 0: a free entry */
    byte parent, delegator, grantee;
};
record_t record;
byte records; /* made, ever */

byte root_revokes;       /* the grant whose end the root waits for */
byte link_revokes;       /* and the record, the link */

/* ---- The importer's core ---- */

typedef client_t {
    byte self;           /* identity, until it is destroyed */
    bool dead;
    mtype asks = NOTHING;   /* of its monitor, with `what` */
    byte what;
    bool waits;
    mtype queued = NOTHING; /* a request to the owner's monitor */
    byte queued_by, queued_what;
    bool told;           /* the owner's monitor has a request of its, or will */
    byte died;           /* its death is owed */
};
client_t client[2];
byte identities;
byte told_record;        /* of the link to the mapper */

#define NONE 2
byte asked = NONE;       /* whose request is on its way, or being served */
bool announced;

byte mapped_by;          /* the kernel's: who has the page mapped; NOBODY: nobody */
byte mapped_grant, mapped_record;
byte imported_by;        /* the monitor's */
bool released;           /* GRANT_RELEASED is owed */
byte maps = MAPS, delegations = DELEGATIONS;

/* ---- Both ---- */

chan inbox[2] = [CREDIT] of { mtype, mtype, byte, byte };
bool crashed[2], parked[2], lost;
byte deaths = DEATHS, crashes = CRASHES, losses = LOSSES;

#define has_credit(core) (len(inbox[core]) < CREDIT)

/* What has been ended by a revocation that is over. */
byte ended_grant, ended_record;

#define alive(c) (client[c].self != NOBODY && !client[c].dead)
#define reachable \
    (mapped_by != NOBODY && mapped_by == client[MAPPER].self && !client[MAPPER].dead)

#ifdef LINKED
#define GRANTEE client[LINK].self
#define NAME    told_record /* that the mapper has been told of */
#else
#define GRANTEE client[MAPPER].self
#define NAME    grant
#endif

/* ---- A core's end ---- */

inline drain(me) {
    do
    :: inbox[me]?_, _, _, _
    :: empty(inbox[me]) -> break
    od
}

inline reset_client(c) {
    client[c].dead = false;
    client[c].asks = NOTHING;
    client[c].what = 0;
    client[c].waits = false;
    client[c].queued = NOTHING;
    client[c].queued_by = NOBODY;
    client[c].queued_what = 0;
    client[c].told = false;
    client[c].died = NOBODY;
    identities++;
    client[c].self = identities
}

/* A new instance, in the memory of the old one: all members agree to it, each when it has done
 * with that. */
inline start_importer() {
    d_step {
        reset_client(MAPPER);
        reset_client(LINK);
        told_record = 0;
        asked = NONE;
        announced = false;
        imported_by = NOBODY;
        mapped_by = NOBODY;
        mapped_grant = 0;
        mapped_record = 0;
        released = false;
        gone = false;
        crashed[IMPORTER] = false
    }
}

inline start_owner() {
    d_step {
        claim(freed_unreachable, !reachable);
        identities++;
        root = identities;
        root_dead = false;
        root_news = false;
        root_asks = false;
        root_waits = false;
        root_revokes = 0;
        link_revokes = 0;
        present = true;
        pins = 0;
        valid = false;
        remote = false;
        serving = false;
        served = false;
        success = false;
        replied = 0;
        held = false;
        export.used = false;
        export.ending = false;
        export.owed = false;
        export.released = false;
        gone = false;
        record.id = 0;
        crashed[OWNER] = false
    }
}

/* Nothing runs on the other core any more; or it does not say so, and may run on. */
inline fence(other) {
    atomic {
        parked[other];
        if
        :: losses > 0 ->
            losses--;
            lost = true
        :: true ->
            client[MAPPER].dead = client[MAPPER].dead || other == IMPORTER;
            client[LINK].dead = client[LINK].dead || other == IMPORTER;
            root_dead = root_dead || other == OWNER
        fi
    }
}

#include "grants_owner.pml"

#include "grants_importer.pml"

/* ---- Processes ---- */

bool quiet; /* nobody does anything more by itself */

#define root_runs (!quiet && root != NOBODY && !root_dead && !root_waits && !crashed[OWNER])

proctype root_process() {
end:
    do
    :: d_step {
           root_runs && !valid && grants > 0 && GRANTEE != NOBODY ->
           grants--;
           grant++;
           grantee = GRANTEE;
           valid = true;
           remote = false
       }
    :: d_step { /* grant_revoke() */
           root_runs && valid ->
#ifndef VALID_KEPT
           valid = false;
#endif
           if
           :: remote ->
               root_asks = true;
               root_waits = true
           :: else ->
               claim(revoked_unreachable, !reachable || mapped_grant != grant);
               ended_grant = grant
           fi
       }
    :: d_step { /* MEM_UNMAP, which the kernel refuses while something is pinned */
           root_runs && present && pins == 0 ->
           claim(freed_unreachable, !reachable);
           present = false
       }
    od
}

inline ask(c, request, item) {
    client[c].asks = request;
    client[c].what = item;
    client[c].waits = true
}

#define runs(c) (!quiet && alive(c) && !client[c].waits && !crashed[IMPORTER])

proctype mapper() {
end:
    do
    :: d_step {
           runs(MAPPER) && maps > 0 && mapped_by == NOBODY && grant != 0 ->
           maps--;
           ask(MAPPER, MAP, NAME)
       }
    :: d_step {
           runs(MAPPER) && mapped_by != NOBODY ->
           ask(MAPPER, UNMAP, 0)
       }
    od
}

#ifdef LINKED
proctype link() {
end:
    do
    :: d_step {
           runs(LINK) && valid && grantee == client[LINK].self && told_record == 0 &&
               delegations > 0 ->
           delegations--;
           ask(LINK, DELEGATE, grant)
       }
    :: d_step {
           runs(LINK) && told_record != 0 ->
           ask(LINK, REVOKE, told_record)
       }
    od
}
#endif

inline kill(c) {
    d_step {
        deaths > 0 && alive(c) && !crashed[IMPORTER] ->
        deaths--;
        client[c].dead = true;
        client[c].asks = NOTHING;
        client[c].waits = false
    }
}

/* What may happen at any time. */
proctype fate() {
    do
    :: d_step {
           deaths > 0 && root != NOBODY && !root_dead && !crashed[OWNER] ->
           deaths--;
           root_dead = true;
           root_news = true;
           root_asks = false;
           root_waits = false
       }
    :: kill(MAPPER)
#ifdef LINKED
    :: kill(LINK)
#endif
    :: atomic {
           crashes > 0 && !crashed[OWNER] && !crashed[IMPORTER] && !parked[OWNER] &&
               !parked[IMPORTER] && !lost;
           crashes--;
           if
           :: crashed[OWNER] = true
           :: crashed[IMPORTER] = true
           fi
       }
    :: quiet = true -> break
    od
}

/* When nothing moves any more: what is pinned is mapped, by those who live, through those who live,
 * and nobody waits. */
proctype settled() {
end:
    timeout;
    d_step {
        if
        :: lost
        :: else ->
            claim(wait_ended, !root_waits && !client[MAPPER].waits && !client[LINK].waits);
            claim(nothing_leaked, pins == export.used);
            claim(nothing_leaked, export.used == (imported_by != NOBODY));
            claim(nothing_leaked, imported_by == mapped_by);
            claim(nothing_leaked, imported_by == NOBODY || imported_by == client[MAPPER].self);
            claim(nothing_leaked, root != NOBODY || !present);
            claim(nothing_leaked, root == NOBODY || !root_dead);
            claim(nothing_leaked, record.id == 0 || record.delegator == client[LINK].self);
            claim(dead_grant_nothing, mapped_by == NOBODY || root != NOBODY);
            claim(dead_grant_nothing, mapped_by == NOBODY || mapped_record == record.id)
        fi
    }
}

init {
    atomic {
        root = 1;
        present = true;
        client[MAPPER].self = 2;
        client[LINK].self = 3;
        identities = 3;
        parked[OWNER] = true;
        parked[IMPORTER] = true;
        run owner_monitor();
        run importer_monitor();
        run root_process();
        run mapper();
#ifdef LINKED
        run link();
#endif
        run fate();
        run settled()
    }
}
