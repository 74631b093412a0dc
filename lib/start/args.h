/*
 * Arguments as they lie in a startup page: strings one after the other, each with its terminating
 * zero.
 */
#ifndef LIB_ARGS_H
#define LIB_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the `bytes` bytes at `args` are exactly `count` strings. */
bool args_valid(const char *args, size_t bytes, uint32_t count);

/* Points argv[0 .. count) at the strings and argv[count] to NULL. */
void args_split(const char *args, uint32_t count, char **argv);

#endif
