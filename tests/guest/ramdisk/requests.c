/* The RAM disk as a client sees it that knows its protocol. */
#include <string.h>

#include <bulkhead/protocol/block.h>
#include <runtime/block.h>
#include <runtime/grant.h>
#include <runtime/startup.h>
#include <runtime/store.h>
#include <runtime/tap.h>

#include "tests.h"

static uint8_t buffer[8 * 512 + 64];

static struct grant_name grant_to(endpoint_t driver, unsigned access) {
    struct grant_name grant;
    int error = grant_make(driver, buffer, sizeof buffer, access, &grant);

    if (error)
        tap_bail_out("no grant: %s", error_text(error));
    return grant;
}

static int ask(endpoint_t driver, enum block_request type, struct grant_name grant, uint64_t offset,
               uint64_t bytes, uint64_t first) {
    struct message m = { .type = type, .tag = 6, .arg = { grant.id, offset, bytes, first } };
    int error = ipc_request(driver, &m);

    return !error && (m.arg[0] != bytes || m.tag != 6) ? -E_PROTOCOL : error;
}

static void test_bounds(endpoint_t driver) {
    const uint64_t blocks = DISK_BYTES / 512;
    struct grant_name both = grant_to(driver, GRANT_READ | GRANT_WRITE);

    tap_is(ask(driver, BLOCK_WRITE, both, 0, 512, blocks - 1), 0, "the_last_block_is_one");
    tap_is(ask(driver, BLOCK_WRITE, both, 0, 512, blocks), -E_RANGE, "the_next_is_none");
    tap_is(ask(driver, BLOCK_WRITE, both, 0, 1024, blocks - 1), -E_RANGE, "nor_half_of_it");
    tap_is(ask(driver, BLOCK_READ, both, 0, 512, UINT64_MAX), -E_RANGE, "far_away_is_none");
    tap_is(ask(driver, BLOCK_READ, both, 0, 512, UINT64_MAX / 512 + 1), -E_RANGE,
           "numbers_that_wrap_neither");
    tap_is(ask(driver, BLOCK_READ, both, 0, 0, 0), -E_RANGE, "nothing_is_not_read");
    tap_is(ask(driver, BLOCK_READ, both, 0, 100, 0), -E_INVAL, "nor_a_part_of_a_block");
    tap_is(ask(driver, BLOCK_READ, both, 0, DISK_BYTES, 1), -E_RANGE, "nor_too_much");
    tap_is(ask(driver, BLOCK_READ, both, sizeof buffer - 511, 512, 0), -E_RANGE,
           "nor_beyond_what_was_granted");
    tap_is(ask(driver, BLOCK_STATUS + 1, both, 0, 512, 0), -E_BADCALL, "there_is_nothing_else");
    grant_revoke(both);
    tap_is(ask(driver, BLOCK_READ, both, 0, 512, 0), -E_NOENT, "nor_after_the_grants_end");
}

static void test_rights(endpoint_t driver) {
    struct grant_name to_read = grant_to(driver, GRANT_READ);
    struct grant_name to_write = grant_to(driver, GRANT_WRITE);
    struct grant_name others = grant_to(runtime_monitor(), GRANT_READ | GRANT_WRITE);

    tap_is(ask(driver, BLOCK_WRITE, to_read, 0, 512, 3), 0, "writing_needs_a_grant_to_read");
    tap_is(ask(driver, BLOCK_READ, to_write, 0, 512, 3), 0, "reading_one_to_write");
    tap_is(ask(driver, BLOCK_READ, to_read, 0, 512, 3), -E_PERM, "not_the_other_way");
    tap_is(ask(driver, BLOCK_WRITE, to_write, 0, 512, 3), -E_PERM, "nor_so");
    tap_is(ask(driver, BLOCK_WRITE, others, 0, 512, 3), -E_NOENT, "others_grants_are_of_no_use");
    grant_revoke(to_read);
    grant_revoke(to_write);
    grant_revoke(others);
}

static void fill(uint8_t *bytes, size_t count, unsigned seed) {
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(seed + i * 13 + i / 256);
}

static bool is_filled(const uint8_t *bytes, size_t count, unsigned seed) {
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != (uint8_t)(seed + i * 13 + i / 256))
            return false;
    return true;
}

static void test_data(struct disk *disk) {
    tap_is(disk_read(disk, 0, buffer, 512), 0, "a_block_is_read");
    fill(buffer + 3, 1024, 1);
    tap_is(disk_write(disk, 10, buffer + 3, 1024), 0, "two_are_written_from_wherever");
    memset(buffer, 0xee, sizeof buffer);
    tap_is(disk_read(disk, 10, buffer + 17, 1024), 0, "and_read_to_wherever");
    tap_ok(is_filled(buffer + 17, 1024, 1), "what_was_written_is_read");
    tap_ok(buffer[16] == 0xee && buffer[17 + 1024] == 0xee, "and_nothing_besides");
    tap_is(disk_read(disk, 9, buffer, 512), 0, "the_block_before");
    tap_ok(buffer[0] == 0 && buffer[511] == 0, "is_as_it_was");
    tap_is(disk_write(disk, 0, buffer, 0), -E_RANGE, "nothing_is_not_written");
    tap_is(disk_write(disk, 0, buffer, 13), -E_INVAL, "nor_a_part_of_a_block");
    tap_is(disk_flush(disk), 0, "flush");
}

