/*
 * The defences of programs, of the library and of servers that a debug build can switch off, as the
 * kernel's: <bulkhead/defence.h>. Everywhere else DEFENCE() is a constant.
 */
#ifndef RUNTIME_DEFENCE_H
#define RUNTIME_DEFENCE_H

#include <bulkhead/defence.h>

#ifdef DEFENCE_SWITCHES
#include <runtime/kcall.h>

/* The set of enum defence that are off on this core, as SYSCTL_DEFENCE has set it. */
static inline uint64_t defences_off(void) {
    uint64_t off = 0;
    getinfo(INFO_DEFENCES, &off, sizeof off, 0, NULL, NULL);
    return off;
}

#define DEFENCE(name) (!(defences_off() >> DEFENCE_##name & 1))
#else
#define DEFENCE(name) true
#endif

#endif
