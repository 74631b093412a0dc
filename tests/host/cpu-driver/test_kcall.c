/*
 * Kernel calls: what can only be seen from inside, and random ones from random processes under the
 * eyes of the sanitizers. What each call does and refuses is tested in the running system.
 */
#include <criterion/criterion.h>

#include <bulkhead/cores.h>

#include "../random.h"
#include "binding.h"
#include "fixture.h"
#include "ipc.h"
#include "irq.h"
#include "log.h"
#include "sched/sched.h"
#include "trace.h"
#include "vm.h"
#include "x86_64/vectors.h"

static struct process *first, *p;

static void init(void) {
    first = fixture_boot();
    p = fixture_process("p");
}

TestSuite(kcall, .init = init, .fini = fixture_end);

#define CALL(who, number, ...) \
    fixture_kcall((who), KCALL_##number, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })

Test(kcall, restart_comes_back_to_the_same_instruction) {
    struct message m = { .type = KCALL_MEM_MAP,
                         .arg = { p->endpoint, 0x10000000, 20 * PAGE_SIZE, PROT_WRITE } };
    uint64_t rip = first->context.rip = USER_BASE + 100;
    fixture_call(first, IPC_SENDREC, ENDPOINT_KERNEL, &m);
    cr_assert_eq(first->context.rip, rip - 2);
    cr_assert_eq(first->context.rax, IPC_SENDREC);
    cr_assert_eq(first->context.rsi, KCALL_MEM_MAP);
    m = fixture_received(first);
    cr_assert(m.arg[1] > 0x10000000 && m.arg[1] + m.arg[2] == 0x10000000 + 20 * PAGE_SIZE);
    ipc_entry(first);
    cr_assert_eq(first->context.rip, rip - 2, "the second step was the last");
    cr_assert_eq(first->context.rax, 0);
    first->context.rip = rip;
}

Test(kcall, no_step_of_a_long_call_is_long) {
    first->context.rip = USER_BASE + 100;
    struct message m = { .type = KCALL_MEM_MAP,
                         .arg = { ENDPOINT_SELF, 0x10000000, 400 * PAGE_SIZE, PROT_WRITE } };
    fixture_call(first, IPC_SENDREC, ENDPOINT_KERNEL, &m);
    for (uint64_t left = 400 * PAGE_SIZE; first->context.rax != 0;) {
        m = fixture_received(first);
        cr_assert(m.arg[2] < left && left - m.arg[2] <= 16 * PAGE_SIZE);
        left = m.arg[2];
        first->context.rip = USER_BASE + 100;
        ipc_entry(first);
    }
    first->context.rip = USER_BASE;
}

Test(kcall, quota_that_is_short_maps_nothing) {
    uint64_t room = p->frame_quota - p->frames, frames = p->frames;
    cr_assert_eq(CALL(first, MEM_MAP, p->endpoint, 0x10000000, (room + 1) * PAGE_SIZE, 0),
                 -E_QUOTA);
    cr_assert_eq(CALL(first, MEM_MAP, p->endpoint, 0x10000000, UINT64_C(1) << 46, 0), -E_QUOTA);
    cr_assert_eq(p->frames, frames);
}

Test(kcall, limit_on_priorities_holds_for_the_present_one) {
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_SCHED, p->endpoint, SCHED_PRIORITY_USER + 3), 0);
    cr_assert_geq(p->sched.base_priority, SCHED_PRIORITY_USER + 3);
    cr_assert_eq(CALL(first, SCHED, SCHED_PRIORITY, p->endpoint, SCHED_PRIORITY_USER), -E_PERM);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_SCHED, p->endpoint, 2), 0);
    cr_assert_geq(p->sched.base_priority, SCHED_PRIORITY_USER + 3, "it only may be raised");
    cr_assert_eq(CALL(first, SCHED, SCHED_PRIORITY, p->endpoint, 2), 0);
}

Test(kcall, log_takes_no_control_characters) {
    static const char text[] = "a\nb\033[2Jc\x7f\xff\td";
    char log[256] = { 0 };
    uint64_t start, total;
    memcpy(fixture_memory(p, FIXTURE_MEMORY), text, sizeof text);
    log_read(UINT64_MAX, log, sizeof log, &start, &total);
    cr_assert_eq(CALL(p, LOG, FIXTURE_MEMORY, sizeof text - 1), 0);
    size_t length = log_read(total, log, sizeof log - 1, &start, &total);
    log[length] = '\0';
    cr_assert_str_eq(log, "p: a?b?[2Jc??\td\n");
    cr_assert_eq(CALL(p, LOG, 0, 0), 0);
    cr_assert_eq(CALL(p, LOG, FIXTURE_MEMORY, LOG_LINE_MAX + 1), -E_TOOBIG);
}

