/*
 * Where a program is to run: `run --core N PROGRAM ARGUMENT...` or `run PROGRAM ARGUMENT... --core
 * N`. The option means this at the very beginning, else at the very end, so that programs can have
 * an argument of that name too.
 */
#ifndef SHELL_PLACE_H
#define SHELL_PLACE_H

#include <stdbool.h>

#include "command.h"

struct place {
    int first, count; /* words that are the program and its arguments */
    const char *core; /* the option's value; NULL: not given */
};

/* The command has a word after its name. False: there is no program, or no value. */
bool place_parse(const struct command *command, struct place *place);

#endif
