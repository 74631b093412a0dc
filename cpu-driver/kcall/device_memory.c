/* Kernel calls on memory of devices, and memory for devices: MEMMAP, MAPDMA. */
#include "kcall.h"

#include "defence.h"
#include "frame.h"
#include "vm.h"

#define PAGES_PER_STEP 16

#define END_32_BITS (UINT64_C(1) << 32)

/* ---- MEMMAP ---- */

/* Whether the caller may map what it asks for. The first process may map all that is no RAM. */
static bool may_map(const struct process *p, uint64_t physical, uint64_t bytes) {
    const struct range *tables = &instance->boot.iommu_tables;
    bool cached = ARG4(p) & MEMMAP_CACHED;
    return priv_covers(p->memory, p->memory_count, physical / PAGE_SIZE, bytes / PAGE_SIZE) &&
           frame_is_device(physical, physical + bytes) &&
           (!cached || (physical >= tables->base && physical + bytes <= tables->end));
}

/* Some pages from arg[1] on, arg[3] bytes, and what is left for the next step. */
static int device_pages(struct process *p, bool map) {
    for (unsigned i = 0; i < PAGES_PER_STEP && ARG3(p); i++) {
        int error = map ? vm_map_device(p, ARG1(p), ARG2(p), ARG4(p)) : vm_unmap_device(p, ARG1(p));
        if (error)
            return error;
        ARG1(p) += PAGE_SIZE;
        ARG2(p) += PAGE_SIZE;
        ARG3(p) -= PAGE_SIZE;
    }
    return ARG3(p) ? KCALL_RESTART : 0;
}

int kcall_memmap(struct process *p) {
    if (ARG0(p) != MEMMAP_MAP && ARG0(p) != MEMMAP_UNMAP)
        return -E_BADCALL;
    if (ARG1(p) % PAGE_SIZE || ARG3(p) % PAGE_SIZE)
        return -E_INVAL;
    if (!ARG3(p) || !vm_in_user_space(ARG1(p), ARG3(p)))
        return -E_RANGE;
    if (ARG0(p) == MEMMAP_UNMAP)
        return device_pages(p, false);
    if (ARG2(p) % PAGE_SIZE || ARG4(p) & ~(PROT_READ | PROT_WRITE | MEMMAP_CACHED))
        return -E_INVAL;
    if (DEFENCE(DEVICE_MEMORY) && !may_map(p, ARG2(p), ARG3(p)))
        return process_refuse(p, REFUSED_DEVICE, -E_PERM);
    return device_pages(p, true);
}

/* ---- Frames that follow each other ---- */

/*
 * In arg[3] while the call is restarted: the physical address of the first frame, and this; in
 * arg[4]: the bytes that are mapped. Who forges them is told wrong, or maps less. What there is to
 * map the kernel knows itself.
 */
#define RUN_BEGUN UINT64_C(1)

/* Takes the frames; they are mapped in steps. */
static int run_begin(struct process *p, enum frame_state state, uint64_t limit) {
    vm_export_abandon(p);
    uint64_t pages = ARG2(p) / PAGE_SIZE, left = p->frame_quota - p->frames;
    if (pages > left || vm_frames_needed(p, ARG1(p), ARG2(p)) > left)
        return -E_QUOTA;
    for (uint64_t page = ARG1(p); page < ARG1(p) + ARG2(p); page += PAGE_SIZE)
        if (vm_is_mapped(p, page))
            return -E_EXIST;
    uint64_t physical = vm_export_begin(p, state, pages, limit);
    if (!physical)
        return -E_NOMEM;
    ARG3(p) = physical | RUN_BEGUN;
    ARG4(p) = 0;
    return 0;
}

int kcall_map_run(struct process *p, enum frame_state state, uint64_t limit) {
    int error = ARG3(p) & RUN_BEGUN ? 0 : run_begin(p, state, limit);
    for (unsigned i = 0; i < PAGES_PER_STEP && ARG4(p) < ARG2(p) && !error; i++) {
        error = vm_export_page(p, ARG1(p) + ARG4(p));
        if (!error)
            ARG4(p) += PAGE_SIZE;
    }
    if (!error && ARG4(p) < ARG2(p))
        return KCALL_RESTART;
    vm_export_abandon(p);
    if (!error)
        ARG0(p) = ARG3(p) & ~RUN_BEGUN;
    return error;
}

/* ---- MAPDMA ---- */

static int dma_query(struct process *p) {
    struct process *child;
    if (!(p->kcalls_permitted & KCALL_BIT(CORE)))
        return process_refuse(p, REFUSED_RIGHT, -E_PERM);
    int error = kcall_child(p, ARG1(p), &child);
    if (error)
        return error;
    if (ARG2(p) % PAGE_SIZE || ARG3(p) % PAGE_SIZE)
        return -E_INVAL;
    if (!vm_in_user_space(ARG2(p), ARG3(p)))
        return process_refuse(child, REFUSED_DMA, -E_PERM);
    for (unsigned i = 0; i < PAGES_PER_STEP && ARG3(p) && !error; i++) {
        uint64_t physical = vm_dma_frame(child, ARG2(p));
        if (!physical)
            return process_refuse(child, REFUSED_DMA, -E_PERM);
        error = vm_copy_out(p, ARG4(p), &physical, sizeof physical);
        ARG2(p) += PAGE_SIZE;
        ARG3(p) -= PAGE_SIZE;
        ARG4(p) += sizeof physical;
    }
    return !error && ARG3(p) ? KCALL_RESTART : error;
}

int kcall_mapdma(struct process *p) {
    if (ARG0(p) == MAPDMA_QUERY)
        return dma_query(p);
    if (ARG0(p) != MAPDMA_ANYWHERE && ARG0(p) != MAPDMA_BELOW_4G)
        return -E_BADCALL;
    if (ARG1(p) % PAGE_SIZE || ARG2(p) % PAGE_SIZE)
        return -E_INVAL;
    if (!ARG2(p) || ARG2(p) > MAPDMA_BYTES_MAX || !vm_in_user_space(ARG1(p), ARG2(p)))
        return -E_RANGE;
    return kcall_map_run(p, FRAME_DMA, ARG0(p) == MAPDMA_BELOW_4G ? END_32_BITS : UINT64_MAX);
}
