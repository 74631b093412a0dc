#include "direct.h"

#include "core.h"
#include "cpu.h"
#include "paging.h"

/* The entry for a chunk in the table of `level`, 2 to 4; NULL when a table above is missing. */
static uint64_t *entry_at(uint64_t chunk, unsigned level) {
    uint64_t address = DIRECT_BASE + chunk;
    uint64_t *table = direct(instance->pml4);
    for (unsigned above = PT_LEVELS; above > level; above--) {
        uint64_t entry = table[pt_index(address, above)];
        if (!(entry & PTE_PRESENT))
            return NULL;
        table = direct(entry & PTE_ADDRESS);
    }
    return &table[pt_index(address, level)];
}

bool direct_reaches(uint64_t chunk) { return entry_at(chunk, 3); }

bool direct_lacks_table(uint64_t chunk) { return !entry_at(chunk, 2); }

void direct_add_table(uint64_t chunk, uint64_t frame) { *entry_at(chunk, 3) = frame | PTE_INNER; }

void direct_map(uint64_t chunk) {
    uint64_t *entry = entry_at(chunk, 2);
    assert(!*entry);
    *entry = chunk | PTE_DATA | PTE_LARGE;
}

/* INVLPG is enough for all of the page, though it is global. */
void direct_unmap(uint64_t chunk) {
    uint64_t *entry = entry_at(chunk, 2);
    assert(*entry & PTE_LARGE);
    *entry = 0;
    cpu_invlpg(DIRECT_BASE + chunk);
}

bool direct_maps(uint64_t chunk) {
    const uint64_t *entry = entry_at(chunk, 2);
    return entry && *entry & PTE_PRESENT;
}
