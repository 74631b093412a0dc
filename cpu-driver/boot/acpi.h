/*
 * What the ACPI tables tell about the machine (ACPI Specification 6.5, chapter 5). The tables may
 * hold anything; a table with a wrong checksum or length is ignored, with a line in the log.
 */
#ifndef CPU_DRIVER_BOOT_ACPI_H
#define CPU_DRIVER_BOOT_ACPI_H

#include <stddef.h>
#include <stdint.h>

#include "../bootinfo.h"

/* Gives access to physical memory. `at` returns NULL when not all of the bytes can be read. */
struct acpi_memory {
    const void *(*at)(const struct acpi_memory *memory, uint64_t physical, uint64_t bytes);
};

/*
 * Fills all fields of *boot about cores, interrupt controllers, timers and power. What no table
 * tells gets the default of a PC: one core, local APIC and IO-APIC at their usual addresses, ISA
 * lines wired one to one.
 *
 * `rsdp` is the boot loader's copy of the root pointer, of rsdp_bytes bytes; NULL: it is searched
 * for in the BIOS area. `apic_id` is that of the core that runs, which becomes core 0.
 */
void acpi_read(const struct acpi_memory *memory, const void *rsdp, size_t rsdp_bytes,
               uint32_t apic_id, struct boot_info *boot);

/*
 * Where the BIOS says that its extended data area begins. 0: there is none; without a BIOS it is
 * any value.
 */
uint32_t acpi_ebda(const struct acpi_memory *memory);

#endif
