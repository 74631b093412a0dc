/*
 * What monitors use to reach beyond their core: SHARE, CORE, and quota moved by PRIVCTL. Memory of
 * other cores is never touched here, so it needs not be there.
 */
#include <criterion/criterion.h>

#include <bulkhead/binding.h>
#include <bulkhead/cores.h>

#include "fixture.h"
#include "frame.h"
#include "vm.h"
#include "x86_64/lapic.h"

#define OTHER  5U           /* a core */
#define SHARED 0x20000000UL /* address of shared memory, in a page table of its own */

static struct process *first, *p;

static void init(void) {
    first = fixture_boot();
    p = fixture_process("p");
    fixture_give_frames(p, 800);
}

TestSuite(cores, .init = init, .fini = fixture_end);

#define CALL(who, number, ...) \
    fixture_kcall((who), KCALL_##number, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })
#define STEP(who, number, ...) \
    fixture_step((who), KCALL_##number, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })

static int share(struct process *who, uint64_t address, uint64_t pages, uint64_t *physical) {
    uint64_t args[MESSAGE_ARGS] = { SHARE_ALLOC, address, pages * PAGE_SIZE };
    int error = fixture_kcall(who, KCALL_SHARE, args);
    *physical = args[0];
    return error;
}

static void destroy(const struct process *who) {
    endpoint_t endpoint = who->endpoint;
    cr_assert_eq(CALL(first, PROC_KILL, endpoint), 0);
    while (STEP(first, PROC_DESTROY, endpoint) == 1)
        cr_assert_eq(fixture_violations(), 0, "between two steps too");
}

/* ---- SHARE ---- */

Test(cores, shared_memory_is_contiguous_zeroed_and_exported) {
    static const uint64_t lengths[] = { 1, 16, 17, 100 };
    uint32_t frames = p->frames;
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint64_t physical;
        cr_assert_eq(share(p, SHARED, lengths[i], &physical), 0);
        for (uint64_t page = 0; page < lengths[i]; page++) {
            uint64_t at = physical + page * PAGE_SIZE, *content = direct(at);
            cr_assert_eq(fixture_physical(p, SHARED + page * PAGE_SIZE), at);
            cr_assert(frame_state(at) == FRAME_EXPORTED && frame_owner(at) == process_slot(p));
            for (unsigned word = 0; word < PAGE_SIZE / sizeof *content; word++)
                cr_assert_eq(content[word], 0);
            memset(content, 0xee, PAGE_SIZE); /* for whoever gets it next */
        }
        cr_assert_eq(fixture_violations(), 0);
        cr_assert_eq(p->frames, frames + lengths[i] + 1, "pages and a table");
        cr_assert_eq(CALL(p, SHARE, SHARE_FREE, SHARED, lengths[i] * PAGE_SIZE), 0);
        cr_assert_eq(p->frames, frames);
    }
}

Test(cores, no_step_of_sharing_is_long) {
    uint64_t args[MESSAGE_ARGS] = { SHARE_ALLOC, SHARED, 100 * PAGE_SIZE };
    unsigned steps = 1;
    while (fixture_step(p, KCALL_SHARE, args) == 1) {
        struct message m = fixture_received(p);
        cr_assert_leq(m.arg[4] - args[4], 16 * PAGE_SIZE);
        memcpy(args, m.arg, sizeof args);
        cr_assert_eq(fixture_violations(), 0, "frames that are not mapped yet are accounted for");
        steps++;
    }
    cr_assert_eq(steps, 7);
    cr_assert_eq(STEP(p, SHARE, SHARE_FREE, SHARED, 100 * PAGE_SIZE), 1);
    cr_assert_eq(fixture_physical(p, SHARED + 15 * PAGE_SIZE), 0);
    cr_assert_neq(fixture_physical(p, SHARED + 16 * PAGE_SIZE), 0);
}

Test(cores, sharing_all_or_nothing) {
    uint64_t physical, pages = 20;
    uint32_t frames = p->frames;
    int64_t needed = (int64_t)vm_frames_needed(p, SHARED, pages * PAGE_SIZE);
    fixture_give_frames(p, (int64_t)p->frames + needed - 1 - (int64_t)p->frame_quota);
    cr_assert_eq(share(p, SHARED, pages, &physical), -E_QUOTA);
    cr_assert_eq(p->frames, frames);
    fixture_give_frames(p, 1);
    cr_assert_eq(share(p, SHARED, pages, &physical), 0);
    cr_assert_eq(p->frames, p->frame_quota);
    fixture_give_frames(p, 100);
    cr_assert_eq(share(p, SHARED - 19 * PAGE_SIZE, pages, &physical), -E_EXIST);
    cr_assert_eq(p->frames, frames + needed);
    cr_assert_eq(fixture_physical(p, SHARED - 19 * PAGE_SIZE), 0);
}

Test(cores, contiguous_memory_runs_out_first) {
    uint64_t physical, runs = 0;
    fixture_give_frames(p, 2000);
    while (share(p, SHARED + runs * SHARE_BYTES_MAX, FRAMES_PER_CHUNK, &physical) == 0)
        runs++;
    cr_assert_geq(runs, 1);
    cr_assert_eq(share(p, SHARED + runs * SHARE_BYTES_MAX, FRAMES_PER_CHUNK, &physical), -E_NOMEM);
    cr_assert_gt(frame_count_of(FRAME_FREE), FRAMES_PER_CHUNK);
    cr_assert_eq(fixture_violations(), 0);
}

Test(cores, sharing_takes_sensible_lengths_and_addresses) {
    static const struct {
        uint64_t args[MESSAGE_ARGS];
        int error;
    } calls[] = {
        { { SHARE_ALLOC, SHARED, 0 }, -E_RANGE },
        { { SHARE_ALLOC, SHARED, 1 }, -E_INVAL },
        { { SHARE_ALLOC, SHARED + 1, PAGE_SIZE }, -E_INVAL },
        { { SHARE_ALLOC, SHARED, SHARE_BYTES_MAX + PAGE_SIZE }, -E_RANGE },
        { { SHARE_ALLOC, 0, PAGE_SIZE }, -E_RANGE },
        { { SHARE_ALLOC, USER_END, PAGE_SIZE }, -E_RANGE },
        { { SHARE_ALLOC, DIRECT_BASE, PAGE_SIZE }, -E_RANGE },
        { { SHARE_ALLOC, SHARED, UINT64_MAX & ~(PAGE_SIZE - 1) }, -E_RANGE },
        { { SHARE_FREE, SHARED, PAGE_SIZE }, -E_NOENT },
        { { SHARE_FREE, FIXTURE_MEMORY, PAGE_SIZE }, -E_FAULT },
        { { 0, SHARED, PAGE_SIZE }, -E_BADCALL },
        { { SHARE_FREE + 1, SHARED, PAGE_SIZE }, -E_BADCALL },
    };
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        uint64_t args[MESSAGE_ARGS];
        memcpy(args, calls[i].args, sizeof args);
        cr_assert_eq(fixture_kcall(p, KCALL_SHARE, args), calls[i].error, "call %u", i);
    }
}

