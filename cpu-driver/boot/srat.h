/*
 * Which cores and which memory are near each other: the System Resource Affinity Table (ACPI 6.5,
 * 5.2.16).
 */
#ifndef CPU_DRIVER_BOOT_SRAT_H
#define CPU_DRIVER_BOOT_SRAT_H

#include "../bootinfo.h"
#include "acpi_tables.h"

/*
 * Fills what *boot tells about nodes: proximity domains are numbered from 0 on, by ascending
 * number. The cores must be known. Without a table (NULL), or with one that contradicts itself or
 * leaves a core out, there is one node and nothing known about it; the log says why.
 */
void srat_read(const struct acpi_srat *srat, struct boot_info *boot);

#endif
