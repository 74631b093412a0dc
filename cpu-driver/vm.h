/*
 * Address spaces: four-level page tables in frames of the process' own quota, its memory in private
 * frames. The kernel never touches user addresses: it walks the tables and uses the direct map, so
 * SMAP stays on and no kernel access can fault.
 */
#ifndef CPU_DRIVER_VM_H
#define CPU_DRIVER_VM_H

#include "process.h"

/* Makes an empty address space and the XSAVE area. -E_QUOTA. */
int vm_create(struct process *p);

/* Frees part of a dead process' memory and tables; true when nothing is left. */
bool vm_destroy_step(struct process *p);

/* Whether [address, address + bytes) lies in user space; bytes may be 0. */
static inline bool vm_in_user_space(uint64_t address, uint64_t bytes) {
    return address >= USER_BASE && bytes <= USER_END && address <= USER_END - bytes;
}

/*
 * How many frames the unmapped range would take, tables included. The cost grows with its 2 MiB
 * spans, so ask only for ranges whose pages alone are within the quota.
 */
uint64_t vm_frames_needed(struct process *p, uint64_t address, uint64_t bytes);

/*
 * Map, unmap, protect one page; address is page-aligned and in user space, protection has been
 * checked. Errors: -E_EXIST, -E_NOENT, -E_QUOTA (before anything is allocated), -E_FAULT not
 * private memory.
 */
int vm_map(struct process *p, uint64_t address, unsigned protection);
int vm_unmap(struct process *p, uint64_t address);
int vm_protect(struct process *p, uint64_t address, unsigned protection);

/*
 * Shows a process memory that it does not own: a page of the boot archive, or one that other cores
 * have too. Costs it page tables only. vm_unlend() takes it away, vm_relend() puts another frame in
 * its place, and does nothing where no such page is. Errors: as above, -E_FAULT it is memory of its
 * own.
 */
int vm_lend(struct process *p, uint64_t address, uint64_t physical, unsigned protection);
int vm_unlend(struct process *p, uint64_t address);
void vm_relend(struct process *p, uint64_t address, uint64_t physical);

/* What is borrowed at an address; 0: nothing is. */
uint64_t vm_borrowed(const struct process *p, uint64_t address);

/*
 * For others to map: the frame of a page of the process' own memory, writable if `write`; 0: it has
 * none such there. vm_share() counts one more mapping of it, of frame state FRAME_GRANTED or
 * FRAME_EXPORTED. Errors: -E_FAULT, -E_NOSLOT too many. Memory that others have mapped can be
 * neither unmapped nor protected: -E_BUSY.
 */
uint64_t vm_own_frame(const struct process *p, uint64_t address, bool write);
int vm_share(struct process *p, uint64_t address, bool write, enum frame_state state,
             uint64_t *physical);

/*
 * Shows a process a page of device memory, permissions checked: uncached unless `protection` has
 * MEMMAP_CACHED. vm_unmap_device() takes it away. Errors: as above.
 */
int vm_map_device(struct process *p, uint64_t address, uint64_t physical, uint64_t protection);
int vm_unmap_device(struct process *p, uint64_t address);

bool vm_is_mapped(const struct process *p, uint64_t address);

/*
 * Memory for other cores, FRAME_EXPORTED, or for devices, FRAME_DMA, which vm_unmap() leaves alone.
 * vm_export_begin() takes contiguous frames, at most FRAMES_PER_CHUNK, in chunks that end at
 * `limit` or below, for the process, returns the first one's physical address or 0 when there are
 * none such, and keeps them until vm_export_page() has mapped them, one after the other and zeroed
 * (errors: as vm_map(), -E_STATE there is none), or vm_export_abandon() frees those that are left.
 * vm_export_end() unmaps and frees an exported page.
 */
uint64_t vm_export_begin(struct process *p, enum frame_state state, uint64_t pages, uint64_t limit);
int vm_export_page(struct process *p, uint64_t address);
void vm_export_abandon(struct process *p);
int vm_export_end(struct process *p, uint64_t address);

/* The physical address of the process' own page at an address, if that is FRAME_DMA; else 0. */
uint64_t vm_dma_frame(struct process *p, uint64_t address);

/*
 * Where the kernel reaches user memory: NULL unless the range lies within one page, mapped, in a
 * private frame of the process (or, to read, in the boot archive), and writable if `write`. Memory
 * that others can write is not for the kernel.
 */
void *vm_user_memory(struct process *p, uint64_t address, uint64_t bytes, bool write);

/*
 * The same for bytes that the kernel only moves, and does not believe: any memory of the partition
 * that the process itself may read, or write, whoever else can, from an address to the end of its
 * page.
 */
void *vm_user_data(struct process *p, uint64_t address, bool write);

/* The first question about a range of any length. */
bool vm_user_range_ok(struct process *p, uint64_t address, uint64_t bytes, bool write);

/*
 * Copies between kernel and user memory. -E_FAULT: nothing has been copied, as the range is checked
 * first. Lengths are small and bounded by the caller.
 */
int vm_copy_in(struct process *p, void *to, uint64_t from, uint64_t bytes);
int vm_copy_out(struct process *p, uint64_t to, const void *from, uint64_t bytes);

/* Visits each entry of the user half of the page tables, tables before what they hold; for the
 * invariants' check. */
typedef void (*vm_visitor)(struct process *p, uint64_t address, uint64_t entry, unsigned level);
void vm_for_each(struct process *p, vm_visitor visit);

#endif
