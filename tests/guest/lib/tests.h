/*
 * The runtime library as programs see it, tested in the running system. Each function makes the
 * checks of one part.
 */
#ifndef TESTS_GUEST_LIB_TESTS_H
#define TESTS_GUEST_LIB_TESTS_H

#include <bulkhead/info.h>

#include <runtime/process.h>

void test_startup(int argc, char **argv);
void test_format(void);
void test_float(void);
void test_malloc(void);
void test_clone(void);
void test_events(void);

/* The other side of test_startup(): the status of a program that was started with arguments. */
int check_arguments(int argc, char **argv);

#define CLONE_FRAMES 256

/* Makes and starts a clone that may use `primitives` and `calls`, and exchange messages with us. */
endpoint_t start_clone(const char *label, void (*entry)(void *), void *arg, uint32_t primitives,
                       uint64_t calls);

/* Waits for the death of a child, frees it, and fills in its report. */
void wait_for_death(endpoint_t child, struct death_report *report);

/* Both: a clone that may allocate memory. */
void run_clone(const char *label, void (*entry)(void *), void *arg, struct death_report *report);

#endif
