/* Who owns moved chunks: random moves on random machines. */
#include "ownership.h"

#include <bulkhead/error.h>
#include <criterion/criterion.h>
#include <string.h>

#define PROGRAM "monitor-test"
#include "../random.h"

#define MIB   UINT64_C(0x100000)
#define STEPS 800

static struct boot_info boot;
static struct ownership table;

static void make_machine(uint32_t cores) {
    boot = (struct boot_info){ .core_count = cores };
    ranges_add(&boot.memory, MIB, (500 + random_below(100)) * MIB);
    for (uint64_t holes = random_below(6); holes > 0; holes--) {
        uint64_t base = 10 * MIB + random_below(300 * MIB);
        ranges_remove(&boot.memory, base, base + random_below(MIB));
    }
    table = (struct ownership){ .boot = &boot, .whole = true };
}

static uint64_t random_chunk(void) { return random_below(310) * CHUNK_BYTES; }

/* Every byte of the machine is some core's, and no byte two cores'. */
static void check_owners(const struct ownership *of) {
    uint64_t all = 0;

    for (uint32_t core = 0; core < boot.core_count; core++) {
        struct range_list memory, other;
        random_check(ownership_partition(of, core, &memory));
        all += ranges_bytes(&memory);
        for (uint32_t peer = 0; peer < core; peer++) {
            ownership_partition(of, peer, &other);
            for (uint32_t i = 0; i < other.count; i++)
                random_check(!ranges_overlap(&memory, other.range[i].base, other.range[i].end));
        }
    }
    random_check(all == ranges_bytes(&boot.memory));
}

/* What a new member is told. */
static void check_told(void) {
    struct ownership copy = { .boot = &boot };

    for (unsigned i = MOVED_MAX; i > 0; i--)
        ownership_told(&copy, table.entry[i - 1]);
    copy.whole = true;
    for (uint32_t core = 0; core < boot.core_count; core++) {
        struct range_list here, there;
        ownership_partition(&table, core, &here);
        ownership_partition(&copy, core, &there);
        random_check(here.count == there.count &&
                     memcmp(here.range, there.range, here.count * sizeof here.range[0]) == 0);
    }
}

Test(ownership, random_moves_leave_each_chunk_one_owner, .timeout = 60) {
    unsigned moves = 0, refusals = 0;

    random_start();
    for (unsigned round = 0; round < 10; round++) {
        make_machine(2 + round % 8); /* two get into more pieces than a list can have */
        for (unsigned step = 0; step < STEPS; step++) {
            uint64_t chunk = random_chunk();
            uint32_t from = ownership_of(&table, chunk);
            uint32_t to = (uint32_t)random_below(boot.core_count);
            int error = ownership_allows(&table, chunk, from, to);
            random_check((error == -E_STATE) == (from == CORES_MAX || from == to));
            refusals += error == -E_NOSLOT;
            if (error)
                continue;
            ownership_move(&table, chunk, to);
            random_check(ownership_of(&table, chunk) == to);
            moves++;
            if (step % 20 == 0)
                check_owners(&table);
        }
        check_owners(&table);
        check_told();
    }
    random_check(moves > 500 && refusals > 0);
}

Test(ownership, moving_home_leaves_no_entry) {
    random_start();
    make_machine(3);
    uint64_t chunk = 4 * CHUNK_BYTES;
    cr_assert_eq(ownership_of(&table, chunk), 0);
    ownership_move(&table, chunk, 1);
    cr_assert_eq(ownership_of(&table, chunk), 1);
    ownership_move(&table, chunk, 0);
    for (unsigned i = 0; i < MOVED_MAX; i++)
        cr_assert_eq(table.entry[i], 0);
}

Test(ownership, what_is_not_ones_own_cannot_be_moved) {
    random_start();
    make_machine(3);
    uint64_t chunk = 4 * CHUNK_BYTES;
    cr_assert_eq(ownership_allows(&table, chunk, 1, 0), -E_STATE, "another's");
    cr_assert_eq(ownership_allows(&table, chunk, 0, 0), -E_STATE, "to itself");
    cr_assert_eq(ownership_allows(&table, 0, 0, 1), -E_STATE, "the first, with its holes");
    cr_assert_eq(ownership_allows(&table, chunk + CHUNK_BYTES / 2, 0, 1), -E_STATE, "no chunk");
    cr_assert_eq(ownership_allows(&table, UINT64_C(1) << 40, 0, 1), -E_STATE, "no memory");
}
