/*
 * Builds instances in a malloc()ed machine and checks by a walk of their page tables everything
 * that instance.h says about them.
 */
#include "instance.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>

#include "../elf_maker.h"
#include "framebuffer.h"
#include "page_walk.h"
#include "partition.h"
#include "ranges.h"
#include "x86_64/paging.h"

#define PROGRAM "boot-test"
#include "../random.h"

#define MACHINE_BASE  0x40000000UL
#define MACHINE_BYTES (24UL << 20)
#define MACHINE_END   (MACHINE_BASE + MACHINE_BYTES)
#define UNTOUCHED     0xcc
#define CORE          3U /* whose instance is built; its node's memory is the machine */
#define CORES         8U
#define NODE_BYTES    0x10000000UL
#define IMAGE_BYTES   0x40000UL

static uint8_t *machine; /* every byte UNTOUCHED, but for an instance's own block */
static uint8_t image[IMAGE_BYTES];
static struct elf_program_header segment[4];
static uint16_t segments;
static struct partition partition;
static struct range_list avoid;
static struct boot_info boot;
static struct instance_request request;
static struct instance_info *info;
static uint64_t entry;

static uint64_t view(void) { return (uint64_t)machine - MACHINE_BASE; }

static void set_segment(unsigned i, uint32_t flags, uint64_t offset, uint64_t vaddr,
                        uint64_t file_bytes, uint64_t memory_bytes) {
    segment[i] = (struct elf_program_header){ ELF_LOAD, flags | 4,  offset,       vaddr,
                                              0,        file_bytes, memory_bytes, 1 };
}

static void usual_image(void) {
    set_segment(0, ELF_EXECUTE, 0x1000, KERNEL_BASE, 0x5432, 0x5432);
    set_segment(1, 0, 0x7000, KERNEL_BASE + 0x6000, 0x1234, 0x1234);
    set_segment(2, ELF_WRITE, 0x9100, KERNEL_BASE + 0x8100, 0x300, 0x40000);
    segments = 3;
    elf_make(image, sizeof image, KERNEL_BASE + 0x10, segment, segments);
}

static void usual_machine(void) {
    partition.memory.count = avoid.count = 0;
    ranges_add(&partition.memory, MACHINE_BASE + 0x100000, MACHINE_BASE + 0x380000);
    ranges_add(&partition.memory, MACHINE_BASE + 0x3a0000, MACHINE_END - 0x1000);
    memset(&boot, 0, sizeof boot);
    boot.core_count = boot.node_count = boot.node_range_count = CORES;
    boot.partition_by_node = true;
    for (uint32_t i = 0; i < CORES; i++) {
        uint64_t base = MACHINE_BASE + i * NODE_BYTES - CORE * NODE_BYTES;
        boot.core[i].node = i;
        boot.node_range[i] = (struct boot_node_range){ { base, base + NODE_BYTES }, i };
    }
    boot.archive = (struct range){ 0x2000000, 0x2345000 };
    boot.lapic = 0xfee00000;
    boot.ioapic_count = 2;
    boot.ioapic[0].base = 0xfec00000;
    boot.ioapic[1].base = 0xfec01fe0; /* across a page boundary */
    boot.hpet = 0xfed00000;
    boot.framebuffer = (struct boot_framebuffer){
        .base = 0xfd123000, .pitch = 4096, .width = 1024, .height = 768, .bits = 32
    };
}

static void begin(void) {
    if (machine == NULL) {
        machine = aligned_alloc(CHUNK_BYTES, MACHINE_BYTES);
        memset(machine, UNTOUCHED, MACHINE_BYTES);
    }
    usual_image();
    usual_machine();
    request = (struct instance_request){ .image = image,
                                         .image_bytes = sizeof image,
                                         .partition = &partition,
                                         .avoid = &avoid,
                                         .boot = &boot,
                                         .core = CORE,
                                         .incarnation = 17,
                                         .view = view(),
                                         .switch_page = 0x123000 };
}

