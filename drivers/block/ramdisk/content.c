#include "content.h"

#include <stdatomic.h>

#include <bulkhead/error.h>
#include <runtime/startup.h>
#include <runtime/store.h>

#define RECORD  "content" /* private: the data store has one of each label */
#define ADDRESS UINT64_C(0x0000240000000000)
#define MAGIC   UINT64_C(0x6b7369646d6172) /* "ramdisk" */

/*
 * The first page. A driver may die at any instruction: what is written once ends with `magic`, and
 * what changes is one word.
 */
struct head {
    _Atomic uint64_t magic; /* 0: it is being made, and nothing was ever written to the disk */
    uint64_t bytes, id;
    _Atomic uint64_t starts;
};

static struct head *const head = (struct head *)ADDRESS;

static void make(uint64_t bytes) {
    head->bytes = bytes;
    head->id = time_stamp() ^ runtime_self();
    atomic_store(&head->starts, 0);
    atomic_store(&head->magic, MAGIC);
}

int content_open(uint64_t bytes, struct content *content) {
    int error =
        store_map(RECORD, STORE_PRIVATE, (void *)ADDRESS, PAGE_SIZE + bytes + CONTENT_PROBE, NULL);
    if (error)
        return error;
    if (atomic_load(&head->magic) == 0)
        make(bytes);
    if (atomic_load(&head->magic) != MAGIC || head->bytes != bytes)
        return -E_CHECKSUM;
    atomic_store(&head->starts, atomic_load(&head->starts) + 1);
    *content = (struct content){
        .data = (uint8_t *)ADDRESS + PAGE_SIZE,
        .bytes = bytes,
        .starts = atomic_load(&head->starts),
        .id = head->id,
    };
    return 0;
}

bool content_is_there(void) { return atomic_load(&head->magic) == MAGIC; }
