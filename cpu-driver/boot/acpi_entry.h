/* Tables that are lists of entries, each with its type and length first: MADT and SRAT. */
#ifndef CPU_DRIVER_BOOT_ACPI_ENTRY_H
#define CPU_DRIVER_BOOT_ACPI_ENTRY_H

#include <stddef.h>

#include "acpi_tables.h"

/*
 * The entry after `entry`, or with NULL the one after the first `fixed_bytes` of the table. All of
 * it is in the table. NULL: there are no more, or the rest is malformed, with a line in the log.
 */
const struct acpi_entry *acpi_entry_next(const struct acpi_header *table, size_t fixed_bytes,
                                         const struct acpi_entry *entry);

#endif
