/* Chunks of memory that change partitions: CORE_CHUNK_GIVE and CORE_CHUNK_TAKE. */
#include <bulkhead/cores.h>
#include <criterion/criterion.h>

#include "../random.h"
#include "fixture.h"
#include "frame.h"
#include "vm.h"
#include "x86_64/direct.h"
#include "x86_64/paging.h"

#define HOME_IDLE 3 /* chunks of the partition whose frames are all free at the start */

static struct process *first;

static void init(void) { first = fixture_boot(); }

static void fini(void) { cr_assert_eq(fixture_violations(), 0); }

TestSuite(chunk, .init = init, .fini = fini);

static int give(struct process *p, uint64_t *chunk) {
    uint64_t args[MESSAGE_ARGS] = { CORE_CHUNK_GIVE };
    int result = fixture_kcall(p, KCALL_CORE, args);
    *chunk = args[0];
    return result;
}

static int take(struct process *p, uint64_t chunk) {
    uint64_t args[MESSAGE_ARGS] = { CORE_CHUNK_TAKE, 0, chunk };
    return fixture_kcall(p, KCALL_CORE, args);
}

Test(chunk, what_is_given_is_gone) {
    uint64_t chunk, quota = first->frame_quota, total = process_total_quota();
    uint64_t free = frame_count_of(FRAME_FREE), chunks = frame_chunks();
    cr_assert_eq(give(first, &chunk), 0);
    cr_assert_eq(chunk % CHUNK_BYTES, 0);
    for (uint64_t at = chunk; at < chunk + CHUNK_BYTES; at += PAGE_SIZE)
        cr_assert_eq(frame_state(at), FRAME_ABSENT);
    cr_assert_not(frame_has_chunk(chunk));
    cr_assert_not(direct_maps(chunk));
    cr_assert_eq(cpu.invalidated, DIRECT_BASE + chunk);
    cr_assert_eq(first->frame_quota, quota - FRAMES_PER_CHUNK);
    cr_assert_eq(process_total_quota(), total - FRAMES_PER_CHUNK);
    cr_assert_eq(frame_count_of(FRAME_FREE), free - FRAMES_PER_CHUNK);
    cr_assert_eq(frame_chunks(), chunks - 1);
}

Test(chunk, what_was_given_can_be_taken_back) {
    uint64_t chunk, quota = first->frame_quota, free = frame_count_of(FRAME_FREE);
    cr_assert_eq(give(first, &chunk), 0);
    cr_assert_eq(take(first, chunk), 0);
    cr_assert_eq(first->frame_quota, quota);
    cr_assert_eq(frame_count_of(FRAME_FREE), free);
    cr_assert_eq(frame_state(chunk), FRAME_FREE);
    cr_assert(direct_maps(chunk));
}

/* A GiB of which nothing was mapped costs a page table, once; and each chunk its own tables. */
Test(chunk, another_cores_chunk_becomes_ours) {
    uint64_t quota = first->frame_quota, chunk;
    cr_assert_eq(take(first, fixture_far(1)), 0);
    cr_assert_eq(first->frame_quota, quota - 1 + FRAMES_PER_CHUNK - 1);
    cr_assert_eq(frame_state(fixture_far(1)), FRAME_KERNEL);
    cr_assert_eq(frame_state(fixture_far(1) + PAGE_SIZE), FRAME_FREE);
    cr_assert_eq(instance->page_table_bytes, PAGE_SIZE);
    cr_assert_eq(take(first, fixture_far(0)), 0);
    cr_assert_eq(first->frame_quota, quota - 1 + 2 * (FRAMES_PER_CHUNK - 1));
    cr_assert_eq(fixture_violations(), 0);
    cr_assert_eq(give(first, &chunk), 0);
    cr_assert_eq(chunk, fixture_far(0), "what came last goes first");
    cr_assert_eq(give(first, &chunk), 0);
    cr_assert_eq(chunk, fixture_far(1));
    cr_assert_eq(first->frame_quota, quota - 1);
    cr_assert_eq(take(first, fixture_far(2)), 0);
    cr_assert_eq(first->frame_quota, quota - 1 + FRAMES_PER_CHUNK - 1, "the page table is there");
}

