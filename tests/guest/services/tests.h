/* The monitor and the console driver as their clients see them, in the running system. */
#ifndef TESTS_SERVICES_TESTS_H
#define TESTS_SERVICES_TESTS_H

#include <runtime/process.h>

/* Makes and runs a clone that may do what an unprivileged program may, and talk to `target`. */
endpoint_t start_clone(const char *label, void (*entry)(void *), endpoint_t target);

/* Waits for the death of a child, frees it, and returns its exit status; negative: it did not exit.
 */
int64_t end_of_clone(endpoint_t child);

/* Waits until a program that the monitor has started for us has ended. */
void wait_for_end(endpoint_t program);

/* Asks for input, which never comes, and waits: what test_console() starts. */
void read_for_ever(void);

void test_spawn(void);
void test_deaths(void);
void test_privileges(void);
void test_recovery(void);
void test_console(void);

#endif
