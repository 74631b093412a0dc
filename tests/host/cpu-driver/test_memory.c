/* Address spaces: mapping, protection, page tables, what the kernel may touch, tear-down. */
#include <criterion/criterion.h>

#include "../random.h"
#include "fixture.h"
#include "frame.h"
#include "vm.h"
#include "x86_64/paging.h"

static struct process *first, *p;

static void init(void) {
    first = fixture_boot();
    p = fixture_process("p");
    p->frame_quota += 1000;
    first->frame_quota -= 1000;
}

TestSuite(memory, .init = init, .fini = fixture_end);

#define FAR  0x123456789000UL /* in tables of its own */
#define LAST (USER_END - PAGE_SIZE)

Test(memory, mapping_takes_a_page_and_the_tables_that_are_missing) {
    uint32_t frames = p->frames;
    cr_assert_eq(vm_map(p, FAR, PROT_WRITE), 0);
    cr_assert_eq(p->frames, frames + 4);
    cr_assert_eq(vm_map(p, FAR + PAGE_SIZE, PROT_READ), 0);
    cr_assert_eq(p->frames, frames + 5);
    cr_assert_eq(vm_unmap(p, FAR), 0);
    cr_assert_eq(p->frames, frames + 4);
    cr_assert_eq(vm_unmap(p, FAR + PAGE_SIZE), 0);
    cr_assert_eq(p->frames, frames, "empty tables are given back");
}

Test(memory, pages_are_mapped_once_and_unmapped_once) {
    cr_assert_eq(vm_map(p, FAR, PROT_READ), 0);
    cr_assert_eq(vm_map(p, FAR, PROT_READ), -E_EXIST);
    cr_assert_eq(vm_unmap(p, FAR), 0);
    cr_assert_eq(vm_unmap(p, FAR), -E_NOENT);
    cr_assert_eq(vm_protect(p, FAR, PROT_READ), -E_NOENT);
}

Test(memory, quota_is_checked_before_anything_is_taken) {
    p->frame_quota = p->frames + 3;
    first->frame_quota += 1000 + FIXTURE_PROCESS_FRAMES - p->frame_quota;
    cr_assert_eq(vm_map(p, FAR, PROT_READ), -E_QUOTA);
    cr_assert_eq(p->frames, p->frame_quota - 3);
    p->frame_quota++;
    first->frame_quota--;
    cr_assert_eq(vm_map(p, FAR, PROT_READ), 0);
}

Test(memory, frames_needed_is_what_mapping_takes) {
    static const struct {
        uint64_t address, pages;
    } ranges[] = { { FAR, 1 },
                   { FAR, 512 },
                   { 0x40000000 - PAGE_SIZE, 2 },
                   { 0x8000000000 - 3 * PAGE_SIZE, 600 },
                   { FIXTURE_MEMORY + FIXTURE_PAGES * PAGE_SIZE, 600 },
                   { USER_BASE, 17 },
                   { LAST, 1 },
                   { FAR, 0 } };
    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        uint64_t address = ranges[i].address, bytes = ranges[i].pages * PAGE_SIZE;
        uint64_t needed = vm_frames_needed(p, address, bytes), before = p->frames;
        for (uint64_t at = address; at < address + bytes; at += PAGE_SIZE)
            cr_assert_eq(vm_map(p, at, PROT_WRITE), 0);
        cr_assert_eq(p->frames - before, needed, "range %u", i);
        cr_assert_eq(fixture_violations(), 0);
        for (uint64_t at = address; at < address + bytes; at += PAGE_SIZE)
            cr_assert_eq(vm_unmap(p, at), 0);
        cr_assert_eq(p->frames, before);
    }
}

static uint64_t found_entry;

static void find_level_1(struct process *of, uint64_t address, uint64_t entry, unsigned level) {
    (void)of;
    if (level == 1 && address == FAR)
        found_entry = entry;
}

Test(memory, protection_is_in_the_entry) {
    static const struct {
        unsigned protection;
        uint64_t set, clear;
    } expected[] = {
        { PROT_READ, PTE_NX, PTE_WRITE },
        { PROT_READ | PROT_WRITE, PTE_NX | PTE_WRITE, 0 },
        { PROT_READ | PROT_EXEC, 0, PTE_NX | PTE_WRITE },
        { 0, PTE_NX, PTE_WRITE },
    };
    cr_assert_eq(vm_map(p, FAR, PROT_READ), 0);
    for (unsigned i = 0; i < 4; i++) {
        cr_assert_eq(vm_protect(p, FAR, expected[i].protection), 0);
        vm_for_each(p, find_level_1);
        cr_assert_eq(found_entry & (PTE_PRESENT | PTE_USER), PTE_PRESENT | PTE_USER);
        cr_assert_eq(found_entry & expected[i].set, expected[i].set);
        cr_assert_eq(found_entry & expected[i].clear, 0);
    }
}