Test(kcall, vectors_of_port_accesses_are_done_whole_or_not_at_all) {
    struct vdevio_entry *entry = fixture_memory(p, FIXTURE_MEMORY + PAGE_SIZE - 16);
    struct vdevio_entry vector[3] = { { 0x70, VDEVIO_OUT8, 0xaa },
                                      { 0x72, VDEVIO_IN16, 0 },
                                      { 0x74, VDEVIO_OUT32, 0x12345678 } };
    p->io[p->io_count++] = (struct priv_range){ 0x70, 8 };
    cpu.port_value = 0xbeef;
    vm_copy_out(p, FIXTURE_MEMORY + PAGE_SIZE - 16, vector, sizeof vector);
    cr_assert_eq(CALL(p, VDEVIO, VDEVIO_VECTOR, FIXTURE_MEMORY + PAGE_SIZE - 16, 3), 0);
    cr_assert_eq(cpu.port_accesses, 3);
    cr_assert(cpu.port_log[0].write && cpu.port_log[0].port == 0x70 && cpu.port_log[0].width == 1);
    cr_assert(!cpu.port_log[1].write && cpu.port_log[1].port == 0x72 && cpu.port_log[1].width == 2);
    cr_assert(cpu.port_log[2].write && cpu.port_log[2].value == 0x12345678);
    cr_assert_eq(entry[1].value, 0xbeef);

    vector[2].port = 0x78; /* not granted */
    vm_copy_out(p, FIXTURE_MEMORY + PAGE_SIZE - 16, vector, sizeof vector);
    cr_assert_eq(CALL(p, VDEVIO, VDEVIO_VECTOR, FIXTURE_MEMORY + PAGE_SIZE - 16, 3), -E_PERM);
    cr_assert_eq(cpu.port_accesses, 3);
}

/* ---- Interrupt lines ---- */

Test(kcall, a_line_is_masked_until_its_driver_has_served_it) {
    p->irq[p->irq_count++] = (struct priv_range){ 5, 2 };
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNMASK, 5), -E_STATE);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_REGISTER, 5, 3), 0);
    cr_assert(fake_lines[5].masked);
    cr_assert_geq(fake_lines[5].vector, VECTOR_IRQ);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_UNMASK, 5), 0);
    cr_assert_not(fake_lines[5].masked);
    fixture_ipc(p, IPC_RECEIVE, ENDPOINT_ANY, 0);
    fixture_interrupt(fake_lines[5].vector);
    cr_assert(fake_lines[5].masked);
    cr_assert_eq(p->state, PROCESS_READY);
    cr_assert_eq(fixture_received(p).source, ENDPOINT_KERNEL);
    cr_assert_eq(fixture_received(p).arg[0], EVENT_IRQ);
    cr_assert_eq(fixture_received(p).arg[1], 1 << 3);
}

Test(kcall, a_line_has_one_driver_and_is_free_when_it_dies) {
    struct process *q = fixture_process("q");
    p->irq[p->irq_count++] = q->irq[q->irq_count++] = (struct priv_range){ 5, 1 };
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_REGISTER, 5, 0), 0);
    CALL(p, IRQCTL, IRQCTL_UNMASK, 5);
    cr_assert_eq(CALL(q, IRQCTL, IRQCTL_REGISTER, 5, 0), -E_BUSY);
    cr_assert_eq(CALL(q, IRQCTL, IRQCTL_MASK, 5), -E_STATE);
    cr_assert_eq(CALL(p, IRQCTL, IRQCTL_REGISTER, 5, 7), 0, "a driver may change its bit");
    process_die(p, DEATH_KILLED, 0);
    cr_assert(fake_lines[5].masked);
    fixture_interrupt(fake_lines[5].vector); /* was under way */
    cr_assert_eq(counters.unknown_interrupts, 1);
    cr_assert_eq(CALL(q, IRQCTL, IRQCTL_REGISTER, 5, 0), 0);
}

Test(kcall, unknown_interrupts_are_counted) {
    fixture_interrupt(VECTOR_IRQ + 77);
    fixture_interrupt(0xe0);
    fixture_interrupt(VECTOR_PIC + 7);
    fixture_interrupt(VECTOR_SPURIOUS);
    cr_assert_eq(counters.interrupts, 4);
    cr_assert_eq(counters.unknown_interrupts, 3);
}