/* The other nodes have some memory too, and all of it is in the memory map. */
static int build(void) {
    boot.memory = partition.memory;
    for (uint32_t i = 0; i < boot.core_count; i++)
        if (i != CORE)
            ranges_add(&boot.memory, boot.node_range[i].range.base,
                       boot.node_range[i].range.base + 0x400000);
    return instance_build(&request, &info, &entry);
}

TestSuite(instance, .init = begin);

/* What a walk counts. */
static struct {
    uint64_t tables, direct, direct_small, archive, stacks, mailboxes, image, low;
} seen;

static uint64_t range_bytes(const struct range *range) { return range->end - range->base; }

static bool in_range(const struct range *range, uint64_t base, uint64_t bytes) {
    return base >= range->base && base + bytes <= range->end;
}

/* The segment that has this page of KERNEL_BASE's window; NULL: none. */
static const struct elf_program_header *segment_at(uint64_t address) {
    for (unsigned i = 0; i < segments; i++)
        if (address + PAGE_SIZE > segment[i].vaddr &&
            address < segment[i].vaddr + segment[i].memory_bytes)
            return &segment[i];
    return NULL;
}

/* The segment whose page this physical frame is; NULL: none. */
static const struct elf_program_header *segment_of_frame(uint64_t physical) {
    return segment_at(KERNEL_BASE + (physical - info->image_offset));
}

static bool chunk_has_read_only_frame(uint64_t chunk) {
    for (uint64_t at = chunk; at < chunk + CHUNK_BYTES; at += PAGE_SIZE) {
        const struct elf_program_header *of = segment_of_frame(at);
        if (of != NULL && !(of->flags & ELF_WRITE))
            return true;
    }
    return false;
}

static void check_direct(const struct leaf *leaf) {
    uint64_t chunk = leaf->physical & ~(CHUNK_BYTES - 1);

    random_check(leaf->physical == leaf->address - DIRECT_BASE);
    random_check(ranges_contain(&partition.memory, leaf->physical, leaf->physical + leaf->bytes));
    random_check(leaf->writable && !leaf->executable);
    for (uint64_t at = 0; at < leaf->bytes; at += PAGE_SIZE) {
        const struct elf_program_header *of = segment_of_frame(leaf->physical + at);
        random_check(of == NULL || (of->flags & ELF_WRITE));
    }
    seen.direct += leaf->bytes;
    /* whole chunks have large pages, but where frames of the image are left out */
    random_check(leaf->bytes == CHUNK_BYTES || chunk_has_read_only_frame(chunk) ||
                 !ranges_contain(&partition.memory, chunk, chunk + CHUNK_BYTES));
}

static uint8_t expected_byte(const struct elf_program_header *of, uint64_t address) {
    uint64_t at = address - of->vaddr; /* before the segment it is huge */
    return at < of->file_bytes ? elf_content(of->offset + at) : 0;
}

static void check_image(const struct leaf *leaf) {
    const struct elf_program_header *of = segment_at(leaf->address);
    const uint8_t *content = (const uint8_t *)(view() + leaf->physical);

    random_check(leaf->bytes == PAGE_SIZE && of != NULL);
    random_check(leaf->physical == info->image_offset + (leaf->address - KERNEL_BASE));
    random_check(in_range(&info->own, leaf->physical, leaf->bytes));
    random_check(leaf->writable == ((of->flags & ELF_WRITE) != 0));
    random_check(leaf->executable == ((of->flags & ELF_EXECUTE) != 0));
    for (uint64_t i = 0; i < PAGE_SIZE; i++)
        random_check(content[i] == expected_byte(of, leaf->address + i));
    seen.image += leaf->bytes;
}

static void check_stack(const struct leaf *leaf) {
    uint64_t stack = (leaf->address - STACK_BASE) / STACK_SLOT,
             below_top = STACK_TOP_OF(stack) - leaf->address;

    random_check(stack < STACK_COUNT && leaf->bytes == PAGE_SIZE);
    random_check(below_top <= (stack == STACK_MAIN ? STACK_MAIN_BYTES : STACK_FAULT_BYTES));
    random_check(leaf->writable && !leaf->executable &&
                 in_range(&info->own, leaf->physical, leaf->bytes));
    random_check(*(const uint64_t *)(view() + leaf->physical) == 0);
    seen.stacks += leaf->bytes;
}

