#include "ownership.h"

#include <stddef.h>

#include <bulkhead/error.h>

/* Entries that are kept free for moves that are being agreed on: one for each core that gives. */
#define MOVED_RESERVE CORES_MAX

static unsigned owner_of(uint64_t entry) { return (unsigned)(entry & MOVED_OWNER); }

static uint64_t *find(struct ownership *table, uint64_t chunk) {
    for (unsigned i = 0; i < MOVED_MAX; i++)
        if (table->entry[i] && (table->entry[i] & MOVED_CHUNK) == chunk)
            return &table->entry[i];
    return NULL;
}

static bool is_home(const struct ownership *table, uint64_t chunk, uint32_t core) {
    struct range_list plan;

    partition_plan(table->boot, core, &plan);
    return ranges_contain(&plan, chunk, chunk + CHUNK_BYTES);
}

unsigned ownership_of(struct ownership *table, uint64_t chunk) {
    const uint64_t *entry = find(table, chunk);

    if (entry)
        return owner_of(*entry);
    for (uint32_t core = 0; core < table->boot->core_count; core++)
        if (is_home(table, chunk, core))
            return core;
    return CORES_MAX;
}

/* The entry of the lowest chunk above another one; 0: none. */
static uint64_t next_entry(const struct ownership *table, uint64_t above) {
    uint64_t next = 0;

    for (unsigned i = 0; i < MOVED_MAX; i++)
        if (table->entry[i] > above && (next == 0 || table->entry[i] < next))
            next = table->entry[i];
    return next;
}

/* By ascending address: so that it does not depend on the order of entries, which differs. */
bool ownership_partition(const struct ownership *table, uint32_t core, struct range_list *memory) {
    uint64_t lost = 0;

    partition_plan(table->boot, core, memory);
    for (uint64_t entry = 0; (entry = next_entry(table, entry)) != 0;) {
        uint64_t chunk = entry & MOVED_CHUNK;
        lost += owner_of(entry) == core ? ranges_add(memory, chunk, chunk + CHUNK_BYTES)
                                        : ranges_remove(memory, chunk, chunk + CHUNK_BYTES);
    }
    return lost == 0;
}

static uint64_t *free_entry(struct ownership *table, unsigned limit) {
    for (unsigned i = 0; i < limit; i++)
        if (table->entry[i] == 0)
            return &table->entry[i];
    return NULL;
}

int ownership_allows(struct ownership *table, uint64_t chunk, uint32_t from, uint32_t to) {
    struct range_list memory;
    uint64_t *entry = find(table, chunk);

    if (chunk == 0 || chunk % CHUNK_BYTES || from >= CORES_MAX || from == to ||
        ownership_of(table, chunk) != from)
        return -E_STATE;
    uint64_t *place = entry ? entry : free_entry(table, MOVED_MAX - MOVED_RESERVE);
    if (!place)
        return -E_NOSLOT;
    uint64_t former = *place;
    *place = chunk | to;
    bool fits =
        ownership_partition(table, from, &memory) && ownership_partition(table, to, &memory);
    *place = former;
    return fits ? 0 : -E_NOSLOT;
}

void ownership_move(struct ownership *table, uint64_t chunk, uint32_t to) {
    uint64_t *entry = find(table, chunk);
    bool home = is_home(table, chunk, to);

    if (!entry && !home)
        entry = free_entry(table, MOVED_MAX);
    if (entry)
        *entry = home ? 0 : chunk | to;
}

void ownership_told(struct ownership *table, uint64_t entry) {
    uint64_t chunk = entry & MOVED_CHUNK;
    uint64_t *place = find(table, chunk);

    if (!place)
        place = free_entry(table, MOVED_MAX);
    if (!table->whole && chunk != 0 && place)
        *place = entry;
}
