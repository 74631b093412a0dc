/*
 * Who makes random calls. Arguments are mostly plausible, since what is refused at the first check
 * tests little: live and stale endpoints, mapped and unmapped pages, ranges across page ends. What
 * would only end the test is left out: power-off and reboot, taking its own code and stack away,
 * waiting for somebody who will not come.
 */
#include "fuzz.h"
#include "random.h"

#include <bulkhead/grant.h>
#include <bulkhead/trace.h>
#include <runtime/startup.h>

struct caller caller;

#define WINDOW       0x0000400000000000UL /* where it maps and unmaps */
#define WINDOW_PAGES 24
#define DMA          (WINDOW + WINDOW_PAGES * PAGE_SIZE) /* and where what it maps there stays */
#define DMA_PAGES    8
#define KNOWN        8 /* endpoints that it remembers */
#define TABLE        8

static uint64_t state;
static endpoint_t known[KNOWN]; /* of its children, dead or alive */
static struct asend_entry table[TABLE] __attribute__((aligned(128)));
static uint8_t buffer[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static struct grant grants[GRANTS_PER_PAGE] __attribute__((aligned(PAGE_SIZE)));
static struct report report;

static uint64_t below(uint64_t limit) { return random_next(&state) % limit; }

/* Numbers that somebody may have forgotten to think of. */
static uint64_t odd_number(void) {
    static const uint64_t numbers[] = {
        0,
        1,
        7,
        63,
        64,
        65,
        255,
        256,
        4095,
        4096,
        4097,
        UINT32_MAX,
        INT64_MAX,
        UINT64_MAX,
        UINT64_MAX - 4095,
        USER_END,
        USER_END - 1,
        0x0000800000000000,
        0xffff800000000000,
        0xffffffff80000000,
    };
    return numbers[below(sizeof numbers / sizeof numbers[0])];
}

static endpoint_t some_child(void) { return known[below(KNOWN)]; }

static endpoint_t some_endpoint(void) {
    switch (below(8)) {
    case 0:
        return odd_number();
    case 1:
        return some_child();
    case 2:
        return caller.supervisor;
    case 3:
        return some_child() + (below(5) << 32);
    default:
        return caller.echo;
    }
}

/* Memory to be read or written by the kernel. */
static uint64_t some_address(void) {
    switch (below(8)) {
    case 0:
        return odd_number();
    case 1:
        return WINDOW + below(WINDOW_PAGES * PAGE_SIZE);
    case 2:
        return (uint64_t)buffer + sizeof buffer - below(64); /* may reach what lies behind */
    default:
        return (uint64_t)buffer + below(PAGE_SIZE) / 8 * 8;
    }
}

static uint64_t some_size(void) { return below(8) ? below(300) : odd_number(); }

/* Pages to be mapped, unmapped, protected: its window, or a child's space at any place. */
static void some_pages(uint64_t arg[MESSAGE_ARGS]) {
    bool own = below(3) != 0;
    arg[0] = own ? ENDPOINT_SELF : some_child();
    arg[1] = WINDOW + below(WINDOW_PAGES) * PAGE_SIZE;
    arg[2] = (below(4) + 1) * PAGE_SIZE;
    arg[3] = below(8) ? PROT_READ | below(2) * PROT_WRITE : below(16);
    if (below(16) == 0)
        arg[1] += below(PAGE_SIZE);
    if (!own && below(16) == 0)
        arg[1] = odd_number();
    if (below(32) == 0)
        arg[2] = odd_number() | UINT64_C(1) << 40; /* more than any quota, or not a page multiple */
}

static void some_label(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = 'a' + below(26);
    arg[1] = arg[2] = 0;
    if (below(16) == 0)
        arg[below(3)] = random_next(&state);
}

static void vdevio_args(uint64_t arg[MESSAGE_ARGS]) {
    struct vdevio_entry *vector = (struct vdevio_entry *)buffer;
    arg[0] = below(16);
    arg[1] = FUZZ_PORT + below(FUZZ_PORTS + 1);
    arg[2] = random_next(&state);
    if (below(3))
        return;
    for (unsigned i = 0; i < 4; i++)
        vector[i] = (struct vdevio_entry){ (uint16_t)(FUZZ_PORT + below(FUZZ_PORTS)),
                                           (uint16_t)(VDEVIO_IN8 | below(2) * VDEVIO_WRITE), 0 };
    arg[0] = VDEVIO_VECTOR;
    arg[1] = below(8) ? (uint64_t)buffer : some_address();
    arg[2] = below(8) ? 1 + below(4) : odd_number();
}

static void sysctl_args(uint64_t arg[MESSAGE_ARGS]) {
    static const uint64_t operations[] = { 0, SYSCTL_FASTPATH, SYSCTL_CONSOLE, SYSCTL_CRASH, 99 };
    arg[0] = operations[below(sizeof operations / sizeof operations[0])];
    arg[1] = arg[0] == SYSCTL_FASTPATH ? below(2) : 1; /* the serial port stays the driver's */
}

static void privctl_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(9);
    arg[1] = below(16) ? some_child() : some_endpoint();
    arg[2] = below(4) ? below(256) : odd_number();
    arg[3] = 1 + below(4);
    if (arg[0] == PRIVCTL_ALLOW || arg[0] == PRIVCTL_DENY)
        arg[2] = below(2) ? some_child() : caller.echo;
    if (arg[0] == PRIVCTL_IO && below(2))
        arg[2] = FUZZ_PORT;
    if (arg[0] == PRIVCTL_IRQ && below(2))
        arg[2] = FUZZ_LINE, arg[3] = 1;
    /* Itself and the echo server go on talking: the exchange is what is verified. */
    if (arg[0] == PRIVCTL_DENY)
        arg[2] = some_child();
}

