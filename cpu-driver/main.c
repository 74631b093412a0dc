/* An instance's start: from its information to its first process. */
#include <bulkhead/cmdline.h>

#include "alarm.h"
#include "binding.h"
#include "core.h"
#include "first_process.h"
#include "frame.h"
#include "irq.h"
#include "log.h"
#include "mailbox.h"
#include "panic.h"
#include "process.h"
#include "sched/sched.h"
#include "string.h"
#include "time.h"
#include "x86_64/cpu.h"
#include "x86_64/features.h"
#include "x86_64/lapic.h"
#include "x86_64/segments.h"
#include "x86_64/switch.h"

struct instance_info *instance;
struct core_counters counters;
bool core_debug;

/* Called by entry.asm. */
void instance_main(struct instance_info *info);

static uint64_t image_physical(const void *address) {
    return instance->image_offset + ((uint64_t)address - KERNEL_BASE);
}

/* For those who will want to know what this instance had to say last. */
static void publish_log(void) {
    const void *text, *total;
    log_where(&text, &total);
    instance->log = (struct log_place){ image_physical(text), image_physical(total) };
}

static void start_cpu(void) {
    char brand[BRAND_TEXT_MAX + 1];
    if (features_init())
        panic("the CPU's XSAVE state is larger than a frame");
    features_brand(brand);
    log_line("cpu: %s, %s", brand[0] ? brand : "unnamed", features_text());
}

static void read_debug_option(void) {
    char value[2];
    core_debug =
        cmdline_get(instance->boot.cmdline, "debug", value, sizeof value) == 1 && value[0] == '1';
}

/*
 * With debug=1, `late=N` is a core that does not come up, the first time that it is started: for
 * tests of those who wait for it.
 */
static void be_late(void) {
    char value[4];
    uint32_t core = 0;
    int length = cmdline_get(instance->boot.cmdline, "late", value, sizeof value);
    if (!core_debug || length <= 0 || instance->core == 0 || instance->incarnation != 0)
        return;
    for (const char *digit = value; *digit >= '0' && *digit <= '9'; digit++)
        core = core * 10 + (uint32_t)(*digit - '0');
    while (core == instance->core)
        cpu_pause();
}

static void start_scheduler(void) {
    char name[SCHED_NAME_MAX] = "";
    bool chosen = cmdline_get(instance->boot.cmdline, "sched", name, sizeof name) >= 0;
    if (!sched_init(name) && chosen)
        log_line("sched=%s: no such scheduling policy; using %s", name, sched->name);
}

/* The archive was verified by boot/. */
static void open_archive(struct archive *archive) {
    struct archive_file file;
    enum archive_refusal refusal =
        archive_open(archive, (const void *)ARCHIVE_VIEW, instance->boot.archive_bytes);
    if (refusal != ARCHIVE_OK)
        panic("boot archive: %s", archive_refusal_text(refusal));
    if (archive_find(archive, "cpu-driver", &file))
        panic_symbols(file.content, file.bytes);
}

static uint32_t start_memory(void) {
    uint64_t frames = frame_init(instance);
    return frames > UINT32_MAX ? UINT32_MAX : (uint32_t)frames;
}

/* From here the instance depends on nobody: not on boot/, not on who started it. */
void instance_main(struct instance_info *info) {
    struct archive archive;
    instance = info;
    segments_init();
    *(uint64_t *)direct(info->pml4) = 0; /* the page that loaded our page tables */
    cpu_write_cr3(info->pml4);
    if (info->core == 0) /* the others' logs are read by who asks for them */
        log_init(&info->boot.framebuffer, (void *)info->framebuffer);
    log_inherit(info->boot.log);
    publish_log();
    open_archive(&archive);
    start_cpu();
    irq_init(); /* the 8259s first: one that is asking while its way into the local APIC closes is
                   never taken back */
    time_init();
    lapic_init();
    process_init();
    alarm_init();
    binding_init();
    mailbox_init();
    uint32_t frames = start_memory();
    read_debug_option();
    be_late();
    start_scheduler();
    log_line("core %u: %u MiB free, scheduling by %s", info->core, frames / 256, sched->name);
    first_process_start(&archive, frames);
    mailbox_collect();
    context_switched_at = cpu_rdtsc();
    sched_finish();
}
