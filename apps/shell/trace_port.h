/* The serial port by which timelines leave the machine, and its driver (`trace-port`). */
#ifndef SHELL_TRACE_PORT_H
#define SHELL_TRACE_PORT_H

#include <stddef.h>

/*
 * Finds the driver, or starts it, and begins a document: as RFC 7464 separates JSON texts, so that
 * several can be told apart. -E_NOTSUP: the machine has no such port.
 */
int trace_port_open(void);

int trace_port_write(const char *text, size_t bytes);

/* Waits until all of the document has left the machine. */
int trace_port_close(void);

#endif
