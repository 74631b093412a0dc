/* Address spaces on x86-64. */
#include "vm.h"

#include "core.h"
#include "cpu.h"
#include "defence.h"
#include "frame.h"
#include "grant.h"
#include "paging.h"
#include "string.h"

#define USER_PML4_ENTRIES \
    256 /* the upper half is the instance's, the same in every address space */

/* Pages that one step of PROC_DESTROY frees at most, tables included. */
#define TEARDOWN_STEP 32

int vm_create(struct process *p) {
    uint64_t pml4 = frame_alloc(p, FRAME_TABLE);
    uint64_t xsave = pml4 ? frame_alloc(p, FRAME_KERNEL) : 0;
    if (!xsave) {
        if (pml4)
            frame_free(p, pml4);
        return -E_QUOTA;
    }
    memcpy((uint64_t *)direct(pml4) + USER_PML4_ENTRIES,
           (uint64_t *)direct(instance->pml4) + USER_PML4_ENTRIES,
           (PT_ENTRIES - USER_PML4_ENTRIES) * sizeof(uint64_t));
    p->cr3 = pml4;
    p->xsave = direct(xsave);
    return 0;
}

/* The entry of the lowest level that exists for an address; *level tells which that is (1: its
 * page). */
static uint64_t *walk(const struct process *p, uint64_t address, unsigned *level) {
    uint64_t *table = direct(p->cr3);
    for (*level = PT_LEVELS;; --*level) {
        uint64_t *entry = &table[pt_index(address, *level)];
        if (*level == 1 || !(*entry & PTE_PRESENT))
            return entry;
        table = direct(*entry & PTE_ADDRESS);
    }
}

/* The entry of a page that is mapped; NULL: it is not. On the path of every copy, so it is
 * straight.
 */
static inline uint64_t *find_page(const struct process *p, uint64_t address) {
    uint64_t *table = direct(p->cr3);
#pragma GCC unroll 3
    for (unsigned level = PT_LEVELS; level > 1; level--) {
        uint64_t entry = table[pt_index(address, level)];
        if (__builtin_expect(!(entry & PTE_PRESENT), 0))
            return NULL;
        table = direct(entry & PTE_ADDRESS);
    }
    uint64_t *entry = &table[pt_index(address, 1)];
    return *entry & PTE_PRESENT ? entry : NULL;
}

bool vm_is_mapped(const struct process *p, uint64_t address) { return find_page(p, address); }

/* Makes the tables down to an address' page; the quota has been checked, so this cannot run out
 * half-way. */
static uint64_t *make_tables(struct process *p, uint64_t address) {
    unsigned level;
    uint64_t *entry;
    while (entry = walk(p, address, &level), level > 1) {
        uint64_t table = frame_alloc(p, FRAME_TABLE);
        assert(table);
        *entry = table | PTE_PRESENT | PTE_WRITE | PTE_USER;
    }
    return entry;
}

static uint64_t protection_bits(unsigned protection) {
    return PTE_PRESENT | PTE_USER | (protection & PROT_WRITE ? PTE_WRITE : 0) |
           (protection & PROT_EXEC ? 0 : PTE_NX);
}

/* A translation may be cached only where the address space is loaded. */
static void flush(const struct process *p, uint64_t address) {
    if (p->cr3 == cpu_read_cr3())
        cpu_invlpg(address);
}

uint64_t vm_frames_needed(struct process *p, uint64_t address, uint64_t bytes) {
    uint64_t frames = bytes / PAGE_SIZE, end = address + bytes;
    while (address < end) { /* by the largest steps for which a table is missing */
        unsigned level;
        walk(p, address, &level);
        uint64_t next =
            address - address % pt_span(level > 1 ? level : 2) + pt_span(level > 1 ? level : 2);
        uint64_t stop = next < end ? next : end;
        for (unsigned l = 2; l <= level; l++)
            frames += (stop - 1) / pt_span(l) - address / pt_span(l) + 1;
        address = stop;
    }
    return frames;
}

int vm_map(struct process *p, uint64_t address, unsigned protection) {
    unsigned level;
    uint64_t *entry = walk(p, address, &level);
    if (*entry & PTE_PRESENT)
        return -E_EXIST;
    if (DEFENCE(FRAME_QUOTA) && p->frame_quota - p->frames < level) /* tables and the page */
        return -E_QUOTA;
    entry = make_tables(p, address);
    uint64_t frame = frame_alloc(p, FRAME_PRIVATE);
    assert(frame);
    *entry = frame | protection_bits(protection);
    return 0;
}

