/*
 * How the memory of the machine is divided among its cores. Pure functions of what boot/ has found
 * out, so that boot/, every monitor and every instance come to the same result without a word.
 */
#ifndef CPU_DRIVER_PARTITION_H
#define CPU_DRIVER_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "bootinfo.h"
#include "ranges.h"

/* The least memory of the machine: so much, and so much for each core. */
#define MEMORY_FOR_SYSTEM UINT64_C(0x4000000)
#define MEMORY_PER_CORE   UINT64_C(0x400000)

/*
 * The share of boot->memory that `core`, one of boot->core_count, gets. The shares are disjoint,
 * together they are all of the memory, and they are cut at chunk boundaries only.
 *
 * Each core gets an equal part of all memory, by ascending address; with boot->partition_by_node,
 * of the memory of its node, and of the memory that is near no core. A core whose node has no
 * memory counts to the node that has the most for each of its cores.
 *
 * Parts are equal up to the chunks at their ends. None is less than MEMORY_PER_CORE when that,
 * times the cores, leaves 64 MiB of memory over, and as long as less than 32 chunks have holes.
 */
void partition_plan(const struct boot_info *boot, uint32_t core, struct range_list *share);

/*
 * Whether partitions by node serve every core: each has at least MEMORY_PER_CORE, in no more pieces
 * than a list can have. boot/ sets boot->partition_by_node by this, once the cores are known.
 */
bool partition_by_node_serves(const struct boot_info *boot);

/*
 * The commons of `core`: for each core of a higher number two pages of its partition that both
 * share. They are contiguous and lie at commons_base(), which depends on *boot alone, so they are
 * where they were when a core is started again. boot/ may still be using that memory: only the
 * instance itself may write there.
 */
uint32_t commons_pages(const struct boot_info *boot, uint32_t core);

/*
 * RANGES_NONE when the share has no such contiguous pages. Without pages any address of the share.
 */
uint64_t commons_base(const struct boot_info *boot, uint32_t core);

#endif
