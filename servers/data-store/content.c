#include "content.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/kcall.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint32_t type_bytes_max(unsigned type) {
    switch (type) {
    case STORE_TYPE_STRING:
        return STORE_STRING_MAX;
    case STORE_TYPE_MEMORY:
        return STORE_MEMORY_MAX;
    case STORE_TYPE_MAPPED:
        return STORE_MAP_MAX;
    default:
        return sizeof(uint64_t);
    }
}

void *content_memory(unsigned type, uint32_t bytes) {
    if (type != STORE_TYPE_MAPPED)
        return calloc(1, bytes);
    void *pages = aligned_alloc(PAGE_SIZE, bytes);
    if (pages != NULL)
        memset(pages, 0, bytes);
    return pages;
}

void content_free(struct content *content) {
    free(content->data);
    *content = (struct content){ .type = STORE_TYPE_NONE };
}

uint64_t content_hash(const struct content *content, bool live) {
    const uint64_t head[3] = { content->type, content->bytes, content->value };
    uint64_t seed = XXH64(head, sizeof head, 0);

    if (content->data == NULL || (live && content->type == STORE_TYPE_MAPPED))
        return seed;
    return XXH64(content->data, content->bytes, seed);
}
