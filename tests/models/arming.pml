/*
 * Sleeping and waking: both sides of a ring may sleep when there is nothing for them to do, and
 * either may close the ring or die at any moment. Nobody may sleep through what it waits for.
 * Follows "The signal word", "Ring" and "Close and death" of urpc/README.md; what a message holds
 * is ring.pml's.
 *
 * Doorbells are the system's: sticky and merging. Ringing is not ordered with the store buffer of
 * the processor that rings: an interrupt may overtake stores.
 */

#include "common.pml"

#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef QUARTER
#define QUARTER 1
#endif
#ifndef SPACE
#define SPACE (2 * SLOTS)
#endif
#include "signal.pml"

#define BATCH 2

/* How often a bell rings for nothing; whether sides may close, and one may die; who is hostile. */
#ifndef FALSE_ALARMS
#define FALSE_ALARMS 0
#endif
#ifndef CLOSES
#define CLOSES false
#endif
#ifndef DIES
#define DIES false
#endif
#define NOBODY 2
#ifndef HOSTILE
#define HOSTILE NOBODY
#endif

#define PRODUCER 0
#define CONSUMER 1
#define OTHER(me) (1 - (me))

#define word_of(p)    ((p) % SLOTS)
#define ACKED         SLOTS
#define closed_by(me) (SLOTS + 1 + (me))

#define WORDS      (SLOTS + 3)
#define PROCESSORS 2
#define DEPTH      1
#include "tso.pml"

CLAIM(correct_peer_not_refused)
CLAIM(nothing_lost_at_end)

bool rung[2], bell[2]; /* doorbells: on the way; arrived */
bool dead[2];
bool told[2];          /* by the system: the peer has died */
bool ended[2];         /* has closed or died, or has seen that the peer has */
byte unread;           /* messages published and not received */
bool delivered;        /* changes with every message received */

byte false_alarms = FALSE_ALARMS;

#ifdef LATE_BELLS /* they are on their way for any time */
inline ring(whom) { rung[whom] = true }
#else
inline ring(whom) { bell[whom] = true }
#endif

inline sleep(me) {
#ifdef BELL_NOT_STICKY
    bell[me] = false;
#endif
    atomic {
        bell[me];
        bell[me] = false
    }
}

/* Publishes a new value of a signal word; `messages` are those that it announces. */
inline publish(me, at, what, messages) {
#ifdef EXCHANGE_SPLIT
    load(me, at, word);
    store(me, at, what);
    unread = unread + messages;
#else
    atomic {
        exchange(me, at, what, word);
#if HOSTILE == NOBODY
        unread = unread + messages
#endif
    }
#endif
    if
    :: word & ARMED -> ring(OTHER(me))
    :: else
    fi
}

/*
 * Asks to be woken when a signal word, in which `known` was seen, changes. That the word asks
 * already is as good. Sets `armed`.
 */
inline arm(me, at, known) {
#if defined(ARMED_AFTER_LAST_POLL)
    store(me, at, (known) | ARMED);
    armed = true
#elif defined(ARMED_WHATEVER_IS_THERE)
    d_step {
        memory[at] = memory[at] | ARMED;
        armed = true
    }
#else
    compare_exchange(me, at, known, (known) | ARMED, word);
    armed = (word | ARMED) == ((known) | ARMED);
#ifdef OLD_FLAG_REFUSED
    claim(correct_peer_not_refused, !armed || word == (known))
#endif
#endif
}

inline disarm(me, at, known) { compare_exchange(me, at, (known) | ARMED, known, word) }

/* The peer has to see it by the time that the bell rings: a plain store could still be waiting. */
inline close(me) {
#ifdef CLOSE_NOT_FENCED
    store(me, closed_by(me), 1);
#else
    exchange(me, closed_by(me), 1, word);
#endif
#ifndef CLOSE_NOT_RUNG
    ring(OTHER(me))
#endif
}

/* Has the peer closed or died? Sets `over`. */
inline look_for_end(me) {
    atomic {
        load(me, closed_by(OTHER(me)), word);
        over = word || told[me]
    }
}

/* What no correct peer writes ends the channel. */
inline refuse_peer() {
    claim(correct_peer_not_refused, HOSTILE != NOBODY);
    over = true
}

inline look_for_credit() {
    atomic {
        load(PRODUCER, ACKED, word);
        if
        :: distance(acked, position_in(word)) <= distance(acked, head) ->
            acked = position_in(word)
        :: else -> refuse_peer()
        fi
    }
}

/*
 * chan_arm_credit() looks whether the peer has ended, then arms: a bell rung in between is not
 * lost.
 */
inline wait_for_credit() {
    do
    :: distance(acked, head) + count <= SLOTS || over -> break
    :: else ->
        look_for_end(PRODUCER);
        if
        :: over
        :: !over ->
            arm(PRODUCER, ACKED, signal(acked));
            if
            :: armed ->
                sleep(PRODUCER);
                if
                :: disarm(PRODUCER, ACKED, signal(acked))
                :: true
                fi
            :: !armed
            fi
        fi;
        look_for_credit()
    od
}

/* The message before `head` asks for a bell when it is consumed. */
inline wait_until_consumed() {
    look_for_credit();
    do
    :: acked == head || over -> break
    :: else ->
        look_for_end(PRODUCER);
        if
        :: !over -> sleep(PRODUCER)
        :: over
        fi;
        look_for_credit()
    od
}

