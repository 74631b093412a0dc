/* Turning the machine off, and on again. */
#ifndef CPU_DRIVER_POWER_H
#define CPU_DRIVER_POWER_H

/* ACPI soft-off (ACPI 6.5, 4.8.3.2: SLP_TYP and SLP_EN). Returns -E_NOTSUP when the machine offers
 * none. */
int power_off(void);

/* The ACPI reset register, else the keyboard controller, else a triple fault. */
_Noreturn void power_reset(void);

#endif
