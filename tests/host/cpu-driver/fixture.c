#include "fixture.h"

#include <criterion/criterion.h>
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include "alarm.h"
#include "binding.h"
#include "check.h"
#include "frame.h"
#include "ipc.h"
#include "irq.h"
#include "log.h"
#include "ranges.h"
#include "sched/sched.h"
#include "time.h"
#include "trace.h"
#include "vm.h"
#include "x86_64/lapic.h"
#include "x86_64/paging.h"
#include "x86_64/switch.h"
#include "x86_64/vectors.h"

void interrupt_from_user(struct context *c);

struct instance_info *instance;
struct core_counters counters;
bool core_debug;

static struct instance_info info;
static uint64_t frame_table[0x20000 / sizeof(uint64_t)];
static uint64_t partition; /* physical address of the first frame */
static struct process *first;

/* Ranges of frames that are memory; the first OWN_FRAMES from OWN_FIRST on are the instance's. */
static const struct {
    uint64_t begin, end;
} populated[] = { { 0, 1000 }, { 1003, 1500 }, { 2048, 2049 }, { 2100, FIXTURE_FRAMES } };

/* Of this program: so that all has one entry of the PML4. */
#define MEMORY_ADDRESS 0x200000000000UL
#define FAR_AWAY       0x80000000UL

#define OWN_FIRST  100
#define OWN_FRAMES 50

bool fixture_is_hole(uint64_t index) {
    for (size_t i = 0; i < sizeof populated / sizeof populated[0]; i++)
        if (index >= populated[i].begin && index < populated[i].end)
            return false;
    return true;
}

uint64_t fixture_frame(uint64_t index) { return partition + index * PAGE_SIZE; }

uint64_t fixture_far(unsigned chunk) { return partition + FAR_AWAY + chunk * CHUNK_BYTES; }

/* Memory that direct() finds. */
static char *make_memory(uint64_t address, uint64_t bytes) {
    char *memory = mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    cr_assert_eq(memory, (char *)address);
    return memory;
}

/* Touching a hole of it is found out. */
static uint64_t make_partition(void) {
    char *memory = make_memory(MEMORY_ADDRESS, FIXTURE_FRAMES * PAGE_SIZE);
    make_memory(MEMORY_ADDRESS + FAR_AWAY, FIXTURE_FAR_CHUNKS * CHUNK_BYTES);
    for (uint64_t i = 0; i < FIXTURE_FRAMES; i++)
        if (fixture_is_hole(i))
            ASAN_POISON_MEMORY_REGION(memory + i * PAGE_SIZE, PAGE_SIZE);
    return (uint64_t)memory - DIRECT_BASE;
}

/* A direct map, in the first pages of the own block, of the chunks that the partition has. */
static void make_direct_map(void) {
    uint64_t *tables = direct(info.pml4);
    memset(tables, 0, 3 * PAGE_SIZE);
    tables[pt_index(MEMORY_ADDRESS, 4)] = (info.pml4 + PAGE_SIZE) | PTE_INNER;
    tables[PT_ENTRIES + pt_index(MEMORY_ADDRESS, 3)] = (info.pml4 + 2 * PAGE_SIZE) | PTE_INNER;
    for (uint64_t i = 0; i < FIXTURE_FRAMES; i++)
        if (!fixture_is_hole(i))
            tables[2 * PT_ENTRIES + pt_index(MEMORY_ADDRESS + i * PAGE_SIZE, 2)] =
                (fixture_frame(i) & ~(CHUNK_BYTES - 1)) | PTE_DATA | PTE_LARGE;
}

static void add_range(struct range_list *list, uint64_t base, uint64_t end) {
    list->range[list->count++] = (struct range){ base, end };
}

static void fill_boot(struct boot_info *boot) {
    boot->core_count = FIXTURE_CORES;
    for (uint32_t core = 0; core < FIXTURE_CORES; core++)
        boot->core[core].apic_id = FIXTURE_APIC_ID(core);
    boot->low = (struct range){ FIXTURE_LOW, FIXTURE_LOW + BOOT_LOW_PAGES * PAGE_SIZE };
    boot->lapic = FIXTURE_LAPIC;
    boot->ioapic_count = 1;
    boot->ioapic[0].base = FIXTURE_IOAPIC;
    boot->hpet = FIXTURE_HPET;
    boot->iommu_tables = (struct range){ FIXTURE_IOMMU, FIXTURE_IOMMU + BOOT_IOMMU_BYTES };
    boot->memory = info.partition.memory;
    add_range(&boot->memory, fixture_far(0), fixture_far(FIXTURE_FAR_CHUNKS));
    add_range(&info.all_commons, fixture_far(FIXTURE_FAR_CHUNKS - 1),
              fixture_far(FIXTURE_FAR_CHUNKS - 1) + PAGE_SIZE);
    frame_table_measure(&info.frame_table, &info.partition.memory, &boot->memory);
    ranges_add(&boot->memory, FIXTURE_FOREIGN, FIXTURE_FOREIGN + FIXTURE_FOREIGN_PAGES * PAGE_SIZE);
}

