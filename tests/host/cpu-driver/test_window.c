/*
 * Windows of bindings: shared memory in a process, and how bindings end: the scratch frame that
 * takes the place of the memory, and what the process is told.
 */
#include "binding.h"

#include <criterion/criterion.h>

#include "ends.h"
#include "frame.h"
#include "vm.h"

TestSuite(window, .init = init, .fini = fixture_end);

/* ---- Windows ---- */

#define MAP(number, address, physical, pages) \
    BIND(BIND_MAP, number, address, physical, (pages)*PAGE_SIZE)

static void expect_window(uint64_t physical, uint64_t pages) {
    for (uint64_t i = 0; i < pages; i++)
        cr_assert_eq(fixture_physical(p, WINDOW + i * PAGE_SIZE), physical + i * PAGE_SIZE, "%lu",
                     i);
    cr_assert_eq(fixture_physical(p, WINDOW - PAGE_SIZE), 0);
    cr_assert_eq(fixture_physical(p, WINDOW + pages * PAGE_SIZE), 0);
}

Test(window, a_window_shows_memory_of_another_core) {
    uint32_t frames = p->frames;
    bind_p(NUMBER);
    cr_assert_eq(MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, 40), 0);
    expect_window(FIXTURE_FOREIGN, 40);
    cr_assert_eq(p->frames, frames + 1 + 1, "a table and a scratch frame");
    cr_assert_eq(MAP(NUMBER, WINDOW + 0x1000000, FIXTURE_FOREIGN, 1), -E_STATE, "there is one");
}

/* The partition of a test is no memory below PHYSICAL_END, so not by the kernel call. */
Test(window, a_window_shows_what_the_caller_has_shared) {
    uint64_t args[MESSAGE_ARGS] = { SHARE_ALLOC, WINDOW, 2 * PAGE_SIZE };
    cr_assert_eq(fixture_kcall(first, KCALL_SHARE, args), 0);
    bind_p(NUMBER);
    cr_assert_eq(MAP(NUMBER, WINDOW, args[0], 2), 0);
    expect_window(args[0], 2);
    bind_p(NUMBER + 1);
    cr_assert_eq(MAP(NUMBER + 1, WINDOW + 0x10000, args[0] + PAGE_SIZE, 2), -E_RANGE, "too long");
}

Test(window, a_window_shows_nothing_that_is_not_shared) {
    uint64_t private = fixture_physical(q, FIXTURE_MEMORY), shared_by_other;
    uint64_t args[MESSAGE_ARGS] = { SHARE_ALLOC, WINDOW, PAGE_SIZE };
    cr_assert_eq(fixture_kcall(q, KCALL_SHARE, args), 0);
    shared_by_other = args[0];
    bind_p(NUMBER);
    const uint64_t refused[] = {
        private,
        shared_by_other,
        instance->pml4,
        instance->own.base,
        fixture_physical(first, FIXTURE_MEMORY),
        fixture_frame(FIXTURE_FRAMES - 1), /* free */
        FIXTURE_FOREIGN - PAGE_SIZE,
        FIXTURE_FOREIGN + FIXTURE_FOREIGN_PAGES * PAGE_SIZE,
        FIXTURE_LOW,
        0,
        UINT64_MAX & ~(PAGE_SIZE - 1),
    };
    uint32_t frames = p->frames;
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++)
        cr_assert_eq(MAP(NUMBER, WINDOW, refused[i], 1), -E_RANGE, "%u", i);
    cr_assert_eq(
        MAP(NUMBER, WINDOW, FIXTURE_FOREIGN + (FIXTURE_FOREIGN_PAGES - 40) * PAGE_SIZE, 41),
        -E_RANGE, "the last page of many");
    cr_assert_eq(p->frames, frames, "nothing has changed");
    cr_assert_eq(fixture_physical(p, WINDOW), 0);
    cr_assert_eq(MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, 1), 0);
}

Test(window, windows_do_not_overlap_what_is_mapped) {
    uint32_t frames = p->frames;
    bind_p(NUMBER);
    bind_p(NUMBER + 1);
    cr_assert_eq(MAP(NUMBER, FIXTURE_MEMORY - 39 * PAGE_SIZE, FIXTURE_FOREIGN, 40), -E_EXIST);
    cr_assert_eq(MAP(NUMBER, FIXTURE_MEMORY, FIXTURE_FOREIGN, 1), -E_EXIST);
    cr_assert_eq(p->frames, frames);
    cr_assert_eq(MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, 40), 0);
    frames = p->frames;
    cr_assert_eq(MAP(NUMBER + 1, WINDOW - 39 * PAGE_SIZE, FIXTURE_FOREIGN, 40), -E_EXIST);
    cr_assert_eq(p->frames, frames);
    expect_window(FIXTURE_FOREIGN, 40);
}

