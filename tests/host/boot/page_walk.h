/* Walks page tables and visits every leaf, with the rights that all levels together give. */
#ifndef TESTS_HOST_BOOT_PAGE_WALK_H
#define TESTS_HOST_BOOT_PAGE_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct leaf {
    uint64_t address, physical, bytes; /* 4 KiB or 2 MiB */
    uint64_t entry;                    /* as it stands in its table */
    bool writable, executable, user;
};

/*
 * Calls visit() for each leaf, by ascending address, and table() for each table, the first
 * included. `view` is what to add to a physical address to reach it.
 */
void page_walk(uint64_t pml4, uint64_t view, void (*visit)(const struct leaf *leaf),
               void (*table)(uint64_t physical));

#endif
