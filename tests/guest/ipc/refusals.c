/* What a call must not be, and what a policy does not allow. */
#include "tests.h"

#include <stdlib.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

static const struct {
    const char *name;
    uint64_t operation;
    uint32_t needs;
} primitives[] = {
    { "send", IPC_SEND, IPC_BIT(SEND) },
    { "receive", IPC_RECEIVE, IPC_BIT(RECEIVE) },
    { "sendrec", IPC_SENDREC, IPC_BIT(SENDREC) },
    { "nbsend", IPC_NBSEND, IPC_BIT(NBSEND) },
    { "asend", IPC_ASEND, IPC_BIT(ASEND) },
    { "notify", IPC_NOTIFY, IPC_BIT(NOTIFY) },
    { "replyrecv", IPC_REPLYRECV, IPC_BIT(NBSEND) | IPC_BIT(RECEIVE) },
};

#define PRIMITIVES (sizeof primitives / sizeof primitives[0])

static void refused(uint64_t operation, uint64_t to, int error, const char *name) {
    struct process_info before = process_info(ENDPOINT_SELF);
    struct message m = full;
    int result = ipc_raw(operation, to, &m);
    struct process_info after = process_info(ENDPOINT_SELF);
    bool unchanged = same_content(&m, &full) && after.messages_sent == before.messages_sent &&
                     after.messages_received == before.messages_received;
    tap_ok(result == error && unchanged, "%s (%#lx: %s)%s", name, operation, error_name(result),
           path);
}

static void test_operations(endpoint_t partner) {
    static const uint64_t bad[] = { 0, 8, 9, 0x7f, 0xff, 0x100, UINT64_C(1) << 32 };

    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(bad[i], partner, -E_BADCALL, "no_such_primitive");
    for (unsigned i = 0; i < PRIMITIVES; i++) {
        uint64_t operation = primitives[i].operation;
        refused(operation | 0x200, partner, -E_FLAG, "unknown_flag");
        refused(operation | UINT64_C(1) << 32, partner, -E_FLAG, "unknown_high_flag");
        refused(operation | UINT64_C(1) << 63, partner, -E_FLAG, "unknown_highest_flag");
        if (operation != IPC_RECEIVE)
            refused(operation | IPC_NONBLOCK, partner, -E_FLAG, "nonblock_is_for_receive");
    }
    refused(IPC_SENDREC | IPC_NONBLOCK, ENDPOINT_KERNEL, -E_FLAG, "no_flag_with_a_kernel_call");
}

static void test_endpoints(endpoint_t partner) {
    const struct {
        const char *name;
        endpoint_t endpoint;
    } bad[] = {
        { "none", ENDPOINT_NONE },
        { "any", ENDPOINT_ANY },
        { "self", ENDPOINT_SELF },
        { "a_generation_to_come", partner + (UINT64_C(1) << 32) },
        { "another_core", partner + (1UL << 16) },
        { "an_incarnation_to_come", partner + (UINT64_C(1) << 54) },
        { "a_slot_that_is_none", partner | 0x8000 },
        { "generation_zero", partner & UINT64_C(0xffc00000ffffffff) },
    };
    for (unsigned i = 0; i < PRIMITIVES; i++) {
        uint64_t operation = primitives[i].operation;
        for (unsigned k = 0; k < sizeof bad / sizeof bad[0]; k++)
            if (operation != IPC_ASEND && !(operation == IPC_RECEIVE && k == 1))
                refused(operation, bad[k].endpoint, -E_BADEP, bad[k].name);
        if (operation != IPC_SENDREC && operation != IPC_RECEIVE && operation != IPC_ASEND)
            refused(operation, ENDPOINT_KERNEL, -E_BADEP, "kernel");
    }
}

static void test_would_block(endpoint_t partner) {
    drop_events();
    refused(IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_KERNEL, -E_WOULDBLOCK, "nothing_to_receive");
    refused(IPC_NBSEND, partner, -E_WOULDBLOCK, "nobody_waits_for_nbsend");
    refused(IPC_REPLYRECV, partner, -E_WOULDBLOCK, "nobody_waits_for_replyrecv");
}

