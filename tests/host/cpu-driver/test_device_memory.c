/* MEMMAP, MAPDMA and PRIVCTL_MEMORY: what may be mapped, how, and what becomes of it. */
#include <string.h>

#include <criterion/criterion.h>

#include <bulkhead/binding.h>

#include "fixture.h"
#include "frame.h"
#include "ranges.h"
#include "vm.h"
#include "x86_64/direct.h"
#include "x86_64/paging.h"

#define WINDOW 0x10000000UL
#define OWN    (FIXTURE_DEVICE + 16 * PAGE_SIZE) /* of p: 32 pages */
#define PAGES  32

static struct process *first, *p;

#define CALL(who, number, ...) \
    fixture_kcall((who), KCALL_##number, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })
#define STEP(who, number, ...) \
    fixture_step((who), KCALL_##number, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })

static int give(struct process *to, uint64_t base, uint64_t pages) {
    return CALL(first, PRIVCTL, PRIVCTL_MEMORY, to->endpoint, base / PAGE_SIZE, pages);
}

static int map(struct process *who, uint64_t physical, uint64_t pages) {
    return CALL(who, MEMMAP, MEMMAP_MAP, WINDOW, physical, pages * PAGE_SIZE, PROT_WRITE);
}

static int unmap(struct process *who, uint64_t address, uint64_t pages) {
    return CALL(who, MEMMAP, MEMMAP_UNMAP, address, 0, pages * PAGE_SIZE);
}

static void init(void) {
    first = fixture_boot();
    p = fixture_process("p");
    fixture_give_frames(p, 1000);
    cr_assert_eq(give(p, OWN, PAGES), 0);
}

TestSuite(device_memory, .init = init, .fini = fixture_end);

static uint64_t entry_found;

static void find_window(struct process *of, uint64_t address, uint64_t entry, unsigned level) {
    (void)of;
    if (level == 1 && address == WINDOW)
        entry_found = entry;
}

static uint64_t entry_of_window(struct process *who) {
    entry_found = 0;
    vm_for_each(who, find_window);
    return entry_found;
}

/* ---- MEMMAP ---- */

Test(device_memory, it_is_mapped_uncached_and_not_executable) {
    uint32_t frames = p->frames;
    cr_assert_eq(map(p, OWN, PAGES), 0);
    for (uint64_t page = 0; page < PAGES; page++)
        cr_assert_eq(fixture_physical(p, WINDOW + page * PAGE_SIZE), OWN + page * PAGE_SIZE);
    uint64_t flags = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_UNCACHED | PTE_WRITE_THROUGH |
                     PTE_NX | PTE_BORROWED;
    cr_assert_eq(entry_of_window(p), OWN | flags);
    cr_assert_eq(p->frames, frames + 1, "it costs a page table");
    cr_assert_eq(fixture_violations(), 0);
    cr_assert_eq(unmap(p, WINDOW, PAGES), 0);
    cr_assert_eq(p->frames, frames);
    cr_assert_eq(CALL(p, MEMMAP, MEMMAP_MAP, WINDOW, OWN, PAGE_SIZE, PROT_READ), 0);
    cr_assert_eq(entry_of_window(p), OWN | (flags & ~PTE_WRITE));
}

Test(device_memory, only_what_was_given_can_be_mapped) {
    cr_assert_eq(map(p, OWN - PAGE_SIZE, 1), -E_PERM);
    cr_assert_eq(map(p, OWN + PAGES * PAGE_SIZE, 1), -E_PERM);
    cr_assert_eq(map(p, OWN - PAGE_SIZE, 2), -E_PERM);
    cr_assert_eq(map(p, OWN + PAGE_SIZE, PAGES), -E_PERM);
    cr_assert_eq(map(p, OWN, UINT64_C(1) << 33), -E_PERM);
    cr_assert_eq(map(p, UINT64_MAX & ~(PAGE_SIZE - 1), 1), -E_PERM);
    cr_assert_eq(p->refused[REFUSED_DEVICE], 6);
    cr_assert_eq(entry_of_window(p), 0);
    cr_assert_eq(map(p, OWN + (PAGES - 1) * PAGE_SIZE, 1), 0);
}

/* The first process has all there is, and even so none of these. */
Test(device_memory, memory_and_interrupt_controllers_are_nobodys) {
    const uint64_t forbidden[] = {
        fixture_frame(0), fixture_frame(200),      fixture_far(0), FIXTURE_FOREIGN, FIXTURE_LOW,
        FIXTURE_LAPIC,    FIXTURE_LAPIC + 0xff000, FIXTURE_IOAPIC, FIXTURE_HPET,    PHYSICAL_END
    };
    cr_assert_eq(give(p, 0, PHYSICAL_END / PAGE_SIZE), 0);
    for (unsigned i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        cr_assert_eq(map(first, forbidden[i], 1), -E_PERM, "%lx", forbidden[i]);
        cr_assert_eq(map(first, forbidden[i] - PAGE_SIZE, 3), -E_PERM, "around %lx", forbidden[i]);
        cr_assert_eq(map(p, forbidden[i], 1), -E_PERM, "%lx, by who was given all", forbidden[i]);
    }
    cr_assert_eq(map(first, FIXTURE_DEVICE, 1), 0);
}

Test(device_memory, the_archive_is_nobodys) {
    instance->boot.archive = (struct range){ FIXTURE_DEVICE, FIXTURE_DEVICE + PAGE_SIZE };
    cr_assert_eq(map(first, FIXTURE_DEVICE, 1), -E_PERM);
    cr_assert_eq(give(p, FIXTURE_DEVICE, 1), 0, "as far as it is no RAM");
    cr_assert_eq(map(p, FIXTURE_DEVICE, 1), -E_PERM);
    instance->boot.archive = (struct range){ 0, 0 };
}

Test(device_memory, nobody_gives_what_it_has_not_got) {
    uint64_t label = 'c', args[MESSAGE_ARGS] = { label, 0, 0, 16, 0 };
    cr_assert_eq(fixture_kcall(p, KCALL_PROC_CREATE, args), 0);
    endpoint_t child = args[0];
    uint64_t page = OWN / PAGE_SIZE;
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MEMORY, child, page - 1, 1), -E_PERM);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MEMORY, child, page, PAGES + 1), -E_PERM);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MEMORY, child, page, 0), -E_INVAL);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MEMORY, child, UINT64_MAX, 2), -E_INVAL);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MEMORY, child, page, UINT64_MAX), -E_INVAL);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MEMORY, child, page, PAGES), 0);
    for (unsigned i = 1; i < PRIV_RANGES; i++)
        cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MEMORY, child, page, 1), 0);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_MEMORY, child, page, 1), -E_NOSLOT);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_MEMORY, child, page, 1), -E_PERM, "no child of its");
}

