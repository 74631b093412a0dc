/* PROC_CREATE, PROC_START, PROC_KILL, PROC_WAIT, PROC_DESTROY, EXIT. */
#include "tests.h"

#include <string.h>

#define LABEL(text) label_word(text, 0), label_word(text, 1), label_word(text, 2)

static uint64_t label_word(const char *text, unsigned word) {
    char label[LABEL_MAX] = { 0 };
    uint64_t words[LABEL_MAX / 8];
    memcpy(label, text, strnlen(text, LABEL_MAX));
    memcpy(words, label, sizeof words);
    return words[word];
}

static endpoint_t create(const char *label) {
    if (CALL(PROC_CREATE, LABEL(label), PROCESS_FRAMES_MIN))
        tap_bail_out("cannot create %s", label);
    return out[0];
}

static void wait_for_ever(void *unused) {
    struct message m;
    (void)unused;
    ipc_receive(ENDPOINT_ANY, &m);
}

static void test_create(void) {
    static const char full[] = "abcdefghijklmnopqrstuvwx";
    struct process_info before = process_info(ENDPOINT_SELF);
    endpoint_t child = create("made");
    struct process_info made = process_info(child), after = process_info(ENDPOINT_SELF);

    tap_is_string(made.label, "made", "a new process has its label");
    tap_is(made.state, PROCESS_CREATED, "is not running");
    tap_is((int64_t)made.supervisor, (int64_t)runtime_self(), "is supervised by its maker");
    tap_ok(made.ipc_permitted == 0 && made.kcalls_permitted == 0, "may do nothing");
    tap_ok(made.frames_quota == PROCESS_FRAMES_MIN && made.frames == 2 && made.slots_quota == 0,
           "has its quota, and an empty address space");
    tap_ok(made.priority == SCHED_PRIORITY_USER && made.quantum <= SCHED_QUANTUM_DEFAULT &&
               made.quantum + 1 >= SCHED_QUANTUM_DEFAULT,
           "is scheduled as any other (%u, %lu)", made.priority, made.quantum);
    tap_is(before.frames_quota - after.frames_quota, PROCESS_FRAMES_MIN, "its quota is ours less");
    tap_is(before.slots_quota - after.slots_quota, 1, "and so is its slot");
    child_end(child);

    child = create(full);
    tap_ok(memcmp(process_info(child).label, full, LABEL_MAX) == 0, "labels may be of full length");
    child_end(child);

    EXPECT("an empty label is refused", -E_INVAL, PROC_CREATE, 0, 0, 0, PROCESS_FRAMES_MIN);
    EXPECT("a label with a blank is refused", -E_INVAL, PROC_CREATE, LABEL("a b"), 64);
    EXPECT("a label with a newline is refused", -E_INVAL, PROC_CREATE, LABEL("a\n"), 64);
    EXPECT("a label beyond ASCII is refused", -E_INVAL, PROC_CREATE, LABEL("\xc3\xa4"), 64);
    EXPECT("a label with a hole is refused", -E_INVAL, PROC_CREATE, 'a', 'b', 0, 64);

    uint64_t left = before.frames_quota - before.frames;
    EXPECT("too few frames are refused", -E_QUOTA, PROC_CREATE, LABEL("x"), PROCESS_FRAMES_MIN - 1);
    EXPECT("more frames than there are left are refused", -E_QUOTA, PROC_CREATE, LABEL("x"),
           left + 1);
    EXPECT("absurdly many frames are refused", -E_QUOTA, PROC_CREATE, LABEL("x"), UINT64_MAX);
    EXPECT("frames are not counted in 32 bits", -E_QUOTA, PROC_CREATE, LABEL("x"),
           (UINT64_C(1) << 32) + PROCESS_FRAMES_MIN);
    EXPECT("more slots than there are left are refused", -E_QUOTA, PROC_CREATE, LABEL("x"), 64,
           before.slots_quota);
    EXPECT("absurdly many slots are refused", -E_QUOTA, PROC_CREATE, LABEL("x"), 64, UINT64_MAX);
    after = process_info(ENDPOINT_SELF);
    tap_ok(after.frames_quota == before.frames_quota && after.slots_quota == before.slots_quota,
           "refusals cost nothing");
}

/* A process may have all that is left; then nothing is left. */
static void test_all_of_it(void) {
    struct process_info before = process_info(ENDPOINT_SELF);
    uint64_t left = before.frames_quota - before.frames;
    EXPECT("all that is left may be given away", 0, PROC_CREATE, LABEL("heir"), left,
           before.slots_quota - 1);
    endpoint_t child = out[0];
    EXPECT("then there is none for another", -E_QUOTA, PROC_CREATE, LABEL("x"), PROCESS_FRAMES_MIN);
    EXPECT("nor for memory", -E_QUOTA, MEM_MAP, ENDPOINT_SELF, FREE_ADDRESS, PAGE_SIZE, PROT_READ);
    child_end(child);
    struct process_info after = process_info(ENDPOINT_SELF);
    tap_ok(after.frames_quota == before.frames_quota && after.slots_quota == before.slots_quota,
           "and it all comes back");
}