Test(kcall, an_exception_ends_its_process_alone) {
    for (uint64_t vector = 0; vector < VECTOR_EXCEPTIONS; vector++) {
        struct process *victim = fixture_process("victim");
        fixture_run(victim);
        cpu.cr2 = 0xdead0000;
        victim->context.error = 6;
        victim->uses_fpu = true;
        fixture_interrupt(vector);
        cr_assert_eq(victim->state, PROCESS_DEAD);
        cr_assert_eq(victim->cause, DEATH_EXCEPTION);
        cr_assert_eq(victim->exception, vector);
        cr_assert_eq(victim->fault_address, vector == EXCEPTION_PAGE_FAULT ? 0xdead0000 : 0);
        cr_assert_eq(current, first);
        CALL(first, PROC_DESTROY, victim->endpoint);
    }
}

Test(kcall, first_use_of_the_fpu_is_no_fault) {
    fixture_run(p);
    cr_assert(cpu.task_switched);
    fixture_interrupt(EXCEPTION_DEVICE_NOT_AVAILABLE);
    cr_assert_eq(p->state, PROCESS_READY);
    cr_assert(p->uses_fpu);
    cr_assert_not(cpu.task_switched);
    fixture_run(first);
    cr_assert(cpu.task_switched, "its registers are not there for another");
    fixture_run(p);
    cr_assert_not(cpu.task_switched);
}

/* ---- Random calls ---- */

#define ACTORS 5
#define STEPS  50000

static struct process *actor[ACTORS];
static endpoint_t known[64]; /* endpoints that were handed out */
static unsigned known_count;

static uint64_t any_argument(void) {
    static const uint64_t values[] = { 0,
                                       1,
                                       PAGE_SIZE,
                                       64 * PAGE_SIZE,
                                       FIXTURE_MEMORY,
                                       FIXTURE_MEMORY + PAGE_SIZE - 5,
                                       FIXTURE_MEMORY + FIXTURE_PAGES * PAGE_SIZE,
                                       0x10000000,
                                       USER_BASE,
                                       USER_END,
                                       USER_END - PAGE_SIZE,
                                       DIRECT_BASE,
                                       UINT64_MAX,
                                       INT64_MAX,
                                       ENDPOINT_SELF,
                                       0x3f8,
                                       UINT32_MAX };
    switch (random_below(6)) {
    case 0:
        return random_next();
    case 1:
        return values[random_below(sizeof values / sizeof values[0])];
    case 2:
        return known[random_below(known_count)];
    case 3:
        return random_below(64) * PAGE_SIZE + 0x10000000;
    default:
        return random_below(24);
    }
}

/* A process that `who` supervises, if there is one. */
static endpoint_t any_child(const struct process *who) {
    unsigned start = (unsigned)random_below(MAX_PROCESSES);
    for (unsigned i = 0; i < MAX_PROCESSES; i++) {
        const struct process *child = &processes[(start + i) % MAX_PROCESSES];
        if (child->state != PROCESS_FREE && child->supervisor == who->endpoint)
            return child->endpoint;
    }
    return known[random_below(known_count)];
}

/* Arguments that the calls that reach beyond this core can like. */
static void shape_for_cores(endpoint_t child, uint32_t number, uint64_t args[MESSAGE_ARGS]) {
    uint64_t foreign = FIXTURE_FOREIGN + random_below(64) * PAGE_SIZE;
    switch (number) {
    case KCALL_CORE:
        args[0] = CORE_MAP + random_below(7);
        args[1] = random_below(FIXTURE_CORES + 1);
        args[2] = args[0] == CORE_STARTUP ? FIXTURE_LOW / PAGE_SIZE + random_below(9)
                                          : 0x10000000 + random_below(64) * PAGE_SIZE;
        args[3] = random_below(8) ? foreign : fixture_frame(random_below(1000));
        args[4] = random_below(40) * PAGE_SIZE;
        break;
    case KCALL_SHARE:
        args[0] = SHARE_ALLOC + random_below(2);
        args[1] = 0x10000000 + random_below(64) * PAGE_SIZE;
        args[2] = (1 + random_below(20)) * PAGE_SIZE;
        args[3] = random_below(4) ? 0 : fixture_frame(random_below(1000)) | random_below(2);
        args[4] = random_below(20) * PAGE_SIZE;
        break;
    default: /* KCALL_BIND */
        args[0] = BIND_OPEN + random_below(6);
        args[1] = BINDING_FIRST + random_below(16);
        args[2] = args[0] == BIND_OPEN   ? child
                  : args[0] == BIND_PEER ? BINDING_FIRST + random_below(8)
                  : args[0] == BIND_LINE ? 3 + random_below(6)
                                         : 0x10000000 + random_below(64) * PAGE_SIZE;
        args[3] =
            args[0] == BIND_OPEN || args[0] == BIND_LINE ? random_below(FIXTURE_CORES) : foreign;
        args[4] = (1 + random_below(20)) * PAGE_SIZE;
    }
}

