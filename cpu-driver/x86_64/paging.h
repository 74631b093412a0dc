/* Page-table entries (Intel SDM vol. 3, 4.5). */
#ifndef CPU_DRIVER_X86_64_PAGING_H
#define CPU_DRIVER_X86_64_PAGING_H

#include <stdint.h>

#define PTE_PRESENT       (UINT64_C(1) << 0)
#define PTE_WRITE         (UINT64_C(1) << 1)
#define PTE_USER          (UINT64_C(1) << 2)
#define PTE_WRITE_THROUGH (UINT64_C(1) << 3)
#define PTE_UNCACHED      (UINT64_C(1) << 4)
#define PTE_ACCESSED      (UINT64_C(1) << 5)
#define PTE_DIRTY         (UINT64_C(1) << 6)
#define PTE_LARGE         (UINT64_C(1) << 7) /* in a directory: maps 2 MiB */
#define PTE_GLOBAL        (UINT64_C(1) << 8)
#define PTE_BORROWED \
    (UINT64_C(1) << 9) /* ours: not a frame that the process owns: the archive's, or shared */
#define PTE_NX      (UINT64_C(1) << 63)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)

/*
 * What mappings of the instance's own half have in common. Accessed and dirty from the start:
 * nobody asks, and so the processor never writes to these tables.
 */
#define PTE_OWN    (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)
#define PTE_DATA   (PTE_OWN | PTE_WRITE | PTE_NX)
#define PTE_DEVICE (PTE_DATA | PTE_UNCACHED | PTE_WRITE_THROUGH)
#define PTE_INNER  (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED) /* the leaf decides what may be done */

#define PT_ENTRIES 512
#define PT_LEVELS                                                                   \
    4 /* 4: PML4, 3: page-directory-pointer table, 2: page directory, 1: page table \
       */

/* The index of an address in a table of the given level, and the bytes that one entry there covers.
 */
static inline unsigned pt_index(uint64_t address, unsigned level) {
    return address >> (12 + 9 * (level - 1)) & (PT_ENTRIES - 1);
}

static inline uint64_t pt_span(unsigned level) { return UINT64_C(1) << (12 + 9 * (level - 1)); }

#endif
