/*
 * Polled output on the first serial port, a 16550 UART at its PC address: for the kernel log until
 * a driver owns the port, and for the last words of a stopped core.
 */
#ifndef CPU_DRIVER_EARLY_SERIAL_H
#define CPU_DRIVER_EARLY_SERIAL_H

#include <stddef.h>

/*
 * Sets the port to 115200 baud, 8N1, no interrupts. Without a port, everything written is ignored
 * from now on.
 */
void early_serial_init(void);

/*
 * Writes text, a newline as CR LF. Waits for the UART, but not for ever: one that takes no more
 * characters is given up until the next early_serial_init().
 */
void early_serial_write(const char *text, size_t bytes);

#endif
