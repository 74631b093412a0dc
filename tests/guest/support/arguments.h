/* Options of test programs. */
#ifndef TESTS_GUEST_SUPPORT_ARGUMENTS_H
#define TESTS_GUEST_SUPPORT_ARGUMENTS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The number that follows an option, or `otherwise` if it is not given. */
static inline uint64_t number_after(int argc, char **argv, const char *option, uint64_t otherwise) {
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], option) == 0)
            return strtoull(argv[i + 1], NULL, 0);
    return otherwise;
}

#endif