Test(device_memory, arguments_are_checked) {
    static const struct {
        uint64_t args[MESSAGE_ARGS];
        int error;
    } calls[] = {
        { { 0, WINDOW, OWN, PAGE_SIZE }, -E_BADCALL },
        { { 3, WINDOW, OWN, PAGE_SIZE }, -E_BADCALL },
        { { MEMMAP_MAP, WINDOW + 1, OWN, PAGE_SIZE }, -E_INVAL },
        { { MEMMAP_MAP, WINDOW, OWN + 1, PAGE_SIZE }, -E_INVAL },
        { { MEMMAP_MAP, WINDOW, OWN, 1 }, -E_INVAL },
        { { MEMMAP_MAP, WINDOW, OWN, PAGE_SIZE, PROT_EXEC }, -E_INVAL },
        { { MEMMAP_MAP, WINDOW, OWN, PAGE_SIZE, UINT64_MAX }, -E_INVAL },
        { { MEMMAP_MAP, WINDOW, OWN, 0 }, -E_RANGE },
        { { MEMMAP_MAP, 0, OWN, PAGE_SIZE }, -E_RANGE },
        { { MEMMAP_MAP, USER_END, OWN, PAGE_SIZE }, -E_RANGE },
        { { MEMMAP_MAP, DIRECT_BASE, OWN, PAGE_SIZE }, -E_RANGE },
        { { MEMMAP_MAP, FIXTURE_MEMORY, OWN, PAGE_SIZE }, -E_EXIST },
        { { MEMMAP_UNMAP, WINDOW, 0, PAGE_SIZE }, -E_NOENT },
        { { MEMMAP_UNMAP, FIXTURE_MEMORY, 0, PAGE_SIZE }, -E_FAULT },
        { { MEMMAP_UNMAP, DIRECT_BASE, 0, PAGE_SIZE }, -E_RANGE },
    };
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        uint64_t args[MESSAGE_ARGS];
        memcpy(args, calls[i].args, sizeof args);
        cr_assert_eq(fixture_kcall(p, KCALL_MEMMAP, args), calls[i].error, "call %u", i);
    }
}

