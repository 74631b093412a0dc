/* CPU instructions and CPU time (thesis 3.1.2, class I). */
#include "attack.h"

#include "watch.h"

/* registers.asm */
bool attack_in(void), attack_out(void), attack_cli(void), attack_rdmsr(void), attack_wrmsr(void),
    attack_cr3(void), attack_dr7(void), attack_clts(void), attack_invlpg(void), attack_wbinvd(void);

static bool loop_forever(void) {
    watch_spin();
    return false;
}

/* Gives the CPU away right before a quantum ends, which so is never used up. */
static bool cheat_the_clock(void) {
    uint64_t end = time_now() + WATCH_SPAN;
    while (time_now() < end) {
        uint64_t almost = time_now() + QUANTUM * 9 / 10;
        while (time_now() < almost)
            continue;
        sched_yield();
    }
    return false;
}

static bool become_urgent(void) {
    int error = sched_priority(ENDPOINT_SELF, 0);
    watch_spin();
    return error == 0;
}

static bool call_without_end(void) {
    uint64_t end = time_now() + WATCH_SPAN;
    while (time_now() < end)
        kcall_null();
    return false;
}

/* ---- Budgets: a millisecond in ten ---- */

#define BUDGET (TIME_MILLISECOND)
#define PERIOD (10 * BUDGET)

static void limit_time(endpoint_t attacker) {
    if (privctl_budget(attacker, BUDGET, PERIOD))
        tap_bail_out("no budget");
}

/* It has had the CPU for a while: as long as two periods allow, and some. */
static bool exceeded_budget(endpoint_t attacker, bool said) {
    (void)said;
    return process_info(attacker).cpu_time > 3 * BUDGET;
}

static bool spin_for_a_period(void) {
    uint64_t end = time_now() + PERIOD;
    while (time_now() < end)
        continue;
    return false;
}

/* As a server, which is asked for something and computes for ever. */
static bool compute_for_a_client(void) {
    struct message m;
    ipc_receive(ENDPOINT_ANY, &m);
    return spin_for_a_period();
}

static void client_main(void *server) {
    struct message m = { .type = MESSAGE_TYPE_SERVICE };
    for (;;)
        ipc_raw(IPC_SENDREC, (endpoint_t)server, &m);
}

static void limit_time_and_ask(endpoint_t server) {
    static const struct child_policy policy = { .ipc = IPC_ALL, .kcalls = KCALL_BIT(NULL) };
    struct process process;
    limit_time(server);
    victim = child_make("client", client_main, (void *)server, &policy, &process);
    sched_quantum(victim, QUANTUM);
    privctl_allow(victim, server);
    process_start(&process);
}

#define INSTRUCTION(text, function, off) \
    { "CPU instructions: " text, function, PLAIN, REFUSED_PROTECTION, DEFENCE_##off, 0 }
#define TIME_OF_OTHERS(text, function, rights, kind, off, victims)                       \
    {                                                                                    \
        "CPU time: " text, function, KCALLS(rights), kind, DEFENCE_##off, victims, NULL, \
            watch_starved, victim_clean, .crowd = (victims) == watch_prepare_computing   \
    }

const struct attack cpu_attacks[] = {
    INSTRUCTION("in from a port", attack_in, IOPL),
    INSTRUCTION("out to a port", attack_out, IOPL),
    INSTRUCTION("cli", attack_cli, IOPL),
    INSTRUCTION("rdmsr", attack_rdmsr, RING),
    INSTRUCTION("wrmsr", attack_wrmsr, RING),
    INSTRUCTION("mov to cr3", attack_cr3, RING),
    INSTRUCTION("mov from dr7", attack_dr7, RING),
    INSTRUCTION("clts", attack_clts, RING),
    INSTRUCTION("invlpg", attack_invlpg, RING),
    INSTRUCTION("wbinvd", attack_wbinvd, RING),
    TIME_OF_OTHERS("endless loop", loop_forever, KCALL_BIT(NULL), UNCOUNTED, PREEMPTION,
                   watch_prepare),
    TIME_OF_OTHERS("endless kernel calls", call_without_end, KCALL_BIT(NULL), UNCOUNTED, PREEMPTION,
                   watch_prepare),
    TIME_OF_OTHERS("yield right before the quantum ends", cheat_the_clock, KCALL_BIT(SCHED),
                   UNCOUNTED, QUANTUM, watch_prepare_computing),
    TIME_OF_OTHERS("raise own priority", become_urgent, KCALL_BIT(SCHED), REFUSED_RIGHT, PRIORITY,
                   watch_prepare_computing),
    { "CPU time: more than its budget", spin_for_a_period, KCALLS(KCALL_BIT(NULL)), REFUSED_BUDGET,
      DEFENCE_BUDGET, NULL, limit_time, exceeded_budget, NULL },
    { "CPU time: a server that uses up its budget", compute_for_a_client,
      .policy = { .ipc = IPC_ALL, .kcalls = KCALL_BIT(NULL) }, REFUSED_BUDGET, DEFENCE_BUDGET, NULL,
      limit_time_and_ask, exceeded_budget, victim_clean },
    { 0 },
};
