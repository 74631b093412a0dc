/*
 * Agreement of monitor/README.md: two-phase commit in a view, and what a change of view does to
 * operations that it finds undecided. Names are those of monitor/agreement.c and settlement.c; what
 * a core has of struct agreement is in core_t.
 *
 * Cores 0 and 1 coordinate, in one slot each, one operation each; both are on the same key. Core 2
 * is client of the first, which it repeats at core 1 when core 0 is no member any more. Views are
 * proposed and installed as membership.pml shows, here without messages of their own: a core
 * freezes some time after a proposal, and installs some time after the leader or with the first
 * message of the new view.
 */

#include "common.pml"

CLAIM(done_once)
CLAIM(same_order)
CLAIM(all_alike)
CLAIM(nothing_undecided)
CLAIM(answer_true)
CLAIM(all_answered)

#define CORES        3
#define COORDINATORS 2

/* How often what may happen in one run. */
#ifndef OPERATIONS
#define OPERATIONS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef EXCLUSIONS /* of a core that runs: it goes on in the old view until it is fenced */
#define EXCLUSIONS 0
#endif
#ifndef CHANGES /* of view, without a reason */
#define CHANGES 0
#endif
#ifndef REFUSALS
#define REFUSALS 0
#endif
#define NUMBERS 8

#define ALL         ((1 << CORES) - 1)
#define bit(core)   (1 << (core))
#define has(set, c) (((set) >> (c)) & 1)

mtype = { PREPARE, VOTE, COMMIT, ABORT, ACK, STATE, FROZEN, QUERY, SETTLE, SETTLED };
mtype = { EMPTY, PREPARED, REFUSED, COMMITTED, ABORTED };       /* enum record_state */
mtype = { FREE, WAITING, VOTING, DECIDING };                    /* enum attempt_stage */
mtype = { NONE, ASKING, TELLING, DONE };                        /* enum settlement_stage */

#define NO_OPERATION 0 /* the others are bits */
#define FIRST  1
#define SECOND 2

typedef core_t {
    bool alive = true;
    byte view_number = 1, view_members = ALL;
    byte next_number, next_members, next_leader;

    /* Per coordinator, its record. */
    mtype record[COORDINATORS] = EMPTY;
    byte operation[COORDINATORS];
    byte owed_vote, owed_ack, owed_state, owed_settled; /* sets of coordinators */
    byte log; /* operations that are done */

    /* The attempt of this core, if it coordinates. */
    mtype stage = FREE;
    byte attempted, awaited, owed;
    bool refused, known, commits;

    /* Freezing, and settling as leader. */
    byte reported;
    bool owes_frozen;
    byte not_frozen;
    mtype settlement[COORDINATORS] = NONE;
    byte settled_operation[COORDINATORS], settlement_awaited[COORDINATORS],
        settlement_owed[COORDINATORS];
    bool settlement_commits[COORDINATORS];
};
core_t core[CORES];

/* Proposals. */
byte newest = 1, leader_of[NUMBERS], members_of[NUMBERS];
bool installed[NUMBERS];

/* What clients know of their operations. */
byte answered, off; /* off: told that it is not done */

byte crashes = CRASHES, exclusions = EXCLUSIONS, changes = CHANGES, refusals = REFUSALS;

chan inbox[CORES * CORES] = [1] of { mtype, byte /* number */, byte /* coordinator */,
                                     byte /* operation */, mtype /* state */ };
#define channel(from, to) inbox[(from) * CORES + (to)]
#define room(c) nfull(channel(me, c))

#define SELF     core[me]
#define runs     (SELF.alive)
#define frozen   (SELF.next_number != 0)
#define leads    (frozen && SELF.next_leader == me)
#define others   (SELF.view_members & ~bit(me))
#define next_others (SELF.next_members & ~bit(me))

/* ---- Records ---- */

inline act(x) {
    claim(done_once, !(SELF.log & x));
    claim(answer_true, !(off & x));
    for (i : 0 .. CORES - 1) {
        claim(same_order, !core[i].alive || !has(SELF.view_members, i) ||
                              core[i].view_number != SELF.view_number ||
                              (core[i].log & ~(SELF.log | x)) == 0)
    }
    SELF.log = SELF.log | x;
    i = 0
}

