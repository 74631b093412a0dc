/*
 * Configuration space of any function of segment 0, and device memory of the server's own. In the
 * system access.c: by ECAM where ACPI's MCFG table tells of one, else by ports; in tests a fake.
 */
#ifndef PCI_CONFIG_H
#define PCI_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

/* `width` is 1, 2 or 4, `offset` a multiple of it. What is not there reads as ones. */
uint32_t config_read(uint16_t device, unsigned offset, unsigned width);
void config_write(uint16_t device, unsigned offset, unsigned width, uint32_t value);

/* Whether registers from CONFIG_BYTES on can be reached, for functions that have them. */
bool config_is_extended(uint16_t device);

/* Whether device memory [base, base + bytes) has configuration space in it. */
bool config_lies_in(uint64_t base, uint64_t bytes);

/* Maps a page of device memory; one at a time. NULL: it cannot be. */
volatile void *registers_map(uint64_t physical);
void registers_unmap(void);

static inline uint8_t config_8(uint16_t device, unsigned offset) {
    return (uint8_t)config_read(device, offset, 1);
}

static inline uint16_t config_16(uint16_t device, unsigned offset) {
    return (uint16_t)config_read(device, offset, 2);
}

static inline uint32_t config_32(uint16_t device, unsigned offset) {
    return config_read(device, offset, 4);
}

#endif
