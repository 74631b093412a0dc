/* GETINFO. */
#include "kcall.h"

#include "defence.h"
#include "frame.h"
#include "log.h"
#include "sched/sched.h"
#include "string.h"
#include "time.h"
#include "vm.h"
#include "x86_64/features.h"
#include "x86_64/lapic.h"
#include "x86_64/switch.h"

#define LOG_STEP 1024

/* Where records go: the caller's buffer, filled from the start. */
struct sink {
    struct process *p;
    uint64_t address, room, written, total;
};

/* Adds a record; a whole one or none. */
static int put(struct sink *s, const void *record, uint64_t bytes) {
    s->total += bytes;
    if (s->total > s->room)
        return 0;
    int error = vm_copy_out(s->p, s->address + s->written, record, bytes);
    if (!error)
        s->written += bytes;
    return error;
}

static int put_process(struct sink *s, const struct process *p) {
    struct process_info info = {
        .endpoint = p->endpoint,
        .supervisor = p->supervisor,
        .state = p == current ? PROCESS_RUNNING : p->state,
        .priority = p->sched.priority,
        .base_priority = p->sched.base_priority,
        .cpu_time = time_from_ticks(p->cpu_time),
        .messages_sent = p->messages_sent,
        .messages_received = p->messages_received,
        .frames = p->frames,
        .frames_quota = p->frame_quota,
        .slots_quota = p->slot_quota,
        .refusals = p->refusals,
        .ipc_permitted = p->ipc_permitted,
        .kcalls_permitted = p->kcalls_permitted,
        .quantum = time_from_ticks(sched_quantum_of(p)),
    };
    if (p->state == PROCESS_SENDING)
        info.partner = p->send_to->endpoint;
    else if (p->state == PROCESS_RECEIVING)
        info.partner = p->receive_from;
    memcpy(info.label, p->label, LABEL_MAX);
    return put(s, &info, sizeof info);
}

static int info_processes(struct sink *s, uint64_t first_slot) {
    int error = 0;
    for (uint64_t slot = first_slot; slot < MAX_PROCESSES && !error; slot++)
        if (processes[slot].state != PROCESS_FREE)
            error = put_process(s, &processes[slot]);
    return error;
}

static int info_process(struct sink *s, endpoint_t endpoint) {
    struct process *p = s->p;
    if (endpoint != ENDPOINT_SELF) {
        int error = process_find(endpoint, &p);
        if (!p)
            return error;
    }
    return put_process(s, p);
}

static int info_death(struct sink *s, endpoint_t endpoint) {
    struct process *p;
    int error = kcall_child(s->p, endpoint, &p);
    if (!error)
        return -E_STATE;
    if (error != -E_PEERDEAD || !p)
        return error;
    const struct context *c = &p->context;
    struct death_report report = {
        .endpoint = p->endpoint,
        .cause = p->cause,
        .exception = p->exception,
        .status = p->status,
        .error_code = p->cause == DEATH_EXCEPTION ? c->error : 0,
        .address = p->fault_address,
        .time = p->death_time,
        .rax = c->rax,
        .rbx = c->rbx,
        .rcx = c->rcx,
        .rdx = c->rdx,
        .rsi = c->rsi,
        .rdi = c->rdi,
        .rbp = c->rbp,
        .rsp = c->rsp,
        .r8 = c->r8,
        .r9 = c->r9,
        .r10 = c->r10,
        .r11 = c->r11,
        .r12 = c->r12,
        .r13 = c->r13,
        .r14 = c->r14,
        .r15 = c->r15,
        .rip = c->rip,
        .rflags = c->rflags,
        .backtrace_length = p->backtrace_length,
    };
    memcpy(report.label, p->label, LABEL_MAX);
    memcpy(report.backtrace, p->backtrace, sizeof report.backtrace);
    return put(s, &report, sizeof report);
}

static int info_core(struct sink *s, uint64_t unused) {
    (void)unused;
    const struct boot_info *boot = &instance->boot;
    struct core_info info = {
        .core = instance->core,
        .incarnation = instance->incarnation,
        .apic_id = lapic_id(),
        .cores = boot->core_count,
        .starter = instance->starter,
        .tsc_frequency = time_frequency(),
        .timer_ratio = lapic_timer_ratio(),
        .info_address = (uint64_t)instance - DIRECT_BASE,
        .image_address = instance->own.base,
        .stack_address = instance->own.base + instance->image_bytes,
        .frame_table_address = (uint64_t)instance->frame_table.memory - DIRECT_BASE,
        .page_table_address = instance->pml4,
        .commons_address = instance->commons.base,
        .time = time_now(),
        .tsc_start = boot->entry_tsc,
        .idle_time = time_from_ticks(counters.idle_time),
        .interrupts = counters.interrupts,
        .context_switches = counters.context_switches,
        .messages = counters.messages + counters.fastpath_hits,
        .fastpath_hits = counters.fastpath_hits,
        .unknown_interrupts = counters.unknown_interrupts,
        .instance_bytes = instance->image_bytes + instance->stack_bytes +
                          instance->page_table_bytes + instance->frame_table_bytes,
        .image_bytes = instance->image_bytes,
        .stack_bytes = instance->stack_bytes,
        .page_table_bytes = instance->page_table_bytes,
        .frame_table_bytes = instance->frame_table_bytes,
        .process_table_bytes = sizeof processes,
    };
    char brand[BRAND_TEXT_MAX + 1];
    features_brand(brand);
    memcpy(info.cpu, brand, sizeof info.cpu);
    memcpy(info.features, features_text(), sizeof info.features);
    return put(s, &info, sizeof info);
}