Test(window, the_quota_is_enough_or_nothing_changes) {
    bind_p(NUMBER);
    uint64_t pages = 20;
    int64_t needed = (int64_t)(vm_frames_needed(p, WINDOW, pages * PAGE_SIZE) - pages) + 1;
    fixture_give_frames(p, (int64_t)p->frames + needed - 1 - (int64_t)p->frame_quota);
    uint32_t frames = p->frames;
    cr_assert_eq(MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, pages), -E_QUOTA);
    cr_assert_eq(p->frames, frames);
    fixture_give_frames(p, 1);
    cr_assert_eq(MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, pages), 0);
    cr_assert_eq(p->frames, p->frame_quota);
    expect_window(FIXTURE_FOREIGN, pages);
}

/* ---- Memory of others is not for the kernel, nor for its process to change ---- */

Test(window, borrowed_memory_is_out_of_the_reach_of_other_calls) {
    bind_p(NUMBER);
    MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, 1);
    uint64_t shared = WINDOW + 0x10000;
    uint64_t args[MESSAGE_ARGS] = { SHARE_ALLOC, shared, PAGE_SIZE };
    cr_assert_eq(fixture_kcall(p, KCALL_SHARE, args), 0);
    const uint64_t at[] = { WINDOW, shared };
    for (unsigned i = 0; i < 2; i++) {
        const struct {
            uint32_t number;
            uint64_t args[MESSAGE_ARGS];
        } calls[] = {
            { KCALL_MEM_UNMAP, { ENDPOINT_SELF, at[i], PAGE_SIZE } },
            { KCALL_MEM_PROTECT, { ENDPOINT_SELF, at[i], PAGE_SIZE, PROT_READ } },
            { KCALL_MEM_COPY, { ENDPOINT_SELF, at[i], FIXTURE_MEMORY, 8, COPY_FROM } },
            { KCALL_MEM_COPY, { ENDPOINT_SELF, at[i], FIXTURE_MEMORY, 8, COPY_TO } },
            { KCALL_MEM_COPY, { ENDPOINT_SELF, FIXTURE_MEMORY, at[i], 8, COPY_TO } },
            { KCALL_LOG, { at[i], 8 } },
            { KCALL_GETINFO, { INFO_CORE, at[i], PAGE_SIZE } },
        };
        for (unsigned c = 0; c < sizeof calls / sizeof calls[0]; c++) {
            memcpy(args, calls[c].args, sizeof args);
            cr_assert_eq(fixture_kcall(p, calls[c].number, args), -E_FAULT, "call %u of %u", c, i);
        }
        cr_assert_eq(fixture_ipc(p, IPC_ASEND, at[i], 1), -E_FAULT);
        cr_assert_null(vm_user_memory(p, at[i], 8, false));
    }
    args[0] = SHARE_FREE, args[1] = WINDOW, args[2] = PAGE_SIZE;
    cr_assert_eq(fixture_kcall(p, KCALL_SHARE, args), -E_FAULT, "not its own");
    args[0] = SHARE_FREE, args[1] = FIXTURE_MEMORY, args[2] = PAGE_SIZE;
    cr_assert_eq(fixture_kcall(p, KCALL_SHARE, args), -E_FAULT, "private");
}

/* ---- The end ---- */

static unsigned windows_left(uint64_t pages) {
    unsigned left = 0;
    for (uint64_t i = 0; i < pages; i++)
        left += fixture_physical(p, WINDOW + i * PAGE_SIZE) == FIXTURE_FOREIGN + i * PAGE_SIZE;
    return left;
}

#define BIND_STEP(...) fixture_step(first, KCALL_BIND, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })

Test(window, closing_puts_the_scratch_frame_in_place_of_every_page) {
    enum { PAGES = 100 };
    uint32_t frames = p->frames;
    endpoint_t name = bind_p(NUMBER);
    MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, PAGES);
    uint64_t used = p->frames;
    unsigned left = PAGES, steps = 1;
    while (BIND_STEP(BIND_CLOSE, NUMBER) == 1) {
        unsigned now = windows_left(PAGES);
        cr_assert(now < left && left - now <= 16, "no step is long");
        left = now;
        steps++;
        cr_assert_eq(notify(p, name), -E_PEERDEAD, "from the first step on");
        cr_assert_eq(receive(p, name), -E_WOULDBLOCK, "told when nothing is left");
        cr_assert_eq(BIND(BIND_FREE, NUMBER), -E_STATE);
        cr_assert_eq(fixture_violations(), 0);
    }
    cr_assert_eq(steps, (PAGES + 15) / 16);
    uint64_t scratch = fixture_physical(p, WINDOW);
    cr_assert(frame_state(scratch) == FRAME_PRIVATE && frame_owner(scratch) == process_slot(p));
    for (uint64_t i = 0; i < PAGES; i++)
        cr_assert_eq(fixture_physical(p, WINDOW + i * PAGE_SIZE), scratch);
    for (uint64_t i = 0; i < PAGE_SIZE / sizeof(uint64_t); i++)
        cr_assert_eq(((uint64_t *)direct(scratch))[i], BINDING_SCRATCH_WORD);
    cr_assert_eq(p->frames, used);
    cr_assert_eq(fixture_kcall(p, KCALL_MEM_UNMAP,
                               (uint64_t[MESSAGE_ARGS]){ ENDPOINT_SELF, WINDOW, PAGE_SIZE }),
                 -E_FAULT, "it is not the process' to free");
    cr_assert_eq(BIND(BIND_FREE, NUMBER), 0);
    cr_assert_eq(fixture_physical(p, WINDOW), 0);
    cr_assert_eq(p->frames, frames);
}

Test(window, the_end_is_told_once) {
    endpoint_t name = bind_p(NUMBER);
    cr_assert_eq(BIND(BIND_CLOSE, NUMBER), 0);
    cr_assert_eq(BIND(BIND_CLOSE, NUMBER), -E_STATE);
    cr_assert_eq(notify(p, name), -E_PEERDEAD);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
    expect_bell(p, name, NUMBER, true);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(receive(p, ENDPOINT_ANY), -E_WOULDBLOCK);
    cr_assert_eq(receive(p, name), -E_PEERDEAD, "who waits for the bell now waits for ever");
}

Test(window, the_end_merges_with_a_bell_that_was_not_taken) {
    endpoint_t name = bind_p(NUMBER);
    binding_rung(CORE, NUMBER);
    BIND(BIND_CLOSE, NUMBER);
    cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
    expect_bell(p, name, NUMBER, true);
    cr_assert_eq(receive(p, ENDPOINT_ANY), -E_WOULDBLOCK);
}

Test(window, a_bell_that_is_taken_while_it_is_closed_says_no_more_than_is_true) {
    endpoint_t name = bind_p(NUMBER);
    MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, 20);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(BIND_STEP(BIND_CLOSE, NUMBER), 1);
    cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
    expect_bell(p, name, NUMBER, false);
    cr_assert_eq(BIND_STEP(BIND_CLOSE, NUMBER), 0);
    cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
    expect_bell(p, name, NUMBER, true);
}

Test(window, the_end_wakes_whoever_waits) {
    endpoint_t name = bind_p(NUMBER);
    fixture_ipc(p, IPC_RECEIVE, name, 0);
    BIND(BIND_CLOSE, NUMBER);
    expect_bell(p, name, NUMBER, true);
}

Test(window, free_silences_what_was_not_taken) {
    bind_p(NUMBER);
    endpoint_t other = bind_p(NUMBER + 1);
    binding_rung(CORE, NUMBER);
    binding_rung(CORE, NUMBER + 1);
    BIND(BIND_CLOSE, NUMBER);
    cr_assert_eq(BIND(BIND_FREE, NUMBER), 0);
    cr_assert_eq(receive(p, ENDPOINT_ANY), 0);
    expect_bell(p, other, NUMBER + 1, false);
    cr_assert_eq(receive(p, ENDPOINT_ANY), -E_WOULDBLOCK);
    cr_assert_eq(p->pending, 0);
}

/* ---- In the middle of a call that is restarted ---- */

Test(window, a_window_that_is_being_mapped_can_be_closed) {
    uint32_t frames = p->frames;
    bind_p(NUMBER);
    bind_p(NUMBER + 1);
    cr_assert_eq(BIND_STEP(BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, 40 * PAGE_SIZE), 1);
    uint64_t beyond = WINDOW + 30 * PAGE_SIZE;
    cr_assert_eq(MAP(NUMBER + 1, beyond, FIXTURE_FOREIGN + 100 * PAGE_SIZE, 1), 0);
    cr_assert_eq(BIND(BIND_CLOSE, NUMBER), 0);
    cr_assert_eq(windows_left(40), 0);
    cr_assert_eq(BIND(BIND_FREE, NUMBER), 0);
    cr_assert_eq(fixture_physical(p, beyond), FIXTURE_FOREIGN + 100 * PAGE_SIZE, "it is another's");
    cr_assert_eq(BIND(BIND_CLOSE, NUMBER + 1), 0);
    cr_assert_eq(BIND(BIND_FREE, NUMBER + 1), 0);
    cr_assert_eq(p->frames, frames);
}