static void test_start(void) {
    const endpoint_t monitor = runtime_monitor();
    endpoint_t child = create("child");
    EXPECT("start needs an address", -E_FAULT, PROC_START, child, 0, STACK_TOP);
    EXPECT("start needs a user address", -E_FAULT, PROC_START, child, KERNEL_ADDRESS, STACK_TOP);
    EXPECT("start needs a canonical address", -E_FAULT, PROC_START, child, NON_CANONICAL,
           STACK_TOP);
    EXPECT("start needs a stack in user space", -E_FAULT, PROC_START, child, 0x400000,
           KERNEL_ADDRESS);
    EXPECT("start is for children", -E_PERM, PROC_START, monitor, 0x400000, STACK_TOP);
    EXPECT("start of oneself is refused", -E_BADEP, PROC_START, ENDPOINT_SELF, 0x400000, STACK_TOP);
    tap_is(process_info(child).state, PROCESS_CREATED, "it has not been started");
    sched_priority(child, SCHED_PRIORITIES - 1); /* it does not run before we wait for it */
    int first = CALL(PROC_START, child, 0x400000, STACK_TOP, 1, 2);
    int second = CALL(PROC_START, child, 0x400000, STACK_TOP);
    tap_is(first, 0, "start");
    tap_is(second, -E_STATE, "a second start is refused");
    child_wait(child); /* there is nothing at 0x400000 */
    struct death_report report = { 0 };
    getinfo(INFO_DEATH, &report, sizeof report, child, NULL, NULL);
    tap_ok(report.rip == 0x400000 && report.rsp == STACK_TOP && report.rdi == 1 &&
               report.rsi == 2 && report.rax == 0 && report.r15 == 0,
           "it began where and as it should");
    EXPECT("start of the dead is refused", -E_PEERDEAD, PROC_START, child, 0x400000, STACK_TOP);
    proc_destroy(child);
    EXPECT("start of the destroyed is refused", -E_PEERDEAD, PROC_START, child, 0x400000,
           STACK_TOP);
    EXPECT("start of none is refused", -E_BADEP, PROC_START, ENDPOINT_NONE, 0x400000, STACK_TOP);
}

static void test_kill(void) {
    static const struct child_policy policy = { .ipc = IPC_ALL, .urgent = true };
    struct death_report report = { 0 };
    endpoint_t child = child_start("waiter", wait_for_ever, NULL, &policy);

    tap_is(process_info(child).state, PROCESS_RECEIVING, "a child waits");
    EXPECT("kill", 0, PROC_KILL, child, 0xabcdef0123);
    tap_is(process_info(child).state, PROCESS_DEAD, "it is dead at once");
    EXPECT("it dies once", -E_STATE, PROC_KILL, child, 1);
    EXPECT("its report is there", 0, GETINFO, INFO_DEATH, (uint64_t)&report, sizeof report, child);
    tap_ok(report.cause == DEATH_KILLED && report.status == 0xabcdef0123 && report.time > 0 &&
               report.endpoint == child,
           "and says why");
    tap_ok(report.rip >= (uint64_t)0x400000 && report.rsp < STACK_TOP, "and where it was");
    proc_destroy(child);
    EXPECT("kill of the destroyed is refused", -E_PEERDEAD, PROC_KILL, child);
    EXPECT("kill is for children", -E_PERM, PROC_KILL, runtime_monitor());
    EXPECT("kill of oneself is refused", -E_BADEP, PROC_KILL, ENDPOINT_SELF);
    EXPECT("even by name", -E_PERM, PROC_KILL, runtime_self());
    EXPECT("kill of any is refused", -E_BADEP, PROC_KILL, ENDPOINT_ANY);
    child = create("unborn");
    EXPECT("kill of one that has not started", 0, PROC_KILL, child, 5);
    proc_destroy(child);
}

static void test_wait(void) {
    endpoint_t child[3];
    struct message m = { 0 };
    unsigned seen = 0;

    drop_events();
    while (CALL(PROC_WAIT) == 0)
        continue; /* those that were not waited for */
    EXPECT("nobody has died", -E_NOENT, PROC_WAIT, 0);
    for (unsigned i = 0; i < 3; i++)
        child[i] = create("mortal");
    EXPECT("the living are not named", -E_NOENT, PROC_WAIT, 0);
    for (unsigned i = 0; i < 3; i++)
        proc_kill(child[i], 0);
    tap_is(ipc_receive_nonblock(ENDPOINT_KERNEL, &m), 0, "deaths are announced");
    tap_is((int64_t)m.arg[0], EVENT_CHILD, "by an event");
    while (CALL(PROC_WAIT) == 0)
        for (unsigned i = 0; i < 3; i++)
            if (out[0] == child[i] && out[1] == DEATH_KILLED)
                seen += 1U << (4 * i);
    tap_is(seen, 0x111, "each is named once");
    for (unsigned i = 0; i < 3; i++)
        proc_destroy(child[i]);
}

