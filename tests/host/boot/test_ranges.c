/* The memory map: compared, operation by operation, with a plain array of pages. */
#include "ranges.h"

#include <string.h>

#include <bulkhead/kcall.h>

#define PROGRAM "boot-test"
#include "../random.h"

#define PAGES 512UL /* of the small machine of the random tests */

static struct range_list list;

static void check_form(const struct range_list *l) {
    random_check(l->count <= BOOT_RANGES_MAX);
    for (uint32_t i = 0; i < l->count; i++) {
        random_check(l->range[i].base % PAGE_SIZE == 0 && l->range[i].end % PAGE_SIZE == 0);
        random_check(l->range[i].base < l->range[i].end && l->range[i].end <= PHYSICAL_END);
        random_check(i == 0 || l->range[i - 1].end < l->range[i].base);
    }
}

static bool has_page(const struct range_list *l, uint64_t page) {
    return ranges_contain(l, page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
}

Test(ranges, adding_merges_what_touches_and_overlaps) {
    list.count = 0;
    ranges_add(&list, 0x1000, 0x2000);
    ranges_add(&list, 0x4000, 0x5000);
    cr_assert_eq(list.count, 2);
    ranges_add(&list, 0x2000, 0x4000);
    cr_assert_eq(list.count, 1);
    ranges_add(&list, 0, 0x10000);
    cr_assert(list.count == 1 && list.range[0].base == 0 && list.range[0].end == 0x10000);
}

Test(ranges, adding_takes_whole_pages_only) {
    list.count = 0;
    ranges_add(&list, 0x1001, 0x3fff);
    cr_assert(list.count == 1 && list.range[0].base == 0x2000 && list.range[0].end == 0x3000);
    ranges_add(&list, 0x5001, 0x5fff);
    cr_assert_eq(list.count, 1);
}

Test(ranges, removing_takes_every_page_touched) {
    list.count = 0;
    ranges_add(&list, 0, 0x10000);
    ranges_remove(&list, 0x3fff, 0x5001);
    cr_assert_eq(list.count, 2);
    cr_assert_eq(list.range[0].end, 0x3000);
    cr_assert_eq(list.range[1].base, 0x6000);
}

Test(ranges, addresses_near_the_end_of_64_bits_do_not_wrap) {
    list.count = 0;
    ranges_add(&list, 0x1000, UINT64_MAX);
    cr_assert(list.count == 1 && list.range[0].end == PHYSICAL_END);
    ranges_add(&list, UINT64_MAX - 1, UINT64_MAX);
    cr_assert_eq(list.count, 1);
    ranges_remove(&list, UINT64_MAX - 1, UINT64_MAX);
    cr_assert_eq(ranges_bytes(&list), PHYSICAL_END - 0x1000);
    ranges_remove(&list, 0x2000, UINT64_MAX);
    cr_assert(list.count == 1 && list.range[0].end == 0x2000);
}

Test(ranges, empty_and_inverted_ranges_change_nothing) {
    list.count = 0;
    ranges_add(&list, 0x5000, 0x5000);
    ranges_add(&list, 0x6000, 0x5000);
    cr_assert_eq(list.count, 0);
    ranges_add(&list, 0x1000, 0x9000);
    ranges_remove(&list, 0x5000, 0x5000);
    ranges_remove(&list, 0x6000, 0x5000);
    cr_assert(list.count == 1 && ranges_bytes(&list) == 0x8000);
    cr_assert_not(ranges_contain(&list, 0x2000, 0x2000));
    cr_assert_not(ranges_overlap(&list, 0x2000, 0x2000));
}

Test(ranges, full_list_gives_up_its_smallest_range) {
    list.count = 0;
    for (uint64_t i = 0; i < BOOT_RANGES_MAX; i++)
        cr_assert_eq(ranges_add(&list, i * 0x10000, i * 0x10000 + (i == 7 ? 0x1000 : 0x2000)), 0);
    cr_assert_eq(ranges_add(&list, 0x1000000, 0x1003000), 0x1000);
    cr_assert_eq(list.count, BOOT_RANGES_MAX);
    cr_assert_not(ranges_overlap(&list, 0x70000, 0x71000));
    cr_assert(ranges_contain(&list, 0x1000000, 0x1003000));
}

Test(ranges, cutting_a_full_list_keeps_nothing_that_was_removed) {
    list.count = 0;
    for (uint64_t i = 0; i < BOOT_RANGES_MAX; i++)
        ranges_add(&list, i * 0x10000, i * 0x10000 + 0x5000);
    cr_assert_eq(ranges_remove(&list, 0x1000, 0x2000), 0x1000);
    cr_assert_eq(list.count, BOOT_RANGES_MAX);
    cr_assert_not(ranges_overlap(&list, 0, 0x2000));
    cr_assert(ranges_contain(&list, 0x2000, 0x5000));
}

/*
 * Few enough operations at a time that the list never overflows: then it must be exactly the set of
 * pages.
 */
Test(ranges, any_sequence_of_operations_gives_the_same_set_of_pages) {
    random_start();
    for (unsigned round = 0; round < 2000; round++) {
        bool page[PAGES] = { false };
        list.count = 0;
        for (unsigned step = 0; step < BOOT_RANGES_MAX; step++) {
            uint64_t base = random_below(PAGES * PAGE_SIZE),
                     end = base + random_below(40 * PAGE_SIZE);
            bool add = random_below(2);
            if (end > PAGES * PAGE_SIZE)
                end = PAGES * PAGE_SIZE;
            uint64_t lost = add ? ranges_add(&list, base, end) : ranges_remove(&list, base, end);
            random_check(lost == 0);
            check_form(&list);
            for (uint64_t i = 0; i < PAGES; i++) {
                uint64_t from = i * PAGE_SIZE, to = from + PAGE_SIZE;
                if (add && base <= from && to <= end)
                    page[i] = true;
                if (!add && base < end && base < to && from < end)
                    page[i] = false;
            }
        }
        for (uint64_t i = 0; i < PAGES; i++)
            random_check(has_page(&list, i) == page[i]);
    }
}

/* Overflowing lists lose memory, and tell how much; they never gain any. */
Test(ranges, what_is_lost_is_counted) {
    random_start();
    for (unsigned round = 0; round < 300; round++) {
        list.count = 0;
        for (unsigned step = 0; step < 300; step++) {
            struct range_list before = list;
            uint64_t base = random_below(1UL << 24) & ~(PAGE_SIZE - 1);
            uint64_t end = base + (1 + random_below(6)) * PAGE_SIZE;
            if (random_below(3)) {
                uint64_t lost = ranges_add(&list, base, end), fresh = 0;
                for (uint64_t at = base; at < end; at += PAGE_SIZE)
                    fresh += has_page(&before, at / PAGE_SIZE) ? 0 : PAGE_SIZE;
                random_check(ranges_bytes(&list) == ranges_bytes(&before) + fresh - lost);
            } else {
                ranges_remove(&list, base, end);
                random_check(!ranges_overlap(&list, base, end));
            }
            check_form(&list);
        }
    }
}

/* The first fit, found by trying every page. */
static uint64_t find_slowly(const struct range_list *in, const struct range_list *avoid,
                            uint64_t bytes, uint64_t align) {
    for (uint64_t at = 0; at < 2 * PAGES * PAGE_SIZE; at += PAGE_SIZE)
        if (at % align == 0 && ranges_contain(in, at, at + bytes) &&
            !ranges_overlap(avoid, at, at + bytes))
            return at;
    return RANGES_NONE;
}

Test(ranges, find_returns_the_lowest_place) {
    random_start();
    for (unsigned round = 0; round < 3000; round++) {
        struct range_list avoid = { 0 };
        list.count = 0;
        for (unsigned i = 0; i < 5; i++) {
            uint64_t base = random_below(PAGES) * PAGE_SIZE;
            ranges_add(&list, base, base + random_below(100) * PAGE_SIZE);
            base = random_below(PAGES) * PAGE_SIZE;
            ranges_add(&avoid, base, base + random_below(30) * PAGE_SIZE);
        }
        uint64_t bytes = (1 + random_below(60)) * PAGE_SIZE, align = PAGE_SIZE << random_below(6);
        random_check(ranges_find(&list, &avoid, bytes, align) ==
                     find_slowly(&list, &avoid, bytes, align));
    }
}

Test(ranges, find_refuses_what_cannot_be) {
    struct range_list none = { 0 };

    list.count = 0;
    cr_assert_eq(ranges_find(&list, &none, PAGE_SIZE, PAGE_SIZE), RANGES_NONE);
    ranges_add(&list, 0, UINT64_MAX);
    cr_assert_eq(ranges_find(&list, &none, UINT64_MAX, PAGE_SIZE), RANGES_NONE);
    cr_assert_eq(ranges_find(&list, &none, PHYSICAL_END, PAGE_SIZE), 0);
}