Test(chunk, memory_of_a_taken_chunk_is_used) {
    struct process *p = fixture_process("user");
    uint64_t chunk;
    while (give(first, &chunk) == 0)
        ;
    cr_assert_eq(take(first, fixture_far(0)), 0);
    fixture_give_frames(p, first->frame_quota - first->frames);
    uint64_t address = FIXTURE_MEMORY + FIXTURE_PAGES * PAGE_SIZE, used = 0;
    for (; vm_map(p, address, PROT_WRITE) == 0; address += PAGE_SIZE) {
        uint64_t *word = fixture_memory(p, address);
        uint64_t physical = (uint64_t)word - DIRECT_BASE;
        cr_assert_eq(*word, 0);
        *word = address;
        used += (physical & ~(CHUNK_BYTES - 1)) == fixture_far(0);
    }
    for (unsigned i = 0; i < FRAMES_PER_CHUNK; i++)
        used += frame_state(fixture_far(0) + i * PAGE_SIZE) == FRAME_TABLE;
    cr_assert_eq(used, FRAMES_PER_CHUNK - 1);
    cr_assert_eq(frame_count_of(FRAME_FREE), 0);
    cr_assert_eq(give(first, &chunk), -E_NOMEM);
}

Test(chunk, only_idle_chunks_are_given) {
    uint64_t chunk;
    for (unsigned i = 0; i < HOME_IDLE; i++) {
        cr_assert_eq(give(first, &chunk), 0);
        cr_assert(chunk >= fixture_frame(5 * FRAMES_PER_CHUNK));
    }
    cr_assert_eq(give(first, &chunk), -E_NOMEM);
}

Test(chunk, a_chunk_is_given_at_the_expense_of_the_caller) {
    struct process *p = fixture_process("poor");
    uint64_t chunk, chunks = frame_chunks();
    cr_assert_eq(give(p, &chunk), -E_QUOTA);
    cr_assert_eq(frame_chunks(), chunks);
    fixture_give_frames(p, FRAMES_PER_CHUNK);
    cr_assert_eq(give(p, &chunk), 0);
    cr_assert_eq(p->frame_quota, FIXTURE_PROCESS_FRAMES);
    cr_assert_eq(take(p, chunk), 0);
    fixture_give_frames(p, -(int64_t)FRAMES_PER_CHUNK);
}

Test(chunk, what_must_not_be_taken_is_refused) {
    cr_assert_eq(take(first, fixture_far(0) + PAGE_SIZE), -E_INVAL, "half a chunk");
    cr_assert_eq(take(first, fixture_frame(0)), -E_EXIST, "ours");
    cr_assert_eq(take(first, fixture_frame(4 * FRAMES_PER_CHUNK)), -E_EXIST, "ours in part");
    cr_assert_eq(take(first, fixture_frame(3 * FRAMES_PER_CHUNK)), -E_RANGE, "a hole");
    cr_assert_eq(take(first, fixture_far(FIXTURE_FAR_CHUNKS - 1)), -E_RANGE, "what cores share");
    cr_assert_eq(take(first, fixture_far(FIXTURE_FAR_CHUNKS)), -E_RANGE, "no memory");
    cr_assert_eq(take(first, 0), -E_RANGE, "the system block");
    cr_assert_eq(take(first, FIXTURE_FOREIGN), -E_RANGE, "where the direct map does not reach");
    cr_assert_eq(take(first, -CHUNK_BYTES), -E_RANGE, "no address");
    uint64_t ask[MESSAGE_ARGS] = { CORE_CHUNK_TAKE, 0, fixture_far(0), CHUNK_ASK };
    cr_assert_eq(fixture_kcall(first, KCALL_CORE, ask), 0);
    cr_assert_not(frame_has_chunk(fixture_far(0)), "it was only asked for");
    cr_assert_eq(take(first, fixture_far(0)), 0);
    cr_assert_eq(fixture_kcall(first, KCALL_CORE, ask), -E_EXIST);
    cr_assert_eq(take(first, fixture_far(0)), -E_EXIST, "ours by now");
}

Test(chunk, a_page_table_is_paid_for) {
    struct process *p = fixture_process("poor");
    fixture_give_frames(p, (int64_t)p->frames - p->frame_quota);
    cr_assert_eq(take(p, fixture_far(0)), -E_QUOTA);
    cr_assert_not(frame_has_chunk(fixture_far(0)));
    fixture_give_frames(p, 1);
    cr_assert_eq(take(p, fixture_far(0)), 0);
}

