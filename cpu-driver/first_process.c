#include "first_process.h"

#include <bulkhead/cores.h>
#include <bulkhead/image.h>
#include <bulkhead/startup.h>

#include "binding.h"
#include "core.h"
#include "process.h"
#include "ranges.h"
#include "string.h"
#include "time.h"
#include "vm.h"

#define IMAGE_LIMIT (16UL * 1024 * 1024)

static void must(int error, const char *what) {
    if (error)
        panic("%s: %s: %s", FIRST_PROGRAM, what, error_text(error));
}

static void map_range(struct process *p, uint64_t base, uint64_t end) {
    for (uint64_t page = base & ~(PAGE_SIZE - 1); page < end; page += PAGE_SIZE)
        must(vm_map(p, page, PROT_READ | PROT_WRITE), "memory");
}

static void protect_range(struct process *p, uint64_t base, uint64_t end, unsigned protection) {
    for (uint64_t page = base & ~(PAGE_SIZE - 1); page < end; page += PAGE_SIZE)
        must(vm_protect(p, page, protection), "memory");
}

static void load_segment(struct process *p, const struct image_segment *s, const uint8_t *image) {
    map_range(p, s->vaddr, s->vaddr + s->memory_bytes);
    must(vm_copy_out(p, s->vaddr, image + s->file_offset, s->file_bytes), "memory");
    protect_range(p, s->vaddr, s->vaddr + s->memory_bytes, s->protection);
}

/* Returns the entry point. */
static uint64_t load(struct process *p, const struct archive_file *file) {
    struct image_plan plan;
    enum image_refusal refusal =
        image_check(file->content, file->bytes, USER_BASE, ARCHIVE_BASE, IMAGE_LIMIT, &plan);
    if (refusal != IMAGE_OK)
        panic("%s: %s", FIRST_PROGRAM, image_refusal_text(refusal));
    for (uint32_t i = 0; i < plan.count; i++)
        load_segment(p, &plan.segment[i], file->content);
    return plan.entry;
}

static void write_startup_page(struct process *p, const struct archive *archive) {
    static const char arguments[] = FIRST_PROGRAM;
    struct startup startup = {
        .version = STARTUP_VERSION,
        .self = p->endpoint,
        .archive = ARCHIVE_BASE,
        .archive_bytes = archive->bytes,
        .tsc_frequency = time_frequency(),
        .argc = 1,
        .args_bytes = sizeof arguments,
    };
    map_range(p, STARTUP_BASE, STARTUP_BASE + PAGE_SIZE);
    must(vm_copy_out(p, STARTUP_BASE, &startup, sizeof startup), "start-up page");
    must(vm_copy_out(p, STARTUP_BASE + sizeof startup, arguments, sizeof arguments),
         "start-up page");
    protect_range(p, STARTUP_BASE, STARTUP_BASE + PAGE_SIZE, PROT_READ);
}

/* Shows it the page of its channel with another core's monitor, and gives it that end. */
static int connect(struct process *p, uint32_t peer) {
    binding_open_first(peer, p);
    return vm_lend(p, MONITOR_CHANNELS + peer * PAGE_SIZE, instance->pair[peer] + PAGE_SIZE,
                   PROT_READ | PROT_WRITE);
}

static void give_everything(struct process *p) {
    process_set_rights(p, IPC_ALL, KCALL_ALL);
    p->io[0] = (struct priv_range){ 0, 0x10000 };
    p->io_count = 1;
    p->irq[0] = (struct priv_range){ 0, UINT32_MAX };
    p->irq_count = 1;
    p->memory[0] = (struct priv_range){ 0, PHYSICAL_END / PAGE_SIZE };
    p->memory_count = 1;
    p->sched.limit_priority = 0;
    p->sched.priority = p->sched.base_priority = 0;
}

void first_process_start(const struct archive *archive, uint32_t frames) {
    static const char label[LABEL_MAX] = FIRST_PROGRAM;
    struct archive_file file;
    struct process *p;
    if (!archive_find(archive, FIRST_PROGRAM, &file))
        panic("the boot archive has no %s", FIRST_PROGRAM);
    must(process_create(NULL, label, frames, MAX_PROCESSES - 1, &p), "process");
    uint64_t entry = load(p, &file);
    map_range(p, STACK_TOP - STACK_BYTES, STACK_TOP);
    write_startup_page(p, archive);
    for (uint64_t offset = 0; offset < archive->bytes; offset += PAGE_SIZE)
        must(vm_lend(p, ARCHIVE_BASE + offset, instance->boot.archive.base + offset, PROT_READ),
             "archive");
    for (uint32_t peer = 0; peer < instance->boot.core_count; peer++)
        if (peer != instance->core)
            must(connect(p, peer), "channels");
    give_everything(p);
    process_start(p, entry, STACK_TOP, 0, 0);
}
