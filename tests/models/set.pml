/*
 * Receiving from many channels: idle ones are armed and not looked at, active ones are served in
 * turn. Follows "Many channels" of urpc/README.md.
 *
 * A channel is its number of messages and its waiter bit, and sending, receiving and arming are one
 * step each: arming.pml is about what is inside of them.
 */

#include "common.pml"

#ifndef MEMBERS
#define MEMBERS 2
#endif
#define MESSAGES 2 /* that a channel holds */

CLAIM(queued_once)
CLAIM(served_in_turn)

byte messages[MEMBERS];
bool armed[MEMBERS];
bool bell[MEMBERS]; /* sticky, one per binding */
#if MEMBERS == 2
#define bell_rang (bell[0] || bell[1])
#else
#define bell_rang (bell[0] || bell[1] || bell[2])
#endif

chan queue = [MEMBERS] of { byte }; /* of active members */
bool queued[MEMBERS];

byte others[MEMBERS];  /* messages of others received while a member has one and is in the queue */
bool received[MEMBERS]; /* changes with every message of a member */

bool false_alarm = true; /* once, a bell may ring for nothing */

proctype sender(byte me) {
    do
    :: d_step {
           false_alarm;
           false_alarm = false;
           bell[me] = true
       }
    :: d_step {
           messages[me] < MESSAGES;
           messages[me]++;
           if
           :: armed[me] ->
               armed[me] = false;
               bell[me] = true
           :: else
           fi
       }
    od
}

inline enqueue(member) {
    claim(queued_once, nfull(queue));
    queue!member;
    queued[member] = true
}

/* The system says which bells rang. */
inline take_bells() {
    for (i : 0 .. MEMBERS - 1) {
        atomic {
            if
            :: bell[i] ->
                bell[i] = false;
#ifdef BELLS_CLEARED_TOGETHER
                bell[MEMBERS - 1] = false;
#endif
                if
#ifdef QUEUED_TWICE
                :: enqueue(i)
#else
                :: !queued[i] -> enqueue(i)
                :: queued[i]
#endif
                fi
            :: else
            fi
        }
    }
    i = 0
}

/* A message of the first in the queue, which goes to its end. */
inline receive_message() {
    messages[member]--;
    received[member] = !received[member];
    others[member] = 0;
    for (i : 0 .. MEMBERS - 1) {
        if
        :: i != member && queued[i] && messages[i] > 0 ->
            others[i]++;
            claim(served_in_turn, others[i] < MEMBERS)
        :: else
        fi
    }
    i = 0;
#ifndef FIRST_STAYS_FIRST
    queue?_;
    queue!member
#endif
}

/*
 * The first in the queue had no message. It stays for a while; then it is armed and leaves, unless
 * a message has come by now.
 */
inline arm_member() {
    queue?_;
    if
    :: queue!member
#ifndef ARMED_AFTER_LAST_POLL
    :: messages[member] > 0 -> queue!member
    :: messages[member] == 0 ->
#else
    :: true ->
#endif
#ifndef LEFT_UNARMED
        armed[member] = true;
#endif
        queued[member] = false
    fi
}

active proctype receiver() {
    byte i, member;
    bool found;
    atomic {
        for (i : 0 .. MEMBERS - 1) {
            run sender(i);
            enqueue(i)
        }
        i = 0
    }
    do
    :: nempty(queue) ->
#ifndef BELLS_TAKEN_WHEN_IDLE
        take_bells();
#endif
        atomic {
            queue?<member>;
            found = messages[member] > 0;
            if
            :: found -> receive_message()
            :: !found
            fi
        }
        if
        :: found
        :: !found ->
            atomic {
                arm_member()
            }
        fi
    :: empty(queue) ->
        bell_rang;
        take_bells()
    od
}

/* Whatever the other members do, each is served again and again. */
ltl first_served { ([]<> received[0]) && ([]<> !received[0]) }
ltl last_served { ([]<> received[MEMBERS - 1]) && ([]<> !received[MEMBERS - 1]) }
