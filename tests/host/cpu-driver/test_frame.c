/* The frame table. */
#include <criterion/criterion.h>
#include <signal.h>

#include "../random.h"
#include "fixture.h"
#include "frame.h"

static int64_t free_frames;

static void init(void) { free_frames = fixture_frames(); }

TestSuite(frame, .init = init);

static uint64_t index_of(uint64_t physical) { return (physical - fixture_frame(0)) / PAGE_SIZE; }

/* The table, its bitmaps and its counts agree, and `used` frames are taken. */
static void check_census(uint64_t used) {
    uint64_t count[FRAME_STATE_COUNT], owned[MAX_PROCESSES];
    uint64_t shares;
    cr_assert_eq(frame_census(count, owned, &shares), 0);
    cr_assert_eq(shares, 0);
    for (unsigned state = 0; state < FRAME_STATE_COUNT; state++)
        cr_assert_eq(count[state], frame_count_of((enum frame_state)state));
    cr_assert_eq(count[FRAME_FREE], (uint64_t)free_frames - used);
}

Test(frame, holes_are_absent_and_own_frames_are_the_kernels) {
    uint64_t holes = 0, kernel = 0, free = 0;
    for (uint64_t i = 0; i < FIXTURE_FRAMES; i++) {
        enum frame_state state = frame_state(fixture_frame(i));
        cr_assert_eq(state == FRAME_ABSENT, fixture_is_hole(i), "frame %lu", i);
        holes += state == FRAME_ABSENT;
        kernel += state == FRAME_KERNEL;
        free += state == FRAME_FREE;
    }
    uint64_t elsewhere = FIXTURE_FRAMES - frame_chunks() * FRAMES_PER_CHUNK;
    cr_assert_eq(elsewhere, FRAMES_PER_CHUNK); /* one chunk is nothing but a hole */
    cr_assert_eq(holes - elsewhere, frame_count_of(FRAME_ABSENT));
    cr_assert_eq(free, (uint64_t)free_frames);
    cr_assert_eq(holes + kernel + free, FIXTURE_FRAMES);
    for (uint64_t p = instance->own.base; p < instance->own.end; p += PAGE_SIZE)
        cr_assert_eq(frame_state(p), FRAME_KERNEL);
    check_census(0);
}

Test(frame, frames_outside_of_the_partition_are_absent) {
    cr_assert_eq(frame_state(fixture_frame(FIXTURE_FRAMES)), FRAME_ABSENT);
    cr_assert_eq(frame_state(fixture_frame(0) - 1), FRAME_ABSENT);
    cr_assert_eq(frame_state(0), FRAME_ABSENT);
    cr_assert_eq(frame_state(UINT64_MAX), FRAME_ABSENT);
    cr_assert_eq(frame_owner(0), FRAME_OWNER_NONE);
}

Test(frame, a_frame_table_follows_the_memory_and_not_its_span) {
    struct range_list near = { 0 }, far = { 0 };
    struct frame_table table;
    ranges_add(&near, 0x100000, 0x900000);
    ranges_add(&far, 0x100000, 0x500000);
    ranges_add(&far, 0x4000000000, 0x4000400000);
    frame_table_measure(&table, &near, &near);
    cr_assert_eq(table.chunks, 5);
    cr_assert_eq(table.span, 5);
    uint64_t bytes = frame_table_bytes(&table);
    frame_table_measure(&table, &far, &far);
    cr_assert_eq(table.chunks, 5);
    cr_assert_eq(table.first_chunk, 0);
    cr_assert_eq(frame_table_bytes(&table) - bytes, (table.span - 5) * sizeof(uint32_t));
}

