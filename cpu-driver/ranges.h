/*
 * Lists of physical address ranges (struct range_list in bootinfo.h), such as the memory map. Pure
 * functions; every list that they take or make is sorted, its ranges are page-aligned, not empty,
 * and neither overlap nor touch.
 */
#ifndef CPU_DRIVER_RANGES_H
#define CPU_DRIVER_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "bootinfo.h"

/* Memory above is not used: the direct map has no room for it. */
#define PHYSICAL_END (UINT64_C(1) << 46)

/* Memory is divided, and mapped directly, in chunks of this size. */
#define CHUNK_BYTES UINT64_C(0x200000)

#define RANGES_NONE UINT64_MAX

/*
 * Adds the whole pages of [base, end) to the list. A list that would get too long loses its
 * smallest range instead. Returns the bytes lost that way.
 */
uint64_t ranges_add(struct range_list *list, uint64_t base, uint64_t end);

/*
 * Takes every page that [base, end) touches from the list. Returns the bytes lost besides, as
 * ranges_add().
 */
uint64_t ranges_remove(struct range_list *list, uint64_t base, uint64_t end);

uint64_t ranges_bytes(const struct range_list *list);

/* How many bytes of the list lie in [base, end). */
uint64_t ranges_bytes_within(const struct range_list *list, uint64_t base, uint64_t end);

/* How many chunks have memory of the list in them. */
uint64_t ranges_chunks(const struct range_list *list);

/* Whether every byte, or any byte, of [base, end) is in the list. False for an empty range. */
bool ranges_contain(const struct range_list *list, uint64_t base, uint64_t end);
bool ranges_overlap(const struct range_list *list, uint64_t base, uint64_t end);

/*
 * The lowest address, a multiple of `align` (a power of two), of `bytes` contiguous bytes that are
 * in `list` and not in `avoid`; RANGES_NONE when there is none.
 */
uint64_t ranges_find(const struct range_list *list, const struct range_list *avoid, uint64_t bytes,
                     uint64_t align);

#endif
