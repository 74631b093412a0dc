/* Bugs on request, to test what happens when the instance has one (SYSCTL_CRASH). */
#ifndef CPU_DRIVER_CRASH_H
#define CPU_DRIVER_CRASH_H

#include <stdint.h>

/* Has the bug of that enum crash; returns only -E_INVAL, for one that is not in the list. */
int crash(uint64_t kind, uint64_t address);

#endif
