/*
 * Membership of monitor/README.md: cores of which any may crash at every step, be suspected wrongly,
 * not acknowledge that it is fenced and so run on, and be started again. Names are those of
 * monitor/membership.c; what a core has of that struct is in core_t.
 *
 * A suspicion of a core that does not run comes some time; who observes whom is left out. A channel
 * holds one message: whoever has more to say owes it, as without credit.
 */

#include "common.pml"

CLAIM(one_proposal)
CLAIM(holder_fences)
CLAIM(fenced_before_install)
CLAIM(ready_before_install)
CLAIM(removed_stays_out)
CLAIM(old_view_refused)
CLAIM(new_view_known)
CLAIM(all_agree)

#ifndef CORES
#define CORES 3
#endif
/* How often what may happen in one run. */
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef SUSPICIONS
#define SUSPICIONS 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef STARTS
#define STARTS 0
#endif
#ifndef PATIENCE /* periods in which a stranger is overtaken */
#define PATIENCE 3
#endif
#ifndef WORKS
#define WORKS 0
#endif
#define NUMBERS 14 /* more than there can be */

#define ALL         ((1 << CORES) - 1)
#define bit(core)   (1 << (core))
#define has(set, c) (((set) >> (c)) & 1)

mtype = { PROPOSE, READY, INSTALL, EXCLUDED, HELLO, WORK }; /* WORK: any message of class VIEW */
mtype = { PARKED, RUNNING, HUNG };
mtype = { CHANGE_NONE, CHANGE_PROPOSING, CHANGE_FENCING };

typedef core_t {
    mtype state = RUNNING;
    byte view_number = 1, view_members = ALL;
    byte next_number, next_members, next_leader;
    byte noticed, touched = ALL, joining, failing;
    mtype stage = CHANGE_NONE;
    byte awaited, fencing;
    byte owed_propose, owed_install, owed_excluded;
    bool owed_ready, owed_hello;
    byte starter, heard;
};
core_t core[CORES];

/* The view word. */
byte word_number = 1, word_leader;

byte lost; /* cores that did not acknowledge that they were fenced */

/* To check: of each number its proposal, whether it counts; the number that removed a core. */
byte proposed[NUMBERS], removed[CORES];
bool installed[NUMBERS];
byte fresh; /* cores that have been started and are in no proposal yet */

byte crashes = CRASHES, suspicions = SUSPICIONS, losses = LOSSES, starts = STARTS, works = WORKS;
byte patience = PATIENCE;

chan inbox[CORES * CORES] = [1] of { mtype, byte /* number */, byte /* members */ };
#define channel(from, to) inbox[(from) * CORES + (to)]

#define SELF core[me]
#define runs (SELF.state == RUNNING)
#define newest_number  (SELF.next_number -> SELF.next_number : SELF.view_number)
#define newest_members (SELF.next_number -> SELF.next_members : SELF.view_members)

inline stop() { SELF.state = PARKED }

inline promise(number, members, leader) {
    SELF.touched = SELF.touched | newest_members;
    SELF.next_number = number;
    SELF.next_members = members;
    SELF.next_leader = leader;
    SELF.stage = CHANGE_NONE;
    SELF.owed_install = 0;
    SELF.owed_propose = 0;
    SELF.owed_ready = (leader != me)
}

/* The winner is about to install a view: all has to be in place. */
inline check_install() {
    installed[SELF.next_number] = true;
    for (i : 0 .. CORES - 1) {
        claim(ready_before_install, !has(SELF.next_members, i) || core[i].state != RUNNING ||
                                        core[i].view_number >= SELF.next_number ||
                                        core[i].next_number >= SELF.next_number);
        claim(fenced_before_install, has(SELF.next_members, i) || !has(SELF.touched, i) ||
                                         core[i].state == PARKED || has(lost | fresh, i));
        claim(removed_stays_out, !has(SELF.next_members, i) || removed[i] == 0 ||
                                     removed[i] > SELF.next_number);
        if
        :: has(SELF.touched & ~SELF.next_members, i) -> removed[i] = SELF.next_number
        :: else
        fi
    }
}

