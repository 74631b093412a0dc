#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/kcall.h>

#include <runtime/console.h>
#include <runtime/ipc.h>
#include <runtime/startup.h>

#include "shell.h"
#include "start.h"

#define LOG_STEP  1024 /* bytes that a kernel gives at once */
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define MIB       (UINT64_C(1) << 20)
#define PARTITION (64 * MIB)

struct fake_machine fake;

static struct startup fake_startup = { .version = STARTUP_VERSION,
                                       .self = FAKE_SELF,
                                       .monitor = FAKE_MONITOR,
                                       .console = FAKE_CONSOLE,
                                       .tsc_frequency = 1000000000 };
const struct startup *const startup = &fake_startup;

uint64_t machine_counter(void) { return fake.now; }

int console_attach(void) { return 0; }

int console_flush(void) { return 0; }

/* Of main.c. */
uint64_t shell_prompt_stamp(void) { return 0; }

void shell_power_off(void) { cr_assert_fail("nobody has asked for that"); }

/* ---- The machine ---- */

endpoint_t fake_process(uint32_t core, const char *label) {
    struct fake_core *c = &fake.core[core];
    uint16_t slot = 0;

    while (c->process[slot].endpoint != ENDPOINT_NONE)
        slot++;
    c->process[slot] = (struct process_info){
        .endpoint = endpoint_make(c->core.incarnation, 1, (uint16_t)core, slot),
        .state = PROCESS_READY,
    };
    memcpy(c->process[slot].label, label, strlen(label));
    return c->process[slot].endpoint;
}

void fake_reset(void) {
    fake = (struct fake_machine){ .view = 7 };
    time_init(fake_startup.tsc_frequency);
    channel_hot.core = FAKE_OWN << 16; /* as the start of a program does */
    for (uint32_t i = 0; i < FAKE_CORES; i++) {
        struct fake_core *c = &fake.core[i];
        c->core = (struct monitor_core){ .core = i,
                                         .state = MONITOR_CORE_MEMBER,
                                         .incarnation = FAKE_INCARNATION + i - FAKE_OWN,
                                         .apic_id = 2 * i,
                                         .node = i / 2,
                                         .memory_bytes = PARTITION };
        c->info =
            (struct core_info){ .core = i, .cores = FAKE_CORES, .messages = i * UINT64_C(10) };
        c->memory = (struct memory_info){ .partition_base = i * PARTITION,
                                          .chunks = PARTITION / (2 * MIB) };
        c->idle_step = 100;
        c->log = "";
        fake_process(i, "monitor");
    }
    fake_process(FAKE_OWN, "serial");
    fake_process(FAKE_OWN, "shell");
}

void fake_fail(uint32_t core) {
    fake.core[core].core.state = MONITOR_CORE_OFF;
    memset(fake.core[core].process, 0, sizeof fake.core[core].process);
    fake.view++;
}

static void pass(uint64_t nanoseconds) {
    fake.now += nanoseconds;
    for (struct fake_core *c = fake.core; c < fake.core + FAKE_CORES; c++) {
        c->info.time += nanoseconds;
        c->info.idle_time += nanoseconds * c->idle_step / 100;
    }
}

/* ---- Kernels ---- */

static int put(uint64_t arg[4], const void *record, size_t bytes) {
    arg[2] = arg[2] < bytes ? 0 : bytes;
    memcpy((void *)arg[1], record, arg[2]);
    arg[0] = arg[2];
    arg[1] = bytes;
    return 0;
}

static int put_processes(const struct fake_core *c, uint64_t arg[4]) {
    struct process_info *to = (struct process_info *)arg[1];
    size_t room = arg[2] / sizeof *to, count = 0, written = 0;

    for (uint64_t slot = arg[3]; slot < FAKE_PROCESSES; slot++) {
        if (c->process[slot].endpoint == ENDPOINT_NONE)
            continue;
        if (count++ < room)
            to[written++] = c->process[slot];
    }
    arg[0] = written * sizeof *to;
    arg[1] = count * sizeof *to;
    return 0;
}

static int put_log(const struct fake_core *c, uint64_t arg[4]) {
    size_t total = strlen(c->log), from = arg[3] < c->log_dropped ? c->log_dropped : arg[3];
    size_t bytes = from < total ? total - from : 0, room = arg[2] < LOG_STEP ? arg[2] : LOG_STEP;

    bytes = bytes < room ? bytes : room;
    memcpy((void *)arg[1], c->log + from, bytes);
    arg[0] = bytes;
    arg[1] = total;
    arg[2] = from;
    return 0;
}

static int getinfo_of(const struct fake_core *c, uint64_t arg[4]) {
    switch (arg[0]) {
    case INFO_PROCESSES:
        return put_processes(c, arg);
    case INFO_CORE:
        return put(arg, &c->info, sizeof c->info);
    case INFO_MEMORY:
        return put(arg, &c->memory, sizeof c->memory);
    case INFO_LOG:
        return put_log(c, arg);
    case INFO_REFUSALS:
        return put(arg, &c->refused, sizeof c->refused);
    default:
        return -E_INVAL;
    }
}