inline record_decide(k, x, does) {
    if
    :: SELF.record[k] == PREPARED && SELF.operation[k] == x ->
        if
        :: does ->
            SELF.record[k] = COMMITTED;
            act(x)
        :: else -> SELF.record[k] = ABORTED
        fi
    :: else
    fi
}

#ifdef CONFLICT_IGNORED
#define conflicts false
#else
#define conflicts (SELF.record[0] == PREPARED || SELF.record[1] == PREPARED)
#endif

inline record_prepare(k, x) {
    SELF.operation[k] = x;
    if
#ifndef LOG_IGNORED
    :: SELF.log & x -> SELF.record[k] = COMMITTED
    :: else ->
#else
    :: true ->
#endif
        if
        :: conflicts -> SELF.record[k] = REFUSED
        :: !conflicts -> SELF.record[k] = PREPARED
        :: !conflicts && refusals > 0 ->
            refusals--;
            SELF.record[k] = REFUSED
        fi
    fi
}

/* ---- The coordinator ---- */

/* Its client is told. What is not done may be asked for again; here it is not. */
inline finish() {
    answered = answered | SELF.attempted;
    for (i : 0 .. CORES - 1) {
        claim(answer_true, !core[i].alive || !has(SELF.view_members, i) ||
                               SELF.commits == ((core[i].log & SELF.attempted) != 0))
    }
    if
    :: !SELF.commits -> off = off | SELF.attempted
    :: else
    fi;
    SELF.stage = FREE;
    SELF.attempted = NO_OPERATION;
    SELF.commits = false;
    i = 0
}

/* `known`: a member has done it in a former view, so it is not done again. */
inline decide() {
    record_decide(me, SELF.attempted, !SELF.refused && !SELF.known);
    SELF.stage = DECIDING;
    SELF.commits = !SELF.refused;
    SELF.refused = false;
    SELF.known = false;
    SELF.awaited = others;
    SELF.owed = others
}

inline begin() {
    record_prepare(me, SELF.attempted);
    if
    :: SELF.record[me] == PREPARED ->
        SELF.stage = VOTING;
        SELF.awaited = others;
        SELF.owed = others
    :: else -> /* nobody else knows of it */
        SELF.stage = DECIDING;
        SELF.commits = (SELF.record[me] == COMMITTED)
    fi
}

/* ---- Views ---- */

/* Nothing more is said about the old view. */
inline freeze(y) {
    SELF.next_number = y;
    SELF.next_members = members_of[y];
    SELF.next_leader = leader_of[y];
    SELF.owed = 0;
#ifndef OLD_VIEW_OBEYED
    SELF.owed_vote = 0;
    SELF.owed_ack = 0;
#endif
    SELF.owed_state = 0;
    SELF.owed_settled = 0;
#ifndef ATTEMPT_FORGOTTEN
    if
    :: SELF.stage == VOTING -> SELF.stage = WAITING
    :: else
    fi;
#endif
    SELF.reported = 0;
    SELF.owes_frozen = !leads;
    SELF.not_frozen = (leads -> next_others : 0);
    SELF.refused = false;
    SELF.known = false;
#ifndef ATTEMPT_FORGOTTEN
    SELF.awaited = 0;
#endif
    for (i : 0 .. COORDINATORS - 1) {
        SELF.settlement[i] = NONE;
        SELF.settled_operation[i] = 0;
        SELF.settlement_awaited[i] = 0;
        SELF.settlement_owed[i] = 0;
        SELF.settlement_commits[i] = false
    }
    i = 0
}

inline install() {
    SELF.view_number = SELF.next_number;
    SELF.view_members = SELF.next_members;
    SELF.next_number = 0;
    SELF.next_members = 0;
    SELF.next_leader = 0;
    SELF.reported = 0;
    SELF.owes_frozen = false;
    for (i : 0 .. COORDINATORS - 1) {
        SELF.settlement[i] = NONE;
        SELF.settled_operation[i] = 0;
        SELF.settlement_commits[i] = false;
        if
        :: !has(SELF.view_members, i) ->
            SELF.record[i] = EMPTY;
            SELF.operation[i] = NO_OPERATION
        :: else
        fi
    }
    i = 0
}

