/*
 * boot/: finds out about the machine, builds the instance of core 0 and enters it. Runs once, on
 * one core, with memory identity-mapped. Whatever stands in the way is one line on serial port and
 * screen, and the end.
 */
#include <stdarg.h>
#include <stdbool.h>

#include <bulkhead/error.h>

#include "../framebuffer.h"
#include "../instance.h"
#include "../log.h"
#include "../partition.h"
#include "../ranges.h"
#include "../string.h"
#include "../x86_64/cpu.h"
#include "acpi.h"
#include "archive.h"
#include "identity.h"
#include "multiboot.h"
#include "plan.h"
#include "processor.h"

#define MIB 0x100000UL

#define PRODUCT "Bulkhead"

extern uint64_t boot_pml4[];          /* start.asm */
extern char boot_begin[], boot_end[]; /* boot.ld: the memory of boot.elf */
extern const char boot_switch_page[]; /* switch.asm */
_Noreturn void boot_switch(uint64_t pml4, uint64_t entry, uint64_t argument, uint64_t stack);

_Noreturn void boot_main(const void *info, uint64_t entry_tsc);

static struct multiboot loader;
static struct boot_info boot;
static struct partition partition;
static struct range_list mapped; /* above 4 GiB */
static struct range_list in_use; /* until the instance runs */

__attribute__((format(printf, 1, 2))) static _Noreturn void refuse(const char *format, ...) {
    char reason[LOG_LINE_MAX];
    va_list args;

    va_start(args, format);
    log_vformat(reason, sizeof reason, format, args);
    va_end(args);
    log_line(PRODUCT " cannot start: %s", reason);
    cpu_halt_forever();
}

static const void *physical_at(const struct acpi_memory *memory, uint64_t physical,
                               uint64_t bytes) {
    (void)memory;
    if (bytes > PHYSICAL_END || physical > PHYSICAL_END - bytes)
        return NULL;
    bool reached =
        physical + bytes <= IDENTITY_LOW_END || ranges_contain(&mapped, physical, physical + bytes);
    return reached ? (const void *)physical : NULL;
}

static const struct acpi_memory physical_memory = { physical_at };

static void plan_ranges(const struct range_list *list, bool *planned) {
    for (uint32_t i = 0; i < list->count; i++)
        *planned &= identity_plan(&mapped, list->range[i].base, list->range[i].end);
}

/* Memory, ACPI tables and framebuffer above 4 GiB. */
static void map_high_memory(void) {
    bool large = processor_has_gib_pages(), planned = true;
    uint64_t screen = loader.framebuffer.base;

    plan_ranges(&loader.memory, &planned);
    plan_ranges(&loader.firmware, &planned);
    planned &= identity_plan(&mapped, screen, screen + framebuffer_bytes(&loader.framebuffer));
    if (!planned)
        refuse("memory above 4 GiB lies in too many pieces");
    uint64_t bytes = identity_table_bytes(&mapped, large);
    if (bytes == 0)
        return;
    uint64_t tables = ranges_find(&loader.memory, &in_use, bytes, PAGE_SIZE);
    if (tables == RANGES_NONE || tables + bytes > IDENTITY_LOW_END)
        refuse("no room below 4 GiB for the page tables of memory above");
    ranges_add(&in_use, tables, tables + bytes);
    identity_map(boot_pml4, &mapped, large, (void *)tables);
}

static void read_loader(const void *info) {
    enum multiboot_refusal refusal = multiboot_parse(info, MULTIBOOT_BYTES_MAX, &loader);
    if (refusal != MULTIBOOT_OK)
        refuse("%s", multiboot_refusal_text(refusal));

    uint64_t base = (uintptr_t)info, end = base + multiboot_bytes(info);
    ranges_add(&in_use, (uintptr_t)boot_begin, (uintptr_t)boot_end);
    ranges_add(&in_use, base & ~(PAGE_SIZE - 1), end + PAGE_SIZE - 1);
    if (loader.module_count > 0)
        ranges_add(&in_use, loader.module.base & ~(PAGE_SIZE - 1),
                   loader.module.end + PAGE_SIZE - 1);
    boot.framebuffer = loader.framebuffer;
    memcpy(boot.cmdline, loader.cmdline, sizeof boot.cmdline);
}

static void check_processor(void) {
    const char *lacking = processor_lacks();
    if (lacking != NULL)
        refuse("the processor lacks %s", lacking);
}

/*
 * Verifies the archive, takes it out of the memory that will be partitioned, and finds the pristine
 * image in it.
 */