int trap_kernel_4(uint64_t call, uint64_t arg[4]) {
    if (call == KCALL_SETALARM)
        return 0;
    return call == KCALL_GETINFO ? getinfo_of(&fake.core[FAKE_OWN], arg) : -E_BADCALL;
}

int trap_kernel_5(uint64_t call, uint64_t arg[5]) { /* NOLINT(readability-non-const-parameter) */
    (void)arg;
    (void)call;
    return -E_BADCALL;
}

/* ---- The monitor ---- */

static struct process_info *process_of(endpoint_t endpoint) {
    struct process_info *process =
        &fake.core[endpoint_core(endpoint)].process[endpoint_slot(endpoint) % FAKE_PROCESSES];

    return process->endpoint == endpoint ? process : NULL;
}

static int spawn(struct message *m, uint32_t core) {
    const char *arg = (const char *)m->arg[0], *end = arg + m->arg[1];
    size_t length = (size_t)snprintf(fake.spawned, sizeof fake.spawned, "%u:", core);

    if (strcmp(arg, "no-such") == 0)
        return -E_NOENT;
    m->arg[0] = fake_process(core, arg);
    for (uint64_t i = 0; i < m->arg[2] && arg < end; i++, arg += strlen(arg) + 1)
        length += (size_t)snprintf(fake.spawned + length, sizeof fake.spawned - length, " %s", arg);
    return 0;
}

static int status(struct message *m) {
    bool lives = process_of(m->arg[0]) != NULL;

    if (!lives && fake.cause == DEATH_NONE)
        return -E_BADEP;
    m->arg[0] = lives ? DEATH_NONE : fake.cause;
    m->arg[1] = fake.status;
    return 0;
}

static int kill_process(struct message *m) {
    struct process_info *process = process_of(m->arg[0]);

    if (process == NULL)
        return -E_BADEP;
    fake.killed = m->arg[0];
    process->endpoint = ENDPOINT_NONE;
    fake.cause = DEATH_KILLED;
    return 0;
}

static int lookup_on(struct message *m, uint32_t core) {
    for (struct process_info *p = fake.core[core].process;
         p < fake.core[core].process + FAKE_PROCESSES; p++)
        if (p->endpoint != ENDPOINT_NONE && memcmp(p->label, m->arg, LABEL_MAX) == 0) {
            m->arg[0] = p->endpoint;
            return 0;
        }
    return -E_NOENT;
}

static int lookup_any(struct message *m) {
    int error = lookup_on(m, FAKE_OWN);

    for (uint32_t core = 0; error && core < FAKE_CORES; core++)
        error = lookup_on(m, core);
    return error;
}

static int cores(struct message *m) {
    struct monitor_core *to = (struct monitor_core *)m->arg[0];
    size_t count = m->arg[1] / sizeof *to;

    count = count < FAKE_CORES ? count : FAKE_CORES;
    for (size_t i = 0; i < count; i++)
        to[i] = fake.core[i].core;
    m->arg[0] = count * sizeof *to;
    m->arg[1] = fake.view;
    return 0;
}

static int control(const struct message *m) {
    static const uint32_t state[] = { [CORE_CONTROL_START] = MONITOR_CORE_MEMBER,
                                      [CORE_CONTROL_STOP] = MONITOR_CORE_OFF,
                                      [CORE_CONTROL_FENCE] = MONITOR_CORE_OFF };
    struct monitor_core *core = &fake.core[m->arg[5]].core;

    fake.controlled = m->arg[5];
    fake.control = (enum core_control)m->arg[0];
    if (fake.control_error)
        return fake.control_error;
    core->state = state[fake.control];
    core->incarnation += fake.control == CORE_CONTROL_START;
    fake.view++;
    return 0;
}

static int getinfo_there(struct message *m, uint32_t core) {
    uint64_t arg[4] = { m->arg[2], m->arg[0], m->arg[1], m->arg[3] };
    int error = getinfo_of(&fake.core[core], arg);

    memcpy(m->arg, arg, 3 * sizeof arg[0]);
    return error;
}

static int report(const struct message *m, uint64_t *written) {
    static const char text[] = "the report\n";

    (void)m;
    if (fake.cause == DEATH_NONE)
        return -E_NOENT;
    memcpy((void *)m->arg[1], text, sizeof text - 1);
    *written = sizeof text - 1;
    return 0;
}

/* Core 0 tells 2 and then 1, core 2 tells 3, whatever tree is asked for; each has its package. */
static int tree(struct message *m) {
    static const uint16_t parents[FAKE_CORES] = { [0] = (uint16_t)CORE_HERE, [3] = 2 };
    static const uint16_t rounds[FAKE_CORES] = { [1] = 2, [2] = 1, [3] = 2 };
    struct monitor_tree_core *nodes = (struct monitor_tree_core *)m->arg[0];

    if (m->arg[3] != 0)
        return -E_NOENT;
    for (uint16_t i = 0; i < FAKE_CORES; i++)
        nodes[i] = (struct monitor_tree_core){
            .package = i, .cache = i, .member = 1, .parent = parents[i], .round = rounds[i]
        };
    m->arg[0] = FAKE_CORES * sizeof *nodes;
    m->arg[1] = m->arg[2] == MONITOR_TREE_CHOSEN ? MONITOR_TREE_MULTICAST : m->arg[2];
    m->arg[2] = 2;
    return 0;
}