static void sched_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(6);
    arg[1] = arg[0] == SCHED_POLICY ? below(3) : below(2) ? ENDPOINT_SELF : some_endpoint();
    arg[2] = below(4) ? below(SCHED_PRIORITIES) : SCHED_QUANTUM_MIN + below(SCHED_QUANTUM_MAX);
}

static void memory_copy_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(2) ? ENDPOINT_SELF : some_child();
    arg[1] = WINDOW + below(WINDOW_PAGES * PAGE_SIZE);
    arg[2] = (uint64_t)buffer + below(PAGE_SIZE);
    arg[3] = some_size();
    arg[4] = below(16) ? below(2) : odd_number();
    if (below(16) == 0)
        arg[2] = some_address();
}

static void proc_create_args(uint64_t arg[MESSAGE_ARGS]) {
    some_label(arg);
    arg[3] = below(16) ? PROCESS_FRAMES_MIN + below(16) : odd_number();
    arg[4] = below(2);
}

/* It has no memory to run in, and dies of that. */
static void proc_start_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = some_child();
    arg[1] = below(8) ? WINDOW : odd_number();
    arg[2] = below(8) ? WINDOW : odd_number();
}

static void proc_end_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(16) ? some_child() : some_endpoint();
}

static void irqctl_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(6);
    arg[1] = below(8) ? FUZZ_LINE : odd_number();
    arg[2] = below(33);
}

static void setalarm_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(4) ? below(1000000) : odd_number();
}

static void getinfo_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(10);
    arg[1] = some_address();
    arg[2] = below(4) ? below(PAGE_SIZE) : odd_number();
    arg[3] = below(2) ? some_endpoint() : below(300);
}

static void trace_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(5);
    arg[1] = arg[0] == TRACE_START ? below(64) : some_address();
    arg[2] = below(PAGE_SIZE);
    arg[3] = below(5000);
}

static void log_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = some_address();
    arg[1] = below(16) ? below(4) : odd_number();
}

/* Grants to itself, most of them: of what it may map and unmap, of its buffer, or of other grants.
 */
static uint64_t some_grant(void) {
    uint64_t index = below(8), id = grant_id(below(2), (uint32_t)index);
    bool direct = below(3);
    if (below(2))
        return id;
    grants[index] = (struct grant){
        .flags = GRANT_VALID | (uint32_t)below(8) << 1 | (direct ? 0 : GRANT_INDIRECT),
        .id = id,
        .grantee = below(8) ? runtime_self() : some_endpoint(),
        .start = !direct    ? below(2) * PAGE_SIZE
                 : below(3) ? (uint64_t)buffer
                 : below(4) ? WINDOW
                            : some_address(),
        .bytes = below(8) ? below(4) * PAGE_SIZE : odd_number(),
        .grantor = below(8) ? runtime_self() : some_endpoint(),
        .parent = grant_id(below(2), (uint32_t)below(8)),
    };
    if (direct)
        grants[index].flags &= ~(uint32_t)GRANT_INDIRECT;
    return id;
}

