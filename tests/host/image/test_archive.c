#include <bulkhead/archive.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define PROGRAM "image-test"
#include "../random.h"

#define ENTRIES 3
#define BYTES   (3 * PAGE_SIZE + 5)

static const char *const names[ENTRIES] = { "cpu-driver", "monitor", "shell" };
static const uint64_t lengths[ENTRIES] = { 100, 0, PAGE_SIZE + 5 };

static uint8_t file[BYTES];
static struct archive archive;

static uint64_t hash(const void *data, size_t bytes) { return XXH64(data, bytes, 0); }

static struct archive_header *header(void) { return (struct archive_header *)file; }

static struct archive_entry *entry(unsigned i) {
    return (struct archive_entry *)(file + sizeof(struct archive_header)) + i;
}

static void seal(void) {
    header()->hash = hash(file + ARCHIVE_HASHED_FROM, BYTES - ARCHIVE_HASHED_FROM);
}

/* Three files, the second of them empty. */
static void make(void) {
    uint64_t offset = PAGE_SIZE;

    memset(file, 0, sizeof file);
    memcpy(header()->magic, ARCHIVE_MAGIC, sizeof header()->magic);
    header()->version = ARCHIVE_VERSION;
    header()->count = ENTRIES;
    header()->bytes = BYTES;
    for (unsigned i = 0; i < ENTRIES; i++) {
        snprintf(entry(i)->name, sizeof entry(i)->name, "%s", names[i]);
        entry(i)->offset = offset;
        entry(i)->bytes = lengths[i];
        memset(file + offset, 'a' + (int)i, lengths[i]);
        entry(i)->hash = hash(file + offset, lengths[i]);
        offset = (offset + lengths[i] + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    }
    seal();
}

/*
 * From an odd address, with nothing readable behind it. The archive stays open until the next call.
 */
static enum archive_refusal open_bytes(size_t bytes) {
    static uint8_t *copy;
    free(copy);
    copy = malloc(bytes + 1);
    memcpy(copy + 1, file, bytes);
    return archive_open(&archive, copy + 1, bytes);
}

TestSuite(archive, .init = make);

Test(archive, valid_archive_is_opened_and_verified) {
    cr_assert_eq(open_bytes(BYTES), ARCHIVE_OK);
    cr_assert_eq(archive.count, ENTRIES);
    cr_assert_eq(archive.bytes, BYTES);
    cr_assert_eq(archive_verify(&archive, hash), ARCHIVE_OK);
}

Test(archive, padding_behind_it_is_ignored) {
    uint8_t *padded = calloc(1, BYTES + 100);
    memcpy(padded, file, BYTES);
    cr_assert_eq(archive_open(&archive, padded, BYTES + 100), ARCHIVE_OK);
    cr_assert_eq(archive.bytes, BYTES);
    cr_assert_eq(archive_verify(&archive, hash), ARCHIVE_OK);
    free(padded);
}

Test(archive, every_file_is_found_by_name) {
    struct archive_file found;

    cr_assert_eq(open_bytes(BYTES), ARCHIVE_OK);
    for (unsigned i = 0; i < ENTRIES; i++) {
        cr_assert(archive_find(&archive, names[i], &found));
        cr_assert_str_eq(found.name, names[i]);
        cr_assert_eq(found.bytes, lengths[i]);
        cr_assert_eq((const uint8_t *)found.content - archive.base, entry(i)->offset);
        cr_assert_eq(archive_verify_file(&found, hash), ARCHIVE_OK);
    }
}

Test(archive, other_names_are_not_found) {
    static const char *const others[] = { "",
                                          "a",
                                          "cpu-drive",
                                          "cpu-driver2",
                                          "monitox",
                                          "zzz",
                                          "a name of more than thirty-two characters" };
    struct archive_file found;

    cr_assert_eq(open_bytes(BYTES), ARCHIVE_OK);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_not(archive_find(&archive, others[i], &found), "%s", others[i]);
}

Test(archive, empty_archive_holds_nothing) {
    struct archive_file found;

    header()->count = 0;
    header()->bytes = sizeof(struct archive_header);
    cr_assert_eq(open_bytes(BYTES), ARCHIVE_OK);
    cr_assert_not(archive_find(&archive, "monitor", &found));
}

Test(archive, any_changed_bit_is_seen) {
    for (size_t at = 0; at < BYTES; at++) {
        file[at] ^= (uint8_t)(1 << at % 8);
        enum archive_refusal refusal = archive_open(&archive, file, BYTES);
        cr_assert(refusal != ARCHIVE_OK || archive_verify(&archive, hash) == ARCHIVE_BAD_HASH,
                  "byte %zu", at);
        file[at] ^= (uint8_t)(1 << at % 8);
    }
}

Test(archive, damaged_content_is_seen_by_the_hash_of_its_file) {
    struct archive_file found;

    file[PAGE_SIZE + 50] ^= 1;
    cr_assert_eq(open_bytes(BYTES), ARCHIVE_OK);
    cr_assert(archive_find(&archive, "cpu-driver", &found));
    cr_assert_eq(archive_verify_file(&found, hash), ARCHIVE_BAD_HASH);
}

Test(archive, every_shorter_file_is_refused_as_truncated) {
    for (size_t bytes = 0; bytes < BYTES; bytes++)
        cr_assert_eq(open_bytes(bytes), ARCHIVE_BAD_TRUNCATED, "%zu bytes", bytes);
}

static void wrong_magic(void) { file[0] = 'b'; }
static void wrong_version(void) { header()->version++; }
static void many_entries(void) { header()->count = ARCHIVE_ENTRIES_MAX + 1; }
static void more_entries_than_bytes(void) { header()->count = ARCHIVE_ENTRIES_MAX; }
static void larger_than_it_is(void) { header()->bytes++; }
static void smaller_than_it_is(void) { header()->bytes--; }
static void unterminated_name(void) { memset(entry(2)->name, 'z', ARCHIVE_NAME_BYTES); }
static void empty_name(void) { entry(0)->name[0] = '\0'; }
static void blank_in_name(void) { entry(0)->name[3] = ' '; }
static void text_behind_name(void) { entry(0)->name[20] = 'x'; }
static void names_out_of_order(void) { entry(0)->name[0] = 'x'; }
static void same_name_twice(void) { memcpy(entry(1)->name, entry(0)->name, ARCHIVE_NAME_BYTES); }
static void unaligned_content(void) { entry(0)->offset++; }
static void content_in_the_table(void) { entry(0)->offset = 0; }
static void contents_overlap(void) { entry(1)->offset = PAGE_SIZE; }
static void content_beyond_the_end(void) { entry(2)->bytes++; }
static void content_wraps(void) { entry(0)->bytes = UINT64_MAX - 2; }
static void offset_wraps(void) { entry(0)->offset = -PAGE_SIZE; }
static void bytes_after_the_last(void) { entry(2)->bytes--; }

static const struct {
    void (*damage)(void);
    enum archive_refusal refusal;
} wrong[] = {
    { wrong_magic, ARCHIVE_BAD_MAGIC },
    { wrong_version, ARCHIVE_BAD_VERSION },
    { many_entries, ARCHIVE_BAD_COUNT },
    { more_entries_than_bytes, ARCHIVE_BAD_TRUNCATED },
    { larger_than_it_is, ARCHIVE_BAD_TRUNCATED },
    { smaller_than_it_is, ARCHIVE_BAD_CONTENT },
    { unterminated_name, ARCHIVE_BAD_NAME },
    { empty_name, ARCHIVE_BAD_NAME },
    { blank_in_name, ARCHIVE_BAD_NAME },
    { text_behind_name, ARCHIVE_BAD_NAME },
    { names_out_of_order, ARCHIVE_BAD_NAME },
    { same_name_twice, ARCHIVE_BAD_NAME },
    { unaligned_content, ARCHIVE_BAD_CONTENT },
    { content_in_the_table, ARCHIVE_BAD_CONTENT },
    { contents_overlap, ARCHIVE_BAD_CONTENT },
    { content_beyond_the_end, ARCHIVE_BAD_CONTENT },
    { content_wraps, ARCHIVE_BAD_CONTENT },
    { offset_wraps, ARCHIVE_BAD_CONTENT },
    { bytes_after_the_last, ARCHIVE_BAD_CONTENT },
};

Test(archive, each_malformation_is_refused_with_its_reason) {
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        make();
        wrong[i].damage();
        enum archive_refusal refusal = open_bytes(BYTES);
        cr_expect_eq(refusal, wrong[i].refusal, "number %zu: %s", i, archive_refusal_text(refusal));
    }
}

Test(archive, every_refusal_has_a_text) {
    for (unsigned i = 0; i <= ARCHIVE_REFUSAL_COUNT; i++)
        cr_assert_not_null(archive_refusal_text((enum archive_refusal)i));
}

/* Whatever is opened can be used: AddressSanitizer watches the hashing of every content. */
Test(archive, damaged_archives_are_refused_or_usable) {
    random_start();
    for (unsigned round = 0; round < 20000; round++) {
        make();
        for (unsigned damage = 1 + (unsigned)random_below(3); damage > 0; damage--)
            file[random_below(sizeof(struct archive_header) +
                              ENTRIES * sizeof(struct archive_entry))] = (uint8_t)random_next();
        if (open_bytes(BYTES - random_below(2) * random_below(BYTES)) != ARCHIVE_OK)
            continue;
        for (uint32_t i = 0; i < archive.count; i++) {
            struct archive_file found, same;
            archive_file_at(&archive, i, &found);
            archive_verify_file(&found, hash);
            random_check(archive_find(&archive, found.name, &same));
            random_check(same.content == found.content && same.bytes == found.bytes);
        }
    }
}
