/* Waiting in a circle is refused, whoever closes it and by whatever call. */
#include "tests.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

static const struct {
    const char *name;
    uint64_t operation;
} waits[] = { { "send", IPC_SEND }, { "sendrec", IPC_SENDREC }, { "receive", IPC_RECEIVE } };

#define WAITS (sizeof waits / sizeof waits[0])

static void test_self(void) {
    struct partner a;

    partner_start(&a, "a");
    privctl_allow(a.endpoint, a.endpoint);
    for (unsigned i = 0; i < WAITS; i++) {
        partner_do(&a, waits[i].operation, a.endpoint, 0);
        tap_ok(partner_finished(&a) && partner_result(&a) == -E_DEADLOCK,
               "%s_with_oneself_is_refused%s", waits[i].name, path);
    }
    partner_do(&a, IPC_NBSEND, a.endpoint, 0);
    partner_is(&a, -E_WOULDBLOCK, "nbsend_to_oneself_cannot_succeed");
    partner_do(&a, IPC_NOTIFY, a.endpoint, 0);
    partner_is(&a, 0, "notify_to_oneself_is_allowed");
    partner_do(&a, IPC_RECEIVE, a.endpoint, 0);
    partner_is(&a, 0, "and_received");
    partner_end(&a);
}

/* A chain of partners, each waiting for the next by calls[i]; the last closes it by calls[last]. */
static void test_chain(unsigned length, const unsigned call[3]) {
    struct partner p[3];

    for (unsigned i = 0; i < length; i++) {
        partner_start(&p[i], "link");
    }
    for (unsigned i = 0; i < length; i++)
        for (unsigned k = 0; k < i; k++)
            privctl_allow(p[i].endpoint, p[k].endpoint);
    for (unsigned i = 0; i + 1 < length; i++)
        partner_do(&p[i], waits[call[i]].operation, p[i + 1].endpoint, 0);
    struct partner *last = &p[length - 1];
    partner_do(last, waits[call[length - 1]].operation, p[0].endpoint, 0);

    /* The one exception is no circle: to receive from who is sending to us, and the reverse. */
    bool meets = length == 2 && (call[0] == 2) != (call[1] == 2);
    if (meets)
        tap_ok(partner_finished(last) || process_info(last->endpoint).state == PROCESS_RECEIVING,
               "%s_meets_%s%s", waits[call[1]].name, waits[call[0]].name, path);
    else
        tap_ok(partner_finished(last) && partner_result(last) == -E_DEADLOCK,
               "%s_that_closes_a_circle_of_%u_is_refused%s", waits[call[length - 1]].name, length,
               path);
    for (unsigned i = 0; i < length; i++)
        partner_end(&p[i]);
}

static void test_with_the_test(void) {
    struct partner a;
    struct message m = { 0 };

    partner_start(&a, "a");
    partner_do(&a, IPC_SEND, runtime_self(), 3);
    m = full;
    is(ipc_raw(IPC_SEND, a.endpoint, &m), -E_DEADLOCK, "sending_to_who_sends_to_us_is_refused");
    is(ipc_raw(IPC_SENDREC, a.endpoint, &m), -E_DEADLOCK, "and_calling_it");
    ok(same_content(&m, &full), "nothing_has_changed");
    partner_waits(&a, PROCESS_SENDING, runtime_self(), "it_waits_on");
    is(ipc_receive(a.endpoint, &m), 0, "receiving_from_it_ends_the_matter");
    partner_end(&a);
}

void test_cycles(void) {
    test_self();
    for (unsigned i = 0; i < WAITS; i++)
        for (unsigned k = 0; k < WAITS; k++)
            test_chain(2, (unsigned[3]){ i, k });
    for (unsigned k = 0; k < WAITS; k++)
        test_chain(3, (unsigned[3]){ 0, 1, k });
    for (unsigned k = 0; k < WAITS; k++)
        test_chain(3, (unsigned[3]){ 2, 2, k });
    test_with_the_test();
    drop_events();
}