static void setgrant_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(8) ? (uint64_t)grants : some_address();
    arg[1] = below(8) ? GRANTS_PER_PAGE : odd_number();
}

static void safecopy_args(uint64_t arg[MESSAGE_ARGS]) {
    struct safecopy *vector = (struct safecopy *)buffer;
    arg[0] = below(8) ? runtime_self() : some_endpoint();
    arg[1] = below(8) ? some_grant() : odd_number();
    arg[2] = below(4) ? below(PAGE_SIZE) : odd_number();
    arg[3] = some_address();
    arg[4] = some_size();
    arg[5] = below(16) ? below(2) : odd_number();
    if (below(4))
        return;
    for (unsigned i = 0; i < 4; i++)
        vector[i] = (struct safecopy){ runtime_self(),   some_grant(),
                                       below(PAGE_SIZE), (uint64_t)buffer + PAGE_SIZE,
                                       some_size(),      below(2) };
    arg[0] = below(8) ? (uint64_t)buffer : some_address();
    arg[1] = below(8) ? 1 + below(4) : odd_number();
    arg[2] = below(8) ? 0 : odd_number();
    arg[5] = SAFECOPY_VECTOR;
}

static void safemap_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(8) ? runtime_self() : some_endpoint();
    arg[1] = some_grant();
    arg[2] = below(8) ? below(2) * PAGE_SIZE : odd_number();
    arg[3] = below(8) ? WINDOW + below(WINDOW_PAGES) * PAGE_SIZE : odd_number();
    arg[4] = below(8) ? below(3) * PAGE_SIZE : odd_number();
    arg[5] = below(8) ? below(2) * PROT_WRITE : odd_number();
}

static void saferevoke_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(8) ? REVOKE_GRANT + below(2) : odd_number();
    arg[1] = arg[0] == REVOKE_GRANT ? some_grant() : WINDOW + below(WINDOW_PAGES) * PAGE_SIZE;
    arg[2] = below(8) ? 0 : odd_number();
}

static void memmap_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(8) ? MEMMAP_MAP + below(2) : odd_number();
    arg[1] = WINDOW + below(WINDOW_PAGES) * PAGE_SIZE;
    arg[2] = below(8) ? FUZZ_MEMORY + below(FUZZ_MEMORY_PAGES + 1) * PAGE_SIZE : odd_number();
    arg[3] = below(8) ? (1 + below(3)) * PAGE_SIZE : odd_number();
    arg[4] = below(8) ? below(2) * PROT_WRITE : below(2) ? MEMMAP_CACHED : odd_number();
}

static void mapdma_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(8) ? below(3) : odd_number();
    arg[1] = DMA + below(DMA_PAGES) * PAGE_SIZE;
    arg[2] = below(8) ? (1 + below(3)) * PAGE_SIZE : odd_number();
    if (below(16) == 0)
        arg[3] = odd_number(), arg[4] = odd_number();
    if (arg[0] != MAPDMA_QUERY)
        return;
    arg[3] = arg[2];
    arg[2] = arg[1];
    arg[1] = some_child();
    arg[4] = some_address();
}

/* Plausible arguments of each kernel call that has any. */
static void (*const arguments[KCALL_COUNT])(uint64_t arg[MESSAGE_ARGS]) = {
    [KCALL_PROC_CREATE] = proc_create_args,
    [KCALL_PROC_START] = proc_start_args,
    [KCALL_PROC_KILL] = proc_end_args,
    [KCALL_PROC_DESTROY] = proc_end_args,
    [KCALL_MEM_MAP] = some_pages,
    [KCALL_MEM_UNMAP] = some_pages,
    [KCALL_MEM_PROTECT] = some_pages,
    [KCALL_MEM_COPY] = memory_copy_args,
    [KCALL_VDEVIO] = vdevio_args,
    [KCALL_IRQCTL] = irqctl_args,
    [KCALL_SETALARM] = setalarm_args,
    [KCALL_GETINFO] = getinfo_args,
    [KCALL_SYSCTL] = sysctl_args,
    [KCALL_PRIVCTL] = privctl_args,
    [KCALL_SCHED] = sched_args,
    [KCALL_TRACE] = trace_args,
    [KCALL_LOG] = log_args,
    [KCALL_SETGRANT] = setgrant_args,
    [KCALL_SAFECOPY] = safecopy_args,
    [KCALL_SAFEMAP] = safemap_args,
    [KCALL_SAFEREVOKE] = saferevoke_args,
    [KCALL_MEMMAP] = memmap_args,
    [KCALL_MAPDMA] = mapdma_args,
};

