/*
 * Patterns of names as POSIX has them (fnmatch(3) without flags, in the C locale): `*`, `?`,
 * `[...]` with ranges, `[!...]`, classes such as [:digit:], and `\` before what is to stand for
 * itself.
 */
#ifndef STORE_MATCH_H
#define STORE_MATCH_H

#include <stdbool.h>

/*
 * Whether a pattern stands for a name; both are terminated. In time proportional to the product of
 * their lengths, whatever the pattern.
 */
bool match(const char *pattern, const char *name);

#endif