static void exit_with(void *status) { kcall_exit((uint64_t)status); }

static void test_exit(void) {
    struct death_report report;
    child_bury(child_start("child", exit_with, (void *)UINT64_MAX, &(struct child_policy){ 0 }),
               &report);
    tap_ok(report.cause == DEATH_EXIT && report.status == UINT64_MAX, "all of the status is told");
}

static void test_destroy(void) {
    struct process_info before = process_info(ENDPOINT_SELF);
    endpoint_t child = create("child");
    EXPECT("the living are not destroyed", -E_STATE, PROC_DESTROY, child);
    EXPECT("nor processes of others", -E_PERM, PROC_DESTROY, runtime_monitor());
    EXPECT("nor oneself", -E_BADEP, PROC_DESTROY, ENDPOINT_SELF);
    proc_kill(child, 0);
    tap_ok(process_info(ENDPOINT_SELF).frames_quota < before.frames_quota,
           "the dead keep their quota");
    EXPECT("destroy", 0, PROC_DESTROY, child);
    EXPECT("destroyed once", -E_PEERDEAD, PROC_DESTROY, child);

    /* Much memory, in many tables: that takes many steps. */
    EXPECT("a big one is made", 0, PROC_CREATE, LABEL("big"), 1500);
    child = out[0];
    EXPECT("with much memory", 0, MEM_MAP, child, FREE_ADDRESS, 1000 * PAGE_SIZE, PROT_WRITE);
    for (uint64_t i = 0; i < 40; i++)
        CALL(MEM_MAP, child, 0x10000000 + i * 0x40000000, PAGE_SIZE, PROT_READ);
    proc_kill(child, 0);
    EXPECT("and destroyed", 0, PROC_DESTROY, child);
    tap_is(process_info(ENDPOINT_SELF).frames_quota, before.frames_quota, "all is given back");
}

/* ---- Three generations ---- */

static void make_grandchildren(void *unused) {
    (void)unused;
    CALL(PROC_CREATE, LABEL("grandchild"), PROCESS_FRAMES_MIN);
    CALL(PROC_CREATE, LABEL("deadchild"), PROCESS_FRAMES_MIN);
    CALL(PROC_KILL, out[0]);
    kcall_exit(CALL(PROC_CREATE, LABEL("x"), PROCESS_FRAMES_MIN) == -E_QUOTA ? 0 : 1);
}

/* The live process of that label that we supervise. */
static endpoint_t find(const char *label) {
    static struct process_info all[64];
    size_t written = 0;
    getinfo(INFO_PROCESSES, all, sizeof all, 0, &written, NULL);
    for (size_t i = 0; i < written / sizeof all[0]; i++)
        if (strncmp(all[i].label, label, LABEL_MAX) == 0 && all[i].supervisor == runtime_self())
            return all[i].endpoint;
    return ENDPOINT_NONE;
}

static void test_inheritance(void) {
    static const struct child_policy policy = { .ipc = IPC_ALL,
                                                .kcalls = KCALL_ALL & ~KCALL_MONITOR,
                                                .processes = 2 };
    struct process_info before = process_info(ENDPOINT_SELF);
    struct death_report report;
    endpoint_t parent = child_start("parent", make_grandchildren, NULL, &policy);
    child_wait(parent);
    while (CALL(PROC_WAIT) == 0)
        continue;
    tap_is((int64_t)find("grandchild"), ENDPOINT_NONE, "children of the dead are not ours yet");
    drop_events();
    child_bury(parent, &report);
    tap_is((int64_t)report.status, 0, "a process has as many slots as it was given");
    endpoint_t grandchild = find("grandchild"), dead = find("deadchild");
    tap_ok(grandchild != ENDPOINT_NONE, "but are when it is destroyed");
    struct message m = { 0 };
    tap_ok(ipc_receive_nonblock(ENDPOINT_KERNEL, &m) == 0 && m.arg[0] & EVENT_CHILD,
           "and their deaths are announced to us");
    tap_ok(CALL(PROC_WAIT) == 0 && out[0] == dead, "and named");
    EXPECT("we may destroy them", 0, PROC_DESTROY, dead);
    EXPECT("and kill them", 0, PROC_KILL, grandchild);
    EXPECT("and destroy them then", 0, PROC_DESTROY, grandchild);
    struct process_info after = process_info(ENDPOINT_SELF);
    tap_ok(after.frames_quota == before.frames_quota && after.slots_quota == before.slots_quota,
           "and get what they had");
}

void test_processes(void) {
    test_create();
    test_all_of_it();
    test_start();
    test_kill();
    test_wait();
    test_exit();
    test_destroy();
    test_inheritance();
    drop_events();
}
