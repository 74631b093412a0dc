/*
 * What is on the disk: memory of the data store that the driver maps, so that the next driver finds
 * it as it was. A page that describes it comes first, and a place for the probe last.
 */
#ifndef RAMDISK_CONTENT_H
#define RAMDISK_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/protocol/store.h>

#define CONTENT_PROBE 4096UL /* bytes beyond the end: the probe's */
#define CONTENT_MAX   (STORE_MAP_MAX - PAGE_SIZE - CONTENT_PROBE)

struct content {
    uint8_t *data; /* `bytes` bytes of the disk, and CONTENT_PROBE more */
    uint64_t bytes;
    uint64_t starts; /* of drivers that have had it, this one included */
    uint64_t id;     /* it has kept since it was made */
};

/*
 * Finds what a disk of so many bytes, whole pages, up to CONTENT_MAX, has on it; or makes it, of
 * zeroes. Errors of store_map(); -E_CHECKSUM: what is there was no such disk, and is left as it is.
 */
int content_open(uint64_t bytes, struct content *content);

/* Whether it is still there: the data store may die, and it with it. Then there are zeroes. */
bool content_is_there(void);

#endif
