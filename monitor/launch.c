#include "launch.h"

#include <string.h>

#include <bulkhead/error.h>
#include <runtime/cores.h>
#include <runtime/kcall.h>

#include "chunks.h"
#include "log.h"
#include "partition.h"
#include "programs.h"
#include "trampoline.h"
#include "x86_64/paging.h"

/* Where another core's memory is seen while it is worked on. */
#define WINDOW 0x0000212000000000UL

/* Shows memory of another partition there, all of it or nothing: from its beginning on it is mapped
 * as far as there are page tables for it. */
static int show(uint32_t core, uint64_t physical, uint64_t bytes) {
    int error = core_map(core, WINDOW, physical, bytes);

    if (error)
        core_unmap(core, WINDOW, bytes);
    return error;
}

static struct trampoline_parameters *parameters(void) {
    return (void *)((char *)machine_page(SYSTEM_TRAMPOLINE) + TRAMPOLINE_PARAMETERS);
}

void launch_revoke(uint32_t core) {
    uint32_t ticket = machine_boot.core[core].apic_id;
    atomic_compare_exchange_strong(&parameters()->ticket, &ticket, TICKET_TAKEN);
}

static uint64_t page_physical(enum system_page page) {
    return machine_boot.low.base + page * PAGE_SIZE;
}

/*
 * Clears the memory that pairs of cores have in common, other than core 0's: it holds anything.
 */
static int clear_commons(void) {
    for (uint32_t core = 1; core < machine_cores(); core++) {
        uint64_t base = commons_base(&machine_boot, core);
        uint64_t bytes = commons_pages(&machine_boot, core) * PAGE_SIZE;
        if (base == RANGES_NONE)
            return -E_NOMEM;
        if (bytes == 0)
            continue;
        int error = show(core, base, bytes);
        if (error)
            return error;
        memset((void *)WINDOW, 0, bytes);
        error = core_unmap(core, WINDOW, bytes);
        if (error)
            return error;
    }
    return 0;
}

/* Page tables for the way to long mode: the first 2 MiB, where they lie. */
static void write_tables(void) {
    uint64_t *pml4 = machine_page(SYSTEM_TABLES);

    memset(pml4, 0, 3 * PAGE_SIZE);
    pml4[0] = page_physical(SYSTEM_TABLES + 1) | PTE_PRESENT | PTE_WRITE;
    pml4[PT_ENTRIES] = page_physical(SYSTEM_TABLES + 2) | PTE_PRESENT | PTE_WRITE;
    pml4[2UL * PT_ENTRIES] = PTE_PRESENT | PTE_WRITE | PTE_LARGE;
}

/* Written once: a core may be on its way through it at any time. */
static void write_trampoline(void) {
    memset(machine_page(SYSTEM_VIEW), 0, PAGE_SIZE);
    memset(machine_page(SYSTEM_TRAMPOLINE), 0, PAGE_SIZE);
    // cppcheck-suppress comparePointers; both ends of one piece of trampoline.asm
    memcpy(machine_page(SYSTEM_TRAMPOLINE), trampoline, (size_t)(trampoline_end - trampoline));
    parameters()->tables = page_physical(SYSTEM_TABLES);
    atomic_store(&parameters()->ticket, TICKET_TAKEN);
    write_tables();
}

int launch_init(void) {
    write_trampoline();
    atomic_store(&machine_view()->info[0], machine_own.info_address);
    return clear_commons();
}

/* The ticket last: from then on the core may take it. */
static void give_ticket(uint32_t core, const struct instance_info *info, uint64_t physical,
                        uint64_t entry) {
    struct trampoline_parameters *p = parameters();

    p->pml4 = info->pml4;
    p->entry = entry;
    p->argument = DIRECT_BASE + physical;
    p->stack = STACK_TOP_OF(STACK_MAIN);
    atomic_store(&p->ticket, machine_boot.core[core].apic_id);
}

