/*
 * Where the cores of this machine are, as its tables and its processor tell: packages and caches by
 * APIC identifiers (CPUID), NUMA nodes and distances by SRAT and SLIT. What the build knew about
 * the machine is only compared with it.
 */
#ifndef MONITOR_LOCALITY_H
#define MONITOR_LOCALITY_H

#include <topology/topology.h>

#include "instance.h"

/* How many low bits of an APIC identifier tell apart what a group has in it (Intel SDM vol. 3,
 * 9.9.3). */
struct locality_shifts {
    uint8_t bits[LEVELS]; /* falling, as groups become smaller */
};

/* Of the processor that executes this. */
struct locality_shifts locality_shifts(void);

/* Fills in the machine that boot/ tells of. `topology` gets this module's memory: one at a time. */
void locality_describe(const struct boot_info *boot, const struct locality_shifts *shifts,
                       struct topology *topology);

#endif
