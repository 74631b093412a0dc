/* ds: what is in the data store. */
#ifndef SHELL_STORE_H
#define SHELL_STORE_H

#include "shell.h"

enum status builtin_ds(const struct command *command);
const char *ds_candidate(size_t index);

#endif
