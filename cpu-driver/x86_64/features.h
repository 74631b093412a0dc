/* What the CPU can do, and turning it on. */
#ifndef CPU_DRIVER_X86_64_FEATURES_H
#define CPU_DRIVER_X86_64_FEATURES_H

#define FEATURES_TEXT_MAX 64
#define BRAND_TEXT_MAX    48

/*
 * Turns on write protection in kernel mode, SSE and XSAVE, FSGSBASE, global pages, and SMEP, SMAP
 * and UMIP where the CPU has them. boot/ has checked that what is required is there. Returns 0, or
 * -E_NOTSUP when the XSAVE state of this CPU is larger than a frame.
 */
int features_init(void);

/* The names of what is on, separated by blanks, and the CPU's brand; both zero-terminated. */
const char *features_text(void);
void features_brand(char brand[BRAND_TEXT_MAX + 1]);

#endif
