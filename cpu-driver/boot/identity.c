#include "identity.h"

#include <bulkhead/kcall.h>

#include "../ranges.h"
#include "../string.h"
#include "../x86_64/paging.h"

#define PTE_IDENTITY (PTE_PRESENT | PTE_WRITE)

enum { LEVEL_2M = 2, LEVEL_1G = 3, LEVEL_512G = 4 };

bool identity_plan(struct range_list *mapped, uint64_t base, uint64_t end) {
    uint64_t gib = pt_span(LEVEL_1G);

    if (base < IDENTITY_LOW_END)
        base = IDENTITY_LOW_END;
    if (end > PHYSICAL_END)
        end = PHYSICAL_END;
    if (base >= end)
        return true;
    return ranges_add(mapped, base & ~(gib - 1), (end + gib - 1) & ~(gib - 1)) == 0;
}

uint64_t identity_table_bytes(const struct range_list *mapped, bool large) {
    uint64_t tables = 0;

    for (uint32_t i = 0; i < mapped->count; i++) {
        uint64_t bytes = mapped->range[i].end - mapped->range[i].base;
        tables += bytes / pt_span(LEVEL_512G) + 2; /* begins and ends within one */
        if (!large)
            tables += bytes / pt_span(LEVEL_1G);
    }
    return tables * PAGE_SIZE;
}

static uint64_t *table_make(void **tables) {
    uint64_t *table = *tables;

    *tables = table + PT_ENTRIES;
    return memset(table, 0, PAGE_SIZE);
}

static uint64_t *table_of(uint64_t *entry, void **tables) {
    if (*entry == 0)
        *entry = (uintptr_t)table_make(tables) | PTE_IDENTITY;
    return (uint64_t *)(*entry & PTE_ADDRESS);
}

void identity_map(uint64_t *pml4, const struct range_list *mapped, bool large, void *tables) {
    for (uint32_t i = 0; i < mapped->count; i++) {
        for (uint64_t at = mapped->range[i].base; at < mapped->range[i].end;
             at += pt_span(LEVEL_1G)) {
            uint64_t *entry =
                &table_of(&pml4[pt_index(at, LEVEL_512G)], &tables)[pt_index(at, LEVEL_1G)];
            if (large) {
                *entry = at | PTE_IDENTITY | PTE_LARGE;
                continue;
            }
            uint64_t *directory = table_of(entry, &tables);
            for (uint64_t j = 0; j < PT_ENTRIES; j++)
                directory[j] = (at + j * pt_span(LEVEL_2M)) | PTE_IDENTITY | PTE_LARGE;
        }
    }
}