Test(device_memory, no_step_is_long_and_quota_is_kept) {
    cr_assert_eq(STEP(p, MEMMAP, MEMMAP_MAP, WINDOW, OWN, PAGES * PAGE_SIZE), 1);
    cr_assert_eq(fixture_received(p).arg[3], 16 * PAGE_SIZE);
    cr_assert_eq(unmap(p, WINDOW, 16), 0);
    int64_t left = (int64_t)p->frame_quota - p->frames;
    fixture_give_frames(p, -left);
    cr_assert_eq(map(p, OWN, 1), -E_QUOTA);
    fixture_give_frames(p, 1);
    cr_assert_eq(map(p, OWN, 1), 0);
}

Test(device_memory, only_the_iommus_tables_are_cached) {
    cr_assert_eq(give(p, FIXTURE_IOMMU, BOOT_IOMMU_BYTES / PAGE_SIZE), 0);
    uint64_t cached = PROT_WRITE | MEMMAP_CACHED;
    cr_assert_eq(CALL(p, MEMMAP, MEMMAP_MAP, WINDOW, OWN, PAGE_SIZE, cached), -E_PERM);
    cr_assert_eq(CALL(p, MEMMAP, MEMMAP_MAP, WINDOW, FIXTURE_IOMMU, BOOT_IOMMU_BYTES, cached), 0);
    cr_assert_eq(entry_of_window(p) & (PTE_UNCACHED | PTE_WRITE_THROUGH), 0);
    cr_assert_eq(unmap(p, WINDOW, BOOT_IOMMU_BYTES / PAGE_SIZE), 0);
}

Test(device_memory, other_borrowed_memory_cannot_be_unmapped) {
    cr_assert_eq(vm_lend(p, WINDOW, FIXTURE_FOREIGN, PROT_READ), 0);
    cr_assert_eq(unmap(p, WINDOW, 1), -E_FAULT);
    cr_assert_eq(fixture_physical(p, WINDOW), FIXTURE_FOREIGN);
}

Test(device_memory, the_kernel_takes_no_buffer_from_it) {
    cr_assert_eq(map(p, OWN, 1), 0);
    cr_assert_eq(CALL(p, LOG, WINDOW, 4), -E_FAULT);
    cr_assert_eq(CALL(p, GETINFO, INFO_CORE, WINDOW, PAGE_SIZE), -E_FAULT);
    cr_assert_eq(CALL(p, MEM_UNMAP, ENDPOINT_SELF, WINDOW, PAGE_SIZE), -E_FAULT);
    cr_assert_eq(CALL(p, MEM_PROTECT, ENDPOINT_SELF, WINDOW, PAGE_SIZE, PROT_EXEC), -E_FAULT);
}

Test(device_memory, a_process_that_ends_gives_back_no_frame_that_is_none) {
    uint64_t free = frame_count_of(FRAME_FREE), owned = p->frames;
    cr_assert_eq(map(p, OWN, PAGES), 0);
    endpoint_t endpoint = p->endpoint;
    cr_assert_eq(CALL(first, PROC_KILL, endpoint), 0);
    cr_assert_eq(CALL(first, PROC_DESTROY, endpoint), 0);
    cr_assert_eq(frame_count_of(FRAME_FREE), free + owned);
}

/* ---- MAPDMA ---- */

static int dma(struct process *who, uint64_t address, uint64_t pages, uint64_t *physical) {
    uint64_t args[MESSAGE_ARGS] = { MAPDMA_ANYWHERE, address, pages * PAGE_SIZE };
    int error = fixture_kcall(who, KCALL_MAPDMA, args);
    *physical = args[0];
    return error;
}

Test(device_memory, dma_memory_is_contiguous_zeroed_and_stays) {
    uint64_t physical, pages = 100;
    memset(direct(fixture_frame(300)), 0xff, pages * PAGE_SIZE);
    cr_assert_eq(dma(p, WINDOW, pages, &physical), 0);
    for (uint64_t page = 0; page < pages; page++) {
        uint64_t at = physical + page * PAGE_SIZE, *content = direct(at);
        cr_assert_eq(fixture_physical(p, WINDOW + page * PAGE_SIZE), at);
        cr_assert(frame_state(at) == FRAME_DMA && frame_owner(at) == process_slot(p));
        for (unsigned word = 0; word < PAGE_SIZE / sizeof *content; word++)
            cr_assert_eq(content[word], 0);
    }
    cr_assert_eq(fixture_violations(), 0);
    cr_assert_eq(CALL(p, MEM_UNMAP, ENDPOINT_SELF, WINDOW, PAGE_SIZE), -E_FAULT);
    cr_assert_eq(CALL(p, MEM_PROTECT, ENDPOINT_SELF, WINDOW, PAGE_SIZE, PROT_READ), -E_FAULT);
    cr_assert_eq(unmap(p, WINDOW, 1), -E_FAULT);
    cr_assert_eq(CALL(p, SHARE, SHARE_FREE, WINDOW, PAGE_SIZE), -E_FAULT);
    cr_assert_eq(CALL(p, LOG, WINDOW, 4), -E_FAULT, "a device could change it meanwhile");
    cr_assert_eq(frame_count_of(FRAME_DMA), pages);
}