inline install() {
    claim(ready_before_install, installed[SELF.next_number]);
    SELF.view_number = SELF.next_number;
    SELF.view_members = SELF.next_members;
    SELF.next_number = 0;
    SELF.next_members = 0;
    SELF.next_leader = 0;
    SELF.stage = CHANGE_NONE;
    SELF.owed_ready = false;
    SELF.owed_hello = false;
    SELF.touched = SELF.view_members;
    SELF.joining = SELF.joining & ~SELF.view_members;
    SELF.failing = SELF.failing & SELF.view_members
}

/* Somebody has won a number: it lived. */
inline notice(number, leader) {
    if
    :: number > SELF.noticed ->
        SELF.noticed = number;
        SELF.failing = SELF.failing & ~bit(leader)
    :: else
    fi
}

#ifdef BASE_IS_INSTALLED
#define base_members SELF.view_members
#else
#define base_members newest_members
#endif

#ifdef JOIN_FORGOTTEN
#define joiners 0
#else
#define joiners (SELF.joining & ~newest_members)
#endif

#ifdef ZOMBIE_NOT_OVERTAKEN
#define stranger_won false
#else
#define stranger_won !has(newest_members, word_leader)
#endif
/* Two that exclude one another may do this again and again, but once a period each. */
#define overtakes (stranger_won && patience > 0)

#ifdef WINNER_NOT_OVERTAKEN
#define winner_failed false
#else
#define winner_failed has(SELF.failing, word_leader)
#endif

#define has_cause                                                                                 \
    ((SELF.failing & newest_members) ||                                                           \
     (SELF.stage == CHANGE_NONE -> joiners != 0 : overtakes))
#define may_win                                                                                   \
    (word_number == SELF.view_number || word_leader == me || stranger_won || winner_failed)

/* The number is won by compare-and-swap; what is proposed under it never changes. */
inline propose() {
    claim(one_proposal, proposed[number] == 0);
    members = (base_members & ~SELF.failing) | (SELF.joining & ~newest_members);
    proposed[number] = members;
    fresh = fresh & ~members;
    SELF.noticed = number;
    promise(number, members, me);
    SELF.stage = CHANGE_PROPOSING;
    SELF.awaited = members & ~bit(me);
    SELF.owed_propose = SELF.awaited;
    forget(number, members, i)
}

#ifdef READY_NOT_AWAITED
#define all_ready true
#else
#define all_ready (SELF.awaited == 0)
#endif

#ifdef WORD_NOT_LOOKED_AT
#define holds_word true
#else
#define holds_word (word_number == SELF.next_number && word_leader == me)
#endif

inline begin_fencing() {
    claim(holder_fences, word_number == SELF.next_number && word_leader == me);
    SELF.stage = CHANGE_FENCING;
    SELF.awaited = 0;
#ifndef FENCE_FORGOTTEN
    SELF.fencing = SELF.touched & ~SELF.next_members & ~lost
#endif
}

/* One that is to be fenced: it runs nothing any more, or nobody knows. */
inline fence() {
    SELF.fencing = SELF.fencing & ~bit(c);
    if
    :: core[c].state = PARKED
    :: losses > 0 && core[c].state != PARKED ->
        losses--;
        lost = lost | bit(c)
    fi
}

/* Messages. */

#define knows(c) (has(SELF.view_members, c) || (SELF.next_number && has(SELF.next_members, c)))

inline exclude(c) {
#ifdef EXCLUDED_NOT_TOLD
    skip
#else
    SELF.owed_excluded = SELF.owed_excluded | bit(c)
#endif
}

inline on_propose() {
    if
#ifndef PROPOSER_UNCHECKED
    :: newest_number && !has(newest_members, from) -> exclude(from)
#endif
#ifdef PROPOSER_UNCHECKED
    :: number > newest_number ->
#else
    :: (!newest_number || has(newest_members, from)) && number > newest_number ->
#endif
        notice(number, from);
        promise(number, members, from)
    :: else
    fi
}

inline on_ready() {
    if
#ifdef READY_OF_ANY_VIEW
    :: SELF.stage == CHANGE_PROPOSING ->
#else
    :: SELF.stage == CHANGE_PROPOSING && number == SELF.next_number ->
#endif
        SELF.awaited = SELF.awaited & ~bit(from)
    :: else
    fi
}

inline on_install() {
    if
    :: number == SELF.next_number && from == SELF.next_leader -> install()
    :: else
    fi
}

