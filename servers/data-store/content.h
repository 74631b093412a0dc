/*
 * What a record holds, and its checksum: so that what was corrupted here, by whatever stray store,
 * is found out when it is read (thesis 4.2.3, "state integrity").
 */
#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/protocol/store.h>

struct content {
    uint8_t type; /* enum store_type */
    uint32_t bytes;
    uint64_t value; /* integer, endpoint */
    void *data;     /* of `bytes` bytes, allocated; NULL: integer, label, or empty */
    uint64_t hash;
};

/* Whether there is memory to it. */
static inline bool type_has_data(unsigned type) {
    return type == STORE_TYPE_STRING || type == STORE_TYPE_MEMORY || type == STORE_TYPE_MAPPED;
}

/* What it may be at most, in bytes. */
uint32_t type_bytes_max(unsigned type);

/* Memory for the data of a type, of zeroes: pages for what is to be mapped. NULL: there is none. */
void *content_memory(unsigned type, uint32_t bytes);

void content_free(struct content *content);

/*
 * The checksum. Memory that is mapped changes without anybody saying so: `live` leaves it out.
 */
uint64_t content_hash(const struct content *content, bool live);

/* Whether it is as it was when its checksum was made. */
static inline bool content_is_good(const struct content *content, bool live) {
    return content->hash == content_hash(content, live);
}

/* What its owner is charged for it. */
static inline uint64_t content_charge(const struct content *content) { return content->bytes; }

#endif
