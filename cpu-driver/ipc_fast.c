/*
 * The fast path of SENDREC and REPLYRECV: one straight line, each condition checked once. Any miss
 * goes to ipc_slow(), which finds the registers as they came.
 *
 * A pass has one CR3 load, no XSAVE, no WRMSR, no fence and no locked operation; a test holds it to
 * that. It calls nothing, so that the compiler need not save a register.
 */
#include "core.h"
#include "ipc.h"
#include "kcall/kcall.h"
#include "sched/sched.h"
#include "x86_64/switch.h"

unsigned ipc_fastpath_off;

/* Gives the caller's message and the CPU to its partner, and lets the caller wait for its own. */
static inline void transfer(struct process *p, struct process *partner, bool call) {
    ipc_copy_registers(partner, p);
    partner->context.rax = 0;
    partner->receive_from = ENDPOINT_NONE;
    partner->awaits_reply = false;
    partner->state = PROCESS_READY;
    partner->messages_received++;

    if (call)
        partner->lender = p;
    p->receive_from = call ? partner->endpoint : ENDPOINT_ANY;
    p->awaits_reply = call;
    p->state = PROCESS_RECEIVING;
    p->messages_sent++;
    counters.fastpath_hits++;

    uint64_t now = cpu_rdtsc();
    p->cpu_time += now - context_switched_at;
    context_switched_at = now;
    save_segment_bases(p);
    switch_address_space(partner);
}

/* The fast path is off. If that is so only because the scheduling policy wants to be asked each
 * time, ask it. */
__attribute__((cold, noinline)) static void off(struct process *p, struct process *partner,
                                                bool call) {
    bool possible =
        !(p->pending | p->uses_fpu | partner->uses_fpu) && ipc_fastpath_off == FASTPATH_OFF_ASK;
    if (possible && sched->handoff(p, partner))
        transfer(p, partner, call);
    else
        ipc_slow(p);
}

/* One pass. `call` is constant in each of its two copies: SENDREC, or else REPLYRECV. */
__attribute__((always_inline)) static inline void pass(struct process *p, endpoint_t to,
                                                       bool call) {
    /* The caller may use the primitive. */
    unsigned need = call ? IPC_BIT(SENDREC) : IPC_BIT(NBSEND) | IPC_BIT(RECEIVE);
    if (DEFENCE(PRIMITIVE_RIGHT) && need & ~(unsigned)p->ipc_permitted)
        goto slow;

    /* The destination lives: no other process has ever had, or will have, its endpoint. */
    struct process *partner = process_at(to);
    if (DEFENCE(ENDPOINT) && partner->endpoint != to)
        goto slow;

    /* The caller may send to it. */
    if (DEFENCE(TARGET) && !slot_set_has(&p->targets, endpoint_slot(to) % MAX_PROCESSES))
        goto slow;

    /* It is waiting for the caller, or for anybody. A dead or stopped process is not receiving. */
    if (!ipc_receives_from(partner, p->endpoint))
        goto slow;

    /* A reply gives back the quantum that came with the call, or none. */
    if (!call && p->lender != partner)
        goto slow;

    /*
     * Nothing is pending for the caller, so it will have to wait; there are no FPU registers to
     * save or load; nobody traces, and the scheduler lets the partner run on what is left of the
     * caller's quantum.
     */
    if (__builtin_expect(p->pending | p->uses_fpu | partner->uses_fpu | ipc_fastpath_off, 0)) {
        off(p, partner, call);
        return;
    }
    transfer(p, partner, call);
    return;

slow:
    ipc_slow(p);
}

void ipc_entry(struct process *p) {
    endpoint_t to = p->context.rdi;
    uint64_t operation = p->context.rax;
    if (operation == IPC_REPLYRECV)
        pass(p, to, false);
    else if (operation != IPC_SENDREC)
        ipc_slow(p);
    else if (to == ENDPOINT_KERNEL)
        kcall(p);
    else
        pass(p, to, true);
}
