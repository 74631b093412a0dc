/*
 * The boot archive: one file with the cpu-driver and all programs, which GRUB loads as a module. It
 * is read in place and never written. Made by a host tool, verified by boot/, used by every
 * monitor.
 *
 *   struct archive_header
 *   struct archive_entry[count]   by name, strictly ascending (strcmp order): names are unique
 *   contents                      in the order of the entries, each on a page of its own, zeros
 *                                 between them
 *
 * The file ends with the last content; all numbers are little-endian. Hashes are XXH64 with seed 0;
 * the includer brings the function.
 *
 * The functions may be given arbitrary bytes. Freestanding.
 */
#ifndef BULKHEAD_ARCHIVE_H
#define BULKHEAD_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/kcall.h>

#define ARCHIVE_MAGIC       "BULKARCH" /* without a terminating zero */
#define ARCHIVE_VERSION     1
#define ARCHIVE_NAME_BYTES  32
#define ARCHIVE_ENTRIES_MAX 1024

struct archive_header {
    char magic[8];
    uint64_t hash;    /* of all that follows this field, up to the end of the archive */
    uint32_t version; /* ARCHIVE_VERSION */
    uint32_t count;   /* of entries, at most ARCHIVE_ENTRIES_MAX */
    uint64_t bytes;   /* of the whole archive */
};

struct archive_entry {
    char name[ARCHIVE_NAME_BYTES]; /* 1 to 31 printable ASCII characters, no blanks, zero-padded */
    uint64_t offset;               /* of the content in the archive; a multiple of PAGE_SIZE */
    uint64_t bytes;                /* of the content; may be 0 */
    uint64_t hash;                 /* of the content */
};

_Static_assert(sizeof(struct archive_header) == 32 && sizeof(struct archive_entry) == 56,
               "file format");

typedef uint64_t archive_hash_fn(const void *data, size_t bytes); /* XXH64, seed 0 */

#define ARCHIVE_HASHED_FROM offsetof(struct archive_header, version)

/* X(name, text): why an archive, or a file of it, is refused. */
#define ARCHIVE_REFUSALS(X)                                                                   \
    X(TRUNCATED, "truncated")                                                                 \
    X(MAGIC, "not a boot archive")                                                            \
    X(VERSION, "an archive of another version")                                               \
    X(COUNT, "malformed: too many entries")                                                   \
    X(NAME, "malformed: a name is empty, unterminated, unprintable or not in order")          \
    X(CONTENT, "malformed: contents overlap, are not aligned or do not end with the archive") \
    X(HASH, "checksum mismatch")

enum archive_refusal {
    ARCHIVE_OK,
#define X(name, text) ARCHIVE_BAD_##name,
    ARCHIVE_REFUSALS(X)
#undef X
        ARCHIVE_REFUSAL_COUNT
};

/* An archive whose structure has been checked by archive_open(). */
struct archive {
    const uint8_t *base;
    uint64_t bytes;
    uint32_t count;
};

/* A file of it: `content` points into the archive. */
struct archive_file {
    char name[ARCHIVE_NAME_BYTES];
    const void *content;
    uint64_t bytes;
    uint64_t hash;
};

static inline void archive_read_entry(const uint8_t *base, uint32_t index,
                                      struct archive_entry *entry) {
    __builtin_memcpy(entry, base + sizeof(struct archive_header) + index * sizeof *entry,
                     sizeof *entry);
}

static inline int archive_compare_names(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (uint8_t)*a - (uint8_t)*b;
}

static inline bool archive_name_ok(const char name[ARCHIVE_NAME_BYTES]) {
    size_t length = 0;

    while (length < ARCHIVE_NAME_BYTES && name[length] > ' ' && name[length] <= '~')
        length++;
    if (length == 0 || length == ARCHIVE_NAME_BYTES)
        return false;
    for (size_t i = length; i < ARCHIVE_NAME_BYTES; i++)
        if (name[i] != '\0')
            return false;
    return true;
}