/*
 * The pages that two cores have in common are in the commons of the lower one, two for each higher
 * one.
 */
static uint64_t pair_of(uint32_t peer) {
    uint32_t lower = peer < CORE ? peer : CORE, higher = peer < CORE ? CORE : peer;
    return commons_base(&boot, lower) + 2 * PAGE_SIZE * (higher - lower - 1);
}

static void check_mailbox(const struct leaf *leaf) {
    uint32_t peer = (uint32_t)((leaf->address - MAILBOX_VIEW) / PAGE_SIZE);

    random_check(peer < CORES && peer != CORE && leaf->bytes == PAGE_SIZE);
    random_check(leaf->writable && !leaf->executable);
    random_check(leaf->physical == pair_of(peer) && info->pair[peer] == leaf->physical);
    seen.mailboxes += leaf->bytes;
}

static void check_commons(void) {
    random_check(info->commons.base == commons_base(&boot, CORE));
    random_check(range_bytes(&info->commons) == commons_pages(&boot, CORE) * PAGE_SIZE);
    random_check(ranges_contain(&partition.memory, info->commons.base, info->commons.end));
    random_check(info->commons.end <= info->own.base || info->own.end <= info->commons.base);
    random_check(seen.mailboxes == (CORES - 1) * PAGE_SIZE);
}

static void check_archive(const struct leaf *leaf) {
    random_check(leaf->physical == boot.archive.base + (leaf->address - ARCHIVE_VIEW));
    random_check(in_range(&boot.archive, leaf->physical, leaf->bytes));
    random_check(!leaf->writable && !leaf->executable);
    seen.archive += leaf->bytes;
}

/* Whether a page belongs to a device of the machine, and is where the instance is told. */
static bool is_device(const struct leaf *leaf, uint64_t physical, uint64_t bytes,
                      uint64_t address) {
    uint64_t first = physical & ~(PAGE_SIZE - 1);
    return physical != 0 && leaf->physical >= first && leaf->physical < physical + bytes &&
           leaf->address - leaf->physical == address - physical;
}

static void check_device(const struct leaf *leaf) {
    bool known = is_device(leaf, boot.lapic, 4096, info->lapic) ||
                 is_device(leaf, boot.hpet, 1024, info->hpet) ||
                 is_device(leaf, boot.framebuffer.base, framebuffer_bytes(&boot.framebuffer),
                           info->framebuffer);
    for (uint32_t i = 0; i < boot.ioapic_count; i++)
        known |= is_device(leaf, boot.ioapic[i].base, 0x44, info->ioapic[i]);
    random_check(known);
    random_check(leaf->writable && !leaf->executable);
    random_check(leaf->entry & PTE_UNCACHED && leaf->entry & PTE_WRITE_THROUGH);
}

static void check_switch_page(const struct leaf *leaf) {
    random_check(leaf->address == request.switch_page && leaf->physical == leaf->address);
    random_check(leaf->bytes == PAGE_SIZE && leaf->executable && !leaf->writable);
    random_check(!(leaf->entry & PTE_GLOBAL));
    seen.low += leaf->bytes;
}

static void check_leaf(const struct leaf *leaf) {
    random_check(!leaf->user && !(leaf->writable && leaf->executable));
    random_check(leaf->physical % leaf->bytes == 0);
    if (leaf->address < DIRECT_BASE) {
        check_switch_page(leaf);
        return;
    }
    random_check(leaf->entry & PTE_GLOBAL);
    if (leaf->address < KERNEL_BASE)
        check_direct(leaf);
    else if (leaf->address < STACK_BASE)
        check_image(leaf);
    else if (leaf->address < MAILBOX_VIEW)
        check_stack(leaf);
    else if (leaf->address < ARCHIVE_VIEW)
        check_mailbox(leaf);
    else if (leaf->address < DEVICE_BASE)
        check_archive(leaf);
    else
        check_device(leaf);
}

static void check_table(uint64_t physical) {
    random_check(in_range(&info->own, physical, PAGE_SIZE) && physical % PAGE_SIZE == 0);
    seen.tables += PAGE_SIZE;
}

