/* What of the machine is used, and for what. Fills in boot_info what follows from the rest of it.
 */
#ifndef CPU_DRIVER_BOOT_PLAN_H
#define CPU_DRIVER_BOOT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "../bootinfo.h"

/*
 * Reserves boot->low: out of `usable`, not in `in_use`, and below the extended BIOS data at
 * `ebda` (any value where there are none). Says so in the log when there is no room; then one core
 * is used.
 */
void plan_low(struct boot_info *boot, const struct range_list *usable,
              const struct range_list *in_use, uint32_t ebda);

/*
 * Takes the word cores=N of the command line, if there is one, to be the number of cores used.
 * False, and nothing has changed, when N is not 1 to core_count.
 */
bool plan_cores(struct boot_info *boot);

/*
 * Reserves boot->iommu_tables, out of boot->memory and not in `in_use`, when the firmware tells of
 * an IOMMU. Says in the log where, or that there is no room. Returns the bytes of memory that are
 * lost besides, as ranges_remove().
 */
uint64_t plan_iommu(struct boot_info *boot, const struct range_list *in_use);

/* Decides whether partitions follow the nodes, and describes nodes and partitions in the log. */
void plan_partitions(struct boot_info *boot);

#endif
