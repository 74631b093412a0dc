/*
 * A pool of shared buffers: who has which, with an owner and a borrower of whom one may be hostile
 * and the borrower may die. Follows "Buffers" of urpc/README.md.
 *
 * A descriptor is the number of its buffer; the rings in which descriptors travel can be full.
 */

#include "common.pml"

#ifndef BUFFERS
#define BUFFERS 2
#endif
#define FOREIGN BUFFERS /* a number that is not a buffer's */

/* Which side lies: sends whatever descriptor it likes, whenever it likes. */
#ifndef HOSTILE_OWNER
#define HOSTILE_OWNER 0
#endif
#ifndef HOSTILE_BORROWER
#define HOSTILE_BORROWER 0
#endif

CLAIM(in_one_place)
CLAIM(taken_once)
CLAIM(held_once)
CLAIM(buffer_in_range)
CLAIM(correct_peer_not_refused)
CLAIM(nothing_leaked)

mtype = { FREE, TAKEN, LENT };

/*
 * The owner's record, and its list of free buffers. After the last entry lies what looks like one.
 */
mtype state[BUFFERS + 1] = FREE;
chan free = [BUFFERS] of { byte };

/* The borrower's record. */
bool held[BUFFERS + 1];

chan lent = [1] of { byte };
chan returned = [1] of { byte };

/* The buffer that a side has taken out of its record and is about to send. */
byte leaving_owner = FOREIGN, leaving_borrower = FOREIGN;

bool ended;    /* the owner has caught the borrower lying and uses the channel no more */
bool dead;     /* the borrower, which may still have the buffers mapped */
bool unmapped; /* it has not any more */
bool reclaimed;

#define places(b)                                                                                  \
    ((state[b] != LENT) + (leaving_owner == b) + lent ?? [eval(b)] + held[b] +                     \
     (leaving_borrower == b) + returned ?? [eval(b)])

/* The owner's operations: bulk_take(), bulk_put(), bulk_lend() and so on, each in one step. */

inline take() {
    free?b;
    claim(taken_once, state[b] == FREE);
    state[b] = TAKEN
}

inline put() {
    state[b] = FREE;
    free!b
}

inline lend() {
    state[b] = LENT;
    leaving_owner = b
}

inline send_lent() {
    if
#ifdef LENT_TO_THE_DEAD
    :: nfull(lent) ->
#else
    :: nfull(lent) && !dead && !ended ->
#endif
        lent!leaving_owner
    :: else ->
#ifndef LOAN_NOT_UNDONE
        state[leaving_owner] = TAKEN
#endif
    fi;
    leaving_owner = FOREIGN
}

#ifdef RETURNED_RANGE_UNCHECKED
#define in_returned_range(b) true
#else
#define in_returned_range(b) (b < BUFFERS)
#endif
#ifdef DUPLICATE_ACCEPTED
#define returnable(b) true
#else
#define returnable(b) (state[b] == LENT)
#endif

inline take_back() {
    returned?b;
    if
    :: in_returned_range(b) && returnable(b) ->
        claim(buffer_in_range, b < BUFFERS);
        state[b] = TAKEN
    :: else ->
        claim(correct_peer_not_refused, HOSTILE_BORROWER);
        ended = true
    fi
}

#ifdef RECLAIMED_WHILE_MAPPED
#define reclaimable dead
#elif defined(RECLAIMED_BEFORE_LAST_RETURN)
#define reclaimable unmapped
#else
#define reclaimable (unmapped && (empty(returned) || ended))
#endif

inline reclaim() {
    for (b : 0 .. BUFFERS - 1) {
        if
        :: state[b] == LENT -> put()
        :: else
        fi
    }
    do
    :: lent?_
    :: empty(lent) -> break
    od;
    reclaimed = true
}

