/* Requests to block devices, as their drivers get to see them. */
#include <criterion/criterion.h>
#include <string.h>

#include <block_driver.h>

#include <bulkhead/error.h>

#define PROGRAM "driver-test"
#include "../random.h"

#include "fake.h"

static const struct block_status disk = { .block_bytes = 512, .blocks = 100, .bytes_max = 4096 };

static int parse(uint32_t type, uint64_t bytes, uint64_t first, struct block_transfer *t) {
    struct message m = { .source = FAKE_CLIENT, .type = type, .arg = { 7, 3, bytes, first } };

    return block_parse(&m, &disk, t);
}

Test(block, a_read_is_one_piece_to_the_client) {
    struct block_transfer t;

    cr_assert_eq(parse(BLOCK_READ, 1024, 98, &t), 0);
    cr_assert(!t.write && t.count == 1 && t.position == 98 * 512 && t.bytes == 1024);
    cr_assert(t.piece[0].grantor == FAKE_CLIENT && t.piece[0].id == 7 && t.piece[0].offset == 3);
    cr_assert(t.piece[0].bytes == 1024 && t.piece[0].direction == COPY_TO);
    cr_assert_eq(t.piece[0].address, 0);
}

Test(block, a_write_is_from_it) {
    struct block_transfer t;

    cr_assert_eq(parse(BLOCK_WRITE, 512, 0, &t), 0);
    cr_assert(t.write && t.piece[0].direction == COPY_FROM);
}

Test(block, what_is_out_of_bounds_is_refused) {
    static const struct {
        uint64_t bytes, first;
        int result;
    } cases[] = {
        { 0, 0, -E_RANGE },
        { 1, 0, -E_INVAL },
        { 511, 0, -E_INVAL },
        { 513, 0, -E_INVAL },
        { 4096, 0, 0 },
        { 4608, 0, -E_RANGE },
        { 512, 99, 0 },
        { 512, 100, -E_RANGE },
        { 1024, 99, -E_RANGE },
        { 512, UINT64_MAX, -E_RANGE },
        { UINT64_MAX, 0, -E_RANGE },
        { UINT64_MAX - 511, 1, -E_RANGE },
        { 512, UINT64_MAX / 512 + 1, -E_RANGE },
    };
    struct block_transfer t;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(parse(BLOCK_READ, cases[i].bytes, cases[i].first, &t), cases[i].result,
                     "case %zu", i);
        cr_assert_eq(parse(BLOCK_WRITE, cases[i].bytes, cases[i].first, &t), cases[i].result,
                     "case %zu", i);
    }
    cr_assert_eq(parse(BLOCK_FLUSH, 512, 0, &t), -E_BADCALL);
    cr_assert_eq(parse(BLOCK_STATUS + 1, 512, 0, &t), -E_BADCALL);
}

Test(block, a_device_that_is_read_only_is_not_written) {
    struct block_status fixed = disk;
    struct block_transfer t;
    struct message m = { .source = FAKE_CLIENT, .type = BLOCK_WRITE, .arg = { 7, 0, 512, 0 } };

    fixed.flags = BLOCK_READ_ONLY;
    cr_assert_eq(block_parse(&m, &fixed, &t), -E_PERM);
    m.type = BLOCK_READ;
    cr_assert_eq(block_parse(&m, &fixed, &t), 0);
}

static int parse_vector(const struct block_piece *piece, uint64_t count, struct block_transfer *t) {
    struct message m = { .source = FAKE_CLIENT,
                         .type = BLOCK_WRITE_VECTOR,
                         .arg = { 7, 16, count, 1 } };

    if (count <= BLOCK_VECTOR_MAX)
        memcpy(fake.memory + 16, piece, count * sizeof *piece);
    return block_parse(&m, &disk, t);
}