/* Without processes: a table that has room for one more chunk. */
Test(chunk, a_partition_grows_as_far_as_its_table_has_room, .init = NULL, .fini = NULL) {
    fixture_frames();
    instance->frame_table.slots = 1 + instance->frame_table.chunks + 1;
    memset(instance->frame_table.memory, 0, frame_table_bytes(&instance->frame_table));
    frame_init(instance);
    cr_assert(frame_has_room(fixture_far(0)));
    cr_assert(frame_has_room(fixture_far(1)));
    cr_assert_eq(frame_take_chunk(fixture_far(0)), FRAMES_PER_CHUNK - 1);
    cr_assert_not(frame_has_room(fixture_far(1)));
    uint64_t home = fixture_frame(7 * FRAMES_PER_CHUNK);
    frame_give_chunk(home);
    cr_assert(frame_has_room(home), "what was here at the start has its slot");
    cr_assert_not(frame_has_room(fixture_far(1)));
}

/* Everything is restarted, however few slots are looked at in a step. */
Test(chunk, a_search_can_go_on_where_it_was) {
    uint64_t chunk, skip = 0, steps = 1;
    while (!frame_idle_chunk(&skip, 1, &chunk)) {
        cr_assert_neq(skip, FRAME_SLOTS_END);
        steps++;
    }
    cr_assert_eq(chunk, fixture_frame(7 * FRAMES_PER_CHUNK));
    cr_assert_eq(steps, CHUNKS_SPARE + 1);
    skip = instance->frame_table.slots - 2;
    cr_assert_not(frame_idle_chunk(&skip, 10, &chunk));
    cr_assert_eq(skip, FRAME_SLOTS_END);
}

#define CHUNKS (HOME_IDLE + FIXTURE_FAR_CHUNKS - 1)

static uint64_t movable(unsigned i) {
    return i < HOME_IDLE ? fixture_frame((5 + i) * FRAMES_PER_CHUNK) : fixture_far(i - HOME_IDLE);
}

/* What a model of whose the chunks are says against the frame table. */
static void check_model(const bool *ours, uint64_t base_quota, unsigned step) {
    uint64_t expected = base_quota;
    for (unsigned i = 0; i < CHUNKS; i++) {
        cr_assert_eq(frame_has_chunk(movable(i)), ours[i], REPLAY, REPLAY_ARGS(step));
        expected += ours[i] ? FRAMES_PER_CHUNK - (i >= HOME_IDLE) : 0;
    }
    cr_assert_eq(process_total_quota(), expected - instance->page_table_bytes / PAGE_SIZE, REPLAY,
                 REPLAY_ARGS(step));
    cr_assert_eq(fixture_violations(), 0, REPLAY, REPLAY_ARGS(step));
}

/* Chunks come and go while memory is mapped and unmapped. */
Test(chunk, random_moves_keep_the_books_right) {
    struct process *p = fixture_process("user");
    bool ours[CHUNKS] = { true, true, true };
    uint64_t base_quota = process_total_quota() - HOME_IDLE * FRAMES_PER_CHUNK;
    uint64_t end = FIXTURE_MEMORY + FIXTURE_PAGES * PAGE_SIZE;
    const uint64_t start = end;
    unsigned given = 0, taken = 0;
    random_start();
    for (unsigned step = 0; step < 2000; step++) {
        uint64_t chunk, some = random_below(600);
        unsigned i = (unsigned)random_below(CHUNKS);
        switch (random_below(4)) {
        case 0:
            if (give(first, &chunk))
                break;
            for (i = 0; i < CHUNKS && movable(i) != chunk; i++)
                ;
            cr_assert(i < CHUNKS && ours[i], REPLAY, REPLAY_ARGS(step));
            ours[i] = false;
            given++;
            break;
        case 1: {
            int result = take(first, movable(i));
            cr_assert(result == (ours[i] ? -E_EXIST : 0) || result == -E_QUOTA, REPLAY,
                      REPLAY_ARGS(step));
            taken += result == 0;
            ours[i] |= result == 0;
            break;
        }
        case 2: /* with all that there is */
            fixture_give_frames(p, first->frame_quota - first->frames);
            for (; some && vm_map(p, end, PROT_WRITE) == 0; some--)
                end += PAGE_SIZE;
            fixture_give_frames(p, -(int64_t)(p->frame_quota - p->frames));
            break;
        case 3:
            for (; some && end > start; some--)
                cr_assert_eq(vm_unmap(p, end -= PAGE_SIZE), 0);
            fixture_give_frames(p, -(int64_t)(p->frame_quota - p->frames));
            break;
        }
        if (step % 20 == 0)
            check_model(ours, base_quota, step);
    }
    cr_assert(given > 20 && taken > 20, REPLAY, REPLAY_ARGS(0U));
}