/* The slots of a batch are published from the last to the first; the first wakes the consumer. */
inline send() {
#ifdef BATCH_FORWARD
    publish(PRODUCER, word_of(head), message_word(head) | flags, count);
#endif
    for (i : 1 .. count - 1) {
        store(PRODUCER, word_of(head + count - i), message_word(head + count - i))
    }
#ifndef BATCH_FORWARD
    publish(PRODUCER, word_of(head), message_word(head) | flags, count);
#endif
    i = 0;
    head = position(head + count)
}

proctype producer() {
    byte place, word, head, acked, count, flags, i;
    bool armed, over;
    {
        do
        :: over -> break
        :: !over ->
            forget(word, count, armed);
            if
            :: count = 1; flags = 0
            :: count = 1; flags = ACKNOWLEDGE | RING
            :: count = BATCH; flags = 0
            :: CLOSES -> close(PRODUCER); over = true
            fi;
            wait_for_credit();
            if
            :: over
            :: !over ->
                send();
                if
                :: flags -> wait_until_consumed()
                :: !flags
                fi
            fi
        od
    } unless {
        dead[PRODUCER]
    };
    atomic {
        ended[PRODUCER] = true;
        forget(word, count, armed);
        forget(head, acked, flags)
    }
}

/* There is a message at tail, published by `word`. */
inline receive() {
    d_step {
#if HOSTILE == NOBODY
        unread--;
        delivered = !delivered;
#endif
        tail = position(tail + 1);
        flags = word & FLAGS
    }
    if
    :: flags & ACKNOWLEDGE -> publish(CONSUMER, ACKED, signal(tail), 0)
    :: else
    fi;
#ifndef WAITING_SENDER_NOT_RUNG
    if
    :: flags & RING -> ring(PRODUCER)
    :: else
    fi
#endif
}

#define is_message ((word & ~(ACKNOWLEDGE | RING)) == signal(tail))
#define is_vacant  (position_in(word) == a_lap_before(tail))

/* There was no message: sleeps, unless one has come or will not come any more. */
inline wait_for_message() {
    vacant = word & ~ARMED;
    arm(CONSUMER, word_of(tail), vacant);
    if
    :: armed ->
        look_for_end(CONSUMER);
        if
        :: over
        :: !over ->
            sleep(CONSUMER);
            if
            :: disarm(CONSUMER, word_of(tail), vacant)
            :: true
            fi
        fi
    :: !armed && !is_vacant -> /* a message */
    :: !armed && is_vacant -> refuse_peer() /* has changed, to no message */
    fi
}

proctype consumer() {
    byte place, word, tail, vacant, flags;
    bool armed, over;
    {
        do
        :: atomic {
               load(CONSUMER, word_of(tail), word);
               forget(flags, vacant, armed)
           }
           if
           :: is_message -> receive()
           :: is_vacant && !over -> wait_for_message()
           :: is_vacant && over ->
               claim(nothing_lost_at_end, unread == 0);
               break
           :: else ->
               refuse_peer();
               break
           fi
        :: CLOSES ->
            close(CONSUMER);
            break
#ifdef LAST_POLL_MISSING
        :: over ->
            claim(nothing_lost_at_end, unread == 0);
            break
#endif
        od
    } unless {
        dead[CONSUMER]
    };
    atomic {
        ended[CONSUMER] = true;
        forget(word, vacant, armed);
        forget(tail, flags, over)
    }
}

/* A side that writes what it likes where the other looks, and rings when it likes. */
proctype hostile() {
    byte what, flags;
    {
end:
        do
        :: atomic {
               select (what : 0 .. SPACE - 1);
               if
               :: flags = 0
               :: flags = ARMED
               :: flags = ACKNOWLEDGE | RING
               fi;
               if
               :: HOSTILE == PRODUCER -> memory[word_of(what)] = signal(what) | flags
               :: HOSTILE == CONSUMER -> memory[ACKED] = signal(what) | flags
               :: memory[closed_by(HOSTILE)] = flags & 1
               fi;
               what = 0;
               flags = 0
           }
        :: ring(OTHER(HOSTILE))
        od
    } unless {
        dead[HOSTILE]
    }
}

/* Rung bells arrive some time. */
proctype system() {
end:
    do
    :: d_step {
           rung[PRODUCER];
           rung[PRODUCER] = false;
           bell[PRODUCER] = true
       }
    :: d_step {
           rung[CONSUMER];
           rung[CONSUMER] = false;
           bell[CONSUMER] = true
       }
    od
}

/*
 * One side may die at any time; what its processor had stored gets to memory, then the other is
 * told.
 */
proctype fate() {
    byte me;
end:
    do
    :: false_alarms > 0 ->
        false_alarms--;
        if
        :: ring(PRODUCER)
        :: ring(CONSUMER)
        fi
    :: DIES ->
        if
        :: me = PRODUCER
        :: me = CONSUMER
        fi;
        dead[me] = true;
        atomic {
            fence(me);
            told[OTHER(me)] = true;
#ifndef DEATH_NOT_RUNG
            ring(OTHER(me))
#endif
        }
        break
    od
}

init {
    byte i;
    atomic {
        for (i : 0 .. SLOTS - 1) {
            memory[word_of(i)] = signal(a_lap_before(i))
        }
        run store_buffer(PRODUCER);
        run store_buffer(CONSUMER);
#if HOSTILE == PRODUCER
        run hostile();
#else
        run producer();
#endif
#if HOSTILE == CONSUMER
        run hostile();
#else
        run consumer();
#endif
        run system();
        run fate()
    }
}

/* Messages keep coming while both sides live. */
ltl goes_on { ([]<> delivered) && ([]<> !delivered) }

/* Nobody waits for the dead. */
ltl end_is_seen { ([] (dead[PRODUCER] -> <> ended[CONSUMER])) &&
                  ([] (dead[CONSUMER] -> <> ended[PRODUCER])) }