#ifdef FROZEN_NOT_AWAITED
#define reports_are_in true
#else
#define reports_are_in (SELF.not_frozen == 0)
#endif
#define is_settled(r) (SELF.settlement[r] == NONE || SELF.settlement[r] == DONE)

/* All members of the new view have done the same, and nobody else does anything any more. */
inline check_install() {
    for (i : 0 .. CORES - 1) {
        if
        :: core[i].alive && has(SELF.next_members, i) ->
            claim(all_alike, core[i].log == SELF.log);
            claim(nothing_undecided, core[i].record[0] != PREPARED && core[i].record[1] != PREPARED)
        :: else -> core[i].alive = false /* fenced */
        fi
    }
    installed[SELF.next_number] = true;
    i = 0
}

/* ---- The leader of a proposed view settles ---- */

inline ask(k, knower, x) {
    SELF.settlement[k] = ASKING;
    SELF.settled_operation[k] = x;
#ifndef OTHERS_NOT_ASKED
    SELF.settlement_awaited[k] = next_others & ~bit(knower);
    SELF.settlement_owed[k] = next_others & ~bit(knower);
#endif
    SELF.settlement_commits[k] = (SELF.record[k] == COMMITTED && SELF.operation[k] == x)
}

inline tell() {
    record_decide(r, SELF.settled_operation[r], SELF.settlement_commits[r]);
    SELF.settlement_awaited[r] = next_others;
    SELF.settlement_owed[r] = next_others;
    SELF.settlement[r] = (next_others -> TELLING : DONE)
}

#define can_tell(k)                                                                                \
    (SELF.settlement[k] == ASKING && (SELF.settlement_commits[k] || !SELF.settlement_awaited[k]))

inline on_state() {
    if
    :: SELF.settlement[r] == NONE -> ask(r, from, o)
    :: SELF.settlement[r] == ASKING ->
        SELF.settlement_awaited[r] = SELF.settlement_awaited[r] & ~bit(from);
        SELF.settlement_owed[r] = SELF.settlement_owed[r] & ~bit(from);
        if
        :: state == COMMITTED && o == SELF.settled_operation[r] ->
            SELF.settlement_commits[r] = true
        :: else
        fi
    :: else /* decided without it */
    fi
}

inline on_settled() {
    SELF.settlement_awaited[r] = SELF.settlement_awaited[r] & ~bit(from);
    if
    :: !SELF.settlement_awaited[r] -> SELF.settlement[r] = DONE
    :: else
    fi
}

inline settlement_message() {
    if
    :: frozen && number == SELF.next_number ->
        if
        :: message == FROZEN -> SELF.not_frozen = SELF.not_frozen & ~bit(from)
        :: message == STATE -> on_state()
        :: message == SETTLED -> on_settled()
        :: message == QUERY -> SELF.owed_state = SELF.owed_state | bit(r)
        :: message == SETTLE ->
            record_decide(r, o, (state == COMMITTED));
            SELF.owed_state = SELF.owed_state & ~bit(r);
            SELF.owed_settled = SELF.owed_settled | bit(r)
        fi
    :: else /* of a proposal that is off */
    fi
}

/* ---- Messages of a view ---- */

inline on_vote() {
    if
    :: SELF.stage == VOTING && o == SELF.attempted ->
        SELF.awaited = SELF.awaited & ~bit(from);
        if
        :: state == COMMITTED -> SELF.known = true
        :: state == REFUSED -> SELF.refused = true
        :: state == PREPARED
        fi
    :: else
    fi
}

inline on_decision() {
    record_decide(r, o, (message == COMMIT));
    SELF.owed_vote = SELF.owed_vote & ~bit(r);
    SELF.owed_ack = SELF.owed_ack | bit(r)
}

inline on_ack() {
    if
    :: SELF.stage == DECIDING -> SELF.awaited = SELF.awaited & ~bit(from)
    :: else
    fi
}

inline view_message() {
    if
#ifdef OLD_VIEW_OBEYED
    :: number <= SELF.view_number ->
#else
    :: number == SELF.view_number && !frozen ->
#endif
        if
        :: message == PREPARE ->
            record_prepare(r, o);
            SELF.owed_vote = SELF.owed_vote | bit(r)
        :: message == VOTE -> on_vote()
        :: message == COMMIT || message == ABORT -> on_decision()
        :: message == ACK -> on_ack()
        fi
    :: else
    fi
}

