/*
 * Text in and out. printf(), puts(), putchar(), fputs(stdout) and so on are the standard ones of
 * <stdio.h>: stdout is buffered by line, stderr not at all. Both go to the console service of the
 * startup page; if there is none or it does not take the text, to the kernel log, line by line; if
 * that is not permitted, nowhere. Output never fails.
 *
 * A console request waits for the driver, so a process that must not wait for a driver gets no
 * console.
 */
#ifndef RUNTIME_CONSOLE_H
#define RUNTIME_CONSOLE_H

#include <stddef.h>

/* Sends bytes past stdout's buffer. */
void console_write(const char *text, size_t bytes);

/*
 * Waits for input. Returns the bytes read, 1 to `bytes` and at most CONSOLE_DATA_MAX, or a negated
 * error: -E_NOENT there is no console, -E_PERM its input is for others, -E_BUSY another process is
 * reading, -E_INTR an interrupt key (console_attach()), -E_IO a broken driver, -E_INVAL `bytes` is
 * 0, -E_PEERDEAD, -E_TARGET.
 */
int console_read(char *buffer, size_t bytes);

/* Sends what stdout holds, and waits until all output has left the device. Same errors. */
int console_flush(void);

/* From now on an interrupt key (^C) ends a console_read(), or becomes a NOTIFY. Same errors. */
int console_attach(void);

#endif
