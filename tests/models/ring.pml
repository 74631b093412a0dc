/*
 * One direction of a channel, both sides polling: an endless stream of messages, sent one by one or
 * in batches, received by copying or in place, through a ring on x86. Follows "Ring" of
 * urpc/README.md; arming.pml is about sleeping.
 *
 * A message is its number modulo NUMBERS, written to both words of the payload. NUMBERS has no
 * factor in common with SLOTS, so that what an earlier lap has left in a slot never is the number
 * expected next.
 */

#include "common.pml"

#ifndef SLOTS
#define SLOTS 4
#endif
#ifdef ACKNOWLEDGED_TOO_LAZILY
#define QUARTER SLOTS
#endif
#ifndef QUARTER
#define QUARTER 2 /* half of the ring, so that something is lazy */
#endif
#ifdef POSITIONS_OF_ONE_LAP
#define SPACE SLOTS
#else
#define SPACE (2 * SLOTS)
#endif
#include "signal.pml"

#ifndef NUMBERS
#define NUMBERS 5
#endif
#ifndef BATCH
#define BATCH 2
#endif

#define PRODUCER 0
#define CONSUMER 1

#define word_of(p)    (3 * ((p) % SLOTS))
#define payload_of(p) (word_of(p) + 1)
#define ACKED         (3 * SLOTS)

#define WORDS      (3 * SLOTS + 1)
#define PROCESSORS 2
#define DEPTH      (3 * BATCH - 1) /* stores between two exchanges: all may wait */
#include "tso.pml"

CLAIM(message_whole)
CLAIM(message_in_order) /* none lost, none twice */
CLAIM(batch_at_once)
CLAIM(slot_not_overwritten)
CLAIM(correct_peer_not_refused)

byte unread;    /* messages being written or written, and not copied */
bool delivered; /* changes with every message that is received */

/* Of a message: its number, and how many of the same batch follow. */
#define message(number, following) ((number) + 16 * (following))

inline write_payload(p, what) {
    store(PRODUCER, payload_of(p), what);
    store(PRODUCER, payload_of(p) + 1, what)
}

#ifdef REQUEST_FORGOTTEN_IN_BATCH
#define later_word(p) signal(p)
#else
#define later_word(p) message_word(p)
#endif

/* The slots of a batch, from the last to the first. */
inline publish() {
#ifdef BATCH_FORWARD
    exchange(PRODUCER, word_of(head), message_word(head), word);
#endif
    for (i : 1 .. count - 1) {
        store(PRODUCER, word_of(head + count - i), later_word(head + count - i))
    }
#ifndef BATCH_FORWARD
    exchange(PRODUCER, word_of(head), message_word(head), word)
#endif
}

inline look_for_credit() {
    load(PRODUCER, ACKED, word);
    d_step {
        claim(correct_peer_not_refused,
              distance(acked, position_in(word)) <= distance(acked, head));
        acked = position_in(word)
    }
}

proctype producer() {
    byte place, word, head, acked, number, count, i;
    do
    :: if
       :: count = 1
       :: count = BATCH
       fi;
#ifndef CREDIT_UNCHECKED
       do
#ifdef CREDIT_FOR_ONE_OF_BATCH
       :: distance(acked, head) < SLOTS -> break
#else
       :: distance(acked, head) + count <= SLOTS -> break
#endif
       :: else -> look_for_credit()
       od;
#endif
       unread = unread + count;
       claim(slot_not_overwritten, unread <= SLOTS);
#ifdef PUBLISHED_BEFORE_PAYLOAD
       publish();
#endif
       for (i : 0 .. count - 1) {
           write_payload(head + i, message((number + i) % NUMBERS, count - 1 - i))
       }
#ifndef PUBLISHED_BEFORE_PAYLOAD
       publish();
#endif
       head = position(head + count);
       number = (number + count) % NUMBERS;
       forget(word, count, i)
    od
}

inline read_payload(p) {
    load(CONSUMER, payload_of(p), first);
    load(CONSUMER, payload_of(p) + 1, second)
}

inline check_message() {
    d_step {
        claim(message_whole, first == second);
        claim(message_in_order, first % 16 == number);
        following = first / 16;
        forget(first, second, found);
        number = (number + 1) % NUMBERS;
        unread--;
        delivered = !delivered
    }
}

inline acknowledge() { exchange(CONSUMER, ACKED, signal(tail), found) }

/* chan_receive(): there is a message at tail, published by `word`. */
inline receive() {
#ifdef ACKNOWLEDGED_BEFORE_COPY
    tail = position(tail + 1);
    acknowledge();
    tail = position(tail + SPACE - 1);
#endif
#ifndef PAYLOAD_READ_BEFORE_WORD
    read_payload(tail);
#endif
    check_message();
    tail = position(tail + 1);
    if
    :: word & ACKNOWLEDGE -> acknowledge()
    :: else
    fi
}

#ifdef RELEASE_OVERLOOKS_QUARTER
#define release_acknowledges (tail % QUARTER == 0)
#else
#define release_acknowledges (tail / QUARTER != before / QUARTER)
#endif

/*
 * chan_peek() and chan_release(): the same, but two messages, read in place, are given back at
 * once.
 */
inline receive_two_in_place() {
    load(CONSUMER, word_of(tail + 1), word);
    if
    :: position_in(word) == position(tail + 1) ->
        read_payload(tail);
        check_message();
        read_payload(tail + 1);
        check_message();
        before = tail;
        tail = position(tail + 2);
        if
        :: release_acknowledges -> acknowledge()
        :: else
        fi
    :: else
    fi
}

proctype consumer() {
    byte place, word, found, tail, before, number, following, first, second;
    do
    ::
#ifdef PAYLOAD_READ_BEFORE_WORD
       read_payload(tail);
#endif
       atomic {
           load(CONSUMER, word_of(tail), word);
           before = 0;
           found = 0
       }
       if
       :: position_in(word) == tail -> receive()
       :: position_in(word) == tail -> receive_two_in_place()
       :: else ->
           d_step {
               claim(correct_peer_not_refused, position_in(word) == a_lap_before(tail));
               claim(batch_at_once, following == 0)
           }
       fi
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
        run producer();
        run consumer()
    }
}

/* What has been sent is received, and again and again. */
ltl goes_on { ([]<> delivered) && ([]<> !delivered) }
