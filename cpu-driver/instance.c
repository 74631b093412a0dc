/*
 * Building an instance. All of its own frames are one contiguous block, laid out in this order:
 *
 *   image | stacks | instance_info | frame table | page tables
 *
 * The page tables come last and end the block where they end, so none has to be counted in advance.
 */
#include "instance.h"

#include <bulkhead/error.h>
#include <bulkhead/kcall.h>

#include "framebuffer.h"
#include "partition.h"
#include "ranges.h"
#include "string.h"
#include "x86_64/paging.h"

#define PAIR_BYTES (2 * PAGE_SIZE) /* that two cores have in common */

#define LAPIC_BYTES  4096
#define IOAPIC_BYTES 0x44 /* up to EOI, the highest register */
#define HPET_BYTES   1024 /* IA-PC HPET specification 1.0a, 2.3.1 */

/* The last 2 MiB stay unmapped, so that no end of a range wraps. */
#define DEVICE_END 0xffffffffffe00000UL

struct builder {
    const struct instance_request *request;
    struct image_plan plan;
    uint64_t image_low, image_bytes; /* virtual address of the image's first page; whole pages */
    uint64_t image, stacks, info, frame_table, tables; /* physical: the parts of the own block */
    uint64_t next, limit;                              /* free memory for page tables */
    uint64_t device_next;                              /* next free address for devices */
    struct frame_table table;
    uint64_t pair[BOOT_CORES_MAX]; /* as in struct instance_info */
    struct range commons;
    struct range_list all_commons;
};

static uint64_t page_up(uint64_t bytes) { return (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1); }

static uint64_t page_down(uint64_t bytes) { return bytes & ~(PAGE_SIZE - 1); }

