/*
 * A 16550A UART by its ports (National Semiconductor PC16550D data sheet, 1995), 115200 bits per
 * second, 8N1. The other end is held off by RTS while nobody takes its input; nobody holds us off.
 * 8250 and 16450, which have no FIFO, work too.
 *
 * The device is served by looking at what it is ready for, never by what was expected of it:
 * uart_service() may be called at any time, and an interrupt, or its loss, changes only when that
 * is.
 */
#ifndef SERIAL_UART_H
#define SERIAL_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"

/* What happened to the line besides bytes. */
enum uart_event {
    UART_OVERRUN = 1 << 0, /* input was lost */
    UART_BREAK = 1 << 1,
    UART_IDLE = 1 << 2, /* all output has left the device */
};

/*
 * Finds and initialises the device at the ports from `base` on. Input and output that it holds are
 * kept. -E_NOTSUP: there is no such device; -E_PERM: the ports are not ours.
 */
int uart_init(uint16_t base);

/*
 * Takes what was received into *in and gives the device what it has room for out of *out. Returns
 * the set of enum uart_event, or a negated error of VDEVIO.
 */
int uart_service(struct ring *in, struct ring *out);

#endif
