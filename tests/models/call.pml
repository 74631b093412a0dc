/*
 * Requests and replies: several requests outstanding, answered in any order, next to messages that
 * the server sends of its own accord. A reply always finds a free slot, so the server never waits;
 * and it finishes the request that it answers, also where the server repeats itself. Follows
 * "Reserved replies" of urpc/README.md.
 *
 * The ring to the client is the messages in it and what the client has consumed and not yet
 * acknowledged.
 */

#include "common.pml"

#ifndef SLOTS
#define SLOTS 4
#endif
#ifdef ACKNOWLEDGED_TOO_LAZILY
#define LAZY SLOTS
#else
#define LAZY 2 /* slots acknowledged at a time */
#endif
#ifdef TOO_MANY_REQUESTS
#define REQUESTS SLOTS
#else
#define REQUESTS (SLOTS - 2) /* outstanding at once: as many slots only replies may use */
#endif

/* A hostile server repeats itself and invents tags, as often as this. */
#ifndef LIES
#define LIES 0
#endif

/* Requests are told apart by numbers, which a tag has not. */
#if LIES
#define NUMBERS 4 /* requests in all, so that no generation is used twice */
#define GENERATIONS NUMBERS
#else
#define NUMBERS (2 * REQUESTS + 1)
#define GENERATIONS 2
#endif
#define EVENT    NUMBERS /* in the place of a number: a message of the server's own */
#define INVENTED (NUMBERS + 1)

CLAIM(reply_has_credit)
CLAIM(reply_answers_request)
CLAIM(request_finished_once)
CLAIM(correct_peer_not_refused)

/* In both directions: index and generation of the call, which are its tag, and its number. */
chan requests = [REQUESTS] of { byte, byte, byte };
chan replies = [SLOTS] of { byte, byte, byte };

byte unreleased;     /* slots whose messages the client still reads in place */
byte unacknowledged; /* slots that it has given back but not acknowledged */
#define used (len(replies) + unreleased + unacknowledged)

/* The client's table. */
typedef call_t {
    bool outstanding;
    byte generation;
    byte number;
};
call_t call[REQUESTS];

byte sent; /* the number of the next request */
byte outstanding;
bool finished; /* changes with every call that is finished */
byte lies = LIES;
bool ended;

inline send_request() {
    do
    :: call[index].outstanding -> index++
    :: else -> break
    od;
    call[index].outstanding = true;
    call[index].generation = (call[index].generation + 1) % GENERATIONS;
    call[index].number = sent;
    outstanding++;
    requests!index, call[index].generation, sent;
    sent++;
#if !LIES
    sent = sent % NUMBERS;
#endif
    index = 0
}

inline finish_call() {
    call[index].outstanding = false;
    call[index].number = 0;
    outstanding--;
    finished = !finished
}

#ifdef GENERATION_UNCHECKED
#define generation_fits true
#else
#define generation_fits (call[index].generation == generation)
#endif

/* chan_call_finish(), or what the message is if not a reply. */
inline judge_message() {
    if
    :: number == EVENT
    :: number != EVENT && index < REQUESTS && generation_fits && call[index].outstanding ->
        claim(reply_answers_request, number == INVENTED || number == call[index].number);
        finish_call()
#ifdef OUTSTANDING_UNCHECKED
    :: number != EVENT && index < REQUESTS && generation_fits && !call[index].outstanding ->
        claim(request_finished_once, false);
        finish_call()
#endif
    :: else ->
        claim(correct_peer_not_refused, LIES > 0);
        ended = true
    fi;
    forget(index, generation, number)
}

/* Messages may be read in place. Their slots are given back before calls are finished by them. */
inline receive() {
    replies?index, generation, number;
#ifdef FINISHED_BEFORE_RELEASE
    unreleased++;
#else
    unacknowledged = (unacknowledged + 1) % LAZY;
#endif
    judge_message()
}

active proctype requester() {
    byte index;
end:
    do
    :: atomic {
           outstanding < REQUESTS && nfull(requests) && sent < NUMBERS && !ended;
           send_request()
       }
    od
}

active proctype client() {
    byte index, generation, number;
end:
    do
    :: atomic {
           nempty(replies) && !ended;
           receive()
       }
#ifdef FINISHED_BEFORE_RELEASE
    :: atomic {
           unreleased > 0;
           unacknowledged = (unacknowledged + unreleased) % LAZY;
           unreleased = 0
       }
#endif
#ifdef CALL_FORGOTTEN
    :: atomic { /* gives up waiting, and takes the call for finished */
           call[0].outstanding;
           finish_call()
       }
#endif
    od
}

/* A correct server relies on it. */
#if LIES
#define can_write nfull(replies)
#else
#define can_write true
#endif

inline reply() {
    claim(reply_has_credit, used < SLOTS || LIES > 0);
    replies!index, generation, number
}

active proctype server() {
    byte index, generation, number;
end:
    do
    :: atomic {
           nempty(requests) && can_write;
           requests?index, generation, number;
           reply()
       }
    :: atomic { /* another one first */
           len(requests) > 1 && can_write;
           requests?index, generation, number;
           requests!index, generation, number;
           requests?index, generation, number;
           reply()
       }
    :: atomic {
           lies > 0 && can_write;
           lies--;
           if
           :: replies!index, generation, number /* the last reply once more */
           :: true ->
               select (index : 0 .. REQUESTS);
               select (generation : 0 .. GENERATIONS - 1);
               number = INVENTED;
               replies!index, generation, number
           fi
       }
    od
}

/* The part of the server that tells the client things it did not ask for. */
active proctype announcer() {
end:
    do
#ifdef EVENTS_USE_RESERVE
    :: atomic {
           used < SLOTS;
           replies!0, 0, EVENT
       }
#else
    :: atomic {
           used < SLOTS - REQUESTS;
           replies!0, 0, EVENT
       }
#endif
    od
}

ltl goes_on { ([]<> finished) && ([]<> !finished) }
