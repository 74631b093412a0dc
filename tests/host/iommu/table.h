/* An ACPI table that a test puts together. */
#ifndef TESTS_HOST_IOMMU_TABLE_H
#define TESTS_HOST_IOMMU_TABLE_H

#include <stdint.h>
#include <string.h>

#define TABLE_MAX 512

struct table {
    uint8_t byte[TABLE_MAX];
    size_t bytes;
};

static inline void table_add(struct table *table, const void *from, size_t bytes) {
    memcpy(table->byte + table->bytes, from, bytes);
    table->bytes += bytes;
}

#define TABLE_ADD(table, ...)                      \
    do {                                           \
        const uint8_t bytes_[] = { __VA_ARGS__ };  \
        table_add((table), bytes_, sizeof bytes_); \
    } while (0)

/* An empty table: a header and 12 bytes. */
static inline struct table table_make(const char *signature) {
    struct table table = { .bytes = 48 };
    memcpy(table.byte, signature, 4);
    return table;
}

/* Writes length and checksum. */
static inline void table_close(struct table *table) {
    uint32_t length = (uint32_t)table->bytes;
    uint8_t sum = 0;

    memcpy(table->byte + 4, &length, sizeof length);
    table->byte[9] = 0;
    for (size_t i = 0; i < table->bytes; i++)
        sum = (uint8_t)(sum + table->byte[i]);
    table->byte[9] = (uint8_t)-sum;
}

#endif