Test(block, pieces_of_any_length_make_whole_blocks) {
    static const struct block_piece piece[] = { { 7, 0, 1 }, { 7, 100, 1000 }, { 7, 5, 23 } };
    struct block_transfer t;

    cr_assert_eq(parse_vector(piece, 3, &t), 0);
    cr_assert(t.count == 3 && t.bytes == 1024 && t.position == 512);
    cr_assert(t.piece[1].address == 1 && t.piece[2].address == 1001 && t.piece[2].offset == 5);
    cr_assert_eq(fake.copies, 1, "the client's array is read once");
    cr_assert_eq(parse_vector(piece, 2, &t), -E_INVAL);
}

Test(block, vectors_that_are_none_are_refused) {
    static const struct block_piece empty[] = { { 7, 0, 512 }, { 7, 0, 0 } };
    static const struct block_piece wraps[] = { { 7, 0, UINT64_MAX }, { 7, 0, 513 } };
    struct block_piece many[BLOCK_VECTOR_MAX + 1];
    struct block_transfer t;

    for (size_t i = 0; i <= BLOCK_VECTOR_MAX; i++)
        many[i] = (struct block_piece){ 7, i, 8 };
    cr_assert_eq(parse_vector(empty, 2, &t), -E_RANGE);
    cr_assert_eq(parse_vector(wraps, 2, &t), -E_RANGE);
    cr_assert_eq(parse_vector(many, 0, &t), -E_RANGE);
    cr_assert_eq(parse_vector(many, BLOCK_VECTOR_MAX + 1, &t), -E_RANGE);
    cr_assert_eq(parse_vector(many, UINT64_MAX, &t), -E_RANGE);
    cr_assert_eq(parse_vector(many, BLOCK_VECTOR_MAX, &t), 0);
    fake.copy_error = -E_FAULT;
    cr_assert_eq(parse_vector(many, 1, &t), -E_FAULT);
}

Test(block, a_transfer_goes_where_it_is_told) {
    static const struct block_piece piece[] = { { 7, 2000, 500 }, { 7, 3000, 12 } };
    static uint8_t device[512];
    struct block_transfer t;

    cr_assert_eq(parse_vector(piece, 2, &t), 0);
    memset(fake.memory + 2000, 'a', 500);
    memset(fake.memory + 3000, 'b', 12);
    cr_assert_eq(block_copy(&t, device), 0);
    cr_assert(device[0] == 'a' && device[499] == 'a' && device[500] == 'b' && device[511] == 'b');
}

/* Whatever is asked, what is let through lies within the disk, and its pieces within the transfer.
 */
Test(block, nothing_gets_beyond_the_disk) {
    static const uint64_t interesting[] = {
        0, 1, 8, 511, 512, 513, 99, 100, 1024, UINT64_MAX, UINT64_MAX / 512, 4096
    };
    const size_t kinds = sizeof interesting / sizeof interesting[0];
    random_start();

    for (unsigned round = 0; round < 100000; round++) {
        struct block_piece piece[BLOCK_VECTOR_MAX] = { { 0 } };
        struct block_transfer t;
        uint64_t count = random_below(5), sum = 0;
        for (size_t i = 0; i < count; i++)
            piece[i] = (struct block_piece){ 7, 0, interesting[random_below(kinds)] };
        memcpy(fake.memory, piece, count * sizeof piece[0]);
        struct message m = { .source = FAKE_CLIENT,
                             .type = (uint32_t)(MESSAGE_TYPE_SERVICE + random_below(7)),
                             .arg = { 7, 0, count ? count : interesting[random_below(kinds)],
                                      interesting[random_below(kinds)] } };
        if (block_parse(&m, &disk, &t))
            continue;
        random_check(t.position <= 100 * 512 && t.bytes <= 100 * 512 - t.position);
        random_check(t.bytes % 512 == 0 && t.bytes > 0 && t.bytes <= disk.bytes_max);
        for (size_t i = 0; i < t.count; i++) {
            random_check(t.piece[i].address == sum);
            sum += t.piece[i].bytes;
        }
        random_check(sum == t.bytes);
    }
}
