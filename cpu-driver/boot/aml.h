/*
 * The one thing that we read in ACPI's byte code (AML), without interpreting it: the values to
 * write for soft-off.
 */
#ifndef CPU_DRIVER_BOOT_AML_H
#define CPU_DRIVER_BOOT_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Looks for `Name (_S5_, Package () { a, b, ... })` in the body of a DSDT or SSDT and returns
 * whether it is there with values that a SLP_TYP field can hold, 0 to 7. *b is 0 when the package
 * has one element.
 */
bool aml_find_s5(const uint8_t *aml, size_t bytes, int16_t *a, int16_t *b);

#endif