Test(window, a_window_that_cannot_be_mapped_whole_is_undone_by_steps) {
    uint64_t blocked = WINDOW + 50 * PAGE_SIZE;
    cr_assert_eq(vm_map(p, blocked, PROT_WRITE), 0);
    uint32_t frames = p->frames;
    unsigned left = 0, most = 0, steps = 1;
    bind_p(NUMBER);
    while (BIND_STEP(BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, 60 * PAGE_SIZE) == 1) {
        unsigned now = windows_left(60);
        cr_assert(now - left + 16 <= 32, "no step is long");
        left = now;
        most = now > most ? now : most;
        steps++;
        cr_assert_eq(fixture_violations(), 0);
    }
    cr_assert_eq((int)first->context.rax, -E_EXIST);
    cr_assert(most >= 32 && steps > 5);
    cr_assert_eq(windows_left(60), 0);
    cr_assert_eq(p->frames, frames);
    cr_assert_eq(MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, 50), 0, "the binding is as it was before");
}

Test(window, forged_arguments_of_a_restarted_call_are_refused) {
    bind_p(NUMBER);
    cr_assert_eq(BIND_STEP(BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, 40 * PAGE_SIZE), 1);
    cr_assert_eq(BIND_STEP(BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, 41 * PAGE_SIZE), -E_STATE);
    cr_assert_eq(BIND_STEP(BIND_MAP, NUMBER, WINDOW + PAGE_SIZE, FIXTURE_FOREIGN, 40 * PAGE_SIZE),
                 -E_STATE);
    cr_assert_eq(MAP(NUMBER, WINDOW, instance->own.base, 40), -E_RANGE, "and undone");
    cr_assert_eq(windows_left(40), 0);
}

/* ---- Death ---- */

Test(window, bells_of_the_dead_are_silent) {
    bind_p(NUMBER);
    binding_rung(CORE, NUMBER);
    process_die(p, DEATH_KILLED, 0);
    cr_assert_eq(p->pending, 0);
    binding_rung(CORE, NUMBER);
    cr_assert_eq(p->pending, 0);
    cr_assert_eq(fixture_violations(), 0);
    cr_assert_eq(MAP(NUMBER, WINDOW, FIXTURE_FOREIGN, 1), -E_STATE);
    cr_assert_eq(BIND(BIND_CLOSE, NUMBER), 0);
    cr_assert_eq(BIND(BIND_FREE, NUMBER), 0);
}

/* Whatever the monitor does first, and wherever it is interrupted. */
Test(window, the_dead_leave_nothing_behind) {
    uint64_t free = frame_count_of(FRAME_FREE);
    for (unsigned order = 0; order < 8; order++) {
        struct process *victim = p = fixture_process("victim");
        endpoint_t endpoint = p->endpoint;
        fixture_give_frames(p, 100);
        bind_p(NUMBER);
        bind_p(NUMBER + 1);
        BIND_STEP(BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, 20 * PAGE_SIZE);
        if (order & 1)
            BIND_STEP(BIND_MAP, NUMBER, WINDOW, FIXTURE_FOREIGN, 20 * PAGE_SIZE);
        MAP(NUMBER + 1, WINDOW + 0x10000000, FIXTURE_FOREIGN, 20);
        binding_rung(CORE, NUMBER);
        process_die(victim, DEATH_KILLED, 0);
        if (order & 2)
            BIND_STEP(BIND_CLOSE, NUMBER);
        if (order & 4)
            process_destroy_step(victim, first);
        cr_assert_eq(fixture_violations(), 0);
        BIND(BIND_CLOSE, NUMBER + 1);
        while (fixture_kcall(first, KCALL_PROC_DESTROY, (uint64_t[MESSAGE_ARGS]){ endpoint }) == 1)
            continue;
        BIND(BIND_CLOSE, NUMBER);
        cr_assert_eq(BIND(BIND_FREE, NUMBER + 1), 0, "order %u", order);
        cr_assert_eq(BIND(BIND_FREE, NUMBER), 0, "order %u", order);
        cr_assert_eq(frame_count_of(FRAME_FREE), free, "order %u", order);
    }
}
