#include "fake_serial.h"

#include <string.h>

#include "early_serial.h"

char fake_serial[65536];
size_t fake_serial_bytes;
unsigned fake_serial_inits;

void early_serial_init(void) { fake_serial_inits++; }

void early_serial_write(const char *text, size_t bytes) {
    if (bytes > sizeof fake_serial - 1 - fake_serial_bytes)
        bytes = sizeof fake_serial - 1 - fake_serial_bytes;
    memcpy(fake_serial + fake_serial_bytes, text, bytes);
    fake_serial_bytes += bytes;
    fake_serial[fake_serial_bytes] = '\0';
}