#define GRANT_TABLE (FIXTURE_MEMORY + PAGE_SIZE) /* where actors have theirs, if they tell */

/* A process with a grant table, if one is found soon; else `who`. */
static struct process *any_grantor(struct process *who) {
    for (unsigned i = 0; i < 100; i++) {
        struct process *q = &processes[random_below(MAX_PROCESSES)];
        if (q->grant_pages && fixture_memory(q, GRANT_TABLE))
            return q;
    }
    return who;
}

/* A grant that `grantor` gives now, or may have given before. */
static uint64_t any_grant(struct process *grantor, const struct process *who) {
    uint64_t index = random_below(8), id = grant_id(random_below(2), (uint32_t)index);
    struct grant *table = fixture_memory(grantor, GRANT_TABLE);
    if (!table || random_below(4) == 0)
        return id;
    bool direct = random_below(3);
    table[index] = (struct grant){
        .flags = GRANT_VALID | GRANT_READ | (random_below(4) ? GRANT_WRITE : 0) |
                 (direct ? 0 : GRANT_INDIRECT),
        .id = id,
        .grantee = random_below(8) ? who->endpoint : known[random_below(known_count)],
        .start = direct && random_below(3) == 0 ? 0x10000000 + random_below(32) * PAGE_SIZE
                 : direct                       ? FIXTURE_MEMORY + random_below(8) / 7 * PAGE_SIZE
                                                : random_below(3) * PAGE_SIZE,
        .bytes = random_below(40) * PAGE_SIZE,
        .grantor = any_grantor(grantor)->endpoint,
        .parent = grant_id(random_below(2), (uint32_t)random_below(8)),
    };
    return id;
}

static void shape_for_grants(struct process *who, endpoint_t child, uint32_t number,
                             uint64_t args[MESSAGE_ARGS]) {
    struct process *grantor = any_grantor(who);
    struct grant_claim *claim = fixture_memory(who, FIXTURE_MEMORY);
    args[0] = number == KCALL_SETGRANT     ? (random_below(8) ? GRANT_TABLE : 0x10000000)
              : number == KCALL_SAFEREVOKE ? REVOKE_GRANT + random_below(2)
              : number == KCALL_GRANT      ? GRANT_RESOLVE + random_below(6)
                                           : grantor->endpoint;
    args[1] = number == KCALL_SETGRANT ? random_below(8) * GRANTS_PER_PAGE / 4
              : number == KCALL_SAFEREVOKE
                  ? (args[0] == REVOKE_GRANT ? grant_id(random_below(2), random_below(8) & 7)
                                             : 0x20000000 + random_below(64) * PAGE_SIZE)
                  : any_grant(grantor, who);
    args[2] = number == KCALL_SAFEREVOKE || random_below(2) ? 0 : random_below(3) * PAGE_SIZE;
    args[3] = number == KCALL_SAFEMAP ? 0x20000000 + random_below(64) * PAGE_SIZE
                                      : FIXTURE_MEMORY + random_below(PAGE_SIZE);
    args[4] =
        (number == KCALL_SAFEMAP ? 1 + random_below(random_below(2) ? 24 : 1) : random_below(2)) *
        PAGE_SIZE;
    args[5] = random_below(2) * (number == KCALL_SAFEMAP ? PROT_WRITE : COPY_TO);
    if (number != KCALL_GRANT)
        return;
    if (args[0] <= GRANT_COPY && claim) {
        *claim = (struct grant_claim){ .grantee = who->endpoint,
                                       .grantor = grantor->endpoint,
                                       .id = args[1],
                                       .bytes = random_below(3) * PAGE_SIZE,
                                       .access = GRANT_READ };
        args[1] = FIXTURE_MEMORY;
        args[2] = args[0] == GRANT_COPY ? 0x10000000 : random_below(2);
        args[3] = args[4] = 0;
        return;
    }
    args[1] = args[0] >= GRANT_IMPORT ? child : random_below(4) ? grantor->endpoint : child;
    args[2] = args[0] >= GRANT_IMPORT ? 0x20000000 + random_below(64) * PAGE_SIZE
                                      : 0x10000000 + random_below(32) * PAGE_SIZE;
    args[3] = (1 + random_below(3)) * PAGE_SIZE;
    args[4] = FIXTURE_MEMORY;
    for (unsigned i = 0; claim && args[0] == GRANT_IMPORT && i < 4; i++)
        ((uint64_t *)claim)[i] = FIXTURE_FOREIGN + random_below(64) * PAGE_SIZE;
}