int64_t fixture_frames(void) {
    if (!partition)
        partition = make_partition();
    memset(frame_table, 0, sizeof frame_table);
    instance = &info;
    info = (struct instance_info){
        .core = FIXTURE_CORE,
        .incarnation = FIXTURE_INCARNATION,
        .own = { fixture_frame(OWN_FIRST), fixture_frame(OWN_FIRST + OWN_FRAMES) },
        .pml4 = fixture_frame(OWN_FIRST),
    };
    for (size_t i = 0; i < sizeof populated / sizeof populated[0]; i++)
        add_range(&info.partition.memory, fixture_frame(populated[i].begin),
                  fixture_frame(populated[i].end));
    fill_boot(&info.boot);
    make_direct_map();
    cr_assert_leq(frame_table_bytes(&info.frame_table), sizeof frame_table);
    info.frame_table.memory = frame_table;
    return (int64_t)frame_init(&info);
}

struct process *fixture_boot(void) {
    static const char label[LABEL_MAX] = "first";
    cpu = (struct fake_cpu){ .now = FIXTURE_START, .task_switched = true };
    counters = (struct core_counters){ 0 };
    context_switched_at = cpu.now;
    lapic_timer_armed = UINT64_MAX;
    int64_t frames = fixture_frames();
    time_init();
    irq_init();
    process_init();
    alarm_init();
    binding_init();
    trace_stop();
    ipc_fastpath_off = 0;
    first = &processes[0];
    sched_init("");
    fixture_schedule_by_hand();
    cr_assert_eq(process_create(NULL, label, (uint32_t)frames, MAX_PROCESSES - 1, &first), 0);
    process_set_rights(first, IPC_ALL, KCALL_ALL);
    first->io[first->io_count++] = (struct priv_range){ 0, 0x10000 };
    first->irq[first->irq_count++] = (struct priv_range){ 0, UINT32_MAX };
    first->memory[first->memory_count++] = (struct priv_range){ 0, PHYSICAL_END / PAGE_SIZE };
    first->sched.limit_priority = 0;
    process_start(first, USER_BASE, USER_BASE, 0, 0);
    sched_finish();
    cr_assert_eq(current, first);
    return first;
}

/* ---- Scheduling by hand ---- */

static struct process *chosen; /* by fixture_run(); else the first process, else any */

static void policy_init(void) { chosen = NULL; }

static void policy_enqueue(struct process *p, enum sched_reason reason) {
    (void)p;
    (void)reason;
}

static void policy_dequeue(struct process *p) { (void)p; }

static struct process *policy_pick(void) {
    struct process *p = chosen && chosen->sched.queued ? chosen : first;
    chosen = NULL;
    for (unsigned slot = 0; slot < MAX_PROCESSES && !p->sched.queued; slot++)
        p = &processes[slot];
    return p->sched.queued ? p : NULL;
}

static bool policy_preempts(const struct process *p, const struct process *running,
                            const struct process *donor) {
    (void)p;
    (void)running;
    (void)donor;
    return false;
}

static void policy_tick(struct process *donor) { donor->sched.quantum_left = donor->sched.quantum; }

static const struct sched_policy by_hand = {
    .name = "by-hand",
    .init = policy_init,
    .enqueue = policy_enqueue,
    .dequeue = policy_dequeue,
    .pick = policy_pick,
    .preempts = policy_preempts,
    .tick = policy_tick,
};

void fixture_schedule_by_hand(void) { sched_use(&by_hand); }

void fixture_run(struct process *p) {
    cr_assert_eq(p->state, PROCESS_READY);
    if (p != current) {
        chosen = p;
        sched_yield();
        sched_finish();
    }
    cr_assert_eq(current, p);
}

/* ---- Processes ---- */

