/* Sets of names, as policies write them. */
#ifndef RUNTIME_PATTERN_H
#define RUNTIME_PATTERN_H

#include <stdbool.h>
#include <string.h>

/* Whether `pattern` stands for `name`: "x*" does for all that begin with x, another for itself. */
static inline bool pattern_matches(const char *pattern, const char *name) {
    const char *star = strchr(pattern, '*');

    return star != NULL ? strncmp(pattern, name, (size_t)(star - pattern)) == 0
                        : strcmp(pattern, name) == 0;
}

#endif
