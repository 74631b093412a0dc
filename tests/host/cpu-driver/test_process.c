/* Slots, endpoints, creation and death of processes, and what happens to their quotas. */
#include <criterion/criterion.h>
#include <signal.h>

#include "../random.h"
#include "fixture.h"
#include "ipc.h"
#include "sched/sched.h"

static struct process *first;

static void init(void) { first = fixture_boot(); }

TestSuite(process, .init = init, .fini = fixture_end);

static void destroy(struct process *p) {
    while (!process_destroy_step(p, first))
        continue;
}

static void kill_and_destroy(struct process *p) {
    process_die(p, DEATH_KILLED, 0);
    destroy(p);
}

static endpoint_t endpoint_of(uint32_t incarnation, uint32_t generation, unsigned core,
                              unsigned slot) {
    return endpoint_make(incarnation, generation, (uint16_t)core, (uint16_t)slot);
}

Test(process, endpoint_has_incarnation_generation_core_and_slot) {
    struct process *p = fixture_process("p");
    cr_assert_eq(p->endpoint, endpoint_of(FIXTURE_INCARNATION, 1, FIXTURE_CORE, process_slot(p)));
    cr_assert_eq(endpoint_slot(p->endpoint), process_slot(p));
    cr_assert_eq(endpoint_core(p->endpoint), FIXTURE_CORE);
    cr_assert_eq(endpoint_incarnation(p->endpoint), FIXTURE_INCARNATION);
    cr_assert_eq(endpoint_slot_generation(p->endpoint), 1);
}

Test(process, slots_are_given_round_robin) {
    unsigned expected = process_slot(first);
    for (unsigned i = 0; i < 3 * MAX_PROCESSES; i++) {
        expected = (expected + 1) % MAX_PROCESSES;
        if (expected == process_slot(first))
            expected++;
        struct process *p = fixture_process("p");
        cr_assert_eq(process_slot(p), expected);
        kill_and_destroy(p);
    }
}

Test(process, endpoint_never_means_another_process) {
    endpoint_t seen[600];
    for (unsigned i = 0; i < 600; i++) {
        struct process *p = fixture_process("p");
        seen[i] = p->endpoint;
        for (unsigned k = 0; k < i; k++)
            cr_assert_neq(seen[k], seen[i]);
        kill_and_destroy(p);
    }
    for (unsigned i = 0; i < 600; i++) {
        struct process *found;
        cr_assert_eq(process_find(seen[i], &found), -E_PEERDEAD);
        cr_assert_null(found);
    }
}

Test(process, slot_without_generations_is_retired) {
    struct process *last = &processes[9];
    last->slot_generation = ENDPOINT_SLOT_GENERATION_MAX - 1;
    for (unsigned i = 0; i < 2 * MAX_PROCESSES; i++) {
        struct process *p = fixture_process("p");
        if (i >= MAX_PROCESSES - 1)
            cr_assert_neq(p, last);
        kill_and_destroy(p);
    }
    cr_assert_eq(last->slot_generation, ENDPOINT_SLOT_GENERATION_MAX);
    struct process *found;
    cr_assert_eq(process_find(endpoint_of(FIXTURE_INCARNATION, ENDPOINT_SLOT_GENERATION_MAX,
                                          FIXTURE_CORE, 9),
                              &found),
                 -E_PEERDEAD);
}

Test(process, no_slot_left_is_refused_and_costs_nothing) {
    char label[LABEL_MAX] = "p";
    struct process *p = NULL;
    for (unsigned i = 1; i < MAX_PROCESSES; i++)
        cr_assert_eq(process_create(first, label, PROCESS_FRAMES_MIN, 0, &p), 0);
    uint32_t quota = first->frame_quota;
    cr_assert_eq(process_create(first, label, PROCESS_FRAMES_MIN, 0, &p), -E_QUOTA);
    cr_assert_eq(first->frame_quota, quota);
    unsigned slot = process_slot(p);
    kill_and_destroy(p);
    cr_assert_eq(process_create(first, label, PROCESS_FRAMES_MIN, 0, &p), 0);
    cr_assert_eq(process_slot(p), slot);
}