/* The bit is SHARE_BEGUN of the kernel: the call says that it is in its middle. */
Test(cores, forged_registers_of_sharing_map_nothing_twice) {
    uint64_t physical;
    uint32_t frames = p->frames;
    cr_assert_eq(share(p, SHARED, 3, &physical), 0);
    const uint64_t forged[] = { physical,        fixture_physical(p, FIXTURE_MEMORY),
                                p->cr3,          instance->pml4,
                                FIXTURE_FOREIGN, UINT64_MAX & ~(PAGE_SIZE - 1) };
    for (unsigned i = 0; i < sizeof forged / sizeof forged[0]; i++)
        cr_assert_eq(CALL(p, SHARE, SHARE_ALLOC, SHARED + 0x10000, PAGE_SIZE, forged[i] | 1),
                     -E_STATE);
    cr_assert_eq(fixture_physical(p, SHARED + 0x10000), 0);
    cr_assert_eq(CALL(p, SHARE, SHARE_FREE, SHARED, 3 * PAGE_SIZE), 0);
    cr_assert_eq(p->frames, frames);
}

Test(cores, sharing_that_is_cut_short_loses_no_frame) {
    uint32_t frames = p->frames;
    cr_assert_eq(STEP(p, SHARE, SHARE_ALLOC, SHARED, 40 * PAGE_SIZE), 1);
    uint64_t first_frame = fixture_received(p).arg[3];
    cr_assert_eq(CALL(p, SHARE, SHARE_ALLOC, SHARED, 40 * PAGE_SIZE, first_frame, UINT64_MAX), 0,
                 "who says that all is mapped gets no more");
    cr_assert_eq(p->frames, frames + 16 + 1);
    cr_assert_eq(STEP(p, SHARE, SHARE_ALLOC, SHARED + 0x100000, 40 * PAGE_SIZE), 1);
    cr_assert_eq(CALL(p, SHARE, SHARE_ALLOC, SHARED + 0x20000, PAGE_SIZE), 0, "begins anew");
    cr_assert_eq(p->frames, frames + 16 + 16 + 1 + 1);
    cr_assert_eq(STEP(p, SHARE, SHARE_ALLOC, SHARED + 0x40000, 40 * PAGE_SIZE), 1);
    cr_assert_eq(vm_map(p, SHARED + 0x40000 + 20 * PAGE_SIZE, PROT_READ), 0); /* its supervisor */
    struct message m = fixture_received(p);
    cr_assert_eq(fixture_kcall(p, KCALL_SHARE, m.arg), -E_EXIST);
    cr_assert_eq(p->frames, frames + 16 + 16 + 1 + 1 + 21);
}

