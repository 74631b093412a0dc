/* The options of `service up` (thesis 2.2, Fig. 2.4), without input or output. */
#ifndef SHELL_SERVICE_OPTIONS_H
#define SHELL_SERVICE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/protocol/manager.h>

#define SERVICE_PROBLEM 240

/*
 * Reads PROGRAM and options from `count` words. False: *problem says what is wrong, and what would
 * be right.
 */
bool service_options(const char *const *word, int count, struct manager_parameters *p,
                     char problem[SERVICE_PROBLEM]);

#endif