Test(process, find_tells_dead_from_never_existed) {
    struct process *p = fixture_process("p"), *found;
    unsigned slot = process_slot(p);
    endpoint_t endpoint = p->endpoint;

    cr_assert_eq(process_find(endpoint, &found), 0);
    cr_assert_eq(found, p);

    /* What never was: a generation to come, none, another core, an incarnation to come, no slot. */
    const endpoint_t never[] = {
        endpoint_of(FIXTURE_INCARNATION, 2, FIXTURE_CORE, slot),
        endpoint_of(FIXTURE_INCARNATION, 0, FIXTURE_CORE, slot),
        endpoint_of(FIXTURE_INCARNATION, 1, FIXTURE_CORE + 1, slot),
        endpoint_of(FIXTURE_INCARNATION + 1, 1, FIXTURE_CORE, slot),
        endpoint_of(FIXTURE_INCARNATION, 1, FIXTURE_CORE, MAX_PROCESSES),
        endpoint_of(FIXTURE_INCARNATION, 1, FIXTURE_CORE, slot + 1),
        ENDPOINT_NONE,
        ENDPOINT_ANY,
        ENDPOINT_KERNEL,
        ENDPOINT_SELF,
    };
    for (unsigned i = 0; i < sizeof never / sizeof never[0]; i++) {
        cr_assert_eq(process_find(never[i], &found), -E_BADEP, "endpoint %lx", never[i]);
        cr_assert_null(found);
    }

    /* A core that was started before may have had any process. */
    cr_assert_eq(process_find(endpoint_of(FIXTURE_INCARNATION - 1, 77, FIXTURE_CORE, slot), &found),
                 -E_PEERDEAD);

    process_die(p, DEATH_KILLED, 0);
    cr_assert_eq(process_find(endpoint, &found), -E_PEERDEAD);
    cr_assert_eq(found, p, "it has its slot until it is destroyed");
    destroy(p);
    cr_assert_eq(process_find(endpoint, &found), -E_PEERDEAD);
    cr_assert_null(found);
}

Test(process, labels_are_printable_and_padded) {
    static const char *const bad[] = { "", " ", "a b", "a\n", "\x7f", "a\xe4", "a\0b" };
    char label[LABEL_MAX];
    struct process *p;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(label, 0, sizeof label);
        memcpy(label, bad[i], i == 6 ? 3 : strlen(bad[i]));
        cr_assert_eq(process_create(first, label, PROCESS_FRAMES_MIN, 0, &p), -E_INVAL, "label %u",
                     i);
    }
    memset(label, 'x', sizeof label);
    cr_assert_eq(process_create(first, label, PROCESS_FRAMES_MIN, 0, &p), 0);
}

Test(process, quota_moves_to_the_child_and_back) {
    uint32_t quota = first->frame_quota;
    char label[LABEL_MAX] = "p";
    struct process *p;
    uint32_t left = first->frame_quota - first->frames;
    cr_assert_eq(process_create(first, label, PROCESS_FRAMES_MIN - 1, 0, &p), -E_QUOTA);
    cr_assert_eq(process_create(first, label, left + 1, 0, &p), -E_QUOTA);
    cr_assert_eq(first->frame_quota, quota);
    cr_assert_eq(process_create(first, label, left, 0, &p), 0);
    cr_assert_eq(first->frame_quota, quota - left);
    cr_assert_eq(p->frame_quota, left);
    cr_assert_eq(fixture_violations(), 0);
    kill_and_destroy(p);
    cr_assert_eq(first->frame_quota, quota);
}

Test(process, slots_are_handed_down_and_come_back) {
    char label[LABEL_MAX] = "p";
    struct process *child, *grandchild;
    uint32_t left = first->slot_quota;
    cr_assert_eq(process_create(first, label, PROCESS_FRAMES_MIN, left, &child), -E_QUOTA);
    cr_assert_eq(process_create(first, label, 2 * PROCESS_FRAMES_MIN, 1, &child), 0);
    cr_assert_eq(first->slot_quota, left - 2);
    cr_assert_eq(process_create(child, label, PROCESS_FRAMES_MIN, 1, &grandchild), -E_QUOTA);
    cr_assert_eq(process_create(child, label, PROCESS_FRAMES_MIN, 0, &grandchild), 0);
    cr_assert_eq(process_create(child, label, PROCESS_FRAMES_MIN, 0, &grandchild), -E_QUOTA);
    cr_assert_eq(fixture_violations(), 0);
    kill_and_destroy(child);
    kill_and_destroy(grandchild);
    cr_assert_eq(first->slot_quota, left);
}