/* Maps what exists already; tables are made as needed. */
static int map_frame(struct process *p, uint64_t address, uint64_t entry) {
    unsigned level;
    if (*walk(p, address, &level) & PTE_PRESENT)
        return -E_EXIST;
    if (p->frame_quota - p->frames < level - 1)
        return -E_QUOTA;
    *make_tables(p, address) = entry;
    return 0;
}

int vm_lend(struct process *p, uint64_t address, uint64_t physical, unsigned protection) {
    return map_frame(p, address, physical | protection_bits(protection) | PTE_BORROWED);
}

int vm_map_device(struct process *p, uint64_t address, uint64_t physical, uint64_t protection) {
    uint64_t uncached = protection & MEMMAP_CACHED ? 0 : PTE_UNCACHED | PTE_WRITE_THROUGH;
    return map_frame(p, address,
                     physical | protection_bits((unsigned)protection) | PTE_BORROWED | uncached);
}

uint64_t vm_export_begin(struct process *p, enum frame_state state, uint64_t pages,
                         uint64_t limit) {
    assert(p->export_next == p->export_end);
    uint64_t physical = frame_alloc_run(p, state, pages, limit);
    if (physical) {
        p->export_next = physical;
        p->export_end = physical + pages * PAGE_SIZE;
    }
    return physical;
}

int vm_export_page(struct process *p, uint64_t address) {
    if (p->export_next == p->export_end)
        return -E_STATE;
    int error = map_frame(p, address, p->export_next | protection_bits(PROT_READ | PROT_WRITE));
    if (error)
        return error;
    memset(direct(p->export_next), 0, PAGE_SIZE);
    p->export_next += PAGE_SIZE;
    return 0;
}

void vm_export_abandon(struct process *p) {
    for (; p->export_next < p->export_end; p->export_next += PAGE_SIZE)
        frame_free(p, p->export_next);
}

static bool table_is_empty(const uint64_t *table) {
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        if (table[i] & PTE_PRESENT)
            return false;
    return true;
}

/* Gives back the tables of an address that have become empty, but never the PML4. */
static void prune_tables(struct process *p, uint64_t address) {
    for (unsigned level = 1; level < PT_LEVELS; level++) {
        uint64_t *table = direct(p->cr3), *above = NULL;
        for (unsigned l = PT_LEVELS; l > level; l--) {
            above = &table[pt_index(address, l)];
            table = direct(*above & PTE_ADDRESS);
        }
        if (!table_is_empty(table))
            return;
        frame_free(p, *above & PTE_ADDRESS);
        *above = 0;
    }
}

static void clear(struct process *p, uint64_t address, uint64_t *entry) {
    *entry = 0;
    grant_page_changed(p, address);
    prune_tables(p, address);
    flush(p, address);
}

/* A page of the process' own in this state, that nobody else has mapped; NULL and *error otherwise.
 */
static uint64_t *find_own(struct process *p, uint64_t address, enum frame_state state, int *error) {
    uint64_t *entry = find_page(p, address);
    *error = -E_NOENT;
    if (!entry)
        return NULL;
    *error = -E_FAULT;
    if (*entry & PTE_BORROWED)
        return NULL;
    *error = -E_BUSY;
    if (DEFENCE(SHARED) && frame_shares(*entry & PTE_ADDRESS))
        return NULL;
    *error = -E_FAULT;
    if (DEFENCE(SHARED) && frame_state(*entry & PTE_ADDRESS) != state)
        return NULL;
    *error = 0;
    return entry;
}

static int unmap_own(struct process *p, uint64_t address, enum frame_state state) {
    int error;
    uint64_t *entry = find_own(p, address, state, &error);
    if (entry) {
        frame_free(p, *entry & PTE_ADDRESS);
        clear(p, address, entry);
    }
    return error;
}

int vm_unmap(struct process *p, uint64_t address) { return unmap_own(p, address, FRAME_PRIVATE); }

int vm_export_end(struct process *p, uint64_t address) {
    return unmap_own(p, address, FRAME_EXPORTED);
}

