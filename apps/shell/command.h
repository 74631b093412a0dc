/*
 * The shell's grammar. A sequence of commands is separated by `;` or newlines; `#` at the start of
 * a word begins a comment, up to the end of its line. Words are separated by blanks; '...' and
 * "..." take everything up to the same quote as it is, a backslash outside '...' takes the next
 * character as it is. An unquoted `&` ends a command that is not to be waited for.
 */
#ifndef SHELL_COMMAND_H
#define SHELL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_WORDS 32  /* words of one command */
#define COMMAND_BYTES 512 /* of all its words, terminating zeros included */

struct command {
    const char *text; /* as typed, from its first word to its last character; not terminated */
    size_t text_bytes;
    const char *error; /* what is wrong with it; NULL: nothing */
    bool background;
    int words;
    char *word[COMMAND_WORDS + 1]; /* in buffer; NULL after the last */
    char buffer[COMMAND_BYTES];
};

/*
 * Takes the next command off the sequence at *at, which it moves on. Returns false when there is
 * none left. A command with an error is taken whole, so that the next call finds the one after it.
 */
bool command_next(const char **at, struct command *command);

#endif