/* The number that is named, or the one that it is to be apart from, less one. */
static int place(struct message *m) {
    uint64_t number = m->arg[0] == MONITOR_PLACE_ANY ? m->arg[2] - 1 : m->arg[1];

    m->arg[0] = number;
    return number < FAKE_CORES ? 0 : -E_NOENT;
}

static int serve(struct message *m, uint32_t core) {
    switch (m->type) {
    case MONITOR_SPAWN:
        return spawn(m, core);
    case MONITOR_STATUS:
        return status(m);
    case MONITOR_REPORT:
        return report(m, &m->arg[0]);
    case MONITOR_KILL:
        return kill_process(m);
    case MONITOR_SCHED:
        fake.scheduled = m->arg[0];
        return 0;
    case MONITOR_LOOKUP:
        return m->arg[5] == CORE_ANY ? lookup_any(m) : lookup_on(m, core);
    case MONITOR_CORES:
        return cores(m);
    case MONITOR_CORE_CONTROL:
        return control(m);
    case MONITOR_MEMORY_MOVE: /* core 3 has no more than 6 MiB to give */
        if (m->arg[4] != 3 || m->arg[0] <= 6)
            return 0;
        m->arg[0] = 6;
        return -E_NOMEM;
    case MONITOR_TREE:
        return tree(m);
    case MONITOR_PLACE:
        return place(m);
    case MONITOR_GETINFO:
        return getinfo_there(m, core);
    default:
        return -E_BADCALL;
    }
}

/* As the comments of the protocol have it: by arg[5], or by the endpoint in arg[0]. */
static uint64_t core_of(const struct message *m) {
    switch (m->type) {
    case MONITOR_SPAWN:
    case MONITOR_LOOKUP:
    case MONITOR_GETINFO:
        return m->arg[5] == CORE_HERE || m->arg[5] == CORE_ANY ? FAKE_OWN : m->arg[5];
    case MONITOR_STATUS:
    case MONITOR_REPORT:
    case MONITOR_KILL:
    case MONITOR_SCHED:
        return endpoint_core(m->arg[0]);
    default:
        return FAKE_OWN;
    }
}

static int answer(struct message *m) {
    uint64_t core = core_of(m);

    if (m->type == MONITOR_GETINFO && m->arg[1] > fake.largest)
        fake.largest = m->arg[1];
    if (fake.fails_at && core == fake.fails_on)
        return fake.fails_at;
    if (core >= FAKE_CORES || fake.core[core].core.state != MONITOR_CORE_MEMBER)
        return -E_NOENT;
    if (m->type == MONITOR_GETINFO && m->arg[1] > MONITOR_TEXT_MAX)
        return -E_TOOBIG;
    return serve(m, (uint32_t)core);
}

/* ---- Messages ---- */

int trap_message(uint64_t operation, uint64_t to, struct message *m) {
    cr_assert_eq(operation, IPC_SENDREC);
    cr_assert_eq(to, FAKE_MONITOR);
    message_set_result(m, answer(m));
    return 0;
}

int trap_receive(uint64_t operation, endpoint_t from, struct message *m) {
    (void)operation;
    (void)from;
    cr_assert_lt(fake.happened, COUNT(fake.happens));
    cr_assert_not_null(fake.happens[fake.happened], "the shell waits for something more");
    *m = (struct message){ .type = MESSAGE_NOTIFY };
    fake.happens[fake.happened++](m);
    return 0;
}

int trap_send(uint64_t operation, endpoint_t to, const struct message *m) {
    (void)operation;
    (void)to;
    (void)m;
    return 0;
}

int trap_1(uint64_t operation, uint64_t rdi) { return trap_2(operation, rdi, 0); }

int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi) {
    (void)operation;
    (void)rdi;
    (void)rsi;
    return -E_BADCALL;
}

/* ---- What happens ---- */

void fake_monitor_notifies(struct message *m) { m->source = FAKE_MONITOR; }

/* The youngest process of any core is gone. */
void fake_program_ends(struct message *m) {
    uint32_t core = (uint32_t)(fake.spawned[0] - '0');
    uint16_t slot = 0;

    while (fake.core[core].process[slot + 1].endpoint != ENDPOINT_NONE)
        slot++;
    fake.core[core].process[slot].endpoint = ENDPOINT_NONE;
    fake.cause = DEATH_EXIT;
    m->source = FAKE_MONITOR;
}

void fake_interrupt(struct message *m) { m->source = FAKE_CONSOLE; }

void fake_alarm(struct message *m) {
    pass(TIME_SECOND);
    m->source = ENDPOINT_KERNEL;
}