inline receive() {
    if
    :: message == FROZEN || message == STATE || message == QUERY || message == SETTLE ||
       message == SETTLED -> settlement_message()
    :: else -> view_message()
    fi;
    forget(number, from, r);
    o = 0;
    message = 0;
    state = 0
}

/* Who is not yet frozen would not listen. */
#ifdef ASKED_BEFORE_FROZEN
#define speaks_to(c) true
#else
#define speaks_to(c) !has(SELF.not_frozen, c)
#endif

/* What one core says to another. */
proctype peer(byte me, c) {
    byte number, from, r, o, i;
    mtype message, state;
end:
    do
    :: atomic {
           runs && !(frozen && installed[SELF.next_number]) && nempty(channel(c, me)) ->
           channel(c, me)?message, number, r, o, state;
           from = c;
           receive()
       }
    :: atomic {
           runs && !frozen && has(SELF.owed, c) && room(c) ->
           SELF.owed = SELF.owed & ~bit(c);
           if
           :: SELF.stage == VOTING ->
               channel(me, c)!PREPARE, SELF.view_number, me, SELF.attempted, 0
           :: SELF.stage == DECIDING && SELF.record[me] == COMMITTED ->
               channel(me, c)!COMMIT, SELF.view_number, me, SELF.attempted, 0
           :: SELF.stage == DECIDING && SELF.record[me] != COMMITTED ->
               channel(me, c)!ABORT, SELF.view_number, me, SELF.attempted, 0
           fi
       }
    :: atomic {
           runs && !frozen && has(SELF.owed_vote, c) && room(c) ->
           SELF.owed_vote = SELF.owed_vote & ~bit(c);
           channel(me, c)!VOTE, SELF.view_number, c, SELF.operation[c], SELF.record[c]
       }
    :: atomic {
           runs && !frozen && has(SELF.owed_ack, c) && !has(SELF.owed_vote, c) && room(c) ->
           SELF.owed_ack = SELF.owed_ack & ~bit(c);
           channel(me, c)!ACK, SELF.view_number, c, SELF.operation[c], 0
       }
    :: atomic {
           runs && frozen && !leads && SELF.next_leader == c && SELF.reported < COORDINATORS &&
               room(c) ->
           if
           :: SELF.record[SELF.reported] == PREPARED ->
               channel(me, c)!STATE, SELF.next_number, SELF.reported,
                   SELF.operation[SELF.reported], PREPARED
           :: else
           fi;
           SELF.reported++
       }
    :: atomic {
           runs && frozen && SELF.next_leader == c && SELF.owes_frozen &&
               SELF.reported == COORDINATORS && room(c) ->
           SELF.owes_frozen = false;
           channel(me, c)!FROZEN, SELF.next_number, 0, 0, 0
       }
    :: atomic {
           runs && frozen && SELF.next_leader == c && SELF.owed_state && room(c) ->
           r = (has(SELF.owed_state, 0) -> 0 : 1);
           SELF.owed_state = SELF.owed_state & ~bit(r);
           channel(me, c)!STATE, SELF.next_number, r, SELF.operation[r], SELF.record[r];
           r = 0
       }
    :: atomic {
           runs && frozen && SELF.next_leader == c && SELF.owed_settled && room(c) ->
           r = (has(SELF.owed_settled, 0) -> 0 : 1);
           SELF.owed_settled = SELF.owed_settled & ~bit(r);
           channel(me, c)!SETTLED, SELF.next_number, r, 0, 0;
           r = 0
       }
    :: atomic {
           runs && leads && room(c) && speaks_to(c) &&
               (has(SELF.settlement_owed[0], c) || has(SELF.settlement_owed[1], c)) ->
           r = (has(SELF.settlement_owed[0], c) -> 0 : 1);
           SELF.settlement_owed[r] = SELF.settlement_owed[r] & ~bit(c);
           if
           :: SELF.settlement[r] == ASKING -> channel(me, c)!QUERY, SELF.next_number, r, 0, 0
           :: SELF.settlement[r] == TELLING && SELF.settlement_commits[r] ->
               channel(me, c)!SETTLE, SELF.next_number, r, SELF.settled_operation[r], COMMITTED
           :: SELF.settlement[r] == TELLING && !SELF.settlement_commits[r] ->
               channel(me, c)!SETTLE, SELF.next_number, r, SELF.settled_operation[r], ABORTED
           fi;
           r = 0
       }
    od
}

