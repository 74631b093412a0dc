/*
 * What the tests of memory grants have in common: processes with memory and a grant table each.
 */
#ifndef TESTS_CPU_DRIVER_GRANTS_H
#define TESTS_CPU_DRIVER_GRANTS_H

#include <criterion/criterion.h>

#include <bulkhead/grant.h>

#include "fixture.h"
#include "frame.h"
#include "ipc.h"
#include "vm.h"

#define TABLE  0x10000000UL /* user address of grant tables */
#define WINDOW 0x20000000UL /* and of what is mapped */
#define MEMORY FIXTURE_MEMORY

/* The table entry of a process; its page must be mapped. */
static inline struct grant *entry(struct process *p, unsigned index) {
    return (struct grant *)((uint8_t *)direct(
                                fixture_physical(p, TABLE + index / GRANTS_PER_PAGE * PAGE_SIZE)) +
                            index % GRANTS_PER_PAGE * sizeof(struct grant));
}

static inline int kernel_call(struct process *p, uint32_t number, uint64_t a0, uint64_t a1,
                              uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5) {
    uint64_t args[MESSAGE_ARGS] = { a0, a1, a2, a3, a4, a5 };
    return fixture_kcall(p, number, args);
}

static inline void make_table(struct process *p, unsigned pages) {
    for (unsigned i = 0; i < pages; i++)
        cr_assert_eq(vm_map(p, TABLE + i * PAGE_SIZE, PROT_WRITE), 0);
    cr_assert_eq(kernel_call(p, KCALL_SETGRANT, TABLE, pages * GRANTS_PER_PAGE, 0, 0, 0, 0), 0);
}

#define SEQUENCE 7

/* Writes a grant; its id. */
static inline uint64_t grant_direct(struct process *p, unsigned index, const struct process *to,
                                    uint64_t base, uint64_t bytes, unsigned access) {
    uint64_t id = grant_id(SEQUENCE, index);
    *entry(p, index) = (struct grant){ .flags = GRANT_VALID | access,
                                       .id = id,
                                       .grantee = to->endpoint,
                                       .start = base,
                                       .bytes = bytes };
    return id;
}

static inline uint64_t grant_indirect(struct process *p, unsigned index, const struct process *to,
                                      const struct process *from, uint64_t parent, uint64_t start,
                                      uint64_t bytes, unsigned access) {
    uint64_t id = grant_direct(p, index, to, start, bytes, access | GRANT_INDIRECT);
    entry(p, index)->grantor = from->endpoint;
    entry(p, index)->parent = parent;
    return id;
}

static inline int copy_from(struct process *p, const struct process *from, uint64_t id,
                            uint64_t offset, uint64_t to, uint64_t bytes) {
    return kernel_call(p, KCALL_SAFECOPY, from->endpoint, id, offset, to, bytes, COPY_FROM);
}

static inline int copy_to(struct process *p, const struct process *to, uint64_t id, uint64_t offset,
                          uint64_t from, uint64_t bytes) {
    return kernel_call(p, KCALL_SAFECOPY, to->endpoint, id, offset, from, bytes, COPY_TO);
}

static inline int map(struct process *p, const struct process *from, uint64_t id, uint64_t offset,
                      uint64_t at, uint64_t pages, unsigned protection) {
    return kernel_call(p, KCALL_SAFEMAP, from->endpoint, id, offset, at, pages * PAGE_SIZE,
                       protection);
}

static inline int revoke(struct process *p, uint64_t id) {
    return kernel_call(p, KCALL_SAFEREVOKE, REVOKE_GRANT, id, 0, 0, 0, 0);
}

static inline int unmap(struct process *p, uint64_t address) {
    return kernel_call(p, KCALL_SAFEREVOKE, REVOKE_MAPPING, address, 0, 0, 0, 0);
}

#define READ  GRANT_READ
#define WRITE GRANT_WRITE
#define BOTH  (GRANT_READ | GRANT_WRITE)

#endif
