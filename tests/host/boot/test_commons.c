/*
 * Instances of all cores of a machine, side by side: what each two have in common, and that it is
 * all that they have in common.
 */
#include "instance.h"

#include <string.h>
#include <sys/mman.h>

#include <bulkhead/kcall.h>

#include "../elf_maker.h"
#include "page_walk.h"
#include "partition.h"
#include "ranges.h"

#define PROGRAM "boot-test"
#include "../random.h"

#define MIB (UINT64_C(1) << 20)

#define MACHINE_BYTES (2048 * MIB)
#define SWITCH_PAGE   0x8000UL /* below all memory of the machines here */

static uint8_t *machine;
static uint8_t image[0x10000];
static struct boot_info boot;
static struct range_list avoid;
static struct partition partition[BOOT_CORES_MAX];
static struct instance_info *info[BOOT_CORES_MAX];

static uint32_t walked;    /* the core whose page tables are being walked, */
static uint64_t mailboxes; /* and the peers whose mailboxes were met there */

static void begin(void) {
    struct elf_program_header segment[2] = {
        { ELF_LOAD, ELF_EXECUTE | 4, 0x1000, KERNEL_BASE, 0, 0x2000, 0x2000, 1 },
        { ELF_LOAD, ELF_WRITE | 4, 0x4000, KERNEL_BASE + 0x3000, 0, 0x100, 0x8000, 1 },
    };

    elf_make(image, sizeof image, KERNEL_BASE + 0x10, segment, 2);
    machine = mmap(NULL, MACHINE_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(machine, MAP_FAILED);
    memset(&boot, 0, sizeof boot);
    boot.node_count = 1;
    boot.archive = (struct range){ 0xa0000000, 0xa0100000 };
    boot.lapic = 0xfee00000;
    avoid.count = 0;
}

static void end(void) { munmap(machine, MACHINE_BYTES); }

TestSuite(commons, .init = begin, .fini = end);

static bool in_range(const struct range *range, uint64_t base, uint64_t bytes) {
    return base >= range->base && base + bytes <= range->end;
}

static bool apart(const struct range *a, const struct range *b) {
    return a->end <= b->base || b->end <= a->base;
}

static struct instance_request request_of(uint32_t core) {
    partition_plan(&boot, core, &partition[core].memory);
    return (struct instance_request){ .image = image,
                                      .image_bytes = sizeof image,
                                      .partition = &partition[core],
                                      .avoid = &avoid,
                                      .boot = &boot,
                                      .core = core,
                                      .incarnation = core + 1,
                                      .starter = core / 2,
                                      .tsc_frequency = 1234567890,
                                      .timer_ratio = 98765,
                                      .view = (uint64_t)machine,
                                      .switch_page = SWITCH_PAGE };
}

static void check_mailbox(const struct leaf *leaf) {
    uint64_t peer = (leaf->address - MAILBOX_VIEW) / PAGE_SIZE;

    random_check(peer < boot.core_count && peer != walked);
    random_check(leaf->bytes == PAGE_SIZE && leaf->physical == info[walked]->pair[peer]);
    random_check(leaf->writable && !leaf->executable && !leaf->user);
    mailboxes |= UINT64_C(1) << peer;
}

/* Of the memory of the machine an instance maps its partition, and mailboxes at their place. */
static void check_leaf(const struct leaf *leaf) {
    uint64_t physical_end = leaf->physical + leaf->bytes;

    if (leaf->address >= MAILBOX_VIEW && leaf->address < ARCHIVE_VIEW)
        check_mailbox(leaf);
    else if (ranges_overlap(&boot.memory, leaf->physical, physical_end))
        random_check(ranges_contain(&partition[walked].memory, leaf->physical, physical_end));
}

static void check_table(uint64_t physical) {
    random_check(in_range(&info[walked]->own, physical, PAGE_SIZE));
}

static void check_mapping(uint32_t core) {
    walked = core;
    mailboxes = 0;
    page_walk(info[core]->pml4, (uint64_t)machine, check_leaf, check_table);
    uint64_t all = boot.core_count == 64 ? UINT64_MAX : (UINT64_C(1) << boot.core_count) - 1;
    random_check(mailboxes == (all & ~(UINT64_C(1) << core)));
}

/* What is said to the instance about the commons is what partition.h says about them. */
static void check_commons(uint32_t core) {
    const struct range *commons = &info[core]->commons;

    random_check(commons->end - commons->base == commons_pages(&boot, core) * PAGE_SIZE);
    random_check(apart(commons, &info[core]->own));
    if (commons->base == commons->end)
        return;
    random_check(commons->base == commons_base(&boot, core));
    random_check(ranges_contain(&partition[core].memory, commons->base, commons->end));
}

/* Both name the same two pages, which are in the lower one's commons. */
static void check_pair(uint32_t low, uint32_t high) {
    uint64_t pair = info[low]->pair[high];

    random_check(pair == info[high]->pair[low] && pair % PAGE_SIZE == 0);
    random_check(in_range(&info[low]->commons, pair, 2 * PAGE_SIZE));
    for (uint32_t other = low + 1; other < high; other++) {
        uint64_t of_other = info[low]->pair[other];
        random_check(of_other + 2 * PAGE_SIZE <= pair || pair + 2 * PAGE_SIZE <= of_other);
    }
}

/* The place that was told beforehand is the one that is used. */
static void check_place(uint32_t core, const struct range *told) {
    random_check(info[core]->own.base == told->base && info[core]->own.end <= told->end);
    random_check(ranges_contain(&partition[core].memory, told->base, told->end));
    random_check(!ranges_overlap(&avoid, told->base, told->end));
    random_check(apart(told, &info[core]->commons));
}

static void build(uint32_t core) {
    struct instance_request request = request_of(core);
    struct range told;
    uint64_t entry;

    random_check(instance_place(&request, &told) == 0);
    random_check(instance_build(&request, &info[core], &entry) == 0);
    check_place(core, &told);
    random_check(info[core]->starter == core / 2);
    random_check(info[core]->tsc_frequency == 1234567890 && info[core]->timer_ratio == 98765);
}

static void check_machine(void) {
    for (uint32_t core = 0; core < boot.core_count; core++)
        build(core);
    for (uint32_t core = 0; core < boot.core_count; core++) {
        check_commons(core);
        check_mapping(core);
        random_check(info[core]->pair[core] == 0);
        for (uint32_t peer = core + 1; peer < boot.core_count; peer++)
            check_pair(core, peer);
    }
}

static void set_cores(uint32_t count) {
    boot.core_count = count;
    for (uint32_t core = 0; core < count; core++)
        boot.core[core] = (struct boot_core){ .apic_id = core };
}

Test(commons, every_number_of_cores) {
    ranges_add(&boot.memory, MIB, 512 * MIB);
    for (uint32_t count = 1; count <= BOOT_CORES_MAX; count++) {
        set_cores(count);
        check_machine();
    }
}

/* As many nodes as there are, or none, with cores and memory of any share. */
static void random_nodes(uint64_t bytes) {
    uint64_t base = 0;

    boot.node_range_count = 0;
    boot.node_count = 1 + (uint32_t)random_below(8);
    for (uint32_t node = 0; node < boot.node_count; node++) {
        uint64_t end = base + random_below(2 * bytes / boot.node_count);
        if (node == boot.node_count - 1)
            end = MACHINE_BYTES;
        if (end > base)
            boot.node_range[boot.node_range_count++] =
                (struct boot_node_range){ { base, end }, node };
        base = end;
    }
    for (uint32_t core = 0; core < boot.core_count; core++)
        boot.core[core].node = (uint32_t)random_below(boot.node_count);
    boot.partition_by_node = random_below(4) && partition_by_node_serves(&boot);
}

static void random_holes(uint64_t bytes) {
    for (uint64_t holes = random_below(20); holes > 0; holes--) {
        uint64_t base = MIB + random_below(bytes);
        ranges_remove(&boot.memory, base, base + random_below(MIB));
    }
}

static void random_machine(void) {
    begin();
    set_cores(1 + (uint32_t)random_below(BOOT_CORES_MAX));
    uint64_t least = MEMORY_FOR_SYSTEM + boot.core_count * MEMORY_PER_CORE + 20 * MIB;
    uint64_t bytes = least + random_below(MACHINE_BYTES - MIB - least);
    ranges_add(&boot.memory, MIB, MIB + bytes);
    random_holes(bytes);
    random_nodes(bytes);
    uint64_t used = MIB + random_below(bytes);
    ranges_add(&avoid, used, used + random_below(MIB));
}

Test(commons, random_machines) {
    unsigned by_node = 0;

    random_start();
    for (unsigned round = 0; round < 40; round++) {
        end();
        random_machine();
        by_node += boot.partition_by_node;
        check_machine();
    }
    random_check(by_node > 3);
}

/* A core is started again where it was, however often, whatever is in use then. */
Test(commons, stay_where_they_are) {
    ranges_add(&boot.memory, MIB, 300 * MIB);
    set_cores(5);
    check_machine();
    struct range commons = info[2]->commons;
    uint64_t above = info[2]->pair[4], below = info[2]->pair[1];
    ranges_add(&avoid, commons.base, commons.end);
    build(2);
    cr_assert(info[2]->commons.base == commons.base && info[2]->commons.end == commons.end);
    cr_assert(info[2]->pair[4] == above && info[2]->pair[1] == below);
}
