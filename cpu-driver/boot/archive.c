#include "archive.h"

#define XXH_INLINE_ALL
#define XXH_VECTOR XXH_SCALAR
#include <xxhash.h>

static uint64_t hash(const void *data, size_t bytes) { return XXH64(data, bytes, 0); }

enum archive_refusal boot_archive_open(struct archive *archive, const void *base, size_t bytes) {
    enum archive_refusal refusal = archive_open(archive, base, bytes);
    return refusal == ARCHIVE_OK ? archive_verify(archive, hash) : refusal;
}
