/*
 * What boot/ asks of and about the processor it runs on.
 */
#ifndef CPU_DRIVER_BOOT_PROCESSOR_H
#define CPU_DRIVER_BOOT_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

/* The name of a feature that Bulkhead requires and this processor lacks; NULL: it has them all. */
const char *processor_lacks(void);

bool processor_has_gib_pages(void);

uint32_t processor_apic_id(void);

/* Turns on no-execute pages, and write protection in kernel mode. Needs NX. */
void processor_protect_pages(void);

#endif
