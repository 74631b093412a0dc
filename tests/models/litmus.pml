/*
 * That tso.pml is x86: the litmus tests SB, MP and "a load sees its own processor's store" of the
 * x86-TSO paper. SB is also what arming by a flag of its own comes to, where one side stores a
 * message and looks for the flag while the other sets the flag and looks for a message: without a
 * fence on both sides, both see nothing.
 */

#include "common.pml"

#define X          0
#define Y          1
#define WORDS      2
#define PROCESSORS 2
#define DEPTH      2
#include "tso.pml"

CLAIM(one_sees_the_other)
CLAIM(stores_in_order)
CLAIM(own_store_seen)

byte seen[2];
byte finished;

/* SB: each stores a word of its own, then looks at the other's. */
proctype buffering(byte me) {
    byte place;
    store(me, me, 1);
#ifndef FENCE_MISSING
    fence(me);
#endif
    load(me, 1 - me, seen[me]);
    atomic {
        finished++;
        claim(one_sees_the_other, finished < 2 || seen[0] == 1 || seen[1] == 1)
    }
}

/* MP: one stores two words, the other looks at them in the opposite order. */
proctype writer() {
    byte place, own;
#ifdef STORES_SWAPPED
    store(0, Y, 2);
    store(0, X, 2);
#else
    store(0, X, 2);
    store(0, Y, 2);
#endif
    load(0, Y, own);
#ifdef STORES_NOT_FORWARDED
    own = memory[Y];
#endif
    claim(own_store_seen, own == 2)
}

proctype reader() {
    byte place, x, y;
    load(1, Y, y);
    load(1, X, x);
    claim(stores_in_order, y == 0 || x == 2)
}

init {
    atomic {
        run store_buffer(0);
        run store_buffer(1);
        if
        :: true ->
            run buffering(0);
            run buffering(1)
        :: true ->
            run writer();
            run reader()
        fi
    }
}