/* Calls by chance, but those that cost much, or a restart, seldom. */
static uint32_t some_call(void) {
    uint32_t call = (uint32_t)below(KCALL_COUNT + 1);
    unsigned one_in = 1;
    if (call == KCALL_EXIT)
        one_in = caller.privileged ? 128 : 8192;
    else if (call == KCALL_LOG || call == KCALL_TRACE)
        one_in = 8;
    return below(one_in) ? KCALL_NULL : call;
}

static void tell(void) {
    struct message m = { .type = REPORT_TYPE };
    report.proof = REPORT_PROOF ^ report.permitted ^ report.succeeded;
    memcpy(m.arg, &report, sizeof report);
    if (caller.privileged)
        ipc_call(caller.supervisor, &m);
    memset(&report, 0, sizeof report);
}

static void account(int result, unsigned way) {
    report.calls++;
    report.permitted += result != -E_PERM && result != -E_TARGET;
    if (!result)
        report.succeeded |= UINT64_C(1) << way;
}

static void kernel_call(void) {
    struct message m = { .type = some_call() };
    uint32_t call = m.type;
    if (call < KCALL_COUNT && arguments[call])
        arguments[call](m.arg);
    if (call == KCALL_EXIT) {
        report.succeeded |= UINT64_C(1) << KCALL_EXIT;
        tell();
    }
    int result = ipc_raw(IPC_SENDREC, ENDPOINT_KERNEL, &m);
    account(result, call);
    if (call == KCALL_PROC_CREATE && !result)
        known[below(KNOWN)] = m.arg[0];
}

/* Fills in a table of messages, or part of one. */
static uint64_t some_table(uint64_t *entries) {
    for (unsigned i = 0; i < TABLE; i++) {
        table[i].destination = some_endpoint();
        table[i].message.type = (uint32_t)random_next(&state);
        table[i].state = below(4) ? ASEND_READY : (uint32_t)below(4);
    }
    *entries = below(8) ? below(TABLE + 1) : odd_number();
    return below(8) ? (uint64_t)table : some_address();
}

/* Whether it could wait for ever: for a message that nobody will send, or a child to receive. */
static bool would_wait(uint64_t operation, endpoint_t partner) {
    struct process_info info;
    if (operation == IPC_RECEIVE)
        return true;
    if (operation != IPC_SEND && operation != IPC_SENDREC && operation != IPC_REPLYRECV)
        return false;
    return partner != caller.echo && partner != caller.supervisor &&
           getinfo(INFO_PROCESS, &info, sizeof info, partner, NULL, NULL) == 0;
}

static void primitive(void) {
    struct message m = { .type = (uint32_t)below(0x10000), .arg = { random_next(&state) } };
    uint64_t operation = below(10), flags = below(16) ? 0 : random_next(&state) & ~UINT64_C(0xff);
    uint64_t to = some_endpoint();
    if (caller.privileged && would_wait(operation, to)) {
        if (operation != IPC_RECEIVE)
            return;
        flags |= IPC_NONBLOCK;
        to = below(2) ? ENDPOINT_ANY : to;
    }
    if (operation == IPC_ASEND) {
        uint64_t entries;
        to = some_table(&entries);
        memcpy(&m.type, &entries, sizeof entries);
    }
    if (operation == IPC_REPLYRECV && caller.privileged)
        alarm_set(1000, NULL); /* so that what it waits for comes */
    account(ipc_raw(operation | flags, to, &m), WAY_OF(operation));
}

/* Anything at all, as long as it can be refused. */
static void nonsense(void) {
    struct message m = { .type = (uint32_t)odd_number() };
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        m.arg[i] = odd_number();
    account(ipc_raw(random_next(&state) | 8, odd_number(), &m), WAY_OF(0));
}

void caller_main(void *unused) {
    (void)unused;
    state = caller.seed;
    for (uint64_t calls = 0;; calls++) {
        uint64_t kind = below(16);
        if (kind == 0)
            nonsense();
        else if (kind < 6)
            primitive();
        else
            kernel_call();
        if (report.calls >= REPORT_CALLS)
            tell();
    }
}