uint64_t vm_dma_frame(struct process *p, uint64_t address) {
    int error;
    const uint64_t *entry = find_own(p, address, FRAME_DMA, &error);
    return entry ? *entry & PTE_ADDRESS : 0;
}

int vm_unmap_device(struct process *p, uint64_t address) {
    const uint64_t *entry = find_page(p, address);
    uint64_t physical = entry ? *entry & PTE_ADDRESS : 0;
    return entry && !frame_is_device(physical, physical + PAGE_SIZE) ? -E_FAULT
                                                                     : vm_unlend(p, address);
}

int vm_unlend(struct process *p, uint64_t address) {
    uint64_t *entry = find_page(p, address);
    if (!entry)
        return -E_NOENT;
    if (!(*entry & PTE_BORROWED))
        return -E_FAULT;
    clear(p, address, entry);
    return 0;
}

void vm_relend(struct process *p, uint64_t address, uint64_t physical) {
    uint64_t *entry = find_page(p, address);
    if (!entry || !(*entry & PTE_BORROWED))
        return;
    *entry = (*entry & ~PTE_ADDRESS) | physical;
    flush(p, address);
}

uint64_t vm_borrowed(const struct process *p, uint64_t address) {
    const uint64_t *entry = find_page(p, address);
    return entry && *entry & PTE_BORROWED ? *entry & PTE_ADDRESS : 0;
}

uint64_t vm_own_frame(const struct process *p, uint64_t address, bool write) {
    const uint64_t *entry = vm_in_user_space(address, PAGE_SIZE) ? find_page(p, address) : NULL;
    if (!entry || *entry & PTE_BORROWED || (write && !(*entry & PTE_WRITE)))
        return 0;
    uint64_t physical = *entry & PTE_ADDRESS;
    return frame_state(physical) == FRAME_PRIVATE || frame_shares(physical) ? physical : 0;
}

int vm_share(struct process *p, uint64_t address, bool write, enum frame_state state,
             uint64_t *physical) {
    *physical = vm_own_frame(p, address, write);
    if (!*physical)
        return -E_FAULT;
    grant_page_changed(p, address);
    return frame_share(*physical, state) ? 0 : -E_NOSLOT;
}

int vm_protect(struct process *p, uint64_t address, unsigned protection) {
    int error;
    uint64_t *entry = find_own(p, address, FRAME_PRIVATE, &error);
    if (entry) {
        *entry = (*entry & PTE_ADDRESS) | protection_bits(protection);
        grant_page_changed(p, address);
        flush(p, address);
    }
    return error;
}

/*
 * Frees what is mapped below one entry of a table, and the table, as far as the budget goes.
 * Entries are cleared as they are freed, so that the next step finds what is left.
 */
static bool teardown(struct process *p, uint64_t *entry, unsigned level, int *budget) {
    if (level > 0 && !(*entry & PTE_BORROWED)) {
        uint64_t *table = direct(*entry & PTE_ADDRESS);
        unsigned count = level == PT_LEVELS ? USER_PML4_ENTRIES : PT_ENTRIES;
        for (unsigned i = 0; i < count; i++)
            if (table[i] & PTE_PRESENT && !teardown(p, &table[i], level - 1, budget))
                return false;
    }
    if (*budget == 0)
        return false;
    --*budget;
    if (!(*entry & PTE_BORROWED))
        frame_free(p, *entry & PTE_ADDRESS);
    *entry = 0;
    return true;
}

bool vm_destroy_step(struct process *p) {
    int budget = TEARDOWN_STEP;
    if (!p->cr3)
        return true;
    assert(p->cr3 != cpu_read_cr3()); /* the caller runs, so its tables are loaded */
    if (!teardown(p, &p->cr3, PT_LEVELS, &budget))
        return false;
    frame_free(p, (uint64_t)p->xsave - DIRECT_BASE);
    p->xsave = NULL;
    vm_export_abandon(p);
    return true;
}