static int info_memory(struct sink *s, uint64_t unused) {
    (void)unused;
    struct memory_info info = {
        .partition_base = instance->partition.memory.range[0].base,
        .chunks = frame_chunks(),
        .archive_base = instance->boot.archive.base,
        .archive_bytes = instance->boot.archive_bytes,
    };
    for (unsigned state = 0; state < FRAME_STATE_COUNT; state++)
        info.frames[state] = frame_count_of((enum frame_state)state);
    return put(s, &info, sizeof info);
}

static int info_sched(struct sink *s, uint64_t unused) {
    (void)unused;
    struct sched_info info = { .boost_period = sched->boost_period };
    for (; info.count < SCHED_POLICIES_MAX && sched_policy(info.count); info.count++) {
        memcpy(info.name[info.count], sched_policy(info.count)->name, SCHED_NAME_MAX);
        if (sched_policy(info.count) == sched_in_use())
            info.current = info.count;
    }
    return put(s, &info, sizeof info);
}

static int info_log(struct sink *s, uint64_t from) {
    char text[LOG_STEP];
    uint64_t start, total;
    size_t bytes =
        log_read(from, text, s->room < sizeof text ? s->room : sizeof text, &start, &total);
    int error = vm_copy_out(s->p, s->address, text, bytes);
    if (error)
        return error;
    s->written = bytes;
    s->total = total;
    ARG2(s->p) = start;
    return 0;
}

static int info_cmdline(struct sink *s, uint64_t unused) {
    (void)unused;
    const char *text = instance->boot.cmdline;
    uint64_t length = 0;
    while (length < BOOT_CMDLINE_MAX - 1 && text[length])
        length++;
    return put(s, text, length + 1);
}

static int info_refusals(struct sink *s, endpoint_t endpoint) {
    struct process *p = s->p;
    if (endpoint != ENDPOINT_SELF) {
        int error = process_find(endpoint, &p);
        if (!p)
            return error;
    }
    struct refusal_info info = { .endpoint = p->endpoint };
    memcpy(info.label, p->label, LABEL_MAX);
    memcpy(info.count, p->refused, sizeof info.count);
    return put(s, &info, sizeof info);
}

static int info_firmware(struct sink *s, uint64_t signature) {
    const struct boot_info *boot = &instance->boot;
    if (signature == INFO_FIRMWARE_IOMMU && boot->iommu_tables.base) {
        struct firmware_memory tables = { boot->iommu_tables.base, boot->iommu_tables.end };
        return put(s, &tables, sizeof tables);
    }
    for (unsigned i = 0; i < BOOT_FIRMWARE_TABLES && signature; i++)
        if (boot->firmware_table[i].signature == signature)
            return put(s, boot->firmware + boot->firmware_table[i].offset,
                       boot->firmware_table[i].bytes);
    return -E_NOENT;
}

/* It has every address of the machine. */
static int info_boot(struct sink *s, uint64_t unused) {
    (void)unused;
    if (s->p->supervisor != ENDPOINT_NONE)
        return process_refuse(s->p, REFUSED_RIGHT, -E_PERM);
    return put(s, &instance->boot, sizeof instance->boot);
}

#ifdef DEFENCE_SWITCHES
static int info_defences(struct sink *s, uint64_t unused) {
    (void)unused;
    return put(s, &defences_off, sizeof defences_off);
}
#endif

static int (*const tellers[])(struct sink *s, uint64_t argument) = {
    [INFO_PROCESSES] = info_processes,
    [INFO_PROCESS] = info_process,
    [INFO_DEATH] = info_death,
    [INFO_CORE] = info_core,
    [INFO_MEMORY] = info_memory,
    [INFO_SCHED] = info_sched,
    [INFO_LOG] = info_log,
    [INFO_CMDLINE] = info_cmdline,
    [INFO_BOOT] = info_boot,
    [INFO_REFUSALS] = info_refusals,
    [INFO_FIRMWARE] = info_firmware,
#ifdef DEFENCE_SWITCHES
    [INFO_DEFENCES] = info_defences,
#endif
};

int kcall_getinfo(struct process *p) {
    uint64_t what = ARG0(p);
    if (what >= sizeof tellers / sizeof tellers[0] || !tellers[what])
        return -E_BADCALL;
    struct sink s = { .p = p, .address = ARG1(p), .room = ARG2(p) };
    context_charge(cpu_rdtsc());
    int error = tellers[what](&s, ARG3(p));
    if (!error) {
        ARG0(p) = s.written;
        ARG1(p) = s.total;
    }
    return error;
}
