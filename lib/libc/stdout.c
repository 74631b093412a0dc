/*
 * stdout and stderr over the console, in musl's stdio, and the functions of single characters,
 * whose originals know threads.
 */
#include "stdio_impl.h"

#include "../console/output.h"

#undef stdout
#undef stderr

/* musl's protocol: write out the buffer, then `bytes` more; the buffer is empty afterwards. */
static size_t write_console(FILE *f, const unsigned char *text, size_t bytes) {
    console_put((const char *)f->wbase, (size_t)(f->wpos - f->wbase));
    console_put((const char *)text, bytes);
    console_push();
    f->wend = f->buf + f->buf_size;
    f->wpos = f->wbase = f->buf;
    return bytes;
}

/* `lock` below zero: not shared between threads. */
static unsigned char stdout_buffer[UNGET + BUFSIZ];
// NOLINTNEXTLINE(cert-fio38-c,misc-non-copyable-objects): this is where it is defined
hidden FILE __stdout_FILE = {
    .buf = stdout_buffer + UNGET,
    .buf_size = BUFSIZ,
    .flags = F_PERM | F_NORD,
    .lbf = '\n',
    .write = write_console,
    .lock = -1,
};
FILE *const stdout = &__stdout_FILE;
FILE *volatile __stdout_used = &__stdout_FILE; /* exit() and fflush() look for it */

static unsigned char stderr_buffer[UNGET];
// NOLINTNEXTLINE(cert-fio38-c,misc-non-copyable-objects)
hidden FILE __stderr_FILE = {
    .buf = stderr_buffer + UNGET,
    .flags = F_PERM | F_NORD,
    .lbf = EOF,
    .write = write_console,
    .lock = -1,
};
FILE *const stderr = &__stderr_FILE;
FILE *volatile __stderr_used = &__stderr_FILE;

int fputc(int c, FILE *f) { return putc_unlocked(c, f); }

int putc(int c, FILE *f) { return putc_unlocked(c, f); }

int putchar(int c) { return putc_unlocked(c, stdout); }
