/* Attacks across cores (cores.c). */
#ifndef TESTS_GUEST_ATTACK_CORES_H
#define TESTS_GUEST_ATTACK_CORES_H

#include <stdbool.h>

/* Does them, or their positive controls; those with a word in their names, or all: NULL. */
void test_across_cores(const char *word, bool controls);

/* The programs on both sides. */
int cores_serve(void);
int cores_attack(const char *number, const char *whom);

#endif