/* What the instance's own page tables translate an address to; UINT64_MAX: nothing. */
static uint64_t translate(uint64_t address) {
    const uint64_t *table = (const uint64_t *)(view() + info->pml4);

    for (unsigned level = PT_LEVELS;; level--) {
        uint64_t at = table[pt_index(address, level)];
        if (!(at & PTE_PRESENT))
            return UINT64_MAX;
        if (level == 1 || (at & PTE_LARGE)) {
            uint64_t inside = pt_span(level) - 1;
            return (at & PTE_ADDRESS & ~inside) + (address & inside);
        }
        table = (const uint64_t *)(view() + (at & PTE_ADDRESS));
    }
}

/* A device is there from its first byte to its last, and what follows is not mapped. */
static void check_whole_device(uint64_t address, uint64_t physical, uint64_t bytes) {
    random_check(translate(address) == physical);
    random_check(translate(address + bytes - 1) == physical + bytes - 1);
    random_check(translate((address + bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1)) == UINT64_MAX);
}

static void check_devices_are_there(void) {
    check_whole_device(info->lapic, boot.lapic, 4096);
    for (uint32_t i = 0; i < boot.ioapic_count; i++)
        check_whole_device(info->ioapic[i], boot.ioapic[i].base, 0x44);
    if (boot.hpet != 0)
        check_whole_device(info->hpet, boot.hpet, 1024);
    else
        random_check(info->hpet == 0);
    if (boot.framebuffer.base != 0)
        check_whole_device(info->framebuffer, boot.framebuffer.base,
                           framebuffer_bytes(&boot.framebuffer));
    else
        random_check(info->framebuffer == 0);
}

static uint64_t pages(uint64_t bytes) { return (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1); }

static void check_sums(void) {
    uint64_t image_pages = 0, read_only = 0;

    for (unsigned i = 0; i < segments; i++) {
        uint64_t bytes = pages(segment[i].vaddr + segment[i].memory_bytes) -
                         (segment[i].vaddr & ~(PAGE_SIZE - 1));
        image_pages += bytes;
        read_only += segment[i].flags & ELF_WRITE ? 0 : bytes;
    }
    random_check(seen.image == image_pages);
    random_check(seen.direct == ranges_bytes(&partition.memory) - read_only);
    random_check(seen.stacks == STACK_MAIN_BYTES + 3 * STACK_FAULT_BYTES &&
                 seen.stacks == info->stack_bytes);
    random_check(seen.archive == range_bytes(&boot.archive));
    random_check(seen.low == PAGE_SIZE);
    random_check(seen.tables == info->page_table_bytes);
    random_check(info->image_bytes >= image_pages);
    random_check(range_bytes(&info->own) == info->image_bytes + info->stack_bytes +
                                                info->page_table_bytes + info->frame_table_bytes +
                                                pages(sizeof *info));
}

static void check_frame_table(void) {
    const struct range_list *machine_memory = &boot.memory;
    const struct frame_table *table = &info->frame_table;
    uint64_t physical = (uint64_t)table->memory - DIRECT_BASE, chunks = 0;

    for (uint64_t at = MACHINE_BASE; at < MACHINE_END; at += CHUNK_BYTES)
        chunks += ranges_overlap(&partition.memory, at, at + CHUNK_BYTES);
    random_check(table->chunks == chunks && table->slots == 1 + chunks + CHUNKS_SPARE);
    random_check(table->first_chunk == machine_memory->range[0].base / CHUNK_BYTES);
    random_check(table->first_chunk + table->span ==
                 (machine_memory->range[machine_memory->count - 1].end + CHUNK_BYTES - 1) /
                     CHUNK_BYTES);
    random_check(info->frame_table_bytes == pages(frame_table_bytes(table)));
    random_check(in_range(&info->own, physical, info->frame_table_bytes));
    for (uint64_t i = 0; i < info->frame_table_bytes; i++)
        random_check(((const uint8_t *)(view() + physical))[i] == 0);
}

