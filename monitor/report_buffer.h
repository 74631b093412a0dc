/* A text that grows in a buffer and stops at its end. For the parts of a report. */
#ifndef MONITOR_REPORT_BUFFER_H
#define MONITOR_REPORT_BUFFER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct text {
    char *buffer;
    size_t bytes, used; /* used < bytes: there is always a terminating zero */
};

/* `bytes` is more than 0. */
static inline struct text text_in(char *buffer, size_t bytes) {
    buffer[0] = '\0';
    return (struct text){ .buffer = buffer, .bytes = bytes };
}

static inline void add(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void add(struct text *text, const char *format, ...) {
    size_t room = text->bytes - text->used;
    va_list args;

    va_start(args, format);
    int length = vsnprintf(text->buffer + text->used, room, format, args);
    va_end(args);
    if (length > 0)
        text->used += (size_t)length < room ? (size_t)length : room - 1;
}

#endif
