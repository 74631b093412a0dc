/*
 * One direction of the mailboxes of two kernels, cpu-driver/mailbox.c, on the memory of x86: the
 * sender's post() and the receiver's look(), which its interrupt starts.
 *
 * Two bindings, in one word of bits or in two. What a bell is about is how often it has been rung;
 * the receiver learns that when it finds the bit. It sleeps until it knows all.
 */

#ifndef BELLS
#define BELLS 2 /* of each binding */
#endif
#ifndef WORDS_USED
#define WORDS_USED 1
#endif

#define SENDER   0
#define RECEIVER 1

/* Words of memory: `words_set`, `armed`, and one word of bits for each binding, or for both. */
#define WORDS_SET  0
#define ARMED_WORD 1
#define RUNG(word) (2 + word)
#define NEWS(b)    (4 + b) /* what the bell of binding b is about */
#define WORDS      6
#define PROCESSORS 2
#define DEPTH      2

#include "common.pml"
#include "tso.pml"

CLAIM(one_interrupt_per_look)
CLAIM(news_in_order)

#if WORDS_USED == 2
#define word_of(b) b
#define bit_of(b)  1
#else
#define word_of(b) 0
#define bit_of(b)  (1 + b)
#endif

bool interrupt; /* that waits at the receiver: interrupts that have not been served merge */
byte known[2];  /* the last of each binding that the receiver has learnt */

/* A locked OR. */
inline set_bits(cpu, at, bits_set) {
    d_step {
        buffer[cpu].waiting == 0;
        memory[at] = memory[at] | bits_set
    }
}

proctype sender() {
    byte place, word, armed, b, rung[2];
    do
    :: rung[0] == BELLS && rung[1] == BELLS -> break
    :: else ->
        if
        :: rung[0] < BELLS -> b = 0
        :: rung[1] < BELLS -> b = 1
        fi;
        rung[b]++;
        store(SENDER, NEWS(b), rung[b]);
#ifdef WORD_SET_BEFORE_BIT
        set_bits(SENDER, WORDS_SET, 1 << word_of(b));
        set_bits(SENDER, RUNG(word_of(b)), bit_of(b));
#else
        set_bits(SENDER, RUNG(word_of(b)), bit_of(b));
        set_bits(SENDER, WORDS_SET, 1 << word_of(b));
#endif
#ifdef INTERRUPT_NOT_TAKEN
        load(SENDER, ARMED_WORD, armed);
#else
        exchange(SENDER, ARMED_WORD, 0, armed);
#endif
        if
        :: armed ->
            atomic {
                claim(one_interrupt_per_look, !interrupt);
                interrupt = true
            }
        :: !armed
        fi;
        atomic { forget(word, armed, b) }
    od
}

inline learn(binding) {
    atomic {
        load(RECEIVER, NEWS(binding), news);
        claim(news_in_order, news >= known[binding]);
        known[binding] = news;
        news = 0
    }
}

inline arm() {
    exchange(RECEIVER, ARMED_WORD, 1, ignored);
    ignored = 0
}

inline look() {
#ifndef ARMED_AFTER_LOOK
    arm();
#endif
    exchange(RECEIVER, WORDS_SET, 0, words);
    for (i : 0 .. WORDS_USED - 1) {
        if
        :: words & (1 << i) ->
#ifdef BITS_TAKEN_IN_TWO_STEPS
            load(RECEIVER, RUNG(i), bits);
            exchange(RECEIVER, RUNG(i), 0, ignored);
            ignored = 0;
#else
            exchange(RECEIVER, RUNG(i), 0, bits);
#endif
            for (b : 0 .. 1) {
                if
                :: i == word_of(b) && bits & bit_of(b) -> learn(b)
                :: else
                fi
            }
        :: else
        fi;
        bits = 0
    }
    atomic { forget(words, i, b) }
#ifdef ARMED_AFTER_LOOK
    arm();
#endif
}

#define knows_all (known[0] == BELLS && known[1] == BELLS)

/* The first look is before anything is asked for; each later one is an interrupt. */
proctype receiver() {
    byte place, words, bits, i, b, news, ignored;
#ifdef FIRST_LOOK_MISSING
    arm();
#else
    look();
#endif
    do
    :: knows_all -> break
    :: atomic {
           interrupt && !knows_all;
           interrupt = false
       }
       look()
    od
}

init {
    atomic {
        run store_buffer(SENDER);
        run store_buffer(RECEIVER);
        run sender();
        run receiver()
    }
}
