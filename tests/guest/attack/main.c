/*
 * test-attack [--long | --controls] [WORD]: does all attacks, or those with WORD in their names. Of
 * each: it fails, it is counted under its name, and bystanders on this and the other core keep
 * their shares of the processor while it goes on and on. With --controls, in the debug build
 * (build/attack.iso): it succeeds without the one defence, and fails with it.
 */
#include "attack.h"

#include <stdio.h>
#include <string.h>

#include "../support/cores.h"
#include "bystander.h"
#include "cores.h"

/* What a bystander keeps of what it gets beside an endless loop, in percent. */
#define SHARE_HERE     90UL
#define SHARE_OF_THREE 60UL
#define SHARE_THERE    99UL

/* How long work is measured, and before that how long all have been running: by then each has sunk
 * to the lowest priority if it wants to compute all the time. */
#define SETTLE (8 * TIME_MILLISECOND)
#define SPAN   (25 * TIME_MILLISECOND)

static const struct attack *const tables[] = {
    cpu_attacks,       memory_attacks,  grant_attacks,     device_attacks,   register_attacks,
    interrupt_attacks, service_attacks, primitive_attacks, delivery_attacks, group_attacks,
};

#define TABLES (sizeof tables / sizeof tables[0])

static bool again_and_again; /* the attacker's: it goes on until it is killed */

static void attacker_main(void *argument) {
    const struct attack *attack = argument;
    bool won;
    do
        won = attack->attempt();
    while (again_and_again);
    kcall_exit(won);
}

/* An endless loop, for comparison. */
static bool spin(void) {
    for (;;)
        __asm__ volatile("");
    return false;
}

static const struct attack nothing = { .name = "an endless loop", .attempt = spin, PLAIN };

endpoint_t start(const char *label, void (*entry)(void *)) {
    static const struct child_policy policy = { .ipc = IPC_ALL,
                                                .kcalls = KCALL_ALL & ~KCALL_MONITOR,
                                                .talks = true };
    struct process process;
    child_make(label, entry, NULL, &policy, &process);
    sched_quantum(process.endpoint, QUANTUM);
    if (process_start(&process))
        tap_bail_out("cannot start %s", label);
    return process.endpoint;
}

void look(endpoint_t process, void *variable, size_t bytes) {
    int error = mem_copy_from(process, (uint64_t)variable, variable, bytes);
    if (error && error != -E_PEERDEAD)
        tap_bail_out("cannot look at %#lx: %s", process, error_text(error));
}

static endpoint_t make_attacker(const struct attack *attack, struct process *process) {
    if (attack->prepare)
        attack->prepare();
    child_make("attacker", attacker_main, (void *)attack, &attack->policy, process);
    sched_quantum(process->endpoint, QUANTUM);
    if (attack->permit)
        attack->permit(process->endpoint);
    return process->endpoint;
}

/* How often an attacker was refused, as of any kind. */
static struct refusal_info refusals_of(endpoint_t attacker) {
    struct refusal_info info = { 0 };
    int error = getinfo(INFO_REFUSALS, &info, sizeof info, attacker, NULL, NULL);
    if (error)
        tap_bail_out("cannot see refusals: %s", error_text(error));
    return info;
}

/* Waits for its end, or until patience is lost. */
static void watch_attacker(endpoint_t attacker) {
    uint64_t end = time_now() + PATIENCE;
    struct message m;
    alarm_set(PATIENCE, NULL);
    while (process_info(attacker).state != PROCESS_DEAD && time_now() < end)
        ipc_receive(ENDPOINT_KERNEL, &m);
    alarm_set(0, NULL);
    drop_events();
}

static int switch_off(uint64_t defences) {
    return kcall_in(KCALL_SYSCTL, SYSCTL_DEFENCE, defences, 0, 0);
}

/* Does an attack once, without these defences. Returns whether it succeeded; *refused receives how
 * it was counted. */
static bool attack_once(const struct attack *attack, uint64_t off, struct refusal_info *refused) {
    struct death_report report = { 0 };
    struct process process;
    if (off && attack->early)
        switch_off(off);
    endpoint_t attacker = make_attacker(attack, &process);
    if (off)
        switch_off(off);
    process_start(&process);
    watch_attacker(attacker);
    if (off)
        switch_off(0);
    *refused = refusals_of(attacker);
    bool dead = process_info(attacker).state == PROCESS_DEAD;
    bool said = false;
    if (dead && getinfo(INFO_DEATH, &report, sizeof report, attacker, NULL, NULL) == 0)
        said = report.cause == DEATH_EXIT && report.status == true;
    bool won = attack->won ? attack->won(attacker, said) : said;
    child_end(attacker);
    if (attack->clean)
        attack->clean();
    drop_events();
    return won;
}

/* What a bystander gets done, and what another core has to do, while an attack goes on. */
struct load {
    uint64_t work, disturbance;
};

static struct load load_beside(const struct attack *attack) {
    struct process process;
    struct load load;
    again_and_again = true;
    endpoint_t attacker = make_attacker(attack, &process);
    again_and_again = false;
    bystander_start();
    process_start(&process);
    sleep_for(SETTLE);
    load.disturbance = disturbance_of(1);
    load.work = bystander_work();
    sleep_for(SPAN);
    load.work = bystander_work() - load.work;
    load.disturbance = disturbance_of(1) - load.disturbance;
    child_end(attacker);
    bystander_end();
    if (attack->clean)
        attack->clean();
    drop_events();
    return load;
}