static void shape_for_devices(endpoint_t child, uint32_t number, uint64_t args[MESSAGE_ARGS]) {
    switch (number) {
    case KCALL_VDEVIO:
        args[0] = UINT64_C(1) << random_below(3) | (random_below(2) ? VDEVIO_WRITE : 0);
        args[1] = 0x3f8 + random_below(9);
        break;
    case KCALL_IRQCTL:
        args[0] = random_below(6);
        args[1] = (random_below(2) ? IRQ_MSI_BASE : 3) + random_below(6);
        args[2] = random_below(33);
        break;
    case KCALL_MEMMAP:
        args[0] = MEMMAP_MAP + random_below(2);
        args[1] = 0x10000000 + random_below(64) * PAGE_SIZE;
        args[2] =
            (random_below(8) ? FIXTURE_DEVICE : FIXTURE_FOREIGN) + random_below(64) * PAGE_SIZE;
        args[3] = (1 + random_below(20)) * PAGE_SIZE;
        args[4] = random_below(2) * PROT_WRITE;
        break;
    default:
        args[0] = random_below(4) ? MAPDMA_ANYWHERE : MAPDMA_QUERY;
        args[1] = args[0] == MAPDMA_QUERY ? child : 0x10000000 + random_below(64) * PAGE_SIZE;
        args[2] = (1 + random_below(20)) * PAGE_SIZE;
        args[3] = random_below(4) ? 0 : fixture_frame(random_below(1000)) | random_below(2);
        args[4] = random_below(20) * PAGE_SIZE;
        break;
    }
}

/* Arguments of a shape that the call can like. */
static void shape(struct process *who, uint32_t number, uint64_t args[MESSAGE_ARGS]) {
    endpoint_t child = any_child(who);
    static const uint64_t label = 0x6c696863; /* "chil" */
    switch (number) {
    case KCALL_PROC_CREATE:
        args[0] = label;
        args[1] = args[2] = 0;
        args[3] = PROCESS_FRAMES_MIN + random_below(40);
        args[4] = random_below(3);
        break;
    case KCALL_PROC_START:
    case KCALL_PROC_KILL:
    case KCALL_PROC_DESTROY:
        args[0] = child;
        args[1] = args[2] = USER_BASE;
        break;
    case KCALL_MEM_MAP:
    case KCALL_MEM_UNMAP:
    case KCALL_MEM_PROTECT:
        args[0] = random_below(2) ? ENDPOINT_SELF : child;
        args[1] = 0x10000000 + random_below(32) * PAGE_SIZE;
        args[2] = random_below(40) * PAGE_SIZE;
        args[3] = random_below(8);
        break;
    case KCALL_MEM_COPY:
        args[0] = random_below(2) ? ENDPOINT_SELF : child;
        args[1] = FIXTURE_MEMORY + random_below(PAGE_SIZE);
        args[2] = FIXTURE_MEMORY + random_below(PAGE_SIZE);
        args[3] = random_below(2 * PAGE_SIZE);
        args[4] = random_below(2);
        break;
    case KCALL_PRIVCTL:
        args[0] = PRIVCTL_IPC + random_below(16);
        args[1] = child;
        args[2] = random_below(3) ? random_below(12) : known[random_below(known_count)];
        break;
    case KCALL_VDEVIO:
    case KCALL_IRQCTL:
    case KCALL_MEMMAP:
    case KCALL_MAPDMA:
        shape_for_devices(child, number, args);
        break;
    case KCALL_SETGRANT:
    case KCALL_SAFECOPY:
    case KCALL_SAFEMAP:
    case KCALL_SAFEREVOKE:
    case KCALL_GRANT:
        shape_for_grants(who, child, number, args);
        break;
    case KCALL_CORE:
    case KCALL_SHARE:
    case KCALL_BIND:
        shape_for_cores(child, number, args);
        break;
    default:
        args[0] = random_below(9);
        args[1] = random_below(3) ? FIXTURE_MEMORY + random_below(2 * PAGE_SIZE) : child;
    }
}

