#include "state.h"

#include <string.h>

#define MAGIC      UINT64_C(0x646d6d6f692d6b62) /* "bk-iommd" in memory order */
#define VERSION    1
#define CACHE_LINE 64

/* FNV-1a, 64 bits (Fowler, Noll, Vo): against accidents, not against malice. */
static uint64_t hash(const void *from, size_t bytes) {
    const uint8_t *at = from;
    uint64_t value = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < bytes; i++)
        value = (value ^ at[i]) * UINT64_C(0x100000001b3);
    return value;
}

void state_seal(struct state *state) {
    state->checksum = hash(state, offsetof(struct state, checksum));
}

bool state_is_sealed(const struct state *state, uint64_t physical, size_t pages,
                     enum iommu_kind kind) {
    return state->magic == MAGIC && state->version == VERSION && state->kind == (uint32_t)kind &&
           state->physical == physical && state->pages == pages &&
           state->checksum == hash(state, offsetof(struct state, checksum));
}

void state_init(struct tables *tables, uint64_t physical, size_t pages, enum iommu_kind kind) {
    struct state *state = tables->state;

    memset(state, 0, STATE_PAGES * PAGE_SIZE);
    state->magic = MAGIC;
    state->version = VERSION;
    state->kind = kind;
    state->physical = physical;
    state->pages = (uint32_t)(pages < TABLE_PAGES_MAX ? pages : TABLE_PAGES_MAX);
    memset(state->owner, OWNER_STATE, STATE_PAGES);
    state_seal(state);
}

static bool is_free(const struct state *state, uint32_t page, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        if (state->owner[page + i] != OWNER_NONE)
            return false;
    return true;
}

uint32_t tables_take(struct tables *tables, unsigned count, unsigned owner) {
    struct state *state = tables->state;
    unsigned step = (count & (count - 1)) == 0 ? count : 1;

    for (uint32_t page = 0; page + count <= state->pages; page += step) {
        if (!is_free(state, page, count))
            continue;
        memset(tables_page(tables, page), 0, count * PAGE_SIZE);
        tables_publish(tables, tables_page(tables, page), count * PAGE_SIZE);
        memset(state->owner + page, (int)owner, count);
        return page;
    }
    return 0;
}

void tables_give(struct tables *tables, uint32_t page, unsigned count) {
    memset(tables->state->owner + page, OWNER_NONE, count);
}

unsigned tables_used(const struct state *state) {
    unsigned used = 0;

    for (uint32_t page = 0; page < state->pages; page++)
        used += state->owner[page] != OWNER_NONE;
    return used;
}

uint32_t tables_page_at(const struct tables *tables, uint64_t physical) {
    const struct state *state = tables->state;
    uint64_t page = (physical - state->physical) / PAGE_SIZE;

    if (physical < state->physical || physical % PAGE_SIZE != 0 || page >= state->pages ||
        state->owner[page] < OWNER_UNITS)
        return 0;
    return (uint32_t)page;
}

void tables_publish(const struct tables *tables, const void *from, size_t bytes) {
    uintptr_t line = (uintptr_t)from & ~(uintptr_t)(CACHE_LINE - 1);

    if (tables->flush)
        for (; line < (uintptr_t)from + bytes; line += CACHE_LINE)
            __asm__ volatile("clflush (%0)" ::"r"(line) : "memory");
    /* Stores become visible in order (x86), but not before what flushes them. */
    __asm__ volatile("mfence" ::: "memory");
}
