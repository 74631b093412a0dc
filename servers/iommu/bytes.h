/* Numbers in the tables of the firmware: little-endian, at any alignment, in memory that may hold
 * anything. */
#ifndef IOMMU_BYTES_H
#define IOMMU_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t bytes_u16(const uint8_t *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint32_t bytes_u32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t bytes_u64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

#define ACPI_HEADER 36 /* bytes of the header that every ACPI table has */

/*
 * The length of an ACPI table in `bytes` bytes of memory, or 0: it has another signature, a length
 * that cannot be, or a wrong checksum (ACPI Specification 6.5, 5.2.6).
 */
static inline size_t acpi_length(const void *table, size_t bytes, const char signature[4]) {
    const uint8_t *at = table;
    uint8_t sum = 0;

    if (bytes < ACPI_HEADER || memcmp(at, signature, 4) != 0)
        return 0;
    size_t length = bytes_u32(at + 4);
    if (length < ACPI_HEADER || length > bytes)
        return 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + at[i]);
    return sum == 0 ? length : 0;
}

#endif
