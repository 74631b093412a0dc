#include "programs.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/startup.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "policy.h"

static struct archive archive; /* of zero files until it is opened */

static uint64_t hash(const void *data, size_t bytes) { return XXH64(data, bytes, 0); }

int programs_open(void) {
    enum archive_refusal refusal =
        archive_open(&archive, (const void *)startup->archive, startup->archive_bytes);

    if (refusal == ARCHIVE_OK)
        return 0;
    archive.count = 0;
    printf("the boot archive is refused: %s\n", archive_refusal_text(refusal));
    return -E_CHECKSUM;
}

int program_find(const char *name, struct archive_file *program) {
    if (!archive_find(&archive, name, program))
        return -E_NOENT;
    if (archive_verify_file(program, hash) == ARCHIVE_OK)
        return 0;
    printf("%s is refused: checksum mismatch\n", name);
    return -E_CHECKSUM;
}

const char *programs_name(uint32_t index) {
    const uint8_t *entries = archive.base + sizeof(struct archive_header);

    if (index >= archive.count)
        return NULL;
    return (const char *)entries + index * sizeof(struct archive_entry) +
           offsetof(struct archive_entry, name);
}

size_t programs_list(char *buffer, size_t bytes) {
    size_t used = 0;

    for (uint32_t i = 0; i < archive.count; i++) {
        struct archive_file file;
        archive_file_at(&archive, i, &file);
        const struct policy *policy = policy_find(file.name);
        size_t length = strlen(file.name);
        if (policy == NULL || policy->service != SERVICE_NONE)
            continue;
        if (length + 1 > bytes - used)
            break;
        memcpy(buffer + used, file.name, length);
        buffer[used + length] = '\n';
        used += length + 1;
    }
    return used;
}
