/* SAFECOPY (include/bulkhead/grant.h). */
#include "kcall.h"

#include "chain.h"
#include "string.h"
#include "vm.h"

#define BYTES_PER_STEP   (16 * PAGE_SIZE)
#define ENTRIES_PER_STEP 16 /* of a vector */

/* In arg[2] while it is restarted: bytes of the first entry that are done. Who forges it copies
 * less or other bytes of the same grant. */
static int copy_vector(struct process *p) {
    uint64_t budget = BYTES_PER_STEP;
    if (ARG1(p) > SAFECOPY_MAX)
        return -E_RANGE;
    for (unsigned i = 0; i < ENTRIES_PER_STEP && ARG1(p) && budget; i++) {
        struct safecopy c;
        if (vm_copy_in(p, &c, ARG0(p), sizeof c))
            return -E_FAULT;
        if (c.direction > COPY_TO || ARG2(p) > c.bytes)
            return -E_INVAL;
        uint64_t bytes = c.bytes -= ARG2(p);
        c.offset += ARG2(p);
        c.address += ARG2(p);
        int error = grant_copy(p, p->endpoint, &c, &budget);
        ARG2(p) += bytes - c.bytes;
        if (error)
            return error;
        if (c.bytes)
            break;
        ARG0(p) += sizeof c;
        ARG1(p)--;
        ARG2(p) = 0;
    }
    return ARG1(p) ? KCALL_RESTART : 0;
}

/* The general case: any number of pages. */
__attribute__((noinline)) static int copy_long(struct process *p) {
    uint64_t budget = BYTES_PER_STEP;
    struct safecopy c = { ARG0(p), ARG1(p), ARG2(p), ARG3(p), ARG4(p), ARG5(p) };
    int error = grant_copy(p, p->endpoint, &c, &budget);
    ARG2(p) = c.offset;
    ARG3(p) = c.address;
    ARG4(p) = c.bytes;
    return error || !c.bytes ? error : KCALL_RESTART;
}

static inline bool in_one_page(uint64_t address, uint64_t bytes) {
    return bytes <= PAGE_SIZE - address % PAGE_SIZE;
}

/* One step, if it is within a page on both sides. `write` is constant in each of its two copies. */
__attribute__((always_inline)) static inline int copy(struct process *p, bool write) {
    struct process *root = NULL;
    uint64_t there = 0, here = ARG3(p), bytes = ARG4(p);
    int error = chain_follow(p, p->endpoint, ARG0(p), ARG1(p), ARG2(p), bytes,
                             write ? GRANT_WRITE : GRANT_READ, &root, &there, NULL, NULL);
    if (__builtin_expect(error, 0))
        return error;
    if (__builtin_expect(!bytes || !in_one_page(there, bytes) || !in_one_page(here, bytes), 0))
        return copy_long(p);
    void *theirs = vm_user_data(root, there, write), *ours = vm_user_data(p, here, !write);
    if (__builtin_expect(!theirs || !ours, 0))
        return -E_FAULT;
    memmove(write ? theirs : ours, write ? ours : theirs, bytes);
    return 0;
}

int kcall_safecopy(struct process *p) {
    switch (ARG5(p)) {
    case COPY_FROM:
        return copy(p, false);
    case COPY_TO:
        return copy(p, true);
    case SAFECOPY_VECTOR:
        return copy_vector(p);
    default:
        return -E_INVAL;
    }
}