proctype owner() {
    byte b;
end:
    do
    :: atomic {
           nempty(free);
           take()
       }
    :: atomic {
           select (b : 0 .. BUFFERS - 1);
           if
           :: state[b] == TAKEN -> put()
           :: state[b] == TAKEN -> lend()
           :: state[b] != TAKEN
           fi
       }
       if
       :: leaving_owner != FOREIGN ->
           atomic {
               send_lent()
           }
       :: leaving_owner == FOREIGN
       fi
    :: atomic {
           nempty(returned) && !ended;
           take_back()
       }
    :: atomic {
           reclaimable && !reclaimed;
           reclaim()
       }
    od
}

proctype hostile_owner() {
    byte b;
end:
    do
    :: atomic {
           nfull(lent);
           select (b : 0 .. FOREIGN);
           lent!b
       }
    :: returned?_
    od
}

/* The borrower's: bulk_borrow(), bulk_return(). */

#ifdef HELD_UNCHECKED
#define borrowable(b) true
#else
#define borrowable(b) (!held[b])
#endif

#ifdef BORROWED_RANGE_UNCHECKED
#define in_borrowed_range(b) true
#else
#define in_borrowed_range(b) (b < BUFFERS)
#endif

inline borrow() {
    lent?b;
    if
    :: in_borrowed_range(b) && borrowable(b) ->
        claim(buffer_in_range, b < BUFFERS);
        claim(held_once, !held[b]);
        held[b] = true
    :: else -> claim(correct_peer_not_refused, HOSTILE_OWNER)
    fi
}

inline return_buffer() {
#ifndef RETURNED_BUT_HELD
    held[b] = false;
#endif
    leaving_borrower = b
}

inline send_returned() {
    if
    :: nfull(returned) -> returned!leaving_borrower
    :: full(returned) ->
#ifndef RETURN_NOT_UNDONE
        held[leaving_borrower] = true
#endif
    fi;
    leaving_borrower = FOREIGN
}

proctype borrower() {
    byte b;
end:
    {
end_idle:
        do
        :: atomic {
               nempty(lent);
               borrow()
           }
        :: atomic {
               select (b : 0 .. BUFFERS - 1);
               if
               :: held[b] -> return_buffer()
               :: !held[b]
               fi
           }
           if
           :: leaving_borrower != FOREIGN ->
               atomic {
                   send_returned()
               }
           :: leaving_borrower == FOREIGN
           fi
        od
    } unless {
        dead
    }
}

proctype hostile_borrower() {
    byte b;
    {
end:
        do
        :: atomic {
               nfull(returned);
               select (b : 0 .. FOREIGN);
               returned!b
           }
        :: lent?_
        od
    } unless {
        dead
    }
}

/* The borrower may die; then the system takes the mapping away. */
proctype fate() {
    byte b;
end:
    dead = true;
    d_step {
        for (b : 0 .. BUFFERS - 1) {
            held[b] = false
        }
        leaving_borrower = FOREIGN;
        unmapped = true
    }
}

/* Looks at every state. Between unmapping and reclaiming, what was lent is nowhere. */
#define misplaced(b) (places(b) > 1 || (places(b) == 0 && (!unmapped || reclaimed)))
#define leaked(b)    (reclaimed && state[b] == LENT && leaving_owner != b)

proctype watch() {
end:
    do
    :: misplaced(0) || misplaced(1) || misplaced(BUFFERS - 1) ->
        claim(in_one_place, HOSTILE_OWNER || HOSTILE_BORROWER)
    :: leaked(0) || leaked(1) || leaked(BUFFERS - 1) -> claim(nothing_leaked, HOSTILE_OWNER)
    od
}

init {
    byte b;
    atomic {
        for (b : 0 .. BUFFERS - 1) {
            free!b
        }
        state[FOREIGN] = LENT;
        run fate();
        run watch();
#if HOSTILE_OWNER
        run hostile_owner();
#else
        run owner();
#endif
#if HOSTILE_BORROWER
        run hostile_borrower()
#else
        run borrower()
#endif
    }
}
