/* Who makes random calls, one after another, and tells the supervisor of them. What would only make
 * it wait for ever is left out most of the time. */
#include "values.h"

#include <bulkhead/info.h>
#include <runtime/startup.h>

struct caller caller;

#define TABLE 8

static struct asend_entry table[TABLE] __attribute__((aligned(128)));
static struct report report;

static bool has_permissions(void) { return caller.kind != CALLER_NOBODY; }

/* Calls by chance, but those that cost much, or a restart, seldom, and those that have the most
 * operations more often. */
static uint32_t some_call(void) {
    uint32_t call = one_in(8)    ? KCALL_PRIVCTL
                    : one_in(16) ? KCALL_IRQCTL
                                 : (uint32_t)below(KCALL_COUNT + 1);
    unsigned seldom = 1;
    if (call == KCALL_EXIT)
        seldom = has_permissions() ? 128 : 8192;
    else if (call == KCALL_LOG || call == KCALL_TRACE)
        seldom = 8;
    return one_in(seldom) ? call : KCALL_NULL;
}

static void tell(void) {
    struct message m = { .type = REPORT_TYPE };
    const uint64_t *succeeded = report.succeeded.word;
    report.proof = REPORT_PROOF ^ report.permitted ^ succeeded[0] ^ succeeded[1];
    memcpy(m.arg, &report, sizeof report);
    if (has_permissions() && ipc_call(caller.supervisor, &m) == 0)
        memcpy(caller.all, m.arg, sizeof caller.all);
    memset(&report, 0, sizeof report);
}

static void account(int result, unsigned way) {
    report.calls++;
    report.permitted += result != -E_PERM && result != -E_TARGET;
    if (!result)
        ways_add(&report.succeeded, way);
}

static void kernel_call(void) {
    struct message m = { .type = some_call() };
    uint32_t call = m.type;
    if (call < KCALL_COUNT && arguments[call])
        arguments[call](m.arg);
    if (call == KCALL_EXIT) {
        ways_add(&report.succeeded, KCALL_EXIT);
        tell();
    }
    uint64_t first = m.arg[0];
    unsigned operation = way_of_operation(call, m.arg);
    int result = ipc_raw(IPC_SENDREC, ENDPOINT_KERNEL, &m);
    account(result, call);
    if (!result && operation)
        ways_add(&report.succeeded, operation);
    if (call == KCALL_PROC_CREATE && !result)
        remember_child(m.arg[0]);
    if (call == KCALL_PROC_DESTROY && !result)
        child_is_gone(first);
}

/* Fills in a table of messages, or part of one. */
static uint64_t some_table(uint64_t *entries) {
    for (unsigned i = 0; i < TABLE; i++) {
        table[i].destination = some_endpoint();
        table[i].message.type = (uint32_t)random_next(&values_state);
        table[i].state = below(4) ? ASEND_READY : (uint32_t)below(4);
    }
    *entries = below(8) ? below(TABLE + 1) : odd_number();
    return below(8) ? (uint64_t)table : some_address();
}

/* Whether it could wait for ever: for a message that nobody will send, or for one that never
 * receives, such as a child. */
static bool would_wait(uint64_t operation, endpoint_t partner) {
    struct process_info info;
    if (operation == IPC_RECEIVE)
        return true;
    if (operation != IPC_SEND && operation != IPC_SENDREC && operation != IPC_REPLYRECV)
        return false;
    return partner != caller.echo && partner != caller.supervisor &&
           getinfo(INFO_PROCESS, &info, sizeof info, partner, NULL, NULL) == 0;
}

/* The supervisor ends who waits too long. */
#define WAITS_IN 4096

static void primitive(void) {
    struct message m = { .type = (uint32_t)below(0x10000), .arg = { random_next(&values_state) } };
    uint64_t operation = below(10);
    uint64_t flags = below(16) ? 0 : random_next(&values_state) & ~UINT64_C(0xff);
    uint64_t to = some_endpoint();
    if (has_permissions() && would_wait(operation, to) && !one_in(WAITS_IN)) {
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
    if (operation == IPC_REPLYRECV && has_permissions())
        alarm_set(1000, NULL); /* so that what it waits for comes */
    int result = ipc_raw(operation | flags, to, &m);
    account(result, WAY_OF(operation));
    report.interrupts += operation == IPC_RECEIVE && !result && m.source == ENDPOINT_KERNEL &&
                         m.type == MESSAGE_NOTIFY && m.arg[0] & EVENT_IRQ;
}

/* Anything at all, as long as it can be refused. */
static void nonsense(void) {
    struct message m = { .type = (uint32_t)odd_number() };
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        m.arg[i] = odd_number();
    account(ipc_raw(random_next(&values_state) | 8, odd_number(), &m), WAY_OF(0));
}

void caller_main(void *unused) {
    (void)unused;
    values_state = caller.seed;
    caller.all[caller.kind] = runtime_self();
    for (;;) {
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
