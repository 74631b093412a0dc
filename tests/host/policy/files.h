/* Sets of policies for tests. */
#ifndef TESTS_POLICY_FILES_H
#define TESTS_POLICY_FILES_H

#include <runtime/policy.h>

/* The files of the test image, and what was found wrong with them. */
extern struct policy_set shipped;
extern char shipped_errors[4096];
void shipped_open(void);

/* A text, and all errors of it, each "FILE:LINE:COLUMN: TEXT\n"; the file is called p.conf. */
extern struct policy_set set;
extern char errors[4096];
void read_text(const char *text);

#endif
