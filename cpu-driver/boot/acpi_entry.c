#include "acpi_entry.h"

#include "../log.h"

const struct acpi_entry *acpi_entry_next(const struct acpi_header *table, size_t fixed_bytes,
                                         const struct acpi_entry *entry) {
    const uint8_t *end = (const uint8_t *)table + table->bytes;
    const uint8_t *at = entry == NULL ? (const uint8_t *)table + fixed_bytes
                                      : (const uint8_t *)entry + entry->bytes;
    size_t rest = (size_t)(end - at);

    if (rest < sizeof *entry)
        return NULL;
    entry = (const void *)at;
    if (entry->bytes >= sizeof *entry && entry->bytes <= rest)
        return entry;
    log_line("acpi: table %.4s is malformed; its last %lu bytes are ignored", table->signature,
             rest);
    return NULL;
}