/* ---- Permissions: each in a child that lacks one ---- */

struct attempt {
    uint64_t operation;
    endpoint_t to;
};

static struct attempt attempt;

static void try_it(void *unused) {
    static struct asend_entry table[1] __attribute__((aligned(sizeof(struct asend_entry))));
    struct message one_entry = { .type = 1 }, m = full;
    (void)unused;
    if (attempt.operation == IPC_ASEND)
        kcall_exit((uint64_t)-ipc_raw(IPC_ASEND, (uint64_t)table, &one_entry));
    kcall_exit((uint64_t)-ipc_raw(attempt.operation, attempt.to, &m));
}

static int64_t result_with(uint64_t operation, endpoint_t to, uint32_t ipc) {
    attempt = (struct attempt){ operation, to };
    return -child_run(try_it, NULL, &(struct child_policy){ .ipc = ipc, .talks = true });
}

static void test_permissions(endpoint_t partner) {
    struct process_info info;

    for (unsigned i = 0; i < PRIMITIVES; i++) {
        for (unsigned bit = IPC_SEND; bit < IPC_REPLYRECV; bit++) {
            if (!(primitives[i].needs >> bit & 1))
                continue;
            tap_is(result_with(primitives[i].operation, runtime_self(), IPC_ALL & ~(1U << bit)),
                   -E_PERM, "%s_needs_its_permission_%u%s", primitives[i].name, bit, path);
        }
        if (primitives[i].operation != IPC_RECEIVE && primitives[i].operation != IPC_ASEND)
            tap_is(result_with(primitives[i].operation, partner, IPC_ALL), -E_TARGET,
                   "%s_needs_permission_for_its_target%s", primitives[i].name, path);
    }
    tap_is(result_with(IPC_NOTIFY, runtime_self(), IPC_BIT(NOTIFY)), 0,
           "notify_needs_no_other_permission%s", path);
    tap_is(result_with(IPC_ASEND, 0, IPC_BIT(ASEND)), 0, "asend_needs_no_other_permission%s", path);
    tap_is(result_with(IPC_NBSEND, runtime_self(), IPC_BIT(NBSEND)), -E_WOULDBLOCK,
           "nbsend_needs_no_other_permission%s", path);
    info = process_info(ENDPOINT_SELF);
    tap_ok(info.refusals > 0, "refusals_are_counted (%u)%s", info.refusals, path);
}

static void test_symmetry(void) {
    struct partner a, b;

    partner_start(&a, "a");
    partner_start(&b, "b");
    partner_do(&a, IPC_NOTIFY, b.endpoint, 0);
    partner_is(&a, -E_TARGET, "partners_are_strangers_at_first");
    partner_do(&b, IPC_NOTIFY, a.endpoint, 0);
    partner_is(&b, -E_TARGET, "either_way");
    is(privctl_allow(a.endpoint, b.endpoint), 0, "permission_is_given");
    partner_do(&a, IPC_NOTIFY, b.endpoint, 0);
    partner_is(&a, 0, "then_one_may_send_to_the_other");
    partner_do(&b, IPC_NOTIFY, a.endpoint, 0);
    partner_is(&b, 0, "and_the_other_may_answer");
    partner_do(&a, IPC_SEND, b.endpoint, 0);
    partner_waits(&a, PROCESS_SENDING, b.endpoint, "and_wait_for_it");
    is(privctl_deny(b.endpoint, a.endpoint), 0, "permission_is_taken_back");
    partner_is(&a, -E_TARGET, "which_ends_the_wait");
    partner_do(&a, IPC_NOTIFY, b.endpoint, 0);
    partner_is(&a, -E_TARGET, "from_both");
    partner_do(&b, IPC_NOTIFY, a.endpoint, 0);
    partner_is(&b, -E_TARGET, "of_them");
    partner_end(&b);
    partner_end(&a);
}

void test_refusals(void) {
    struct partner a;

    partner_start(&a, "a");
    test_operations(a.endpoint);
    test_endpoints(a.endpoint);
    test_permissions(a.endpoint);
    test_would_block(a.endpoint);
    partner_end(&a);
    test_symmetry();
    drop_events();
}