static struct load usual; /* beside an endless loop */

/* Beside an endless loop and all whom an attack takes besides the attacker. */
static struct load usual_in_a_crowd(const struct attack *attack) {
    static struct attack endless_loop; /* where its clone finds it */
    endless_loop = *attack;
    endless_loop.attempt = spin;
    return load_beside(&endless_loop);
}

static void test_bystanders(const struct attack *attack) {
    struct load load = load_beside(attack);
    uint64_t fair = attack->crowd ? usual_in_a_crowd(attack).work : usual.work;
    uint64_t here = load.work * 1000 / fair;
    uint64_t more = load.disturbance > usual.disturbance ? load.disturbance - usual.disturbance : 0;
    uint64_t there = 1000 - more * 1000 / SPAN; /* an instruction takes a nanosecond */
    uint64_t least = attack->receiver_works ? SHARE_OF_THREE : SHARE_HERE;
    tap_ok(here >= least * 10 && there >= SHARE_THERE * 10,
           "%s: a bystander keeps %lu.%lu %%, one on another core %lu.%lu %%", attack->name,
           here / 10, here % 10, there / 10, there % 10);
}

static void test_defence(const struct attack *attack) {
    struct refusal_info refused;
    tap_ok(!attack_once(attack, 0, &refused), "%s: fails", attack->name);
    if (attack->counted == UNCOUNTED)
        return;
    bool counted = refused.count[attack->counted] != 0;
    tap_ok(counted, "%s: counted as \"%s\"", attack->name, refusal_text(attack->counted));
    for (unsigned kind = 0; kind < REFUSAL_COUNT && !counted; kind++)
        if (refused.count[kind])
            tap_note("but as \"%s\"", refusal_text(kind));
}

/* Done by the other core's own test-attack, whose core stops when it succeeds. */
static void test_fatal_control(const struct attack *attack) {
    char args[128];
    endpoint_t child;
    int bytes = snprintf(args, sizeof args, "test-attack%cfatal%c%s", 0, 0, attack->name) + 1;
    int error = core_spawn(1, args, (size_t)bytes, 3, &child);
    if (!error)
        error = await_end(child);
    tap_ok(error == -E_PEERDEAD || error == -E_NOENT, "%s: stops a core without \"%s\"",
           attack->name, defence_text(attack->defence));
    tap_is(core_control(CORE_CONTROL_START, 1), 0, "%s: that core starts again", attack->name);
}

static int fatal_main(const char *name) {
    for (size_t i = 0; i < TABLES; i++)
        for (const struct attack *attack = tables[i]; attack->name; attack++)
            if (strcmp(attack->name, name) == 0 && switch_off(UINT64_C(1) << attack->defence) == 0)
                attack->attempt();
    switch_off(0);
    return 0;
}

static void test_control(const struct attack *attack) {
    struct refusal_info refused;
    if (attack->fatal) {
        test_fatal_control(attack);
        return;
    }
    if (attack->defence == NO_DEFENCE)
        return;
    tap_ok(attack_once(attack, UINT64_C(1) << attack->defence, &refused),
           "%s: succeeds without \"%s\"", attack->name, defence_text(attack->defence));
    tap_ok(!attack_once(attack, 0, &refused), "%s: fails with it", attack->name);
}

static void each_attack(const char *word, void (*test)(const struct attack *)) {
    for (size_t i = 0; i < TABLES; i++)
        for (const struct attack *attack = tables[i]; attack->name; attack++)
            if (!word || strstr(attack->name, word))
                test(attack);
}

static void test_system(const char *word) {
    each_attack(word, test_defence);
    usual = load_beside(&nothing);
    each_attack(word, test_bystanders);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "idle") == 0) { /* a victim that the monitor has started */
        struct message m;
        return ipc_receive(ENDPOINT_KERNEL, &m);
    }
    if (argc > 2 && strcmp(argv[1], "fatal") == 0)
        return fatal_main(argv[2]);
    if (argc > 1 && strcmp(argv[1], "serve") == 0)
        return cores_serve();
    if (argc > 3 && strcmp(argv[1], "remote") == 0)
        return cores_attack(argv[2], argv[3]);
    bool controls = argc > 1 && strcmp(argv[1], "--controls") == 0;
    const char *word = argc > 1 + controls ? argv[1 + controls] : NULL;

    tap_plan(0);
    sched_quantum(ENDPOINT_SELF, SCHED_QUANTUM_MAX);
    sched_priority(ENDPOINT_SELF, 1);
    if (!tap_is(switch_off(0), controls ? 0 : -E_BADCALL, "the kernel has %s",
                controls ? "switches" : "no switches"))
        return tap_done();
    if (controls)
        each_attack(word, test_control);
    else
        test_system(word);
    test_across_cores(word, controls);
    if (!controls) /* what succeeds may leave a broken kernel behind */
        check_kernel("after all attacks");
    return tap_done();
}
