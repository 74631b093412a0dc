/* Torture of cores: see main.c. */
#ifndef TESTS_GUEST_TORTURE_TORTURE_H
#define TESTS_GUEST_TORTURE_TORTURE_H

#include <stdint.h>

/*
 * A worker: binds, shares and unbinds with other workers at random, for ever. Returns only when
 * something has happened that must not: the exit status says what.
 */
int worker(uint64_t seed);

enum worker_failure {
    WORKER_UNEXPECTED_ERROR = 1, /* a request was answered by an error that it cannot have */
    WORKER_NO_ROOM = 2,          /* a binding was made that the worker has no entry for */
};

/* Waits, so that others run. */
void pause_for(uint64_t nanoseconds);

#endif