struct process *fixture_process(const char *label) {
    char padded[LABEL_MAX] = { 0 };
    struct process *p;
    memcpy(padded, label, strnlen(label, LABEL_MAX));
    cr_assert_eq(process_create(first, padded, FIXTURE_PROCESS_FRAMES, FIXTURE_PROCESS_SLOTS, &p),
                 0);
    process_set_rights(p, IPC_ALL, KCALL_ALL);
    for (unsigned i = 0; i < FIXTURE_PAGES; i++)
        cr_assert_eq(vm_map(p, FIXTURE_MEMORY + i * PAGE_SIZE, PROT_WRITE), 0);
    process_start(p, USER_BASE, USER_BASE, 0, 0);
    sched_finish();
    return p;
}

void fixture_give_frames(struct process *p, int64_t frames) {
    first->frame_quota -= (uint32_t)frames;
    p->frame_quota += (uint32_t)frames;
}

void fixture_connect(struct process *a, struct process *b) {
    slot_set_add(&a->targets, process_slot(b));
    slot_set_add(&b->targets, process_slot(a));
}

uint64_t fixture_physical(const struct process *p, uint64_t address) {
    const uint64_t *table = direct(p->cr3);
    for (unsigned level = PT_LEVELS;; level--) {
        uint64_t entry = table[pt_index(address, level)];
        if (!(entry & PTE_PRESENT))
            return 0;
        if (level == 1)
            return entry & PTE_ADDRESS;
        table = direct(entry & PTE_ADDRESS);
    }
}

void *fixture_memory(struct process *p, uint64_t address) {
    return vm_user_memory(p, address, 1, false);
}

int fixture_call(struct process *p, uint64_t operation, uint64_t to, const struct message *m) {
    fixture_run(p);
    struct context *c = &p->context;
    c->vector = VECTOR_SYSCALL;
    c->rax = operation;
    c->rdi = to;
    c->rsi = (uint64_t)m->tag << 32 | m->type;
    c->rdx = m->arg[0];
    c->r10 = m->arg[1];
    c->r8 = m->arg[2];
    c->r9 = m->arg[3];
    c->r12 = m->arg[4];
    c->r13 = m->arg[5];
    ipc_entry(p);
    return (int)p->context.rax;
}

int fixture_ipc(struct process *p, uint64_t operation, uint64_t to, uint32_t type) {
    struct message m = { .type = type };
    return fixture_call(p, operation, to, &m);
}

struct message fixture_received(const struct process *p) {
    const struct context *c = &p->context;
    return (struct message){ .source = c->rdi,
                             .type = (uint32_t)c->rsi,
                             .tag = (uint32_t)(c->rsi >> 32),
                             .arg = { c->rdx, c->r10, c->r8, c->r9, c->r12, c->r13 } };
}

int fixture_kcall(struct process *p, uint32_t number, uint64_t args[MESSAGE_ARGS]) {
    struct message m = { .type = number };
    memcpy(m.arg, args, sizeof m.arg);
    uint64_t rip = p->context.rip;
    int result = fixture_call(p, IPC_SENDREC, ENDPOINT_KERNEL, &m);
    while (p->state == PROCESS_READY && p->context.rip != rip) {
        p->context.rip =
            rip; /* the instruction is executed again, with the registers as they are */
        fixture_run(p);
        ipc_entry(p);
        result = (int)p->context.rax;
    }
    struct message out = fixture_received(p);
    memcpy(args, out.arg, sizeof out.arg);
    return result;
}

int fixture_step(struct process *p, uint32_t number, const uint64_t args[MESSAGE_ARGS]) {
    struct message m = { .type = number };
    memcpy(m.arg, args, sizeof m.arg);
    uint64_t rip = p->context.rip;
    fixture_call(p, IPC_SENDREC, ENDPOINT_KERNEL, &m);
    bool again = p->context.rip != rip;
    p->context.rip = rip;
    return again ? 1 : (int)p->context.rax;
}

unsigned fixture_violations(void) {
    log_serial(true);
    unsigned violations = check_invariants();
    log_serial(false);
    return violations;
}

void fixture_end(void) {
    if (fixture_violations())
        abort();
}

void fixture_interrupt(uint64_t vector) {
    current->context.vector = vector;
    interrupt_from_user(&current->context);
}

void fixture_run_until_timer(void) {
    cr_assert_neq(lapic_timer_armed, UINT64_MAX, "the timer is not set");
    if (cpu.now < lapic_timer_armed)
        cpu.now = lapic_timer_armed;
    fixture_interrupt(VECTOR_TIMER);
}