static void test_vectors(struct disk *disk) {
    struct block_buffer parts[] = { { buffer + 1, 500 },
                                    { buffer + 600, 13 },
                                    { buffer + 700, 511 } };
    struct block_buffer many[BLOCK_VECTOR_MAX + 1];

    fill(buffer + 1, 500, 2);
    fill(buffer + 600, 13, 3);
    fill(buffer + 700, 511, 4);
    tap_is(disk_write_vector(disk, 20, parts, 3), 0, "pieces_are_gathered");
    memset(buffer, 0, sizeof buffer);
    tap_is(disk_read_vector(disk, 20, parts, 3), 0, "and_scattered");
    tap_ok(is_filled(buffer + 1, 500, 2) && is_filled(buffer + 600, 13, 3) &&
               is_filled(buffer + 700, 511, 4),
           "each_where_it_belongs");
    tap_is(disk_read_vector(disk, 20, parts, 2), -E_INVAL, "they_have_to_be_whole_blocks");
    tap_is(disk_read_vector(disk, 20, parts, 0), -E_RANGE, "there_is_a_least_number");
    for (size_t i = 0; i <= BLOCK_VECTOR_MAX; i++)
        many[i] = (struct block_buffer){ buffer + i * 8, 8 };
    tap_is(disk_read_vector(disk, 20, many, BLOCK_VECTOR_MAX), 0, "and_a_largest");
    tap_is(disk_read_vector(disk, 20, many, BLOCK_VECTOR_MAX + 1), -E_RANGE, "and_not_more");
}

/* More than one request's worth. */
static void test_long(struct disk *disk) {
    static uint8_t large[DISK_BYTES];

    disk->status.bytes_max = 8192; /* as a device that takes less */
    fill(large, sizeof large, 5);
    tap_is(disk_write(disk, 0, large, sizeof large), 0, "all_of_the_disk_is_written");
    memset(large, 0, sizeof large);
    tap_is(disk_read(disk, 0, large, sizeof large), 0, "and_read");
    tap_ok(is_filled(large, sizeof large, 5), "in_the_right_order");
    tap_is(disk_read(disk, 1, large, sizeof large), -E_RANGE, "but_not_more");
}

void test_requests(struct service *service) {
    struct disk disk, other;

    tap_is(disk_open(&disk, "no-such-disk"), -E_NOENT, "a_disk_that_there_is_not");
    tap_is(disk_open(&disk, service->label), 0, "the_disk_is_found");
    tap_is((int64_t)disk.status.block_bytes, 512, "it_has_blocks");
    tap_is((int64_t)disk.status.blocks, DISK_BYTES / 512, "as_many_as_it_was_told");
    tap_is((int64_t)disk.status.starts, 1, "its_driver_is_the_first");
    tap_is((int64_t)disk.status.flags, BLOCK_VOLATILE, "it_does_not_outlast_a_reset");
    test_data(&disk);
    test_vectors(&disk);
    test_bounds(service->endpoint);
    test_rights(service->endpoint);
    tap_is(disk_open(&other, service->label), 0, "the_disk_is_opened_again");
    test_long(&other);
}

/* What is there after its driver's death, and what is not. */
void test_contents(struct service *service) {
    struct disk disk;
    unsigned collected = 0;

    if (disk_open(&disk, service->label))
        tap_bail_out("the disk is gone");
    fill(buffer, 4096, 6);
    tap_is(disk_write(&disk, 100, buffer, 4096), 0, "before_the_drivers_death");
    service_kill(service);
    service_start(service);
    memset(buffer, 0, sizeof buffer);
    tap_is(disk_read(&disk, 100, buffer, 4096), 0, "after_it_a_request_is_served");
    tap_ok(is_filled(buffer, 4096, 6), "the_content_is_there");
    tap_is((int64_t)disk.replays, 1, "the_library_has_found_the_new_driver");
    tap_is((int64_t)disk.status.starts, 2, "which_knows_that_it_is_the_second");
    tap_is((int64_t)disk.component.restarts, 1, "so_does_the_client");

    service_kill(service);
    tap_is(store_collect(service->label, &collected), 0, "the_content_is_thrown_away");
    tap_ok(collected >= 1, "it_was_in_the_data_store: %u", collected);
    service_start(service);
    tap_is(disk_read(&disk, 100, buffer, 512), -E_IO, "a_client_is_told_of_the_loss");
    tap_is(disk_write(&disk, 100, buffer, 512), -E_IO, "until_it_opens_the_disk_again");
    tap_is(disk_open(&disk, service->label), 0, "which_it_can");
    tap_is(disk_read(&disk, 100, buffer, 512), 0, "then_it_reads");
    tap_ok(buffer[0] == 0 && memcmp(buffer, buffer + 1, 511) == 0, "zeroes");

    service_down(service);
    tap_is(disk_read(&disk, 100, buffer, 512), -E_PEERDEAD, "a_disk_that_is_down_stays_so");
    tap_is(disk_open(&disk, service->label), -E_NOENT, "and_is_not_found");
    service_start(service);
}