#define newest_members (frozen -> SELF.next_members : SELF.view_members)
#ifdef VOTE_NOT_AWAITED
#define all_voted (SELF.awaited != others)
#else
#define all_voted (SELF.awaited == 0)
#endif
#ifdef ACK_NOT_AWAITED
#define all_acknowledged (SELF.owed == 0)
#else
#define all_acknowledged (SELF.awaited == 0)
#endif
#define gone(c) (has(newest_members, c) && !core[c].alive)
#define idle (SELF.stage == FREE)

/* The new view: without who does not run, and without `left_out`. */
inline propose() {
    newest++;
    leader_of[newest] = me;
    for (i : 0 .. CORES - 1) {
        if
        :: has(newest_members & ~left_out, i) && core[i].alive ->
            members_of[newest] = members_of[newest] | bit(i)
        :: else
        fi
    }
    left_out = 0;
    freeze(newest);
    for (r : 0 .. COORDINATORS - 1) {
        if
        :: SELF.record[r] == PREPARED -> ask(r, me, SELF.operation[r])
        :: else
        fi
    }
    r = 0
}

proctype monitor(byte me) {
    byte i, r, left_out;
end:
    do
    /* The client asks again. */
    :: atomic {
           runs && me == 1 && idle && !(answered & FIRST) && core[2].alive && !has(core[2].view_members, 0) && has(SELF.view_members, 2) ->
           SELF.attempted = FIRST;
           SELF.stage = WAITING
       }
    :: atomic { runs && SELF.stage == WAITING && !frozen -> begin() }
    :: atomic {
           runs && !frozen && SELF.stage == VOTING && (SELF.refused || SELF.known || all_voted) ->
           decide()
       }
    :: atomic { runs && !frozen && SELF.stage == DECIDING && all_acknowledged -> finish() }

    /* Views change. */
    :: atomic {
           runs && newest < NUMBERS - 1 &&
               (newest == SELF.view_number || leader_of[newest] == me ||
                !core[leader_of[newest]].alive) &&
               (gone(0) || gone(1) || gone(2) || (!frozen && (changes > 0 || exclusions > 0))) ->
           if
           :: gone(0) || gone(1) || gone(2)
           :: !frozen && changes > 0 -> changes--
           :: !frozen && exclusions > 0 ->
               exclusions--;
               if
               :: left_out = bit((me + 1) % CORES)
               :: left_out = bit((me + 2) % CORES)
               fi
           fi;
           propose()
       }
    :: atomic {
           runs && newest > SELF.view_number && newest != SELF.next_number &&
               has(members_of[newest], me) -> freeze(newest)
       }
    :: atomic {
           runs && leads && (can_tell(0) || can_tell(1)) ->
           r = (can_tell(0) -> 0 : 1);
           tell();
           r = 0
       }
    :: atomic {
           runs && leads && reports_are_in && is_settled(0) && is_settled(1) &&
               SELF.next_number == newest && !installed[newest] -> check_install()
       }
    /* With the leader's message, or with the first of another member. */
    :: atomic { runs && frozen && installed[SELF.next_number] -> install() }

    :: atomic {
           runs && crashes > 0 -> crashes--;
           SELF.alive = false
       }
    od
}

/* When nothing moves any more, whoever runs has its answer. */
proctype settled() {
    byte i;
end:
    timeout;
    d_step {
        for (i : 0 .. CORES - 1) {
            claim(all_answered, !core[i].alive || (core[i].stage == FREE && !core[i].next_number))
        }
    }
}

init {
    byte i, j;
    atomic {
        core[0].attempted = FIRST;
        core[0].stage = WAITING;
#if OPERATIONS > 1
        core[1].attempted = SECOND;
        core[1].stage = WAITING;
#endif
        installed[1] = true;
        members_of[1] = ALL;
        for (i : 0 .. CORES - 1) {
            run monitor(i);
            for (j : 0 .. CORES - 1) {
                if
                :: i != j -> run peer(i, j)
                :: else
                fi
            }
        }
        i = 0;
        j = 0;
        run settled()
    }
}