/* Nothing but the own block has changed; that is made as it was, for the next test. */
static void check_rest_is_untouched(void) {
    uint8_t *own = (uint8_t *)(view() + info->own.base);

    memset(own, UNTOUCHED, range_bytes(&info->own));
    random_check(machine[0] == UNTOUCHED && memcmp(machine, machine + 1, MACHINE_BYTES - 1) == 0);
}

/* Padding included: these are copies. */
static bool same_bytes(const void *a, const void *b, size_t bytes) {
    return memcmp(a, b, bytes) == 0;
}

static void check_instance(void) {
    uint64_t info_physical = (uint64_t)info - view();

    random_check(info->core == CORE && info->incarnation == 17);
    random_check(entry == KERNEL_BASE + 0x10);
    random_check(same_bytes(&info->boot, &boot, sizeof boot));
    random_check(same_bytes(&info->partition, &partition, sizeof partition));
    random_check(ranges_contain(&partition.memory, info->own.base, info->own.end));
    random_check(!ranges_overlap(&avoid, info->own.base, info->own.end));
    random_check(in_range(&info->own, info_physical, sizeof *info));
    random_check(in_range(&info->own, info->pml4, PAGE_SIZE));

    memset(&seen, 0, sizeof seen);
    page_walk(info->pml4, view(), check_leaf, check_table);
    check_sums();
    check_commons();
    check_devices_are_there();
    check_frame_table();
    check_rest_is_untouched();
}

Test(instance, usual_instance_is_as_described) {
    cr_assert_eq(build(), 0);
    cr_assert_eq(info->own.base % CHUNK_BYTES, 0);
    check_instance();
}

Test(instance, what_is_in_use_is_avoided) {
    ranges_add(&avoid, MACHINE_BASE + 0x200000, MACHINE_BASE + 0x201000);
    ranges_add(&avoid, MACHINE_BASE + 0x800000, MACHINE_BASE + 0x900000);
    cr_assert_eq(build(), 0);
    check_instance();
}

Test(instance, without_a_whole_chunk_any_pages_do) {
    partition.memory.count = 0;
    ranges_add(&partition.memory, MACHINE_BASE + 0x101000, MACHINE_BASE + 0x2ff000);
    cr_assert_eq(build(), 0);
    check_instance();
}

Test(instance, machine_without_optional_devices) {
    boot.hpet = 0;
    boot.ioapic_count = 0;
    memset(&boot.framebuffer, 0, sizeof boot.framebuffer);
    cr_assert_eq(build(), 0);
    check_instance();
}

Test(instance, segments_in_any_order_with_gaps) {
    set_segment(0, ELF_WRITE, 0x1000, KERNEL_BASE + 0x1f0ff0, 0, 0x20);
    set_segment(1, ELF_EXECUTE, 0x2000, KERNEL_BASE, 0x100, 0x100);
    set_segment(2, ELF_WRITE, 0x3000, KERNEL_BASE + 0x30000, 0x2001, 0x2001);
    set_segment(3, 0, 0x8000, KERNEL_BASE + 0x40123, 0x500, 0x1000);
    segments = 4;
    elf_make(image, sizeof image, KERNEL_BASE + 0x10, segment, segments);
    cr_assert_eq(build(), 0);
    check_instance();
}

/*
 * One instance of a partition of 1 GiB takes less than 2 MiB, with an image of the size of the real
 * one.
 */
Test(instance, own_block_for_a_gib_is_below_2_mib) {
    uint8_t *gib = aligned_alloc(CHUNK_BYTES, 1UL << 30);

    partition.memory.count = 0;
    ranges_add(&partition.memory, 0x40000000, 0x40120000);
    ranges_add(&partition.memory, 0x40200000, 0x7ffdf000);
    request.view = (uint64_t)gib - 0x40000000;
    boot.core_count = boot.node_range_count = CORE + 1;
    boot.node_range[CORE].range.end = 0x80000000;
    set_segment(0, ELF_EXECUTE, 0x1000, KERNEL_BASE, 0x18000, 0x18000);
    set_segment(1, 0, 0x19000, KERNEL_BASE + 0x18000, 0x8000, 0x8000);
    set_segment(2, ELF_WRITE, 0x21000, KERNEL_BASE + 0x20000, 0x1000, 0x50000);
    elf_make(image, sizeof image, KERNEL_BASE + 0x10, segment, 3);
    cr_assert_eq(build(), 0);
    cr_assert(range_bytes(&info->own) < 2UL << 20, "%lu bytes", range_bytes(&info->own));
    free(gib);
}

