/* The I/O APICs (Intel 82093AA data sheet), and the 8259s that they replace. */
#ifndef CPU_DRIVER_X86_64_IOAPIC_H
#define CPU_DRIVER_X86_64_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

/* Masks every line of every controller. */
void ioapic_init(void);

/* Whether some I/O APIC has this line (a global system interrupt). */
bool ioapic_has(uint64_t line);

/* Sends the line to a core's local APIC with a vector, in the mode that the machine says it is
 * wired for; masked. */
void ioapic_route(unsigned line, uint8_t vector, uint8_t apic_id);

/* When it is routed next, the line's interrupts ask an IOMMU for entry handle - 1 of its table; 0:
 * they do not. */
void ioapic_remap(unsigned line, uint32_t handle);

/* Whether the line is level-triggered, and the id of its I/O APIC. */
bool ioapic_is_level(unsigned line);
uint8_t ioapic_id(unsigned line);

void ioapic_set_mask(unsigned line, bool masked);

#endif
