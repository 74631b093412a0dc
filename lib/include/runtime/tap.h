/*
 * Reports of a test program in the Test Anything Protocol (version 13), one line per check.
 *
 *     tap_plan(2);
 *     tap_ok(pointer != NULL, "malloc_gives_memory");
 *     tap_is(ipc_notify(dead), -E_PEERDEAD, "notify_to_dead_endpoint_fails");
 *     return tap_done();
 */
#ifndef RUNTIME_TAP_H
#define RUNTIME_TAP_H

#include <stdbool.h>
#include <stdint.h>

/* First: the number of checks that follow. 0: it is not known, and tap_done() will print it. */
void tap_plan(unsigned checks);

/*
 * First of all: this program's checks are part of another's, which judges it by its exit status.
 * Its lines are indented, as those of subtests are (TAP 14).
 */
void tap_subtest(void);

/* One check; `name` is a format of printf. Returns the condition. */
bool tap_ok(bool condition, const char *name, ...) __attribute__((format(printf, 2, 3)));

/* One check, that two integers are equal; prints both if they are not. */
bool tap_is(int64_t got, int64_t expected, const char *name, ...)
    __attribute__((format(printf, 3, 4)));

/* One check, that two strings are equal. */
bool tap_is_string(const char *got, const char *expected, const char *name, ...)
    __attribute__((format(printf, 3, 4)));

/* A check that cannot be made here, and why. Counts as passed. */
void tap_skip(const char *name, const char *why);

/* A remark. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program: no further check makes sense. */
_Noreturn void tap_bail_out(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* After the last check: the exit status, 0 if all passed and as many ran as planned. */
int tap_done(void);

#endif
