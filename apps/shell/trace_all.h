/* `trace all`. */
#ifndef SHELL_TRACE_ALL_H
#define SHELL_TRACE_ALL_H

#include "shell.h"

enum status trace_all(const struct command *command);

#endif
