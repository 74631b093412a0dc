/*
 * The kernel log: a ring in memory (read by GETINFO INFO_LOG), also written to the framebuffer and,
 * until a driver owns it, to the serial port. Used by boot/ and by the instance.
 */
#ifndef CPU_DRIVER_LOG_H
#define CPU_DRIVER_LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "bootinfo.h"

#define LOG_BYTES 32768 /* power of two */

/*
 * Logs one line, newline added. Formats: %s %c %d %u %x %p %%, with `l` for 64 bits, `-`, `0` and a
 * width; a precision, also `*`, for %s. log_format() is the same into a buffer: returns the length
 * it would need, always terminates when bytes > 0.
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_vline(const char *format, va_list args);
int log_format(char *buffer, size_t bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int log_vformat(char *buffer, size_t bytes, const char *format, va_list args);

/*
 * Where lines go besides memory. log_init() clears the screen and sets up the serial port; fb_view
 * is where the framebuffer's memory is mapped now, NULL: there is none. log_serial(false) is
 * SYSCTL_CONSOLE.
 */
void log_init(const struct boot_framebuffer *framebuffer, void *fb_view);
void log_serial(bool on);

/*
 * Adds text as it is, to memory and screen but not to the serial port: what boot/ printed there
 * already.
 */
void log_inherit(const char *text);

/* Where the ring and the number of bytes ever logged are; virtual addresses. */
void log_where(const void **text, const void **total);

/*
 * Copies text logged from position `from` on (bytes ever logged), or from the oldest kept. Returns
 * the bytes copied and in *start the position of the first of them; *total is the bytes ever
 * logged.
 */
size_t log_read(uint64_t from, char *buffer, size_t bytes, uint64_t *start, uint64_t *total);

#endif