static inline enum archive_refusal archive_check_entries(const struct archive *archive) {
    uint64_t end = sizeof(struct archive_header) + archive->count * sizeof(struct archive_entry);
    char previous[ARCHIVE_NAME_BYTES] = "";

    for (uint32_t i = 0; i < archive->count; i++) {
        struct archive_entry entry;
        archive_read_entry(archive->base, i, &entry);
        if (!archive_name_ok(entry.name) || archive_compare_names(previous, entry.name) >= 0)
            return ARCHIVE_BAD_NAME;
        if (entry.offset % PAGE_SIZE != 0 || entry.offset < end || entry.offset > archive->bytes ||
            entry.bytes > archive->bytes - entry.offset)
            return ARCHIVE_BAD_CONTENT;
        end = entry.offset + entry.bytes;
        __builtin_memcpy(previous, entry.name, sizeof previous);
    }
    return end == archive->bytes ? ARCHIVE_OK : ARCHIVE_BAD_CONTENT;
}

/*
 * Checks the structure, but no hash, of the archive at the start of `bytes` bytes at `base`, which
 * may be followed by padding. On ARCHIVE_OK, *archive can be used as long as these bytes stay as
 * they are.
 */
static inline enum archive_refusal archive_open(struct archive *archive, const void *base,
                                                size_t bytes) {
    struct archive_header header;

    if (bytes < sizeof header)
        return ARCHIVE_BAD_TRUNCATED;
    __builtin_memcpy(&header, base, sizeof header);
    if (__builtin_memcmp(header.magic, ARCHIVE_MAGIC, sizeof header.magic) != 0)
        return ARCHIVE_BAD_MAGIC;
    if (header.version != ARCHIVE_VERSION)
        return ARCHIVE_BAD_VERSION;
    if (header.count > ARCHIVE_ENTRIES_MAX)
        return ARCHIVE_BAD_COUNT;
    if (header.bytes > bytes ||
        header.bytes < sizeof header + header.count * sizeof(struct archive_entry))
        return ARCHIVE_BAD_TRUNCATED;
    archive->base = (const uint8_t *)base;
    archive->bytes = header.bytes;
    archive->count = header.count;
    return archive_check_entries(archive);
}

/* Checks the hash of the whole archive. */
static inline enum archive_refusal archive_verify(const struct archive *archive,
                                                  archive_hash_fn *hash) {
    const uint8_t *hashed = archive->base + ARCHIVE_HASHED_FROM;
    struct archive_header header;

    __builtin_memcpy(&header, archive->base, sizeof header);
    if (hash(hashed, archive->bytes - ARCHIVE_HASHED_FROM) != header.hash)
        return ARCHIVE_BAD_HASH;
    return ARCHIVE_OK;
}

/* The file number `index`, in the order of names; it must be below archive->count. */
static inline void archive_file_at(const struct archive *archive, uint32_t index,
                                   struct archive_file *file) {
    struct archive_entry entry;

    archive_read_entry(archive->base, index, &entry);
    __builtin_memcpy(file->name, entry.name, sizeof file->name);
    file->content = archive->base + entry.offset;
    file->bytes = entry.bytes;
    file->hash = entry.hash;
}

/* Finds a file by its name. Returns whether there is one. Cost: log2(count) comparisons. */
static inline bool archive_find(const struct archive *archive, const char *name,
                                struct archive_file *file) {
    uint32_t low = 0, high = archive->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        archive_file_at(archive, middle, file);
        int order = archive_compare_names(name, file->name);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* Checks the hash of one file. */
static inline enum archive_refusal archive_verify_file(const struct archive_file *file,
                                                       archive_hash_fn *hash) {
    return hash(file->content, file->bytes) == file->hash ? ARCHIVE_OK : ARCHIVE_BAD_HASH;
}

/* The text of a refusal, for people. Never returns NULL. */
static inline const char *archive_refusal_text(enum archive_refusal refusal) {
    static const char *const text[ARCHIVE_REFUSAL_COUNT] = { [ARCHIVE_OK] = "valid",
#define X(name, text) [ARCHIVE_BAD_##name] = (text),
                                                             ARCHIVE_REFUSALS(X)
#undef X
    };
    return (unsigned)refusal < ARCHIVE_REFUSAL_COUNT ? text[refusal] : "unknown refusal";
}

#endif