Test(memory, translations_are_flushed_where_they_may_be_cached) {
    vm_map(p, FAR, PROT_WRITE);
    fixture_run(p);
    cpu.invalidated = 0;
    vm_protect(p, FAR, PROT_READ);
    cr_assert_eq(cpu.invalidated, FAR);
    cpu.invalidated = 0;
    vm_unmap(p, FAR);
    cr_assert_eq(cpu.invalidated, FAR);
    cpu.invalidated = 0;
    vm_map(first, FAR, PROT_READ);
    vm_unmap(first, FAR);
    cr_assert_eq(cpu.invalidated, 0, "no need in an address space that is not loaded");
}

Test(memory, user_space_ends_where_it_should) {
    cr_assert(vm_in_user_space(USER_BASE, 0));
    cr_assert(vm_in_user_space(USER_BASE, USER_END - USER_BASE));
    cr_assert(vm_in_user_space(LAST, PAGE_SIZE));
    cr_assert_not(vm_in_user_space(USER_BASE - 1, 1));
    cr_assert_not(vm_in_user_space(USER_BASE, USER_END - USER_BASE + 1));
    cr_assert_not(vm_in_user_space(LAST, PAGE_SIZE + 1));
    cr_assert_not(vm_in_user_space(USER_END, 1));
    cr_assert_not(vm_in_user_space(UINT64_MAX, 2));
    cr_assert_not(vm_in_user_space(USER_BASE, UINT64_MAX));
    cr_assert_not(vm_in_user_space(DIRECT_BASE, 1));
}

Test(memory, kernel_reaches_only_what_the_process_may) {
    const uint64_t end = FIXTURE_MEMORY + FIXTURE_PAGES * PAGE_SIZE;
    cr_assert_not_null(vm_user_memory(p, FIXTURE_MEMORY, PAGE_SIZE, true));
    cr_assert_null(vm_user_memory(p, FIXTURE_MEMORY + 1, PAGE_SIZE, true), "crosses a page");
    cr_assert_null(vm_user_memory(p, end, 1, false));
    cr_assert_null(vm_user_memory(p, DIRECT_BASE, 1, false));
    cr_assert_null(vm_user_memory(p, UINT64_MAX, 1, false));
    vm_protect(p, FIXTURE_MEMORY, PROT_READ);
    cr_assert_null(vm_user_memory(p, FIXTURE_MEMORY, 1, true));
    cr_assert_not_null(vm_user_memory(p, FIXTURE_MEMORY, 1, false));

    cr_assert(vm_user_range_ok(p, FIXTURE_MEMORY, end - FIXTURE_MEMORY, false));
    cr_assert_not(vm_user_range_ok(p, FIXTURE_MEMORY, end - FIXTURE_MEMORY + 1, false));
    cr_assert_not(vm_user_range_ok(p, FIXTURE_MEMORY + PAGE_SIZE - 1, 2, true) &&
                  vm_user_range_ok(p, FIXTURE_MEMORY, 1, true));
    cr_assert_not(vm_user_range_ok(p, FIXTURE_MEMORY, UINT64_MAX, false));
}

Test(memory, copies_cross_pages_or_do_not_happen) {
    static uint8_t out[3 * PAGE_SIZE], in[3 * PAGE_SIZE];
    for (unsigned i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 7 + i / 256);
    uint64_t at = FIXTURE_MEMORY + 123, bytes = 2 * PAGE_SIZE - 123;
    cr_assert_eq(vm_copy_out(p, at, out, bytes), 0);
    cr_assert_eq(vm_copy_in(p, in, at, bytes), 0);
    cr_assert_arr_eq(in, out, bytes);
    cr_assert_eq(vm_copy_out(p, at, in, bytes + 1), -E_FAULT);
    memset(out, 0, sizeof out);
    cr_assert_eq(vm_copy_out(p, at - 1, out, 2 * PAGE_SIZE), -E_FAULT);
    cr_assert_eq(*(uint8_t *)fixture_memory(p, at), in[0], "nothing was copied");
}

Test(memory, nothing_of_no_length_faults) {
    char byte;
    cr_assert_eq(vm_copy_in(p, &byte, FAR + 1, 0), 0);
    cr_assert_eq(vm_copy_out(p, FAR + 1, &byte, 0), 0);
}