Test(process, quota_of_grandchildren_comes_back_to_the_heir) {
    uint32_t quota = first->frame_quota;
    char label[LABEL_MAX] = "grandchild";
    struct process *child = fixture_process("child"), *grandchild;
    cr_assert_eq(process_create(child, label, PROCESS_FRAMES_MIN, 0, &grandchild), 0);
    process_die(child, DEATH_KILLED, 0);
    process_die(grandchild, DEATH_KILLED, 0);
    cr_assert(!(first->events & EVENT_CHILD) || grandchild->supervisor != first->endpoint);
    first->events = 0;
    first->pending &= ~(unsigned)PENDING_EVENTS;

    destroy(child);
    cr_assert_eq(grandchild->supervisor, first->endpoint);
    cr_assert(first->events & EVENT_CHILD, "the heir is told of a death nobody has waited for");
    destroy(grandchild);
    cr_assert_eq(first->frame_quota, quota);
}

Test(process, a_new_process_may_do_nothing) {
    char label[LABEL_MAX] = "p";
    struct process *p;
    cr_assert_eq(process_create(first, label, PROCESS_FRAMES_MIN, 0, &p), 0);
    cr_assert_eq(p->state, PROCESS_CREATED);
    cr_assert_eq(p->ipc_permitted, 0);
    cr_assert_eq(p->kcalls_permitted, 0);
    cr_assert_eq(p->kcalls_open, KCALL_BIT(EXIT));
    cr_assert(slot_set_empty(&p->targets));
    cr_assert_eq(p->io_count + p->irq_count, 0);
    cr_assert_eq(p->sched.limit_priority, SCHED_PRIORITY_USER);
}

Test(process, kernel_calls_need_sendrec_but_exit_does_not) {
    char label[LABEL_MAX] = "p";
    struct process *p;
    cr_assert_eq(process_create(first, label, PROCESS_FRAMES_MIN, 0, &p), 0);
    process_set_rights(p, IPC_ALL & ~IPC_BIT(SENDREC), KCALL_ALL);
    cr_assert_eq(p->kcalls_open, KCALL_BIT(EXIT));
    process_set_rights(p, IPC_BIT(SENDREC), KCALL_BIT(NULL));
    cr_assert_eq(p->kcalls_open, KCALL_BIT(EXIT) | KCALL_BIT(NULL));
}

Test(process, death_tells_the_supervisor_once) {
    struct process *p = fixture_process("p");
    process_die(p, DEATH_EXIT, 42);
    cr_assert_eq(first->events, EVENT_CHILD);
    cr_assert_eq(p->state, PROCESS_DEAD);
    cr_assert_eq(p->cause, DEATH_EXIT);
    cr_assert_eq(p->status, 42);
    uint64_t args[MESSAGE_ARGS] = { 0 };
    cr_assert_eq(fixture_kcall(first, KCALL_PROC_WAIT, args), 0);
    cr_assert_eq(args[0], p->endpoint);
    cr_assert_eq(args[1], DEATH_EXIT);
    cr_assert_eq(fixture_kcall(first, KCALL_PROC_WAIT, args), -E_NOENT);
}

Test(process, death_of_the_running_process_gives_the_cpu_away) {
    struct process *p = fixture_process("p");
    fixture_run(p);
    process_die(p, DEATH_EXCEPTION, 14);
    sched_finish();
    cr_assert_eq(current, first);
}

Test(process, death_of_the_first_process_stops_the_core, .signal = SIGABRT) {
    process_die(first, DEATH_EXIT, 0);
}

Test(process, backtrace_follows_frame_pointers_in_its_own_memory) {
    struct process *p = fixture_process("p");
    uint64_t *stack = fixture_memory(p, FIXTURE_MEMORY);
    stack[0] = FIXTURE_MEMORY + 0x100;
    stack[1] = 0x1111;
    stack[0x100 / 8] = FIXTURE_MEMORY + PAGE_SIZE - 8; /* the frame straddles two pages */
    stack[0x108 / 8] = 0x2222;
    *(uint64_t *)fixture_memory(p, FIXTURE_MEMORY + PAGE_SIZE - 8) = FIXTURE_MEMORY; /* downwards */
    *(uint64_t *)fixture_memory(p, FIXTURE_MEMORY + PAGE_SIZE) = 0x3333;
    p->context.rbp = FIXTURE_MEMORY;
    process_die(p, DEATH_KILLED, 0);
    cr_assert_eq(p->backtrace_length, 3);
    cr_assert_eq(p->backtrace[0], 0x1111);
    cr_assert_eq(p->backtrace[1], 0x2222);
    cr_assert_eq(p->backtrace[2], 0x3333);
}