/* Its frames are in use until somebody says that the device is quiet, which is by PROC_DESTROY. */
Test(device_memory, dma_memory_of_the_dead_is_kept_until_they_are_destroyed) {
    uint64_t physical, free = frame_count_of(FRAME_FREE), owned = p->frames;
    cr_assert_eq(dma(p, WINDOW, 20, &physical), 0);
    cr_assert_eq(STEP(p, MAPDMA, MAPDMA_ANYWHERE, WINDOW + 0x100000, 40 * PAGE_SIZE), 1);
    endpoint_t endpoint = p->endpoint;
    cr_assert_eq(CALL(first, PROC_KILL, endpoint), 0);
    cr_assert_eq(frame_count_of(FRAME_DMA), 60);
    cr_assert_eq(fixture_violations(), 0);
    cr_assert_eq(CALL(first, PROC_DESTROY, endpoint), 0);
    cr_assert_eq(frame_count_of(FRAME_DMA), 0);
    cr_assert_eq(frame_count_of(FRAME_FREE), free + owned);
}

Test(device_memory, dma_arguments_are_checked) {
    static const struct {
        uint64_t args[MESSAGE_ARGS];
        int error;
    } calls[] = {
        { { MAPDMA_ANYWHERE, WINDOW, 0 }, -E_RANGE },
        { { MAPDMA_ANYWHERE, WINDOW, 1 }, -E_INVAL },
        { { MAPDMA_ANYWHERE, WINDOW + 1, PAGE_SIZE }, -E_INVAL },
        { { MAPDMA_ANYWHERE, WINDOW, MAPDMA_BYTES_MAX + PAGE_SIZE }, -E_RANGE },
        { { MAPDMA_ANYWHERE, DIRECT_BASE, PAGE_SIZE }, -E_RANGE },
        { { MAPDMA_ANYWHERE, FIXTURE_MEMORY, PAGE_SIZE }, -E_EXIST },
        { { MAPDMA_ANYWHERE, WINDOW, PAGE_SIZE, 1 }, -E_STATE },
        { { MAPDMA_QUERY + 1, WINDOW, PAGE_SIZE }, -E_BADCALL },
        { { MAPDMA_BELOW_4G, WINDOW, PAGE_SIZE }, -E_NOMEM }, /* all of this machine is above */
    };
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        uint64_t args[MESSAGE_ARGS];
        memcpy(args, calls[i].args, sizeof args);
        cr_assert_eq(fixture_kcall(p, KCALL_MAPDMA, args), calls[i].error, "call %u", i);
    }
    uint64_t physical;
    fixture_give_frames(p, -((int64_t)p->frame_quota - p->frames) + 2);
    cr_assert_eq(dma(p, WINDOW, 2, &physical), -E_QUOTA);
}

Test(device_memory, runs_of_frames_end_at_a_limit) {
    uint64_t limit = (fixture_frame(2048) + CHUNK_BYTES) & ~(CHUNK_BYTES - 1);
    uint64_t low = frame_alloc_run(p, FRAME_DMA, 10, limit);
    cr_assert(low && low + 10 * PAGE_SIZE <= limit);
    cr_assert_eq(frame_alloc_run(p, FRAME_DMA, 10, fixture_frame(0)), 0);
    for (unsigned i = 0; i < 10; i++)
        frame_free(p, low + i * PAGE_SIZE);
}

/* ---- MAPDMA_QUERY ---- */

static int query(uint64_t address, uint64_t pages, uint64_t to) {
    return CALL(first, MAPDMA, MAPDMA_QUERY, p->endpoint, address, pages * PAGE_SIZE, to);
}

