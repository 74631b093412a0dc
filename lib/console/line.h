/*
 * Text of any shape into lines of at most LOG_LINE_MAX bytes. Pure.
 */
#ifndef LIB_LINE_H
#define LIB_LINE_H

#include <stddef.h>

#include <bulkhead/kcall.h>

struct line_buffer {
    char text[LOG_LINE_MAX];
    size_t used;
};

/* Hands on every line that the text completes, without its newline; longer ones in pieces. */
void line_add(struct line_buffer *line, const char *text, size_t bytes,
              void (*emit)(const char *text, size_t bytes));

#endif
