/* Which registers a call changes: those of the message when one was received, no others. */
#include "tests.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#define BIT(name) (1U << (name))

/* SYSCALL uses them: rax for the result, rcx and r11 for rip and rflags. */
#define SCRATCH (BIT(RAX) | BIT(RCX) | BIT(R11))

/* Those of a message. */
#define MESSAGE \
    (BIT(RDI) | BIT(RSI) | BIT(RDX) | BIT(R10) | BIT(R8) | BIT(R9) | BIT(R12) | BIT(R13))

static uint64_t in[16], out[16];

static unsigned changed(void) {
    unsigned set = 0;
    for (unsigned i = 0; i < 16; i++)
        set |= in[i] != out[i] ? 1U << i : 0;
    return set;
}

static void keeps(uint64_t operation, uint64_t to, int result, unsigned may_change,
                  const char *name) {
    call_with_all_registers(operation, to, in, out);
    unsigned set = changed() & ~SCRATCH;
    tap_ok((int)out[RAX] == result && !(set & ~may_change), "%s (%s, changed %#x)%s", name,
           error_name((int)out[RAX]), set, path);
}

void test_registers(void) {
    struct partner a;
    struct message m = { 0 };

    drop_events();
    keeps(IPC_RECEIVE | IPC_NONBLOCK, ENDPOINT_ANY, -E_WOULDBLOCK, 0,
          "receive_of_nothing_keeps_registers");
    partner_start(&a, "a");
    keeps(99, a.endpoint, -E_BADCALL, 0, "refused_call_keeps_registers");
    keeps(IPC_NBSEND, ENDPOINT_NONE, -E_BADEP, 0, "failed_call_keeps_registers");
    keeps(IPC_NOTIFY, a.endpoint, 0, 0, "notify_keeps_registers");
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0); /* the notification */
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    keeps(IPC_NBSEND, a.endpoint, 0, 0, "nbsend_keeps_registers");
    partner_do(&a, IPC_RECEIVE, ENDPOINT_ANY, 0);
    keeps(IPC_SEND, a.endpoint, 0, 0, "send_keeps_registers");
    m = partner_message(&a);
    ok(m.type == (uint32_t)in[RSI] && m.tag == in[RSI] >> 32 && m.arg[0] == in[RDX] &&
           m.arg[1] == in[R10] && m.arg[2] == in[R8] && m.arg[3] == in[R9] && m.arg[4] == in[R12] &&
           m.arg[5] == in[R13],
       "and_the_receiver_has_those_of_the_message");

    partner_order(&a, IPC_SEND, runtime_self(), &full);
    keeps(IPC_RECEIVE, a.endpoint, 0, MESSAGE, "receive_changes_those_of_the_message_alone");
    ok(out[RDI] == a.endpoint && out[RSI] == ((uint64_t)full.tag << 32 | full.type) &&
           out[RDX] == full.arg[0] && out[R10] == full.arg[1] && out[R8] == full.arg[2] &&
           out[R9] == full.arg[3] && out[R12] == full.arg[4] && out[R13] == full.arg[5],
       "as_the_table_in_ipc.h_says");

    partner_repeat(&a, IPC_SENDREC, runtime_self(), &full, 2);
    ipc_receive(a.endpoint, &m);
    keeps(IPC_REPLYRECV, a.endpoint, 0, MESSAGE, "replyrecv_changes_those_of_the_message_alone");
    ok(out[RDI] == a.endpoint && out[RDX] == full.arg[0], "and_receives");
    partner_end(&a);
}