static void remember(endpoint_t endpoint) {
    known[known_count < 64 ? known_count++ : random_below(64)] = endpoint;
}

/* A process in place of one that is gone or waits: new ones, or children of others. */
static struct process *ready_actor(unsigned i) {
    if (!actor[i] || actor[i]->state != PROCESS_READY || actor[i] == first) {
        unsigned slot = (unsigned)random_below(MAX_PROCESSES);
        struct process *any = &processes[slot];
        bool takes = any != first && any->state == PROCESS_READY && random_below(4) == 0;
        actor[i] = takes ? any : NULL;
    }
    return actor[i];
}

static void make_actor(unsigned i) {
    uint64_t args[MESSAGE_ARGS] = { 0x726f746361, 0, 0, 64, 8 };
    if (fixture_kcall(first, KCALL_PROC_CREATE, args))
        return;
    endpoint_t endpoint = args[0];
    cr_assert_eq(process_find(endpoint, &actor[i]), 0);
    process_set_rights(actor[i], IPC_ALL, KCALL_ALL);
    actor[i]->io[actor[i]->io_count++] = (struct priv_range){ 0x3f8, 8 };
    actor[i]->irq[actor[i]->irq_count++] = (struct priv_range){ 4, 4 };
    actor[i]->irq[actor[i]->irq_count++] = (struct priv_range){ IRQ_MSI_BASE, 4 };
    actor[i]->memory[actor[i]->memory_count++] =
        (struct priv_range){ FIXTURE_DEVICE / PAGE_SIZE, FIXTURE_DEVICE_PAGES };
    CALL(first, MEM_MAP, endpoint, FIXTURE_MEMORY, FIXTURE_PAGES * PAGE_SIZE, PROT_WRITE);
    CALL(first, PROC_START, endpoint, USER_BASE, USER_BASE);
    remember(endpoint);
}

/* What first has to supervise is not to fill the table of processes. */
static void clean_up(void) {
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        struct process *q = &processes[slot];
        if (q == first || q->state == PROCESS_FREE || q->supervisor != first->endpoint)
            continue;
        CALL(first, PROC_KILL, q->endpoint);
        CALL(first, PROC_DESTROY, q->endpoint);
    }
}

static const bool is_call[KCALL_COUNT] = {
#define X(name, number) [number] = true,
    KERNEL_CALLS(X)
#undef X
};

Test(kcall, random_calls_break_no_invariant) {
    random_start();
    static unsigned succeeded[KCALL_COUNT];
    remember(first->endpoint);
    remember(p->endpoint);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)random_below(ACTORS);
        if (!ready_actor(i))
            make_actor(i);
        struct process *who = actor[i];
        uint32_t number = (uint32_t)random_below(KCALL_COUNT + 1);
        uint64_t args[MESSAGE_ARGS];
        for (unsigned a = 0; a < MESSAGE_ARGS; a++)
            args[a] = any_argument();
        if (who && random_below(4))
            shape(who, number, args);
        bool ends_all = (number == KCALL_SYSCTL && args[0] == SYSCTL_REBOOT) ||
                        (number == KCALL_EXIT && random_below(20));
        if (!who || ends_all)
            continue;
        int result = fixture_kcall(who, number, args);
        if (number < KCALL_COUNT && (result == 0 || who->cause == DEATH_EXIT))
            succeeded[number]++;
        if (number == KCALL_PROC_CREATE && result == 0)
            remember(args[0]);
        binding_rung((uint32_t)random_below(FIXTURE_CORES),
                     BINDING_FIRST + (uint32_t)random_below(16));
        cpu.now += random_below(100000);
        if (random_below(4) == 0)
            fixture_interrupt(random_below(3) ? VECTOR_TIMER : VECTOR_IRQ + random_below(16));
        if (random_below(200) == 0)
            clean_up();
        if (sched->name[0] != 'b') {
            fixture_schedule_by_hand();
            sched_finish();
        }
        if (step % 16 == 0)
            cr_assert_eq(fixture_violations(), 0, "after call %u" REPLAY, number,
                         REPLAY_ARGS(step));
    }
    for (unsigned number = 0; number < KCALL_COUNT; number++)
        cr_assert(!is_call[number] || succeeded[number] > 4, "call %u succeeded %u times" REPLAY,
                  number, succeeded[number], REPLAY_ARGS(STEPS));
    trace_stop();
}
