/*
 * mkarchive OUTPUT NAME=FILE...
 *
 * Makes a boot archive (include/bulkhead/archive.h) of the files. The same files give the same
 * bytes, whatever their order, dates and owners.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bulkhead/archive.h>

struct member {
    char name[ARCHIVE_NAME_BYTES];
    const char *path;
    FILE *file;
    size_t bytes;
    size_t offset; /* in the archive */
};

static _Noreturn void fail(const char *subject, const char *reason) {
    (void)fprintf(stderr, "mkarchive: %s: %s\n", subject, reason);
    exit(1);
}

static void *allocate(size_t count, size_t bytes) {
    void *memory = calloc(count, bytes);
    if (memory == NULL)
        fail("memory", strerror(errno));
    return memory;
}

static uint64_t hash(const void *data, size_t bytes) { return XXH64(data, bytes, 0); }

static size_t round_up(size_t bytes) { return (bytes + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE; }

static void open_file(struct member *member) {
    long bytes = -1;

    member->file = fopen(member->path, "rb");
    if (member->file != NULL && fseek(member->file, 0, SEEK_END) == 0)
        bytes = ftell(member->file);
    if (bytes < 0)
        fail(member->path, strerror(errno));
    member->bytes = (size_t)bytes;
}

static void read_file(const struct member *member, uint8_t *content) {
    rewind(member->file);
    if (fread(content, 1, member->bytes, member->file) != member->bytes)
        fail(member->path, "cannot be read");
    (void)fclose(member->file);
}

/* Splits NAME=FILE. That the name is allowed is seen by archive_open() at the end. */
static void parse_member(struct member *member, const char *argument) {
    const char *equals = strchr(argument, '=');

    if (equals == NULL || equals == argument || equals[1] == '\0')
        fail(argument, "must be NAME=FILE");
    if ((size_t)(equals - argument) >= sizeof member->name)
        fail(argument, "the name is longer than 31 characters");
    memcpy(member->name, argument, (size_t)(equals - argument));
    member->path = equals + 1;
}

static int compare_members(const void *a, const void *b) {
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* Gives every member its place and returns the size of the archive. */
static size_t lay_out(struct member *member, size_t count) {
    size_t end = sizeof(struct archive_header) + count * sizeof(struct archive_entry);

    for (size_t i = 0; i < count; i++) {
        member[i].offset = round_up(end);
        end = member[i].offset + member[i].bytes;
    }
    return end;
}

static void fill(uint8_t *base, size_t bytes, const struct member *member, size_t count) {
    struct archive_header header = {
        .magic = ARCHIVE_MAGIC, .version = ARCHIVE_VERSION, .count = (uint32_t)count, .bytes = bytes
    };

    for (size_t i = 0; i < count; i++) {
        uint8_t *content = base + member[i].offset;
        read_file(&member[i], content);
        struct archive_entry entry = { .offset = member[i].offset,
                                       .bytes = member[i].bytes,
                                       .hash = hash(content, member[i].bytes) };
        memcpy(entry.name, member[i].name, sizeof entry.name);
        memcpy(base + sizeof header + i * sizeof entry, &entry, sizeof entry);
    }
    memcpy(base, &header, sizeof header);
    header.hash = hash(base + ARCHIVE_HASHED_FROM, bytes - ARCHIVE_HASHED_FROM);
    memcpy(base, &header, sizeof header);
}

static void write_file(const char *path, const uint8_t *base, size_t bytes) {
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(base, 1, bytes, file) != bytes || fclose(file) != 0)
        fail(path, strerror(errno));
}

int main(int argc, char **argv) {
    if (argc < 3)
        fail("usage", "mkarchive OUTPUT NAME=FILE...");

    size_t count = (size_t)argc - 2;
    struct member *member = allocate(count, sizeof *member);
    for (size_t i = 0; i < count; i++) {
        parse_member(&member[i], argv[i + 2]);
        open_file(&member[i]);
    }
    qsort(member, count, sizeof *member, compare_members);

    size_t bytes = lay_out(member, count);
    uint8_t *base = allocate(bytes, 1);
    fill(base, bytes, member, count);

    struct archive archive;
    enum archive_refusal refusal = archive_open(&archive, base, bytes);
    if (refusal != ARCHIVE_OK)
        fail(argv[1], archive_refusal_text(refusal));
    write_file(argv[1], base, bytes);
    return 0;
}