static uint64_t lesser(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void *reach(const struct builder *builder, uint64_t physical) {
    return (void *)(builder->request->view + physical);
}

/* Physical address of a new empty table; 0 when the block is full. */
static uint64_t table_make(struct builder *builder) {
    uint64_t table = builder->next;

    if (builder->limit - table < PAGE_SIZE)
        return 0;
    builder->next += PAGE_SIZE;
    memset(reach(builder, table), 0, PAGE_SIZE);
    return table;
}

/*
 * The entry for `address` in the table of `level`; tables above are made as needed. NULL when the
 * block is full.
 */
static uint64_t *entry_at(struct builder *builder, uint64_t address, unsigned level) {
    uint64_t *table = reach(builder, builder->tables);

    for (unsigned above = PT_LEVELS; above > level; above--) {
        uint64_t *entry = &table[pt_index(address, above)];
        if (*entry == 0) {
            uint64_t made = table_make(builder);
            if (made == 0)
                return NULL;
            *entry = made | PTE_INNER;
        }
        table = reach(builder, *entry & PTE_ADDRESS);
    }
    return &table[pt_index(address, level)];
}

/* Maps whole pages, large ones where addresses and length allow. -E_NOMEM: the block is full. */
static int map(struct builder *builder, uint64_t address, uint64_t physical, uint64_t bytes,
               uint64_t flags) {
    while (bytes > 0) {
        bool large = (address | physical) % CHUNK_BYTES == 0 && bytes >= CHUNK_BYTES;
        unsigned level = large ? 2 : 1;
        uint64_t *entry = entry_at(builder, address, level);
        if (entry == NULL)
            return -E_NOMEM;
        /*
         * The rest of this table is filled without another walk; a page table ends with its chunk.
         */
        uint64_t span = pt_span(level);
        uint64_t count = lesser(bytes / span, PT_ENTRIES - pt_index(address, level));
        for (uint64_t i = 0; i < count; i++)
            entry[i] = (physical + i * span) | flags | (large ? PTE_LARGE : 0);
        address += count * span;
        physical += count * span;
        bytes -= count * span;
    }
    return 0;
}

static uint64_t segment_physical(const struct builder *builder,
                                 const struct image_segment *segment) {
    return builder->image + (page_down(segment->vaddr) - builder->image_low);
}

static uint64_t segment_bytes(const struct image_segment *segment) {
    return page_up(segment->vaddr + segment->memory_bytes) - page_down(segment->vaddr);
}

static void copy_image(const struct builder *builder) {
    memset(reach(builder, builder->image), 0, builder->image_bytes);
    for (uint32_t i = 0; i < builder->plan.count; i++) {
        const struct image_segment *segment = &builder->plan.segment[i];
        memcpy(reach(builder, builder->image + (segment->vaddr - builder->image_low)),
               (const uint8_t *)builder->request->image + segment->file_offset,
               segment->file_bytes);
    }
}

static int map_image(struct builder *builder) {
    for (uint32_t i = 0; i < builder->plan.count; i++) {
        const struct image_segment *segment = &builder->plan.segment[i];
        uint64_t flags = PTE_OWN | (segment->protection & PROT_WRITE ? PTE_WRITE : 0) |
                         (segment->protection & PROT_EXEC ? 0 : PTE_NX);
        int error = map(builder, page_down(segment->vaddr), segment_physical(builder, segment),
                        segment_bytes(segment), flags);
        if (error)
            return error;
    }
    return 0;
}

/* Frames that must not be writable through the direct map. */
static void read_only_frames(const struct builder *builder, struct range_list *frames) {
    frames->count = 0;
    for (uint32_t i = 0; i < builder->plan.count; i++) {
        const struct image_segment *segment = &builder->plan.segment[i];
        uint64_t base = segment_physical(builder, segment);
        if (!(segment->protection & PROT_WRITE))
            ranges_add(frames, base, base + segment_bytes(segment));
    }
}

static int map_direct_range(struct builder *builder, const struct range *range,
                            const struct range_list *without) {
    uint64_t at = range->base;

    for (uint32_t i = 0; i < without->count; i++) {
        const struct range *hole = &without->range[i];
        if (hole->base < at || hole->base >= range->end)
            continue;
        int error = map(builder, DIRECT_BASE + at, at, hole->base - at, PTE_DATA);
        if (error)
            return error;
        at = hole->end;
    }
    return map(builder, DIRECT_BASE + at, at, range->end - at, PTE_DATA);
}

static int map_direct(struct builder *builder) {
    const struct range_list *memory = &builder->request->partition->memory;
    struct range_list without;

    read_only_frames(builder, &without);
    for (uint32_t i = 0; i < memory->count; i++) {
        int error = map_direct_range(builder, &memory->range[i], &without);
        if (error)
            return error;
    }
    return 0;
}

static uint64_t stack_bytes(enum instance_stack stack) {
    return stack == STACK_MAIN ? STACK_MAIN_BYTES : STACK_FAULT_BYTES;
}

#define STACKS_BYTES (STACK_MAIN_BYTES + (STACK_COUNT - 1) * STACK_FAULT_BYTES)

static int map_stacks(struct builder *builder) {
    uint64_t physical = builder->stacks;

    for (enum instance_stack stack = 0; stack < STACK_COUNT; stack++) {
        uint64_t bytes = stack_bytes(stack);
        int error = map(builder, STACK_TOP_OF(stack) - bytes, physical, bytes, PTE_DATA);
        if (error)
            return error;
        physical += bytes;
    }
    return 0;
}

static int map_mailboxes(struct builder *builder) {
    for (uint32_t core = 0; core < builder->request->boot->core_count; core++) {
        if (core == builder->request->core)
            continue;
        int error =
            map(builder, MAILBOX_VIEW + core * PAGE_SIZE, builder->pair[core], PAGE_SIZE, PTE_DATA);
        if (error)
            return error;
    }
    return 0;
}

static int map_archive(struct builder *builder) {
    const struct range *archive = &builder->request->boot->archive;

    if (archive->end - archive->base > DEVICE_BASE - ARCHIVE_VIEW)
        return -E_RANGE;
    return map(builder, ARCHIVE_VIEW, archive->base, archive->end - archive->base,
               PTE_OWN | PTE_NX);
}

/* Maps the pages of a device and tells its virtual address; behind each lies an unmapped page. */
static int map_device(struct builder *builder, uint64_t physical, uint64_t bytes,
                      uint64_t *address) {
    uint64_t first = page_down(physical), at = builder->device_next;

    if (physical >= PHYSICAL_END || bytes > PHYSICAL_END - physical)
        return -E_RANGE;
    uint64_t whole = page_up(physical + bytes) - first;
    if (whole >= CHUNK_BYTES) /* congruent to the physical address, so that large pages fit */
        at += (first - at) % CHUNK_BYTES;
    if (at > DEVICE_END || whole > DEVICE_END - at)
        return -E_RANGE;
    *address = at + (physical - first);
    builder->device_next = at + whole + PAGE_SIZE;
    return map(builder, at, first, whole, PTE_DEVICE);
}

static int map_devices(struct builder *builder, struct instance_info *info) {
    const struct boot_info *boot = builder->request->boot;
    int error = map_device(builder, boot->lapic, LAPIC_BYTES, &info->lapic);

    for (uint32_t i = 0; i < boot->ioapic_count && !error; i++)
        error = map_device(builder, boot->ioapic[i].base, IOAPIC_BYTES, &info->ioapic[i]);
    if (boot->hpet != 0 && !error)
        error = map_device(builder, boot->hpet, HPET_BYTES, &info->hpet);
    if (boot->framebuffer.base != 0 && !error)
        error = map_device(builder, boot->framebuffer.base, framebuffer_bytes(&boot->framebuffer),
                           &info->framebuffer);
    return error;
}

/* Not global, and in the lower half: dropped with the instance's first page tables. */
static int map_switch_page(struct builder *builder) {
    uint64_t page = builder->request->switch_page;
    return map(builder, page, page, PAGE_SIZE, PTE_PRESENT | PTE_ACCESSED);
}

enum image_refusal instance_check_image(const void *image, size_t image_bytes,
                                        struct image_plan *plan) {
    return image_check(image, image_bytes, KERNEL_BASE, KERNEL_BASE + INSTANCE_IMAGE_MAX,
                       INSTANCE_IMAGE_MAX, plan);
}

static int plan_image(struct builder *builder) {
    const struct instance_request *request = builder->request;
    uint64_t low = UINT64_MAX, high = 0;

    if (instance_check_image(request->image, request->image_bytes, &builder->plan) != IMAGE_OK)
        return -E_IMAGE;
    for (uint32_t i = 0; i < builder->plan.count; i++) {
        const struct image_segment *segment = &builder->plan.segment[i];
        low = lesser(low, page_down(segment->vaddr));
        if (page_down(segment->vaddr) + segment_bytes(segment) > high)
            high = page_down(segment->vaddr) + segment_bytes(segment);
    }
    builder->image_low = low;
    builder->image_bytes = high - low;
    return 0;
}

/*
 * At least as many bytes as all page tables take: each range can touch one table more than it
 * fills, on every level.
 */
static uint64_t tables_bound(const struct builder *builder) {
    const struct boot_info *boot = builder->request->boot;
    const struct range_list *memory = &builder->request->partition->memory;
    uint64_t archive = boot->archive.end - boot->archive.base;
    uint64_t tables = 1; /* PML4 */

    for (uint32_t i = 0; i < memory->count; i++) {
        uint64_t bytes = memory->range[i].end - memory->range[i].base;
        tables += bytes / pt_span(4) + bytes / pt_span(3) + 4; /* two tables of each upper level */
        tables += 2; /* page tables of the partial chunks at its ends */
    }
    tables += 2UL * builder->plan.count;             /* around frames left out of the direct map */
    tables += 1 + 2;                                 /* levels 3 and 2 of the instance's windows */
    tables += builder->image_bytes / pt_span(2) + 2; /* level 1 of the image, */
    tables += 1 + 1;                                 /* the stacks, the mailboxes, */
    tables += archive / pt_span(2) + 2;              /* the archive, */
    tables += (3 + boot->ioapic_count) + 2;          /* devices, the framebuffer's both ends, */
    tables += 3;                                     /* and the switch page, with levels 3 and 2 */
    return tables * PAGE_SIZE;
}

/*
 * Where the pages are that each two cores have in common: in the commons of the lower one, in the
 * order of the higher ones.
 */
static int place_commons(struct builder *builder) {
    const struct boot_info *boot = builder->request->boot;
    uint32_t self = builder->request->core;
    uint64_t own = commons_base(boot, self);

    for (uint32_t core = 0; core < boot->core_count; core++) {
        uint64_t theirs = commons_base(boot, core);
        uint64_t base = core < self ? theirs : own;
        uint32_t distance = core < self ? self - core : core - self;
        if (base == RANGES_NONE)
            return -E_NOMEM;
        if (distance > 0)
            builder->pair[core] = base + (distance - 1) * PAIR_BYTES;
        if (theirs != RANGES_NONE)
            ranges_add(&builder->all_commons, theirs,
                       theirs + commons_pages(boot, core) * PAGE_SIZE);
    }
    builder->commons = (struct range){ own, own + commons_pages(boot, self) * PAGE_SIZE };
    return 0;
}

/* Finds room for the own block and gives each part its place. */
static int place(struct builder *builder) {
    const struct range_list *memory = &builder->request->partition->memory;
    struct range_list avoid = *builder->request->avoid;

    if (memory->count == 0 || builder->request->boot->memory.count == 0)
        return -E_NOMEM;
    ranges_add(&avoid, builder->commons.base, builder->commons.end);
    uint64_t info_bytes = page_up(sizeof(struct instance_info));
    frame_table_measure(&builder->table, memory, &builder->request->boot->memory);
    uint64_t table_bytes = page_up(frame_table_bytes(&builder->table));
    uint64_t bytes =
        builder->image_bytes + STACKS_BYTES + info_bytes + table_bytes + tables_bound(builder);
    uint64_t base = ranges_find(memory, &avoid, bytes, CHUNK_BYTES);
    if (base == RANGES_NONE)
        base = ranges_find(memory, &avoid, bytes, PAGE_SIZE);
    if (base == RANGES_NONE)
        return -E_NOMEM;
    builder->image = base;
    builder->stacks = builder->image + builder->image_bytes;
    builder->info = builder->stacks + STACKS_BYTES;
    builder->frame_table = builder->info + info_bytes;
    builder->tables = builder->frame_table + table_bytes;
    builder->next = builder->tables;
    builder->limit = base + bytes;
    return 0;
}

static int map_all(struct builder *builder, struct instance_info *info) {
    int error;

    if (table_make(builder) == 0) /* the PML4 */
        return -E_NOMEM;
    if ((error = map_image(builder)) || (error = map_direct(builder)) ||
        (error = map_stacks(builder)) || (error = map_mailboxes(builder)) ||
        (error = map_archive(builder)) || (error = map_devices(builder, info)))
        return error;
    return map_switch_page(builder);
}

static void fill_info(const struct builder *builder, struct instance_info *info) {
    const struct instance_request *request = builder->request;

    info->core = request->core;
    info->incarnation = request->incarnation;
    info->starter = request->starter;
    info->partition = *request->partition;
    info->own = (struct range){ builder->image, builder->next };
    info->image_bytes = builder->image_bytes;
    info->stack_bytes = STACKS_BYTES;
    info->page_table_bytes = builder->next - builder->tables;
    info->frame_table_bytes = builder->tables - builder->frame_table;
    info->pml4 = builder->tables;
    info->image_offset = builder->image - (builder->image_low - KERNEL_BASE);
    info->frame_table = builder->table;
    info->frame_table.memory = (void *)(DIRECT_BASE + builder->frame_table);
    memcpy(info->pair, builder->pair, sizeof info->pair);
    info->commons = builder->commons;
    info->all_commons = builder->all_commons;
    info->tsc_frequency = request->tsc_frequency;
    info->timer_ratio = request->timer_ratio;
    info->boot = *request->boot;
}

static int plan(struct builder *builder) {
    int error = plan_image(builder);

    if (!error)
        error = place_commons(builder);
    return error ? error : place(builder);
}

int instance_place(const struct instance_request *request, struct range *own) {
    struct builder builder = { .request = request };
    int error = plan(&builder);

    if (!error)
        *own = (struct range){ builder.image, builder.limit };
    return error;
}

int instance_build(const struct instance_request *request, struct instance_info **info,
                   uint64_t *entry) {
    struct builder builder = { .request = request, .device_next = DEVICE_BASE };
    int error = plan(&builder);

    if (error)
        return error;
    copy_image(&builder);
    /* stacks, information and frame table */
    memset(reach(&builder, builder.stacks), 0, builder.tables - builder.stacks);
    *info = reach(&builder, builder.info);
    error = map_all(&builder, *info);
    if (error)
        return error;
    fill_info(&builder, *info);
    *entry = builder.plan.entry;
    return 0;
}
