#include "boot/identity.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/kcall.h>

#include "ranges.h"
#include "x86_64/paging.h"

#define PROGRAM "boot-test"
#include "../random.h"

#define GIB (1UL << 30)

static _Alignas(4096) uint64_t pml4[PT_ENTRIES], first[PT_ENTRIES];
static uint8_t *tables;

/* Maps the ranges with tables that end where an AddressSanitizer zone begins. */
static void build(const struct range_list *mapped, bool large) {
    memset(pml4, 0, sizeof pml4);
    memset(first, 0, sizeof first);
    pml4[0] = (uintptr_t)first | PTE_PRESENT | PTE_WRITE;
    free(tables);
    tables = aligned_alloc(PAGE_SIZE, identity_table_bytes(mapped, large));
    identity_map(pml4, mapped, large, tables);
}

static uint64_t translate(uint64_t address) {
    uint64_t *table = pml4;

    for (unsigned level = PT_LEVELS; level > 1; level--) {
        uint64_t entry = table[pt_index(address, level)];
        if (!(entry & PTE_PRESENT))
            return UINT64_MAX;
        if (entry & PTE_LARGE)
            return (entry & PTE_ADDRESS) | (address & (pt_span(level) - 1));
        table = (uint64_t *)(entry & PTE_ADDRESS);
    }
    return UINT64_MAX;
}

Test(identity, what_lies_below_4_gib_is_not_planned) {
    struct range_list mapped = { 0 };
    cr_assert(identity_plan(&mapped, 0x100000, 4 * GIB));
    cr_assert_eq(mapped.count, 0);
    cr_assert_eq(identity_table_bytes(&mapped, true), 0);
    cr_assert(identity_plan(&mapped, 3 * GIB, 4 * GIB + 1));
    cr_assert(mapped.count == 1 && mapped.range[0].base == 4 * GIB &&
              mapped.range[0].end == 5 * GIB);
}

Test(identity, too_many_pieces_are_told) {
    struct range_list mapped = { 0 };
    for (uint64_t i = 0; i < BOOT_RANGES_MAX; i++)
        cr_assert(identity_plan(&mapped, (4 + 2 * i) * GIB, (4 + 2 * i) * GIB + 1));
    cr_assert_not(identity_plan(&mapped, 1000 * GIB, 1000 * GIB + 1));
}

Test(identity, exactly_the_planned_memory_is_mapped_one_to_one) {
    random_start();
    for (unsigned round = 0; round < 200; round++) {
        struct range_list mapped = { 0 };
        bool large = round % 2;
        for (unsigned i = 0; i < 3; i++) {
            uint64_t base = random_below(1UL << (33 + random_below(8)));
            random_check(identity_plan(&mapped, base, base + random_below(8 * GIB)));
        }
        if (mapped.count == 0)
            continue;
        build(&mapped, large);
        for (unsigned i = 0; i < 2000; i++) {
            const struct range *near = &mapped.range[random_below(mapped.count)];
            uint64_t address = near->base - GIB + random_below(near->end - near->base + 2 * GIB);
            bool planned = ranges_contain(&mapped, address, address + 1);
            random_check(translate(address) == (planned ? address : UINT64_MAX));
        }
    }
}