Test(process, backtrace_survives_any_frame_pointer) {
    static const uint64_t wild[] = { 0,
                                     8,
                                     FIXTURE_MEMORY + 1,
                                     FIXTURE_MEMORY + FIXTURE_PAGES * PAGE_SIZE - 8,
                                     USER_END - 8,
                                     DIRECT_BASE,
                                     UINT64_MAX - 7 };
    for (unsigned i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        struct process *p = fixture_process("p");
        p->context.rbp = wild[i];
        process_die(p, DEATH_KILLED, 0);
        cr_assert_eq(p->backtrace_length, 0, "rbp %lx", wild[i]);
        destroy(p);
    }
    struct process *p = fixture_process("endless");
    for (unsigned i = 0; i < 64; i++) {
        uint64_t *frame = fixture_memory(p, FIXTURE_MEMORY + 16UL * i);
        frame[0] = FIXTURE_MEMORY + 16UL * (i + 1);
        frame[1] = i + 1;
    }
    p->context.rbp = FIXTURE_MEMORY;
    process_die(p, DEATH_KILLED, 0);
    cr_assert_eq(p->backtrace_length, BACKTRACE_MAX);
}

/* ---- Sets of slots and ranges of resources ---- */

Test(slot_set, next_goes_round) {
    struct slot_set set = { { 0 } };
    cr_assert_eq(slot_set_next(&set, 0), -1);
    cr_assert(slot_set_empty(&set));
    slot_set_add(&set, 5);
    for (unsigned after = 0; after < MAX_PROCESSES; after++)
        cr_assert_eq(slot_set_next(&set, after), 5);
    slot_set_add(&set, 64);
    slot_set_add(&set, 255);
    cr_assert_eq(slot_set_next(&set, 4), 5);
    cr_assert_eq(slot_set_next(&set, 5), 64);
    cr_assert_eq(slot_set_next(&set, 63), 64);
    cr_assert_eq(slot_set_next(&set, 64), 255);
    cr_assert_eq(slot_set_next(&set, 254), 255);
    cr_assert_eq(slot_set_next(&set, 255), 5);
    slot_set_remove(&set, 64);
    cr_assert_eq(slot_set_next(&set, 5), 255);
    cr_assert(slot_set_has(&set, 255));
    cr_assert_not(slot_set_has(&set, 64));
    cr_assert_not(slot_set_empty(&set));
}

Test(slot_set, next_agrees_with_a_search_one_by_one) {
    random_start();
    for (unsigned step = 0; step < 2000; step++) {
        struct slot_set set = { { 0 } };
        for (uint64_t n = random_below(6); n; n--)
            slot_set_add(&set, (unsigned)random_below(MAX_PROCESSES));
        unsigned after = (unsigned)random_below(MAX_PROCESSES);
        int expected = -1;
        for (unsigned i = 1; i <= MAX_PROCESSES && expected < 0; i++)
            if (slot_set_has(&set, (after + i) % MAX_PROCESSES))
                expected = (int)((after + i) % MAX_PROCESSES);
        cr_assert_eq(slot_set_next(&set, after), expected, REPLAY, REPLAY_ARGS(step));
    }
}

Test(priv, a_range_covers_what_lies_in_it_whole) {
    static const struct priv_range ranges[] = { { 0x3f8, 8 }, { 0x400, 4 }, { 0, 1 } };
    cr_assert(priv_covers(ranges, 3, 0x3f8, 8));
    cr_assert(priv_covers(ranges, 3, 0x3ff, 1));
    cr_assert(priv_covers(ranges, 3, 0, 1));
    cr_assert(priv_covers(ranges, 3, 0x402, 2));
    cr_assert_not(priv_covers(ranges, 3, 0x3f7, 1));
    cr_assert_not(priv_covers(ranges, 3, 0x3f8, 9), "two ranges do not add up");
    cr_assert_not(priv_covers(ranges, 3, 0x404, 1));
    cr_assert_not(priv_covers(ranges, 3, 1, 1));
    cr_assert_not(priv_covers(ranges, 0, 0, 1));
}

Test(priv, no_length_wraps_around) {
    static const struct priv_range all = { 0, UINT32_MAX }, some = { 16, 16 };
    cr_assert(priv_covers(&all, 1, 0, UINT32_MAX));
    cr_assert_not(priv_covers(&all, 1, 1, UINT32_MAX));
    cr_assert_not(priv_covers(&all, 1, UINT32_MAX, 1));
    cr_assert_not(priv_covers(&some, 1, 17, UINT64_MAX));
    cr_assert_not(priv_covers(&some, 1, UINT64_MAX, 17));
    cr_assert_not(priv_covers(&some, 1, UINT64_MAX - 1, 18));
}
