/*
 * What musl's allocator (src/malloc/mallocng, made to be embedded) stands on here, in place of its
 * own glue.h, whose include guard this file uses: included before each of its sources.
 *
 * A process has one thread, so there are no locks. Pages inside of a larger allocation that is
 * partly free stay mapped (madvise).
 */
#ifndef MALLOC_GLUE_H
#define MALLOC_GLUE_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "atomic.h"

#include "../start/start.h"
#include "heap.h"

#define size_classes __malloc_size_classes
#define ctx          __malloc_context
#define alloc_meta   __malloc_alloc_meta
#define is_allzero   __malloc_allzerop

#undef assert
#define assert(x) ((x) ? (void)0 : heap_corrupted())

#define PAGESIZE 4096

static inline void *glue_mmap(size_t bytes, int protection) {
    void *address = protection == PROT_NONE ? heap_reserve(bytes) : heap_map(bytes);
    if (!address)
        errno = ENOMEM;
    return address ? address : MAP_FAILED;
}

static inline int glue_mprotect(void *address, size_t bytes) {
    if (heap_commit(address, bytes))
        return 0;
    errno = ENOMEM;
    return -1;
}

static inline void *glue_mremap(void *address, size_t old_bytes, size_t new_bytes) {
    return heap_resize(address, old_bytes, new_bytes) ? address : MAP_FAILED;
}

#define mmap(address, bytes, protection, flags, file, offset) glue_mmap(bytes, protection)
#define mprotect(address, bytes, protection)                  glue_mprotect(address, bytes)
#define munmap(address, bytes)                                heap_unmap(address, bytes)
#define mremap(address, old, new, flags)                      glue_mremap(address, old, new)
#define madvise(address, bytes, advice)                       0
#define brk(address)                                          ((uintptr_t)0)

#define DISABLE_ALIGNED_ALLOC 0
#define MT                    0
#define RDLOCK_IS_EXCLUSIVE   1
#define LOCK_OBJ_DEF          extern char glue_no_lock

static inline uint64_t get_random_secret(void) { return runtime_entropy(); }

static inline void rdlock(void) {}
static inline void wrlock(void) {}
static inline void unlock(void) {}
static inline void upgradelock(void) {}

#endif
