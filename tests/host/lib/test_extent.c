#include <criterion/criterion.h>
#include <stdlib.h>

#include "../../../lib/malloc/extent.h"

#define UNITS 512
#define HELD  24

static struct extent records[HELD + 1];
static struct extents set;

static void init(void) { extents_init(&set, records, HELD + 1, 0, UNITS); }

TestSuite(extent, .init = init);

static uint64_t take(uint64_t bytes) {
    uint64_t begin;
    cr_assert(extents_take(&set, bytes, &begin));
    return begin;
}

Test(extent, lowest_addresses_are_taken_first) {
    cr_assert_eq(take(10), 0);
    cr_assert_eq(take(5), 10);
    extents_give(&set, 0, 10);
    cr_assert_eq(take(4), 0);
    cr_assert_eq(take(6), 4);
    cr_assert_eq(take(1), 15);
}

Test(extent, all_of_it_can_be_taken_and_no_more) {
    uint64_t begin;
    cr_assert_eq(take(UNITS), 0);
    cr_assert_not(extents_take(&set, 1, &begin));
    extents_give(&set, 0, UNITS);
    cr_assert_eq(take(UNITS), 0);
}

Test(extent, neighbours_grow_together_again) {
    take(1), take(1), take(1);
    extents_give(&set, 0, 1);
    extents_give(&set, 2, 1);
    cr_assert_eq(set.count, 2);
    extents_give(&set, 1, 1);
    cr_assert_eq(set.count, 1);
    cr_assert_eq(set.free[0].begin, 0);
    cr_assert_eq(set.free[0].end, UNITS);
}

Test(extent, mapping_extends_only_into_free_addresses) {
    take(4), take(4), take(4);
    cr_assert_not(extents_extend(&set, 4, 1));
    extents_give(&set, 4, 4);
    cr_assert_not(extents_extend(&set, 4, 5));
    cr_assert(extents_extend(&set, 4, 3));
    cr_assert(extents_extend(&set, 7, 1));
    cr_assert_not(extents_extend(&set, 8, 1));
    extents_trim(&set, 2, 6);
    cr_assert_eq(take(6), 2);
}

struct mapping {
    uint64_t begin, bytes;
};

static void check(const struct mapping *held, size_t count) {
    static unsigned char used[UNITS];
    memset(used, 0, sizeof used);
    for (size_t i = 0; i < count; i++) {
        for (uint64_t k = 0; k < held[i].bytes; k++)
            cr_assert_eq(used[held[i].begin + k]++, 0);
    }
    for (size_t i = 0; i < set.count; i++) {
        cr_assert_lt(set.free[i].begin, set.free[i].end);
        cr_assert(i == 0 || set.free[i - 1].end < set.free[i].begin);
        for (uint64_t k = set.free[i].begin; k < set.free[i].end; k++)
            cr_assert_eq(used[k]++, 0);
    }
    for (size_t i = 0; i < UNITS; i++)
        cr_assert_eq(used[i], 1);
}

/* Takes, gives, trims and extends at random; every address is in one mapping or one free part. */
Test(extent, any_sequence_accounts_for_every_address) {
    struct mapping held[HELD];
    size_t count = 0;

    srand(1);
    for (int step = 0; step < 20000; step++) {
        size_t i = count ? (size_t)rand() % count : 0;
        uint64_t bytes = 1 + (uint64_t)rand() % 40;
        switch (rand() % 4) {
        case 0:
            if (count < HELD && !extents_full(&set) &&
                extents_take(&set, bytes, &held[count].begin))
                held[count++].bytes = bytes;
            break;
        case 1:
            if (count > 0) {
                extents_give(&set, held[i].begin, held[i].bytes);
                held[i] = held[--count];
            }
            break;
        case 2:
            if (count > 0 && bytes < held[i].bytes) {
                held[i].bytes -= bytes;
                extents_trim(&set, held[i].begin + held[i].bytes, bytes);
            }
            break;
        default:
            if (count > 0 && extents_extend(&set, held[i].begin + held[i].bytes, bytes))
                held[i].bytes += bytes;
        }
        cr_assert_eq(set.taken, count);
        cr_assert_leq(set.count, set.taken + 1);
        check(held, count);
    }
}