Test(cores, who_dies_while_sharing_leaves_nothing_behind) {
    uint64_t free = frame_count_of(FRAME_FREE), owned = p->frames;
    cr_assert_eq(STEP(p, SHARE, SHARE_ALLOC, SHARED, 40 * PAGE_SIZE), 1);
    destroy(p);
    cr_assert_eq(frame_count_of(FRAME_FREE), free + owned);
}

/* ---- CORE ---- */

Test(cores, interrupts_go_to_the_apic_of_the_core) {
    static const struct {
        uint64_t operation, argument;
        uint32_t command;
    } sent[] = {
        { CORE_NMI, 0, LAPIC_NMI },
        { CORE_INIT, 0, LAPIC_INIT },
        { CORE_STARTUP, FIXTURE_LOW / PAGE_SIZE, LAPIC_STARTUP | FIXTURE_LOW / PAGE_SIZE },
        { CORE_STARTUP, FIXTURE_LOW / PAGE_SIZE + 7,
          LAPIC_STARTUP | (FIXTURE_LOW / PAGE_SIZE + 7) },
    };
    for (unsigned i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        cr_assert_eq(CALL(first, CORE, sent[i].operation, OTHER, sent[i].argument), 0);
        cr_assert_eq(fake_sent.count, i + 1);
        cr_assert_eq(fake_sent.apic_id, FIXTURE_APIC_ID(OTHER));
        cr_assert_eq(fake_sent.command, sent[i].command);
    }
}

