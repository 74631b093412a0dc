/*
 * An instance: one core's private copy of the cpu-driver, in its own partition of memory, with its
 * own page tables. instance_build() makes one from the pristine image; boot/ calls it for core 0, a
 * running instance for all others.
 *
 * Virtual layout, the same in every instance (only the physical memory behind it differs, which is
 * why a global variable is per-core by construction):
 *
 *   DIRECT_BASE + p   the partition's own RAM, read-write, no-execute, 2 MiB pages; not the frames
 *                     of the image's read-only segments, and nothing of any other partition
 *   KERNEL_BASE       the image: text r-x, rodata r--, data and bss rw-
 *   STACK_BASE        stacks, each at the upper end of a slot of STACK_SLOT bytes, unmapped below
 *   MAILBOX_VIEW      a page for each other core: the mailboxes of the two (mailbox.h), rw-
 *   ARCHIVE_VIEW      the boot archive, r--
 *   DEVICE_BASE       device registers and framebuffer, rw-, uncached; unmapped between devices
 *
 * Until the instance drops it, the page with the code that loads its page tables is also mapped r-x
 * where it lies. After that an instance changes one thing in its own half of the page tables: large
 * pages of the direct map go and come with chunks of memory that change partitions
 * (x86_64/direct.h), and with the first of a GiB the level-2 table that it needs. No other entry is
 * touched, and none of the PML4. A chunk goes only when all its frames are free, so nothing that is
 * in use loses its mapping; and it comes only if no other instance has it, as the monitors agree.
 */
#ifndef CPU_DRIVER_INSTANCE_H
#define CPU_DRIVER_INSTANCE_H

#include <stddef.h>
#include <stdint.h>

#include <bulkhead/image.h>

#include "bootinfo.h"
#include "frame_table.h"

#define DIRECT_BASE  0xffff800000000000UL
#define KERNEL_BASE  0xffffffff80000000UL
#define STACK_BASE   0xffffffffa0000000UL
#define STACK_SLOT   0x10000UL
#define MAILBOX_VIEW 0xffffffffa8000000UL
#define ARCHIVE_VIEW 0xffffffffb0000000UL
#define DEVICE_BASE  0xffffffffc0000000UL

enum instance_stack { STACK_MAIN, STACK_DOUBLE_FAULT, STACK_NMI, STACK_MACHINE_CHECK, STACK_COUNT };

#define STACK_MAIN_BYTES    16384UL
#define STACK_FAULT_BYTES   8192UL
#define STACK_TOP_OF(stack) (STACK_BASE + ((stack) + 1) * STACK_SLOT)

/* What an instance has at its start. */
struct partition {
    struct range_list memory;
};

/* Where an instance's log is (log.h), for those who read it when the instance cannot any more. */
struct log_place {
    uint64_t ring, logged; /* physical: the text, and how many bytes were ever logged */
};

/*
 * What an instance is told about itself; lies in its partition, read through the direct map. Frames
 * of the instance's own (image, stacks, page tables, frame table, this struct) are one contiguous
 * block, `own`.
 */
struct instance_info {
    uint32_t core;
    uint32_t incarnation; /* 0 to ENDPOINT_INCARNATION_MAX, different at every start of this core */
    uint32_t starter;     /* core whose monitor has built this instance; core 0's: itself */
    struct partition partition;
    struct range own;
    uint64_t image_bytes, stack_bytes, page_table_bytes, frame_table_bytes;
    uint64_t pml4;         /* physical */
    uint64_t image_offset; /* physical address of KERNEL_BASE's frame; the image is contiguous */
    struct frame_table frame_table;
    /*
     * Physical, for each other core: the pages that the two have in common, which lie in the
     * partition of the lower one: mailboxes, then the channel of the monitors.
     */
    uint64_t pair[BOOT_CORES_MAX];
    struct range commons;                /* those of them in this partition */
    struct range_list all_commons;       /* those of all pairs of cores */
    uint64_t tsc_frequency, timer_ratio; /* as another instance has measured them; 0: measure */
    uint64_t lapic, hpet;                /* virtual; hpet 0: none */
    uint64_t ioapic[BOOT_IOAPICS_MAX];
    uint64_t framebuffer; /* virtual; 0: none */
    struct log_place log; /* written by the instance */
    struct boot_info boot;
};

/* The image's segments lie within so many bytes from KERNEL_BASE on. */
#define INSTANCE_IMAGE_MAX 0x800000UL

struct instance_request {
    const void *image; /* the pristine cpu-driver: an ELF64 file in memory, image_bytes long */
    size_t image_bytes;
    const struct partition *partition;
    const struct range_list *avoid; /* memory of it that is in use until the instance runs */
    const struct boot_info *boot;
    uint32_t core, incarnation, starter;
    uint64_t tsc_frequency, timer_ratio; /* 0: the instance is to measure them */
    uint64_t view;        /* what to add to a physical address of the partition to reach it now */
    uint64_t switch_page; /* physical page of the code that will load the instance's page tables */
};

/*
 * Checks the pristine image and plans its loading, as instance_build() does; tells why an image is
 * refused.
 */
enum image_refusal instance_check_image(const void *image, size_t image_bytes,
                                        struct image_plan *plan);

/*
 * Tells where the own block of an instance will lie, if it is the largest that it can be; `view`
 * and `switch_page` do not matter yet. Errors: as instance_build().
 */
int instance_place(const struct instance_request *request, struct range *own);

/*
 * Builds an instance in its partition. Nothing outside the own block is written.
 *
 * On success *info points, through the view, to the instance's information, and *entry is its entry
 * point. It is entered with CR3 = info->pml4, RSP = STACK_TOP_OF(STACK_MAIN), RDI = DIRECT_BASE +
 * physical address of the information, with interrupts off and EFER.NXE, CR0.WP and CR4.PGE on; no
 * descriptor table of before is mapped any more.
 *
 * Errors: -E_IMAGE, -E_NOMEM (no contiguous block), -E_RANGE (archive or devices do not fit their
 * windows).
 */
int instance_build(const struct instance_request *request, struct instance_info **info,
                   uint64_t *entry);

#endif
