/*
 * The single checks that attacks fail on, in a form that a debug build can switch off
 * (include/bulkhead/defence.h): `if (DEFENCE(TARGET) && !permitted) refuse`. In the kernel that is
 * shipped the condition is a constant, and nothing is left of it.
 */
#ifndef CPU_DRIVER_DEFENCE_H
#define CPU_DRIVER_DEFENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/defence.h>

#ifdef DEFENCE_SWITCHES
extern uint64_t defences_off; /* set of enum defence */
#define DEFENCE(name) (!(defences_off >> DEFENCE_##name & 1))

/* Switches off these defences and no others. */
void defence_switch(uint64_t off);
#else
#define DEFENCE(name) true
#endif

_Static_assert(DEFENCE_COUNT <= 64, "a set is a word");

#endif