Test(memory, archive_is_seen_but_not_owned) {
    uint32_t frames = p->frames;
    instance->boot.archive = (struct range){ 16 * PAGE_SIZE, 32 * PAGE_SIZE };
    cr_assert_eq(vm_lend(p, FAR, 16 * PAGE_SIZE, PROT_READ), 0);
    cr_assert_eq(p->frames, frames + 3, "page tables only");
    cr_assert_eq((uint64_t)vm_user_memory(p, FAR + 5, 10, false), ARCHIVE_VIEW + 5);
    cr_assert_null(vm_user_memory(p, FAR, 1, true));
    cr_assert_eq(vm_unmap(p, FAR), -E_FAULT);
    cr_assert_eq(vm_protect(p, FAR, PROT_WRITE), -E_FAULT);
    cr_assert_eq(vm_map(p, FAR, PROT_READ), -E_EXIST);
    cr_assert_eq(fixture_violations(), 0);
}

Test(memory, upper_half_is_the_instances_in_every_address_space) {
    const uint64_t *kernel = direct(instance->pml4), *own = direct(p->cr3);
    cr_assert_arr_eq(own + 256, kernel + 256, 256 * sizeof own[0]);
    for (unsigned i = 256; i < 512; i++)
        cr_assert_eq(kernel[i], 0); /* of this host's instance: nothing maps it */
}

Test(memory, tear_down_goes_by_steps_and_leaves_nothing) {
    uint64_t free = frame_count_of(FRAME_FREE), owned = p->frames;
    uint32_t quota = first->frame_quota, given = p->frame_quota;
    unsigned steps = 1;
    for (unsigned i = 0; i < 300; i++)
        cr_assert_eq(vm_map(p, FAR + i * (i % 3 ? PAGE_SIZE : 0x40000000UL), PROT_WRITE), 0);
    process_die(p, DEATH_KILLED, 0);
    while (!process_destroy_step(p, first)) {
        cr_assert_eq(fixture_violations(), 0, "between two steps too");
        steps++;
    }
    cr_assert_gt(steps, 10);
    cr_assert_eq(frame_count_of(FRAME_FREE), free + owned);
    cr_assert_eq(first->frame_quota, quota + given);
}

#define SPAN  4096 /* pages that are mapped and unmapped at random */
#define CLOSE 1500 /* this many of them share a few tables, the others have their own */

static uint64_t page_address(unsigned i) {
    return i < CLOSE ? FAR + i * PAGE_SIZE
                     : USER_BASE + i * 0x1234567000UL % (USER_END - USER_BASE);
}

Test(memory, random_mapping_agrees_with_a_list) {
    static uint8_t mapped[SPAN]; /* protection + 1 */
    static const unsigned protections[] = { 0, PROT_READ, PROT_WRITE, PROT_EXEC };
    random_start();
    uint32_t frames = p->frames;
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = (unsigned)random_below(2) * CLOSE + (unsigned)random_below(CLOSE);
        unsigned protection = protections[random_below(4)];
        uint64_t at = page_address(i);
        int result;
        switch (random_below(3)) {
        case 0:
            result = vm_map(p, at, protection);
            if (result == -E_QUOTA)
                break;
            cr_assert_eq(result, mapped[i] ? -E_EXIST : 0, REPLAY, REPLAY_ARGS(step));
            mapped[i] = mapped[i] ? mapped[i] : (uint8_t)(protection + 1);
            break;
        case 1:
            result = vm_unmap(p, at);
            cr_assert_eq(result, mapped[i] ? 0 : -E_NOENT, REPLAY, REPLAY_ARGS(step));
            mapped[i] = 0;
            break;
        default:
            result = vm_protect(p, at, protection);
            cr_assert_eq(result, mapped[i] ? 0 : -E_NOENT, REPLAY, REPLAY_ARGS(step));
            mapped[i] = mapped[i] ? (uint8_t)(protection + 1) : 0;
        }
        bool writable = mapped[i] && (mapped[i] - 1) & PROT_WRITE;
        cr_assert_eq(vm_user_memory(p, at, 8, false) != NULL, mapped[i] != 0);
        cr_assert_eq(vm_user_memory(p, at, 8, true) != NULL, writable);
        if (step % 1000 == 0)
            cr_assert_eq(fixture_violations(), 0, REPLAY, REPLAY_ARGS(step));
    }
    for (unsigned i = 0; i < SPAN; i++)
        if (mapped[i])
            cr_assert_eq(vm_unmap(p, page_address(i)), 0);
    cr_assert_eq(p->frames, frames);
}
