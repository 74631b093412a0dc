#include "log.h"

#include <stdbool.h>

#include "early_serial.h"
#include "framebuffer.h"
#include "string.h"

#define LINE_MAX 256 /* longer lines are cut */

static char ring[LOG_BYTES];
static uint64_t logged; /* bytes ever; the next one goes to ring[logged % LOG_BYTES] */
static bool to_serial;

/* Adds to the ring, in at most two pieces. */
static void remember(const char *text, size_t bytes) {
    while (bytes > 0) {
        size_t at = logged % LOG_BYTES, room = LOG_BYTES - at, piece = bytes < room ? bytes : room;
        memcpy(ring + at, text, piece);
        logged += piece;
        text += piece;
        bytes -= piece;
    }
}

void log_init(const struct boot_framebuffer *framebuffer, void *fb_view) {
    framebuffer_init(framebuffer, fb_view);
    early_serial_init();
    to_serial = true;
}

void log_serial(bool on) {
    if (on && !to_serial)
        early_serial_init(); /* a driver may have left the port in any state */
    to_serial = on;
}

void log_inherit(const char *text) {
    size_t bytes = 0;

    while (text[bytes] != '\0')
        bytes++;
    remember(text, bytes);
    framebuffer_write(text, bytes);
}

void log_vline(const char *format, va_list args) {
    char line[LINE_MAX];
    size_t room = sizeof line - 1; /* one byte is left for the newline */
    size_t length = (size_t)log_vformat(line, room, format, args);
    size_t bytes = length < room ? length : room - 1;

    line[bytes++] = '\n';
    remember(line, bytes);
    framebuffer_write(line, bytes);
    if (to_serial)
        early_serial_write(line, bytes);
}

void log_line(const char *format, ...) {
    va_list args;

    va_start(args, format);
    log_vline(format, args);
    va_end(args);
}

void log_where(const void **text, const void **total) {
    *text = ring;
    *total = &logged;
}

size_t log_read(uint64_t from, char *buffer, size_t bytes, uint64_t *start, uint64_t *total) {
    uint64_t oldest = logged > LOG_BYTES ? logged - LOG_BYTES : 0;
    size_t copied = 0;

    if (from < oldest)
        from = oldest;
    if (from > logged)
        from = logged;
    if (bytes > logged - from)
        bytes = logged - from;
    while (copied < bytes) {
        size_t at = (from + copied) % LOG_BYTES, room = LOG_BYTES - at;
        size_t piece = bytes - copied < room ? bytes - copied : room;
        memcpy(buffer + copied, ring + at, piece);
        copied += piece;
    }
    *start = from;
    *total = logged;
    return copied;
}
