/*
 * The console protocol (include/bulkhead/protocol/console.h) above two rings of bytes. Nobody is
 * waited for: a client that is not there for its answer loses it.
 */
#ifndef SERIAL_CONSOLE_H
#define SERIAL_CONSOLE_H

#include <stdbool.h>

#include <runtime/ipc.h>

#include "ring.h"

extern struct ring console_input, console_output;

/*
 * `labels`: patterns of labels, up to a NULL; clients of these labels may read and attach. With
 * none, output is not made for a terminal. The strings stay the caller's, and there.
 */
void console_init(char *const *labels);

/*
 * Whether a request can be served now, whichever it is. While it cannot, the driver takes none:
 * clients wait in the kernel's queue, in order, and no memory here is needed for them.
 */
bool console_ready(void);

/* Serves one request. */
void console_request(struct message *m);

/*
 * Looks through new input for the interrupt key. `brk`: the line has also seen a break, which
 * counts as one.
 */
void console_input_changed(bool brk);

/* Says that input was lost. */
void console_input_lost(void);

/* Answers who waits for input, or, when `idle`, for the end of output. */
void console_answer(bool idle);

/* Whether someone waits for the end of output. */
bool console_flushing(void);

#endif
