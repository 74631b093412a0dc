/* Who owns a buffer, and who only says so. */
#include <criterion/criterion.h>

#define PROGRAM "urpc-test"
#include "../random.h"

#include <urpc/bulk.h>

#define COUNT 8
#define SIZE  256

static _Alignas(64) char memory[COUNT * SIZE];
static struct bulk_record owner_records[COUNT], borrower_records[COUNT];
static struct bulk_pool owner, borrower;

static void make(void) {
    cr_assert_eq(bulk_init(&owner, memory, COUNT, SIZE, owner_records), 0);
    cr_assert_eq(bulk_init(&borrower, memory, COUNT, SIZE, borrower_records), 0);
}

TestSuite(bulk, .init = make);

static struct bulk_descriptor whole(uint32_t buffer) {
    return (struct bulk_descriptor){ .buffer = buffer, .length = SIZE };
}

Test(bulk, impossible_pools_are_refused) {
    cr_assert_eq(bulk_init(&owner, memory, 0, SIZE, owner_records), -E_INVAL);
    cr_assert_eq(bulk_init(&owner, memory, BULK_BUFFERS_MAX + 1, SIZE, owner_records), -E_INVAL);
    cr_assert_eq(bulk_init(&owner, memory, COUNT, 0, owner_records), -E_INVAL);
    cr_assert_eq(bulk_init(&owner, memory, COUNT, 100, owner_records), -E_INVAL);
    cr_assert_eq(bulk_init(&owner, memory + 8, COUNT, SIZE, owner_records), -E_INVAL);
}

Test(bulk, each_buffer_is_taken_once) {
    uint32_t seen = 0;
    for (unsigned i = 0; i < COUNT; i++)
        seen |= 1U << bulk_take(&owner);
    cr_assert_eq(seen, (1U << COUNT) - 1);
    cr_assert_eq(bulk_take(&owner), -E_NOMEM);
    cr_assert_eq(bulk_put(&owner, 3), 0);
    cr_assert_eq(bulk_put(&owner, 3), -E_STATE);
    cr_assert_eq(bulk_take(&owner), 3);
    cr_assert_eq(bulk_put(&owner, COUNT), -E_RANGE);
}

Test(bulk, a_descriptor_survives_the_message) {
    struct message message = { 0 };
    for (uint32_t i = 0; i < BULK_DESCRIPTORS; i++) {
        struct bulk_descriptor descriptor = { i + 1, UINT32_MAX - i, i << 30, 0x80000000 + i };
        bulk_write(&message, i, &descriptor);
    }
    for (uint32_t i = 0; i < BULK_DESCRIPTORS; i++) {
        struct bulk_descriptor read = bulk_read(&message, i);
        cr_assert(read.buffer == i + 1 && read.offset == UINT32_MAX - i);
        cr_assert(read.length == i << 30 && read.cookie == 0x80000000 + i);
    }
}

Test(bulk, a_buffer_goes_and_comes_back) {
    void *data;
    uint32_t buffer = (uint32_t)bulk_take(&owner);
    struct bulk_descriptor part = { .buffer = buffer, .offset = 64, .length = 100 };

    cr_assert_eq(bulk_lend(&owner, &part), 0);
    cr_assert_eq(bulk_borrow(&borrower, &part, &data), 0);
    cr_assert_eq(data, memory + (size_t)buffer * SIZE + 64);
    cr_assert_eq(bulk_put(&owner, buffer), -E_STATE, "it is not the owner's to give");
    cr_assert_eq(bulk_return(&borrower, &part), 0);
    cr_assert_eq(bulk_returned(&owner, &part), 0);
    cr_assert_eq(bulk_put(&owner, buffer), 0);
}

Test(bulk, foreign_duplicate_and_impossible_returns_are_caught) {
    uint32_t lent = (uint32_t)bulk_take(&owner), taken = (uint32_t)bulk_take(&owner);
    struct bulk_descriptor good = whole(lent);
    struct bulk_descriptor foreign[] = {
        whole(taken),
        whole(taken + 1),
        whole(COUNT),
        whole(UINT32_MAX),
        { .buffer = lent, .offset = 1, .length = SIZE },
        { .buffer = lent, .offset = SIZE + 1 },
        { .buffer = lent, .offset = UINT32_MAX, .length = 2 },
        { .buffer = lent, .offset = 2, .length = UINT32_MAX },
    };

    cr_assert_eq(bulk_lend(&owner, &good), 0);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        cr_assert_eq(bulk_returned(&owner, &foreign[i]), -E_PROTOCOL, "descriptor %zu", i);
    cr_assert_eq(bulk_returned(&owner, &good), 0);
    cr_assert_eq(bulk_returned(&owner, &good), -E_PROTOCOL);
}