void *vm_user_memory(struct process *p, uint64_t address, uint64_t bytes, bool write) {
    uint64_t offset = address % PAGE_SIZE;
    if ((DEFENCE(PRIVATE) && !vm_in_user_space(address, bytes)) || offset + bytes > PAGE_SIZE)
        return NULL;
    const uint64_t *entry = find_page(p, address);
    if (!entry || (DEFENCE(READ_ONLY) && write && !(*entry & PTE_WRITE)))
        return NULL;
    uint64_t physical = *entry & PTE_ADDRESS;
    const struct range *archive = &instance->boot.archive;
    if (DEFENCE(OWN) && *entry & PTE_BORROWED)
        return physical >= archive->base && physical < archive->end
                   ? (void *)(ARCHIVE_VIEW + physical - archive->base + offset)
                   : NULL;
    if (DEFENCE(PRIVATE) && DEFENCE(OWN) && frame_state(physical) != FRAME_PRIVATE)
        return NULL;
    return (uint8_t *)direct(physical) + offset;
}

/* Memory of others: what is not this partition's is out of the kernel's reach. */
__attribute__((cold, noinline)) static void *borrowed_data(struct process *p, uint64_t address,
                                                           bool write) {
    const uint64_t *entry = find_page(p, address);
    if (!entry || !(*entry & PTE_BORROWED) || (write && !(*entry & PTE_WRITE)))
        return NULL;
    uint64_t physical = *entry & PTE_ADDRESS;
    if (frame_state(physical) == FRAME_PRIVATE || frame_shares(physical))
        return (uint8_t *)direct(physical) + address % PAGE_SIZE;
    return vm_user_memory(p, address, 1, write);
}

/* Nothing is ever mapped for users in the lower half but in user space. */
void *vm_user_data(struct process *p, uint64_t address, bool write) {
    uint64_t need = PTE_PRESENT | (DEFENCE(PRIVATE) ? PTE_USER : 0) | (write ? PTE_WRITE : 0);
    if (__builtin_expect(DEFENCE(PRIVATE) && address >> 47 != 0, 0))
        return NULL;
    const uint64_t *entry = find_page(p, address);
    if (__builtin_expect(!entry || (*entry & (need | PTE_BORROWED)) != need, 0))
        return borrowed_data(p, address, write);
    return (uint8_t *)direct(*entry & PTE_ADDRESS) + address % PAGE_SIZE;
}

bool vm_user_range_ok(struct process *p, uint64_t address, uint64_t bytes, bool write) {
    if (bytes == 0)
        return true; /* wherever that is */
    if (DEFENCE(PRIVATE) && !vm_in_user_space(address, bytes))
        return false;
    for (uint64_t page = address & ~(PAGE_SIZE - 1); page < address + bytes; page += PAGE_SIZE)
        if (!vm_user_memory(p, page, 1, write))
            return false;
    return true;
}

/* Bytes from an address to the end of its page, at most `bytes`. */
static uint64_t page_part(uint64_t address, uint64_t bytes) {
    uint64_t rest = PAGE_SIZE - address % PAGE_SIZE;
    return bytes < rest ? bytes : rest;
}

int vm_copy_in(struct process *p, void *to, uint64_t from, uint64_t bytes) {
    if (!vm_user_range_ok(p, from, bytes, false))
        return -E_FAULT;
    for (uint64_t done = 0, part; done < bytes; done += part) {
        part = page_part(from + done, bytes - done);
        memcpy((uint8_t *)to + done, vm_user_memory(p, from + done, part, false), part);
    }
    return 0;
}

int vm_copy_out(struct process *p, uint64_t to, const void *from, uint64_t bytes) {
    if (!vm_user_range_ok(p, to, bytes, true))
        return -E_FAULT;
    for (uint64_t done = 0, part; done < bytes; done += part) {
        part = page_part(to + done, bytes - done);
        memcpy(vm_user_memory(p, to + done, part, true), (const uint8_t *)from + done, part);
    }
    return 0;
}

static void visit_below(struct process *p, const uint64_t *table, unsigned level, uint64_t base,
                        vm_visitor visit) {
    unsigned count = level == PT_LEVELS ? USER_PML4_ENTRIES : PT_ENTRIES;
    for (unsigned i = 0; i < count; i++) {
        uint64_t address = base + i * pt_span(level);
        if (!(table[i] & PTE_PRESENT))
            continue;
        visit(p, address, table[i], level);
        if (level > 1)
            visit_below(p, direct(table[i] & PTE_ADDRESS), level - 1, address, visit);
    }
}

void vm_for_each(struct process *p, vm_visitor visit) {
    if (p->cr3)
        visit_below(p, direct(p->cr3), PT_LEVELS, 0, visit);
}
