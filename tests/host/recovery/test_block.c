/* Disks whose drivers die. */
#include <criterion/criterion.h>
#include <string.h>

#include <runtime/block.h>

#define PROGRAM "recovery-test"
#include "../random.h"

#include "fake.h"

static struct disk disk;
static uint8_t buffer[FAKE_BYTES];

static void open_disk(void) { cr_assert_eq(disk_open(&disk, "driver"), 0); }

TestSuite(block, .init = open_disk);

Test(block, a_request_is_asked_of_the_next_driver) {
    fake.fate = "b";
    memset(buffer, 7, 512);
    cr_assert_eq(disk_write(&disk, 3, buffer, 512), 0);
    cr_assert(disk.replays == 1 && fake.awaited == 1);
    cr_assert(fake.disk[3 * 512] == 7 && fake.disk[4 * 512 - 1] == 7 && fake.disk[4 * 512] == 0);
}

Test(block, and_of_the_one_after_it) {
    /* Two die of the request, and one while it is asked what it has. */
    fake.fate = "ab.b";
    cr_assert_eq(disk_read(&disk, 0, buffer, 512), 0);
    cr_assert_eq(fake.awaited, 3);
    cr_assert_eq(fake.grants, 0);
}

Test(block, a_driver_that_refuses_or_is_not_known_is_one_that_died) {
    fake.fate = "r.n";
    cr_assert_eq(disk_flush(&disk), 0);
    cr_assert_eq(disk.replays, 2);
}

Test(block, if_there_is_no_other_it_fails) {
    fake.fate = "b";
    fake.no_successor = true;
    cr_assert_eq(disk_read(&disk, 0, buffer, 512), -E_PEERDEAD);
    cr_assert_eq(fake.grants, 0);
}

Test(block, errors_of_the_device_are_the_callers) {
    fake.fate = "e";
    cr_assert_eq(disk_read(&disk, 0, buffer, 512), -E_IO);
    cr_assert_eq(disk_read(&disk, 0, buffer, 512), 0);
    cr_assert_eq(disk.replays, 0);
}

Test(block, wrong_replies_are_found_out) {
    fake.fate = "w";
    cr_assert_eq(disk_read(&disk, 0, buffer, 512), -E_PROTOCOL);
    fake.fate = "s";
    cr_assert_eq(disk_write(&disk, 0, buffer, 512), -E_PROTOCOL);
    fake.fate = "w";
    cr_assert_eq(disk_open(&disk, "driver"), -E_PROTOCOL);
    cr_assert_eq(fake.grants, 0);
}

Test(block, nonsense_about_a_device_too) {
    static const struct block_status wrong[] = {
        { .block_bytes = 0, .blocks = 1, .bytes_max = 4096 },
        { .block_bytes = 513, .blocks = 1, .bytes_max = 4096 },
        { .block_bytes = 256, .blocks = 1, .bytes_max = 4096 },
        { .block_bytes = 4096, .blocks = 1, .bytes_max = 2048 },
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fake.status = wrong[i];
        cr_assert_eq(disk_open(&disk, "driver"), -E_PROTOCOL, "%zu", i);
    }
}

Test(block, lost_content_is_told_of_until_the_disk_is_opened_again) {
    fake.fate = "b";
    fake.content = 2;
    cr_assert_eq(disk_read(&disk, 0, buffer, 512), -E_IO);
    cr_assert_eq(disk_write(&disk, 0, buffer, 512), -E_IO);
    cr_assert_eq(disk_flush(&disk), -E_IO);
    open_disk();
    cr_assert_eq(disk_read(&disk, 0, buffer, 512), 0);
}

Test(block, a_disk_of_another_size_is_another) {
    fake.fate = "b";
    fake.status.blocks--;
    cr_assert_eq(disk_read(&disk, 0, buffer, 512), -E_IO);
}

Test(block, long_transfers_are_cut) {
    fake.fate = ".b..a";
    for (size_t i = 0; i < FAKE_BYTES; i++)
        buffer[i] = (uint8_t)(i / 512);
    cr_assert_eq(disk_write(&disk, 0, buffer, FAKE_BYTES), 0);
    cr_assert_eq(memcmp(fake.disk, buffer, FAKE_BYTES), 0);
}

Test(block, nothing_is_asked_that_cannot_be) {
    struct block_buffer one = { buffer, 512 };
    unsigned served = fake.served;

    cr_assert_eq(disk_read(&disk, 0, buffer, 0), -E_RANGE);
    cr_assert_eq(disk_read_vector(&disk, 0, &one, 0), -E_RANGE);
    cr_assert_eq(disk_read_vector(&disk, 0, &one, BLOCK_VECTOR_MAX + 1), -E_RANGE);
    cr_assert_eq(fake.served, served);
    cr_assert_eq(disk_open(&disk, "another"), -E_NOENT);
}

Test(block, without_grants_nothing_is_asked) {
    fake.granted = 256;
    cr_assert_eq(disk_read(&disk, 0, buffer, 512), -E_NOSLOT);
    cr_assert_eq(fake.grants, 0);
}

/* Drivers die before and after whatever they are asked; the caller sees a disk. */
Test(block, whatever_dies_a_disk_is_a_disk) {
    static uint8_t model[FAKE_BYTES];

    random_start();
    for (unsigned round = 0; round < 2000; round++) {
        char fate[8] = "";
        for (unsigned i = 0; i < 7; i++)
            fate[i] = "...abnr"[random_below(7)];
        fake.fate = fate;
        fake.granted = 0;
        size_t blocks = random_below(4) + 1, first = random_below(FAKE_BYTES / 512 - blocks + 1);
        size_t cut = random_below(blocks * 512 - 1) + 1;
        struct block_buffer parts[] = { { buffer, cut }, { buffer + cut, blocks * 512 - cut } };
        random_fill(buffer, blocks * 512);
        switch (random_below(4)) {
        case 0:
            memcpy(model + first * 512, buffer, blocks * 512);
            random_check(disk_write(&disk, first, buffer, blocks * 512) == 0);
            break;
        case 1:
            memcpy(model + first * 512, buffer, blocks * 512);
            random_check(disk_write_vector(&disk, first, parts, 2) == 0);
            break;
        case 2:
            random_check(disk_read(&disk, first, buffer, blocks * 512) == 0);
            random_check(memcmp(buffer, model + first * 512, blocks * 512) == 0);
            break;
        default:
            random_check(disk_read_vector(&disk, first, parts, 2) == 0);
            random_check(memcmp(buffer, model + first * 512, blocks * 512) == 0);
        }
        random_check(fake.grants == 0);
    }
}
