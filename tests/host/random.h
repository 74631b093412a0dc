/*
 * Random numbers for property tests, repeatable: the seed is $SEED, or else the time. Every check
 * tells the command that repeats the run.
 */
#ifndef TESTS_HOST_RANDOM_H
#define TESTS_HOST_RANDOM_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <criterion/criterion.h>

static uint64_t random_seed, random_state;

static inline void random_start(void) {
    const char *seed = getenv("SEED");
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    random_seed = seed ? strtoull(seed, NULL, 0) : (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    random_state = random_seed;
}

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static inline uint64_t random_next(void) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* A number below `limit`, which is not 0. */
static inline uint64_t random_below(uint64_t limit) { return random_next() % limit; }

static inline void random_fill(void *buffer, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)buffer)[i] = (uint8_t)random_next();
}

/* cr_assert() in a random test of the program `PROGRAM`. */
#define random_check(condition)                                                                 \
    cr_assert((condition), "%s\nrepeat with: SEED=%lu build/host/" PROGRAM " --filter '%s/%s'", \
              #condition, random_seed, criterion_current_test->category,                        \
              criterion_current_test->name)

#endif