Test(bulk, a_buffer_lent_twice_is_caught_by_the_borrower) {
    struct bulk_descriptor descriptor = whole(2), outside = whole(COUNT);
    void *data;

    cr_assert_eq(bulk_borrow(&borrower, &descriptor, &data), 0);
    cr_assert_eq(bulk_borrow(&borrower, &descriptor, &data), -E_PROTOCOL);
    cr_assert_eq(bulk_borrow(&borrower, &outside, &data), -E_PROTOCOL);
    cr_assert_eq(bulk_return(&borrower, &descriptor), 0);
    cr_assert_eq(bulk_return(&borrower, &descriptor), -E_STATE);
    cr_assert_eq(bulk_return(&borrower, &outside), -E_RANGE);
}

Test(bulk, what_could_not_be_sent_is_taken_back) {
    uint32_t buffer = (uint32_t)bulk_take(&owner);
    struct bulk_descriptor descriptor = whole(buffer);
    void *data;

    cr_assert_eq(bulk_lend(&owner, &descriptor), 0);
    cr_assert_eq(bulk_unlend(&owner, buffer), 0);
    cr_assert_eq(bulk_unlend(&owner, buffer), -E_STATE);
    cr_assert_eq(bulk_lend(&owner, &descriptor), 0);
    cr_assert_eq(bulk_borrow(&borrower, &descriptor, &data), 0);
    cr_assert_eq(bulk_return(&borrower, &descriptor), 0);
    cr_assert_eq(bulk_unreturn(&borrower, buffer), 0);
    cr_assert_eq(bulk_return(&borrower, &descriptor), 0);
}

Test(bulk, only_what_was_taken_can_be_lent) {
    struct bulk_descriptor free_one = whole(4), outside = whole(COUNT);
    struct bulk_descriptor too_long = { .buffer = 0, .offset = 8, .length = SIZE };

    cr_assert_eq(bulk_lend(&owner, &free_one), -E_STATE);
    cr_assert_eq(bulk_lend(&owner, &outside), -E_RANGE);
    cr_assert_eq(bulk_lend(&owner, &too_long), -E_RANGE);
}

Test(bulk, buffers_of_a_dead_borrower_are_reclaimed) {
    uint32_t kept = (uint32_t)bulk_take(&owner);
    for (unsigned i = 0; i < 5; i++) {
        struct bulk_descriptor descriptor = whole((uint32_t)bulk_take(&owner));
        cr_assert_eq(bulk_lend(&owner, &descriptor), 0);
    }
    cr_assert_eq(bulk_reclaim(&owner), 5);
    cr_assert_eq(bulk_reclaim(&owner), 0);
    for (unsigned i = 0; i < COUNT - 1; i++)
        cr_assert_neq(bulk_take(&owner), (int)kept);
    cr_assert_eq(bulk_take(&owner), -E_NOMEM);
}

/* Whatever descriptors come: a buffer is in at most one place, and none is lost. */
Test(bulk, random_descriptors_neither_lose_nor_duplicate_a_buffer) {
    random_start();
    for (unsigned step = 0; step < 200000; step++) {
        struct bulk_descriptor any = {
            .buffer = (uint32_t)random_below(COUNT + 2),
            .offset = (uint32_t)random_below(SIZE + 8),
            .length = (uint32_t)random_below(SIZE + 8),
        };
        switch (random_below(4)) {
        case 0:
            bulk_take(&owner);
            break;
        case 1:
            bulk_put(&owner, any.buffer);
            break;
        case 2:
            bulk_lend(&owner, &any);
            break;
        default:
            bulk_returned(&owner, &any);
        }
        unsigned free = 0, in_use = 0;
        for (uint32_t i = owner.free; i != COUNT && free <= COUNT; i = owner.records[i].next)
            free++;
        for (uint32_t i = 0; i < COUNT; i++)
            in_use += owner.records[i].state != BULK_FREE;
        random_check(free + in_use == COUNT);
    }
}