/* Devices and archive of any size and place, partitions with holes of any alignment. */
Test(instance, random_machines) {
    random_start();
    for (unsigned round = 0; round < 100; round++) {
        begin();
        for (uint64_t holes = random_below(30); holes > 0; holes--) {
            uint64_t base = MACHINE_BASE + 0x400000 + random_below(MACHINE_BYTES - 0x400000);
            uint64_t end = base + random_below(0x80000);
            ranges_remove(&partition.memory, base, end);
            if (holes % 4 == 0)
                ranges_add(&avoid, base - 0x10000, base + 0x10000);
        }
        boot.archive.base = random_below(1UL << 32) & ~(PAGE_SIZE - 1);
        boot.archive.end = boot.archive.base + pages(1 + random_below(8UL << 20));
        boot.hpet = random_below(2) * (random_below(1UL << 40) & ~1023UL);
        boot.ioapic_count = (uint32_t)random_below(BOOT_IOAPICS_MAX + 1);
        for (uint32_t i = 0; i < boot.ioapic_count; i++)
            boot.ioapic[i].base = (uint32_t)random_next() & ~15U;
        boot.framebuffer.base = random_below(1UL << 40) & ~15UL;
        boot.framebuffer.height = 1 + (uint32_t)random_below(8192);
        request.switch_page = (1 + random_below(1UL << 20)) * PAGE_SIZE;
        int error = build();
        random_check(error == 0 || error == -E_NOMEM);
        if (error == 0)
            check_instance();
    }
}

Test(instance, bad_images_are_refused) {
    struct image_plan plan;

    request.image_bytes = 100;
    cr_assert_eq(build(), -E_IMAGE);
    cr_assert_eq(instance_check_image(image, 100, &plan), IMAGE_BAD_TRUNCATED);
    request.image_bytes = sizeof image;
    set_segment(2, ELF_WRITE, 0x9100, KERNEL_BASE + INSTANCE_IMAGE_MAX - 0x1000, 0x300, 0x1001);
    elf_make(image, sizeof image, KERNEL_BASE + 0x10, segment, 3);
    cr_assert_eq(build(), -E_IMAGE);
    cr_assert_eq(instance_check_image(image, sizeof image, &plan), IMAGE_BAD_WINDOW);
}

Test(instance, too_little_memory_is_refused) {
    partition.memory.count = 0;
    cr_assert_eq(build(), -E_NOMEM);
    ranges_add(&partition.memory, MACHINE_BASE, MACHINE_BASE + 0x40000);
    cr_assert_eq(build(), -E_NOMEM);
    usual_machine();
    ranges_add(&avoid, MACHINE_BASE, MACHINE_END);
    cr_assert_eq(build(), -E_NOMEM);
}

Test(instance, scattered_memory_is_refused) {
    partition.memory.count = 0;
    for (uint64_t i = 0; i < BOOT_RANGES_MAX; i++)
        ranges_add(&partition.memory, MACHINE_BASE + i * 0x40000,
                   MACHINE_BASE + i * 0x40000 + 0x20000);
    cr_assert_eq(build(), -E_NOMEM);
}

Test(instance, what_does_not_fit_its_window_is_refused) {
    boot.archive.end = boot.archive.base + (DEVICE_BASE - ARCHIVE_VIEW) + PAGE_SIZE;
    cr_assert_eq(build(), -E_RANGE);
    usual_machine();
    boot.lapic = PHYSICAL_END;
    cr_assert_eq(build(), -E_RANGE);
    usual_machine();
    boot.hpet = UINT64_MAX - 100;
    cr_assert_eq(build(), -E_RANGE);
    usual_machine();
    boot.framebuffer.pitch = boot.framebuffer.height = 1 << 15;
    cr_assert_eq(build(), -E_RANGE);
}