inline on_excluded() {
    if
    :: number > SELF.view_number -> stop()
    :: else
    fi
}

inline on_hello() {
    if
    :: SELF.view_number && !has(newest_members, from) -> SELF.joining = SELF.joining | bit(from)
    :: else
    fi
}

/* As membership_accepts() says. */
inline on_work() {
    if
    :: !knows(from) ->
        if
        :: number < SELF.view_number -> exclude(from)
        :: else
        fi
    :: else ->
#ifndef NEW_VIEW_REFUSED
        if
        :: number == SELF.next_number && SELF.stage == CHANGE_NONE -> install()
        :: else
        fi;
#endif
        if
#ifdef OLD_VIEW_OBEYED
        :: number <= SELF.view_number ->
#else
#ifdef OBEYED_AFTER_READY
        :: number == SELF.view_number ->
#else
        :: number == SELF.view_number && !SELF.next_number ->
#endif
#endif
            claim(old_view_refused, number == SELF.view_number && !SELF.next_number &&
                                        has(SELF.view_members, from))
        :: else ->
            claim(new_view_known, number < newest_number)
        fi
    fi
}

inline receive() {
    if
    :: message == PROPOSE -> on_propose()
    :: message == READY -> on_ready()
    :: message == INSTALL -> on_install()
    :: message == EXCLUDED -> on_excluded()
    :: message == HELLO -> on_hello()
    :: message == WORK -> on_work()
    fi;
    forget(message, number, members);
    from = 0
}

#define pay(owed, c, type, n, m) owed = owed & ~bit(c); channel(me, c)!type, n, m

#define room(c) nfull(channel(me, c))

/*
 * To start a core is an agreed operation, so all members have to be in the starter's view. Whoever
 * starts a core fences it first.
 */
#define in_view(i)                                                                                 \
    (!has(SELF.view_members, i) || core[i].state != RUNNING ||                                     \
     (core[i].view_number == SELF.view_number && !core[i].next_number))
#if CORES == 2
#define agreed (in_view(0) && in_view(1))
#elif CORES == 3
#define agreed (in_view(0) && in_view(1) && in_view(2))
#else
#define agreed (in_view(0) && in_view(1) && in_view(2) && in_view(3))
#endif

/* A new instance, with empty channels. */
inline start() {
    for (i : 0 .. CORES - 1) {
        do
        :: channel(c, i)?_, _, _
        :: channel(i, c)?_, _, _
        :: empty(channel(c, i)) && empty(channel(i, c)) -> break
        od;
        core[i].owed_excluded = core[i].owed_excluded & ~bit(c)
    }
    core[c].view_number = 0;
    core[c].view_members = 0;
    core[c].next_number = 0;
    core[c].next_members = 0;
    core[c].next_leader = 0;
    core[c].noticed = 0;
    core[c].touched = 0;
    core[c].joining = 0;
    core[c].failing = 0;
    core[c].stage = CHANGE_NONE;
    core[c].awaited = 0;
    core[c].fencing = 0;
    core[c].owed_propose = 0;
    core[c].owed_install = 0;
    core[c].owed_excluded = 0;
    core[c].owed_ready = false;
    core[c].owed_hello = true;
    core[c].starter = me;
    removed[c] = 0;
    fresh = fresh | bit(c);
    core[c].state = RUNNING;
    i = 0
}