/* What other cores are told of the machine: not what is core 0's alone. */
static const struct boot_info *boot_for_others(void) {
    static struct boot_info boot;

    boot = machine_boot;
    boot.ioapic_count = 0;
    boot.hpet = 0;
    boot.framebuffer.base = 0;
    boot.log[0] = '\0';
    return &boot;
}

static int build(struct instance_request *request, uint64_t own) {
    struct instance_info *info;
    uint64_t entry;
    int error = instance_build(request, &info, &entry);

    if (error)
        return error;
    uint64_t physical = (uint64_t)info - WINDOW + own;
    atomic_store(&machine_view()->info[request->core], physical);
    give_ticket(request->core, info, physical, entry);
    return 0;
}

int launch_build(uint32_t core, uint32_t incarnation) {
    static struct partition partition;
    static const struct range_list nothing;
    struct archive_file image;
    struct range own;
    struct instance_request request = {
        .partition = &partition,
        .avoid = &nothing,
        .boot = boot_for_others(),
        .core = core,
        .incarnation = incarnation,
        .starter = machine_self(),
        .tsc_frequency = machine_own.tsc_frequency,
        .timer_ratio = machine_own.timer_ratio,
        .switch_page = page_physical(SYSTEM_TRAMPOLINE),
    };

    int error = program_find("cpu-driver", &image);
    if (error)
        return error;
    request.image = image.content;
    request.image_bytes = image.bytes;
    if (!chunks_partition(core, &partition.memory))
        return -E_NOSLOT;
    error = instance_place(&request, &own);
    if (!error)
        error = show(core, own.base, own.end - own.base);
    if (error)
        return error;
    request.view = WINDOW - own.base;
    error = build(&request, own.base);
    int unmapped = core_unmap(core, WINDOW, own.end - own.base);
    return error ? error : unmapped;
}

int launch_reset(uint32_t core) { return core_interrupt(core, CORE_INIT, 0); }

int launch_startup(uint32_t core) {
    return core_interrupt(core, CORE_STARTUP, page_physical(SYSTEM_TRAMPOLINE) / PAGE_SIZE);
}

bool launch_rests(uint32_t core) {
    return atomic_load(&parameters()->rests) == machine_boot.core[core].apic_id;
}

void launch_forget_rest(void) { atomic_store(&parameters()->rests, TICKET_TAKEN); }

/* ---- What a stopped core has left ---- */

/* Copies memory of a partition. */
static int read_memory(uint32_t core, uint64_t physical, void *to, size_t bytes) {
    uint64_t page = image_page_down(physical);
    uint64_t mapped = image_page_up(physical + bytes) - page;
    int error = show(core, page, mapped);

    if (error)
        return error;
    memcpy(to, (const char *)WINDOW + (physical - page), bytes);
    return core_unmap(core, WINDOW, mapped);
}

int launch_read_log(uint32_t core, char *text, size_t bytes) {
    struct log_place place;
    uint64_t logged, info = atomic_load(&machine_view()->info[core]);

    if (info == 0)
        return -E_NOENT;
    int error = read_memory(core, info + offsetof(struct instance_info, log), &place, sizeof place);
    if (!error)
        error = read_memory(core, place.logged, &logged, sizeof logged);
    if (error)
        return error;
    uint64_t most = bytes - 1 < LOG_BYTES ? bytes - 1 : LOG_BYTES;
    uint64_t from = logged > most ? logged - most : 0;
    size_t length = (size_t)(logged - from);
    for (size_t done = 0; done < length && !error;) {
        size_t at = (size_t)((from + done) % LOG_BYTES), part = length - done;
        if (part > PAGE_SIZE)
            part = PAGE_SIZE;
        if (part > LOG_BYTES - at)
            part = LOG_BYTES - at;
        error = read_memory(core, place.ring + at, text + done, part);
        done += part;
    }
    text[length] = '\0';
    return error;
}
