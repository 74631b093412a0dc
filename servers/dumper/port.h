/*
 * The serial port by which core files leave: a 16550 at the ports of a PC's third one, polled, so
 * that it needs no interrupt line (which it would share with the console).
 */
#ifndef DUMPER_PORT_H
#define DUMPER_PORT_H

#include <stddef.h>
#include <stdint.h>

/* -E_NOTSUP: nothing is there; or an error of VDEVIO. */
int port_open(void);

/* Sends bytes as they are; waits until the device has taken them. -E_IO: it takes no more. */
int port_write(const uint8_t *bytes, size_t count);

#endif