/* What one core may do about another. */
proctype peer(byte me, c) {
    byte number, members, from, i;
    mtype message;
end:
    do
    :: atomic {
           runs && nempty(channel(c, me)) ->
           channel(c, me)?message, number, members;
           from = c;
           receive()
       }
    :: atomic {
           runs && has(SELF.owed_propose, c) && room(c) ->
           pay(SELF.owed_propose, c, PROPOSE, SELF.next_number, SELF.next_members)
       }
    :: atomic {
           runs && has(SELF.owed_install, c) && room(c) ->
           pay(SELF.owed_install, c, INSTALL, SELF.view_number, 0)
       }
    :: atomic {
           runs && has(SELF.owed_excluded, c) && room(c) ->
           pay(SELF.owed_excluded, c, EXCLUDED, newest_number, 0)
       }
    :: atomic {
           runs && SELF.owed_ready && SELF.next_leader == c && room(c) ->
           SELF.owed_ready = false;
           channel(me, c)!READY, SELF.next_number, 0
       }
    :: atomic {
           runs && SELF.owed_hello && SELF.starter == c && room(c) ->
           SELF.owed_hello = false;
           channel(me, c)!HELLO, 0, 0
       }
    :: atomic {
           /* Now and then a member speaks; one that is none any more to those whom it observes. */
           runs && SELF.view_number && empty(channel(me, c)) && core[c].state == RUNNING &&
               ((works > 0 && has(SELF.view_members, c)) ||
                (core[c].view_number > SELF.view_number && !has(core[c].view_members, me) &&
                 (has(SELF.view_members, c) || c == word_leader) && !has(SELF.heard, c))) ->
           if
           :: works > 0 && has(SELF.view_members, c) -> works--
           :: else -> SELF.heard = SELF.heard | bit(c)
           fi;
           channel(me, c)!WORK, SELF.view_number, 0
       }
    :: atomic { runs && SELF.stage == CHANGE_FENCING && has(SELF.fencing, c) -> fence() }
    :: atomic {
           runs && SELF.view_number && has(newest_members & ~SELF.failing, c) &&
               (core[c].state != RUNNING || suspicions > 0) ->
           if
           :: core[c].state == RUNNING -> suspicions--
           :: else
           fi;
           SELF.failing = SELF.failing | bit(c);
           SELF.joining = SELF.joining & ~bit(c)
       }
    :: atomic {
           starts > 0 && runs && SELF.view_number && agreed && !has(SELF.view_members, c) &&
               core[c].state == PARKED && !has(lost, c) ->
           starts--;
           start()
       }
    od
}

proctype monitor(byte me) {
    byte number, members, i;
end:
    do
    :: atomic {
           runs && SELF.view_number && word_number > SELF.noticed -> notice(word_number, word_leader)
       }
    :: atomic {
           runs && SELF.view_number && word_number == SELF.noticed && has_cause && may_win ->
           number = word_number + 1;
           if
           :: SELF.stage != CHANGE_NONE && !(SELF.failing & newest_members) -> patience--
           :: else
           fi
       }
#ifdef WORD_STORED
       skip;
       atomic {
           word_number = number;
           word_leader = me;
           propose()
       }
#else
       atomic {
           if
           :: runs && word_number + 1 == number ->
               word_number = number;
               word_leader = me;
               propose()
           :: else -> number = 0
           fi
       }
#endif
    :: atomic {
           runs && SELF.stage == CHANGE_PROPOSING && all_ready && holds_word -> begin_fencing()
       }
    :: atomic {
           runs && SELF.stage == CHANGE_FENCING && SELF.fencing == 0 && holds_word ->
           check_install();
           install();
           SELF.owed_install = SELF.view_members & ~bit(me)
       }
    /* Nobody has made it a member. */
    :: atomic {
           runs && !SELF.view_number && !SELF.next_number && !SELF.owed_hello &&
               empty(channel(me, SELF.starter)) && !has(core[SELF.starter].joining, me) -> stop()
       }
    :: atomic { runs && !SELF.view_number && core[SELF.starter].state != RUNNING -> stop() }
    :: atomic {
           runs && !SELF.view_number && SELF.next_number &&
               !has(core[SELF.next_leader].view_members | core[SELF.next_leader].next_members, me)
           -> stop()
       }
    :: atomic {
           runs && crashes > 0 -> crashes--;
           SELF.state = HUNG
       }
    od
}

/* When nothing moves any more, all that run are in one view, which has just them. */
proctype settled() {
    byte i, running, number;
end:
    timeout;
    d_step {
        for (i : 0 .. CORES - 1) {
            running = running | (core[i].state == RUNNING -> bit(i) : 0)
        }
        for (i : 0 .. CORES - 1) {
            if
            :: core[i].state == RUNNING ->
                claim(all_agree, patience == 0 || (core[i].view_members == running &&
                                                   core[i].next_number == 0 &&
                                                   (number == 0 || number == core[i].view_number)));
                number = core[i].view_number
            :: else
            fi
        }
    }
}

init {
    byte i, j;
    atomic {
        proposed[1] = ALL;
        installed[1] = true;
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