static void open_archive(struct archive_file *image) {
    struct range module = loader.module;
    struct archive archive;

    if (loader.module_count == 0)
        refuse("the boot loader gave no boot archive (GRUB: module2)");
    if (module.base % PAGE_SIZE != 0)
        refuse("the boot loader put the boot archive at %lx, not on a page boundary", module.base);
    enum archive_refusal refusal =
        boot_archive_open(&archive, (const void *)module.base, module.end - module.base);
    if (refusal != ARCHIVE_OK)
        refuse("boot archive: %s", archive_refusal_text(refusal));
    if (!archive_find(&archive, "cpu-driver", image))
        refuse("the boot archive has no cpu-driver");

    boot.archive_bytes = archive.bytes;
    boot.archive.base = module.base;
    boot.archive.end = (module.base + archive.bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    boot.memory = loader.memory;
    loader.dropped_bytes += ranges_remove(&boot.memory, boot.archive.base, boot.archive.end);
    log_line("archive: %u files, %lu KiB at %lx, checksum verified", archive.count,
             archive.bytes / 1024, boot.archive.base);
}

/* Firmware keeps some of the memory for itself, so what is left is rounded up to whole MiB. */
static void check_memory(void) {
    uint64_t found = (loader.installed_bytes + MIB - 1) / MIB;
    uint64_t needed = (MEMORY_FOR_SYSTEM + boot.core_count * MEMORY_PER_CORE) / MIB;

    if (found < needed)
        refuse("%lu MiB of memory found, %lu MiB needed: %lu MiB, and %lu MiB for each core (%u)",
               found, needed, MEMORY_FOR_SYSTEM / MIB, MEMORY_PER_CORE / MIB, boot.core_count);
    if (loader.dropped_bytes > 0)
        log_line("memory: %lu KiB not used: the memory map has too many holes",
                 loader.dropped_bytes / 1024);
}

static const char *yes_no(bool yes) { return yes ? "yes" : "no"; }

static void describe_machine(void) {
    const struct range_list *memory = &boot.memory;
    const struct boot_framebuffer *screen = &boot.framebuffer;

    log_line("memory: %lu MiB usable in %u ranges, %lx to %lx", ranges_bytes(memory) / MIB,
             memory->count, memory->range[0].base, memory->range[memory->count - 1].end);
    log_line("machine: cores %u, IO-APICs %u, HPET %s, PM timer %s, soft-off %s", boot.core_count,
             boot.ioapic_count, yes_no(boot.hpet != 0), yes_no(boot.pm_timer != 0),
             yes_no(boot.s5_type_a >= 0));
    if (screen->base != 0)
        log_line("screen: %ux%u %s", screen->width, screen->height,
                 screen->bits == 0 ? "characters" : "pixels");
}

/* Decides what of the machine is used, and how it is divided. */
static void plan_use(void) {
    uint32_t cores = boot.core_count;

    if (!plan_cores(&boot))
        refuse("the command line's cores=N is not 1 to %u", cores);
    plan_low(&boot, &loader.low, &in_use, acpi_ebda(&physical_memory));
    loader.dropped_bytes += plan_iommu(&boot, &in_use);
    if (boot.iommu_tables.base != 0) /* whoever finds tables there knows that they are its own */
        memset((void *)boot.iommu_tables.base, 0, BOOT_IOMMU_BYTES);
    check_memory();
    plan_partitions(&boot);
}

/* Copies what has been logged, from its start, to where the instance finds it. */
static void hand_over_log(struct boot_info *info) {
    uint64_t start, total;
    size_t bytes = log_read(0, info->log, sizeof info->log - 1, &start, &total);
    info->log[bytes] = '\0';
}

static _Noreturn void start_instance(const struct archive_file *image) {
    struct instance_request request = {
        .image = image->content,
        .image_bytes = image->bytes,
        .partition = &partition,
        .avoid = &in_use,
        .boot = &boot,
        .switch_page = (uintptr_t)boot_switch_page,
    };
    struct instance_info *info;
    struct image_plan plan;
    uint64_t entry;

    enum image_refusal refusal = instance_check_image(image->content, image->bytes, &plan);
    if (refusal != IMAGE_OK)
        refuse("cpu-driver: %s", image_refusal_text(refusal));
    partition_plan(&boot, 0, &partition.memory);
    int error = instance_build(&request, &info, &entry);
    if (error)
        refuse("building the instance of core 0: %s", error_text(error));
    log_line("core 0: %lu KiB at %lx: image %lu, stacks %lu, page tables %lu, frame table %lu",
             (info->own.end - info->own.base) / 1024, info->own.base, info->image_bytes / 1024,
             info->stack_bytes / 1024, info->page_table_bytes / 1024,
             info->frame_table_bytes / 1024);
    hand_over_log(&info->boot);
    processor_protect_pages();
    boot_switch(info->pml4, entry, DIRECT_BASE + (uintptr_t)info, STACK_TOP_OF(STACK_MAIN));
}

/* `info` is what the boot loader tells, entry_tsc the time of the first instruction. */
_Noreturn void boot_main(const void *info, uint64_t entry_tsc) {
    struct archive_file image;

    boot.entry_tsc = entry_tsc;
    log_init(&loader.framebuffer, NULL);
    read_loader(info);
    map_high_memory();
    log_init(&loader.framebuffer, (void *)loader.framebuffer.base);
    log_line(PRODUCT " " BULKHEAD_VERSION);
    check_processor();
    open_archive(&image);
    acpi_read(&physical_memory, loader.rsdp, loader.rsdp_bytes, processor_apic_id(), &boot);
    describe_machine();
    plan_use();
    start_instance(&image);
}
