/*
 * Inside the library: output in pieces that fill messages, for stdio.
 */
#ifndef LIB_OUTPUT_H
#define LIB_OUTPUT_H

#include <stddef.h>

/* Adds text to what goes out with the next console_push(), or before it. */
void console_put(const char *text, size_t bytes);

/* Sends what is left of it. */
void console_push(void);

#endif