Test(cores, what_no_core_can_be_told_is_not_sent) {
    static const struct {
        uint64_t args[MESSAGE_ARGS];
        int error;
    } calls[] = {
        { { CORE_INIT, 0 }, -E_PERM },
        { { CORE_NMI, FIXTURE_CORE }, -E_INVAL },
        { { CORE_INIT, FIXTURE_CORE }, -E_INVAL },
        { { CORE_NMI, FIXTURE_CORES }, -E_NOENT },
        { { CORE_NMI, UINT64_MAX }, -E_NOENT },
        { { CORE_NMI, OTHER | UINT64_C(1) << 32 }, -E_NOENT },
        { { CORE_STARTUP, OTHER, FIXTURE_LOW / PAGE_SIZE - 1 }, -E_RANGE },
        { { CORE_STARTUP, OTHER, FIXTURE_LOW / PAGE_SIZE + 8 }, -E_RANGE },
        { { CORE_STARTUP, OTHER, FIXTURE_LOW / PAGE_SIZE + 256 }, -E_RANGE },
        { { CORE_STARTUP, OTHER, UINT64_C(1) << 52 | FIXTURE_LOW / PAGE_SIZE }, -E_RANGE },
        { { 0, OTHER }, -E_BADCALL },
        { { CORE_CHUNK_TAKE + 1, OTHER }, -E_BADCALL },
    };
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        uint64_t args[MESSAGE_ARGS];
        memcpy(args, calls[i].args, sizeof args);
        cr_assert_eq(fixture_kcall(first, KCALL_CORE, args), calls[i].error, "call %u", i);
    }
    instance->boot.low = (struct range){ 0, 0 };
    cr_assert_eq(CALL(first, CORE, CORE_STARTUP, OTHER, 0), -E_RANGE, "there is no system block");
    cr_assert_eq(fake_sent.count, 0);
}

Test(cores, memory_of_others_is_mapped_and_unmapped) {
    const uint64_t pages = 200;
    uint32_t frames = p->frames;
    cr_assert_eq(CALL(p, CORE, CORE_MAP, OTHER, SHARED, FIXTURE_FOREIGN, pages * PAGE_SIZE), 0);
    for (uint64_t i = 0; i < pages; i++)
        cr_assert_eq(fixture_physical(p, SHARED + i * PAGE_SIZE), FIXTURE_FOREIGN + i * PAGE_SIZE);
    cr_assert_eq(p->frames, frames + 1, "a table");
    cr_assert_null(vm_user_memory(p, SHARED, 8, false), "nothing for the kernel");
    cr_assert_eq(CALL(p, CORE, CORE_UNMAP, OTHER, SHARED, 0, pages * PAGE_SIZE), 0);
    cr_assert_eq(p->frames, frames);
    cr_assert_eq(CALL(p, CORE, CORE_MAP, OTHER, SHARED, FIXTURE_LOW, 8 * PAGE_SIZE), 0);
    cr_assert_eq(fixture_physical(p, SHARED + 7 * PAGE_SIZE), FIXTURE_LOW + 7 * PAGE_SIZE);
}

Test(cores, own_memory_and_what_is_none_are_not_mapped) {
    const uint64_t end = FIXTURE_FOREIGN + FIXTURE_FOREIGN_PAGES * PAGE_SIZE;
    const struct {
        uint64_t address, physical, bytes;
        int error;
    } calls[] = {
        { SHARED, instance->own.base, PAGE_SIZE, -E_RANGE },
        { SHARED, fixture_frame(FIXTURE_FRAMES - 1), PAGE_SIZE, -E_RANGE },
        { SHARED, end, PAGE_SIZE, -E_RANGE },
        { SHARED, FIXTURE_FOREIGN - PAGE_SIZE, PAGE_SIZE, -E_RANGE },
        { SHARED, FIXTURE_LOW - PAGE_SIZE, PAGE_SIZE, -E_RANGE },
        { SHARED, FIXTURE_LOW + 8 * PAGE_SIZE, PAGE_SIZE, -E_RANGE },
        { SHARED, UINT64_MAX & ~(PAGE_SIZE - 1), PAGE_SIZE, -E_RANGE },
        { SHARED, 0xfee00000, PAGE_SIZE, -E_RANGE },
        { SHARED + 1, FIXTURE_FOREIGN, PAGE_SIZE, -E_INVAL },
        { SHARED, FIXTURE_FOREIGN + 1, PAGE_SIZE, -E_INVAL },
        { SHARED, FIXTURE_FOREIGN, 1, -E_INVAL },
        { 0, FIXTURE_FOREIGN, PAGE_SIZE, -E_RANGE },
        { DIRECT_BASE, FIXTURE_FOREIGN, PAGE_SIZE, -E_RANGE },
        { FIXTURE_MEMORY, FIXTURE_FOREIGN, PAGE_SIZE, -E_EXIST },
    };
    uint32_t frames = p->frames;
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
        cr_assert_eq(
            CALL(p, CORE, CORE_MAP, OTHER, calls[i].address, calls[i].physical, calls[i].bytes),
            calls[i].error, "call %u", i);
    cr_assert_eq(p->frames, frames);
    cr_assert_eq(CALL(p, CORE, CORE_UNMAP, OTHER, FIXTURE_MEMORY, 0, PAGE_SIZE), -E_FAULT);
    cr_assert_eq(CALL(p, CORE, CORE_UNMAP, OTHER, SHARED, 0, PAGE_SIZE), -E_NOENT);
}