Test(device_memory, a_monitor_learns_where_dma_memory_of_its_children_lies) {
    uint64_t physical, to = 0x30000000, *told;
    cr_assert_eq(CALL(first, MEM_MAP, ENDPOINT_SELF, to, 2 * PAGE_SIZE, PROT_WRITE), 0);
    cr_assert_eq(dma(p, WINDOW, 100, &physical), 0);
    cr_assert_eq(query(WINDOW + PAGE_SIZE, 99, to + PAGE_SIZE - 8), 0);
    told = fixture_memory(first, to + PAGE_SIZE);
    cr_assert_eq(*(uint64_t *)fixture_memory(first, to + PAGE_SIZE - 8), physical + PAGE_SIZE);
    for (uint64_t page = 2; page < 100; page++)
        cr_assert_eq(told[page - 2], physical + page * PAGE_SIZE);
    cr_assert_eq(STEP(first, MAPDMA, MAPDMA_QUERY, p->endpoint, WINDOW, 40 * PAGE_SIZE, to), 1);
    cr_assert_eq(fixture_received(first).arg[3], 24 * PAGE_SIZE);
}

Test(device_memory, a_monitor_learns_nothing_of_other_memory) {
    uint64_t physical, to = 0x30000000;
    cr_assert_eq(CALL(first, MEM_MAP, ENDPOINT_SELF, to, PAGE_SIZE, PROT_WRITE), 0);
    cr_assert_eq(dma(p, WINDOW, 4, &physical), 0);
    cr_assert_eq(map(p, OWN, 1), -E_EXIST);
    cr_assert_eq(query(WINDOW, 5, to), -E_PERM);
    cr_assert_eq(query(WINDOW - PAGE_SIZE, 2, to), -E_PERM);
    cr_assert_eq(query(FIXTURE_MEMORY, 1, to), -E_PERM);
    cr_assert_eq(query(DIRECT_BASE, 1, to), -E_PERM);
    cr_assert_eq(p->refused[REFUSED_DMA], 4);
    cr_assert_eq(first->refusals, 0);
    cr_assert_eq(query(WINDOW, 4, to + 1), 0);
    cr_assert_eq(query(WINDOW, 4, to + PAGE_SIZE - 24), -E_FAULT);
    cr_assert_eq(CALL(first, MAPDMA, MAPDMA_QUERY, p->endpoint, WINDOW + 1, PAGE_SIZE, to),
                 -E_INVAL);
    cr_assert_eq(CALL(first, MAPDMA, MAPDMA_QUERY, first->endpoint, WINDOW, PAGE_SIZE, to),
                 -E_PERM);
    process_set_rights(first, IPC_ALL, KCALL_ALL & ~KCALL_BIT(CORE));
    cr_assert_eq(query(WINDOW, 4, to), -E_PERM);
    process_set_rights(first, IPC_ALL, KCALL_ALL);
}

/* ---- INFO_FIRMWARE ---- */

Test(device_memory, tables_of_the_firmware_are_told) {
    static const char table[] = "MCFG and what is in it";
    uint32_t signature;
    memcpy(&signature, table, sizeof signature);
    instance->boot.firmware_table[1] = (struct boot_firmware){ signature, 8, sizeof table };
    memcpy(instance->boot.firmware + 8, table, sizeof table);
    uint64_t args[MESSAGE_ARGS] = { INFO_FIRMWARE, FIXTURE_MEMORY, PAGE_SIZE, signature };
    cr_assert_eq(fixture_kcall(p, KCALL_GETINFO, args), 0);
    cr_assert_eq(args[0], sizeof table);
    cr_assert_str_eq(fixture_memory(p, FIXTURE_MEMORY), table);
    cr_assert_eq(CALL(p, GETINFO, INFO_FIRMWARE, FIXTURE_MEMORY, PAGE_SIZE, signature + 1),
                 -E_NOENT);
    struct firmware_memory *tables = fixture_memory(p, FIXTURE_MEMORY);
    cr_assert_eq(CALL(p, GETINFO, INFO_FIRMWARE, FIXTURE_MEMORY, PAGE_SIZE, INFO_FIRMWARE_IOMMU),
                 0);
    cr_assert(tables->base == FIXTURE_IOMMU && tables->end == FIXTURE_IOMMU + BOOT_IOMMU_BYTES);
    instance->boot.iommu_tables = (struct range){ 0, 0 };
    cr_assert_eq(CALL(p, GETINFO, INFO_FIRMWARE, FIXTURE_MEMORY, PAGE_SIZE, INFO_FIRMWARE_IOMMU),
                 -E_NOENT);
}
