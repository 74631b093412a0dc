/*
 * Identity mapping of memory above 4 GiB. start.asm maps what lies below before it enters C; the
 * rest is known only when the memory map has been read.
 */
#ifndef CPU_DRIVER_BOOT_IDENTITY_H
#define CPU_DRIVER_BOOT_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "../bootinfo.h"

#define IDENTITY_LOW_END UINT64_C(0x100000000)

/*
 * Adds to *mapped what must be mapped for all of [base, end) to be reached: whole GiB, above 4 GiB
 * only. Returns false when there are too many pieces.
 */
bool identity_plan(struct range_list *mapped, uint64_t base, uint64_t end);

/* Bytes that the new page tables take at most. `large`: the processor has pages of 1 GiB. */
uint64_t identity_table_bytes(const struct range_list *mapped, bool large);

/*
 * Maps the planned ranges. `pml4` is the table in use, whose first entry exists. `tables` points to
 * as many bytes, page- aligned, as identity_table_bytes() says; they and all tables so far are
 * identity-mapped.
 */
void identity_map(uint64_t *pml4, const struct range_list *mapped, bool large, void *tables);

#endif