Test(cores, memory_of_others_outlives_the_process_that_mapped_it) {
    uint64_t free = frame_count_of(FRAME_FREE), owned = p->frames;
    CALL(p, CORE, CORE_MAP, OTHER, SHARED, FIXTURE_FOREIGN, 100 * PAGE_SIZE);
    destroy(p);
    cr_assert_eq(frame_count_of(FRAME_FREE), free + owned);
}

/* ---- Quota ---- */

Test(cores, unused_quota_moves_between_supervisor_and_child) {
    uint64_t left = p->frame_quota - p->frames, own = first->frame_quota;
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_TAKE_FRAMES, p->endpoint, left + 1), -E_QUOTA);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_TAKE_FRAMES, p->endpoint, UINT64_MAX), -E_QUOTA);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_TAKE_FRAMES, p->endpoint, left), 0);
    cr_assert(p->frames == p->frame_quota && first->frame_quota == own + left);
    cr_assert_eq(vm_map(p, SHARED, PROT_READ), -E_QUOTA);
    left = first->frame_quota - first->frames;
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_GIVE_FRAMES, p->endpoint, left + 1), -E_QUOTA);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_GIVE_FRAMES, p->endpoint, UINT64_C(1) << 32),
                 -E_QUOTA);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_GIVE_FRAMES, p->endpoint, 10), 0);
    cr_assert_eq(p->frame_quota, p->frames + 10);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_TAKE_FRAMES, first->endpoint, 1), -E_PERM);
    cr_assert_eq(CALL(p, PRIVCTL, PRIVCTL_GIVE_FRAMES, ENDPOINT_SELF, 1), -E_BADEP);
}

Test(cores, the_quota_of_the_dead_stays_where_it_is) {
    endpoint_t gone = p->endpoint;
    process_die(p, DEATH_KILLED, 0);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_TAKE_FRAMES, gone, 1), -E_PEERDEAD);
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_GIVE_FRAMES, gone, 1), -E_PEERDEAD);
}

/* What is taken while a child is in the middle of a call is missed there. */
Test(cores, quota_taken_in_the_middle_of_a_call_ends_it) {
    cr_assert_eq(STEP(p, MEM_MAP, ENDPOINT_SELF, SHARED, 40 * PAGE_SIZE, PROT_WRITE), 1);
    struct message m = fixture_received(p);
    uint64_t left = p->frame_quota - p->frames;
    cr_assert_eq(CALL(first, PRIVCTL, PRIVCTL_TAKE_FRAMES, p->endpoint, left - 3), 0);
    cr_assert_eq(fixture_kcall(p, KCALL_MEM_MAP, m.arg), -E_QUOTA);
    cr_assert_eq(p->frames, p->frame_quota);
}

/* ---- What the machine is like ---- */

Test(cores, all_addresses_of_the_machine_are_for_the_monitor) {
    uint64_t bytes = (sizeof instance->boot + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    cr_assert_eq(CALL(p, GETINFO, INFO_BOOT, FIXTURE_MEMORY, 2 * PAGE_SIZE), -E_PERM);
    cr_assert_eq(CALL(first, MEM_MAP, ENDPOINT_SELF, SHARED, bytes, PROT_WRITE), 0);
    uint64_t args[MESSAGE_ARGS] = { INFO_BOOT, SHARED, bytes };
    cr_assert_eq(fixture_kcall(first, KCALL_GETINFO, args), 0);
    cr_assert_eq(args[0], sizeof instance->boot);
}
