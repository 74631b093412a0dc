/* What commands make of their words, and how they tell what is wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>

#include "shell.h"

enum status shell_misused(const struct command *command, const char *format, ...) {
    va_list args;

    printf("%s: ", command->word[0]);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    return STATUS_USAGE;
}

enum status shell_failed(const struct command *command, int error) {
    printf("%s: %s (%s)\n", command->word[0], error_text(error), error_name(error));
    return STATUS_FAILED;
}

bool shell_number(const char *word, uint64_t least, uint64_t most, uint64_t *number) {
    char *end;

    if (*word < '0' || *word > '9' || strlen(word) > 18)
        return false;
    *number = strtoull(word, &end, 10);
    return *end == '\0' && *number >= least && *number <= most;
}
