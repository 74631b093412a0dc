/* The tree along which a core tells all others: `cores --tree`. */
#ifndef SHELL_TREE_H
#define SHELL_TREE_H

#include <stddef.h>

#include "shell.h"

/* The command is cores --tree, with what follows. */
enum status tree_show(const struct command *command);

/* For completion: the kinds, then NULL. */
const char *tree_kind_name(size_t index);

#endif
