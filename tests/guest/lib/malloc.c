#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "tests.h"

#define BLOCKS 200
#define STEPS  20000

struct block {
    unsigned char *bytes;
    size_t size;
    unsigned char fill;
};

/* A sequence that is the same in every run. Knuth, The Art of Computer Programming 3.3.4. */
static uint32_t random_number(void) {
    static uint64_t state = 1;
    state = state * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(state >> 33);
}

/* Mostly small, now and then beyond what comes from a mapping of its own. */
static size_t random_size(void) {
    return random_number() % 50 ? 1 + random_number() % 600 : 1 + random_number() % 300000;
}

static bool intact(const struct block *block) {
    for (size_t i = 0; i < block->size; i++)
        if (block->bytes[i] != block->fill)
            return false;
    return true;
}

/* Frees, resizes or allocates one block. Returns false if its contents were damaged. */
static bool step(struct block *block) {
    bool good = intact(block);
    if (block->bytes && random_number() % 2) {
        free(block->bytes);
        *block = (struct block){ 0 };
        return good;
    }
    size_t size = random_size();
    unsigned char *bytes = realloc(block->bytes, size);
    if (!bytes)
        return false;
    block->bytes = bytes;
    block->size = size < block->size ? size : block->size;
    good = good && intact(block) && (uintptr_t)bytes % 16 == 0;
    block->size = size;
    block->fill = (unsigned char)random_number();
    memset(bytes, block->fill, size);
    return good;
}

static uint32_t frames_owned(void) {
    struct process_info self = { 0 };
    getinfo(INFO_PROCESS, &self, sizeof self, ENDPOINT_SELF, NULL, NULL);
    return self.frames;
}

static void test_stress(void) {
    static struct block blocks[BLOCKS];
    unsigned damaged = 0;

    for (unsigned i = 0; i < STEPS; i++)
        damaged += !step(&blocks[random_number() % BLOCKS]);
    for (size_t i = 0; i < BLOCKS; i++) {
        damaged += !intact(&blocks[i]);
        free(blocks[i].bytes);
    }
    tap_is(damaged, 0, "allocations_keep_their_contents");
}

static void test_large(void) {
    size_t size = 4 << 20;
    uint32_t before = frames_owned();

    unsigned char *bytes = malloc(size);
    tap_ok(bytes != NULL, "malloc_of_4_mib");
    if (!bytes)
        return;
    memset(bytes, 0x5a, size);
    tap_ok(frames_owned() - before >= size / PAGE_SIZE, "large_allocation_takes_frames");
    unsigned char *larger = realloc(bytes, 2 * size);
    tap_ok(larger && larger[0] == 0x5a && larger[size - 1] == 0x5a, "realloc_keeps_contents");
    free(larger ? larger : bytes);
    /* Page tables and the allocator's own records may stay. */
    tap_ok(frames_owned() - before <= 8, "free_gives_frames_back (%u more than before)",
           frames_owned() - before);
}

/* Whether an allocation failed as it should. */
static bool refused(void *block) {
    bool failed = block == NULL && errno == ENOMEM;
    free(block);
    errno = 0;
    return failed;
}

static void test_failures(void) {
    volatile size_t huge = SIZE_MAX - 10; /* the compiler would warn */

    errno = 0;
    tap_ok(refused(malloc(UINT64_C(1) << 36)), "malloc_beyond_the_quota_fails");
    tap_ok(refused(malloc(huge)), "malloc_of_nearly_everything_fails");
    tap_ok(refused(calloc(huge / 2, 3)), "calloc_overflow_fails");
    void *after = malloc(100);
    tap_ok(after != NULL, "malloc_works_after_failures");
    free(after);
}

/* Runs in a clone: takes all memory there is, twice. */
static void exhaust(void *arg) {
    static void *blocks[CLONE_FRAMES];
    size_t first = 0, second = 0;
    (void)arg;

    for (int round = 0; round < 2; round++) {
        size_t count = 0;
        while (count < CLONE_FRAMES && (blocks[count] = malloc(PAGE_SIZE)) != NULL)
            memset(blocks[count++], 1, PAGE_SIZE);
        for (size_t i = 0; i < count; i++)
            free(blocks[i]);
        *(round ? &second : &first) = count;
    }
    exit(first > CLONE_FRAMES / 2 && first < CLONE_FRAMES && second == first ? 0 : 1);
}

/* `volatile`: or the compiler, which knows what malloc() and free() do, leaves them out. */
static void free_twice(void *arg) {
    (void)arg;
    void *volatile p = malloc(64);
    free(p);
    // cppcheck-suppress doubleFree
    free(p); // NOLINT(clang-analyzer-unix.Malloc)
}

static void overrun(void *arg) {
    (void)arg;
    volatile char *p = malloc(64);
    volatile size_t bytes = 80;
    for (size_t i = 0; i < bytes; i++)
        p[i] = 'x';
    free((char *)p);
}

void test_malloc(void) {
    struct death_report report;

    test_stress();
    test_large();
    test_failures();

    unsigned char *zeroed = calloc(1000, 10);
    bool clear = zeroed != NULL;
    for (size_t i = 0; clear && i < 10000; i++)
        clear = zeroed[i] == 0;
    tap_ok(clear, "calloc_clears");
    free(zeroed);

    void *aligned = aligned_alloc(4096, 10000);
    tap_ok(aligned && (uintptr_t)aligned % 4096 == 0, "aligned_alloc_aligns");
    free(aligned);

    run_clone("exhaust", exhaust, NULL, &report);
    tap_is((int64_t)report.status, 0, "quota_ends_malloc_and_free_makes_room_again");
    run_clone("free-twice", free_twice, NULL, &report);
    tap_ok(report.cause == DEATH_EXCEPTION || report.status == EXIT_ABORTED,
           "double_free_ends_the_program");
    run_clone("overrun", overrun, NULL, &report);
    tap_is((int64_t)report.status, EXIT_ABORTED, "overrun_allocation_ends_the_program");
}