Test(frame, alloc_gives_every_free_frame_once_and_then_none) {
    static bool seen[FIXTURE_FRAMES];
    for (int64_t i = 0; i < free_frames; i++) {
        uint64_t frame = frame_alloc(NULL, FRAME_KERNEL);
        cr_assert_neq(frame, 0);
        cr_assert_not(fixture_is_hole(index_of(frame)));
        cr_assert_not(seen[index_of(frame)]);
        seen[index_of(frame)] = true;
    }
    cr_assert_eq(frame_alloc(NULL, FRAME_KERNEL), 0);
    check_census((uint64_t)free_frames);
}

Test(frame, alloc_gives_zeroed_frames) {
    uint64_t frame = frame_alloc(NULL, FRAME_PRIVATE);
    memset(direct(frame), 0xa5, PAGE_SIZE);
    frame_free(NULL, frame);
    cr_assert_eq(frame_alloc(NULL, FRAME_PRIVATE), frame);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        cr_assert_eq(((uint8_t *)direct(frame))[i], 0);
}

Test(frame, quota_limits_a_process_and_nobody_else) {
    struct process *p = &processes[7];
    p->frame_quota = 3;
    uint64_t frame[3];
    for (unsigned i = 0; i < 3; i++)
        cr_assert_neq(frame[i] = frame_alloc(p, FRAME_PRIVATE), 0);
    cr_assert_eq(frame_alloc(p, FRAME_PRIVATE), 0);
    cr_assert_eq(p->frames, 3);
    cr_assert_eq(frame_owner(frame[0]), 7);
    cr_assert_neq(frame_alloc(NULL, FRAME_KERNEL), 0);
    frame_free(p, frame[1]);
    cr_assert_eq(frame_alloc(p, FRAME_TABLE), frame[1]);
    check_census(4);
}

Test(frame, freeing_a_free_frame_stops_the_core, .signal = SIGABRT) {
    uint64_t frame = frame_alloc(NULL, FRAME_KERNEL);
    frame_free(NULL, frame);
    frame_free(NULL, frame);
}

Test(frame, freeing_a_frame_of_another_stops_the_core, .signal = SIGABRT) {
    processes[1].frame_quota = 1;
    frame_free(NULL, frame_alloc(&processes[1], FRAME_PRIVATE));
}

Test(frame, freeing_a_hole_stops_the_core, .signal = SIGABRT) {
    frame_free(NULL, fixture_frame(1001));
}

#define HELD_MAX 512

/* Random allocation and freeing by four owners, against a list of what is held. */
Test(frame, random_use_keeps_the_table_right) {
    struct {
        uint64_t frame;
        struct process *owner;
        enum frame_state state;
    } held[HELD_MAX];
    static const enum frame_state states[] = { FRAME_KERNEL, FRAME_TABLE, FRAME_PRIVATE };
    random_start();
    unsigned count = 0;

    for (unsigned i = 1; i < 4; i++)
        processes[i].frame_quota = 100 * i;
    for (unsigned step = 0; step < 50000; step++) {
        bool allocate = count == 0 || random_below(HELD_MAX) >= count;
        if (allocate) {
            unsigned slot = (unsigned)random_below(4);
            struct process *owner = slot ? &processes[slot] : NULL;
            enum frame_state state = states[random_below(3)];
            bool allowed = !owner || owner->frames < owner->frame_quota;
            uint64_t frame = frame_alloc(owner, state);
            cr_assert_eq(frame != 0, allowed, REPLAY, REPLAY_ARGS(step));
            if (!frame)
                continue;
            held[count].frame = frame;
            held[count].owner = owner;
            held[count++].state = state;
        } else {
            unsigned i = (unsigned)random_below(count);
            frame_free(held[i].owner, held[i].frame);
            held[i] = held[--count];
        }
        if (step % 500)
            continue;
        check_census(count);
        for (unsigned i = 0; i < count; i++) {
            unsigned owner = held[i].owner ? process_slot(held[i].owner) : FRAME_OWNER_NONE;
            cr_assert_eq(frame_state(held[i].frame), held[i].state);
            cr_assert_eq(frame_owner(held[i].frame), owner, REPLAY, REPLAY_ARGS(step));
        }
    }
}
