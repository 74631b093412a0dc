/*
 * How far NUMA nodes are from each other: the System Locality Information Table (ACPI 6.5, 5.2.17).
 */
#ifndef CPU_DRIVER_BOOT_SLIT_H
#define CPU_DRIVER_BOOT_SLIT_H

#include "../bootinfo.h"
#include "acpi_tables.h"

/*
 * Fills in the distances between the nodes of *boot, which are known. Without a table (NULL), or
 * with one that lacks a node or says that a node is nearer to another than to itself, all others
 * are equally far; the log says why.
 */
void slit_read(const struct acpi_slit *slit, struct boot_info *boot);

#endif
