/* The serial port of the tests: keeps what is written. */
#ifndef TESTS_HOST_BOOT_FAKE_SERIAL_H
#define TESTS_HOST_BOOT_FAKE_SERIAL_H

#include <stddef.h>

extern char fake_serial[65536]; /* zero-terminated */
extern size_t fake_serial_bytes;
extern unsigned fake_serial_inits;

#endif
