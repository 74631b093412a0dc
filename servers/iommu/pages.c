#include "pages.h"

#include <string.h>

#define ENTRIES 512U

const struct page_format format_intel = {
    .present = 3,
    .table = 3,
    .read = 1 << 0,
    .write = 1 << 1,
    .level_shift = 64,
};

/*
 * The hardware ignores all bits of an entry that is not present, and QEMU tells of an access to one
 * only if it is not zero; so the level of an empty one is not.
 */
const struct page_format format_amd = {
    .present = 1,
    .table = 1 | UINT64_C(3) << 61,
    .page = 1,
    .read = UINT64_C(1) << 61,
    .write = UINT64_C(1) << 62,
    .level_shift = 9,
    .empty = 1 << 9,
};

static unsigned index_at(uint64_t address, unsigned level) {
    return address >> (12 + 9 * (level - 1)) & (ENTRIES - 1);
}

static void set_entry(const struct tables *tables, uint64_t *entry, uint64_t value) {
    *(volatile uint64_t *)entry = value;
    tables_publish(tables, entry, sizeof *entry);
}

uint32_t pages_new_table(struct tables *tables, const struct page_format *format,
                         struct domain *domain) {
    unsigned owner = domain_owner(tables->state, domain), owned = 0;

    for (uint32_t page = 0; page < tables->state->pages; page++)
        owned += tables->state->owner[page] == owner;
    uint32_t page = owned < DOMAIN_PAGES_MAX ? tables_take(tables, 1, owner) : 0;
    if (page != 0 && format->empty != 0) {
        uint64_t *entries = tables_page(tables, page);
        for (unsigned i = 0; i < ENTRIES; i++)
            entries[i] = format->empty;
        tables_publish(tables, entries, PAGE_SIZE);
    }
    return page;
}

static uint64_t table_entry(const struct tables *tables, const struct page_format *format,
                            uint32_t page, unsigned level) {
    uint64_t entry = tables_physical(tables, page) | format->table;

    return format->level_shift < 64 ? entry | (uint64_t)level << format->level_shift : entry;
}

/* The entry of a page in the table of the lowest level. NULL: there is no such table. */
static uint64_t *find_entry(const struct tables *tables, const struct page_format *format,
                            const struct domain *domain, uint64_t address) {
    uint32_t page = domain->root;

    for (unsigned level = domain->levels; level > 1 && page != 0; level--) {
        uint64_t entry = tables_page(tables, page)[index_at(address, level)];
        page = entry & format->present ? tables_page_at(tables, entry & ENTRY_ADDRESS) : 0;
    }
    return page != 0 ? tables_page(tables, page) + index_at(address, 1) : NULL;
}

/* The same; missing tables are made. NULL: there is no page for one. */
static uint64_t *make_entry(struct tables *tables, const struct page_format *format,
                            struct domain *domain, uint64_t address) {
    uint32_t page = domain->root;

    for (unsigned level = domain->levels; level > 1; level--) {
        uint64_t *entry = tables_page(tables, page) + index_at(address, level);
        if (*entry & format->present) {
            page = tables_page_at(tables, *entry & ENTRY_ADDRESS);
        } else {
            page = pages_new_table(tables, format, domain);
            if (page != 0)
                set_entry(tables, entry, table_entry(tables, format, page, level - 1));
        }
        if (page == 0)
            return NULL;
    }
    return tables_page(tables, page) + index_at(address, 1);
}

static int map_one(struct tables *tables, const struct page_format *format, struct domain *domain,
                   uint64_t address, uint64_t value) {
    uint64_t *entry = make_entry(tables, format, domain, address);

    if (entry == NULL)
        return -E_QUOTA;
    if (*entry & format->present)
        return -E_EXIST;
    set_entry(tables, entry, value);
    domain->pages++;
    return 0;
}

int pages_map(struct tables *tables, const struct page_format *format, struct domain *domain,
              uint64_t address, const uint64_t *frames, uint64_t count, unsigned access) {
    uint64_t bits = format->page | (access & IOMMU_READ ? format->read : 0) |
                    (access & IOMMU_WRITE ? format->write : 0);

    for (uint64_t i = 0; i < count; i++) {
        int error = map_one(tables, format, domain, address + i * PAGE_SIZE,
                            (frames[i] & ENTRY_ADDRESS) | bits);
        if (error) {
            pages_unmap(tables, format, domain, address, i);
            return error;
        }
    }
    return 0;
}

uint64_t pages_unmap(struct tables *tables, const struct page_format *format, struct domain *domain,
                     uint64_t address, uint64_t count) {
    uint64_t unmapped = 0;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t *entry = find_entry(tables, format, domain, address + i * PAGE_SIZE);
        if (entry == NULL || !(*entry & format->present))
            continue;
        set_entry(tables, entry, format->empty);
        unmapped++;
    }
    domain->pages -= unmapped;
    return unmapped;
}

uint64_t pages_entry(const struct tables *tables, const struct page_format *format,
                     const struct domain *domain, uint64_t address) {
    const uint64_t *entry = NULL;

    if (address >> (12 + 9 * domain->levels) == 0)
        entry = find_entry(tables, format, domain, address);
    return entry != NULL && *entry & format->present ? *entry : 0;
}

void pages_free(struct tables *tables, struct domain *domain) {
    unsigned owner = domain_owner(tables->state, domain);

    for (uint32_t page = 0; page < tables->state->pages; page++)
        if (tables->state->owner[page] == owner)
            tables->state->owner[page] = OWNER_NONE;
    domain->root = domain->interrupt_table = 0;
    domain->pages = 0;
}

/* ---- Checking ---- */

struct walk {
    const struct tables *tables;
    const struct page_format *format;
    unsigned owner;
    uint64_t pages;
    uint8_t seen[TABLE_PAGES_MAX / 8];
};

/* A table that the walk comes to for the first time, or 0. */
static uint32_t enter(struct walk *walk, uint32_t page) {
    uint8_t bit = (uint8_t)(1U << page % 8);

    if (page == 0 || page >= walk->tables->state->pages ||
        walk->tables->state->owner[page] != walk->owner || walk->seen[page / 8] & bit)
        return 0;
    walk->seen[page / 8] |= bit;
    return page;
}

static bool check_page(struct walk *walk, uint64_t entry, uint64_t address) {
    const struct state *state = walk->tables->state;
    uint64_t physical = entry & ENTRY_ADDRESS;

    walk->pages++;
    return address >= IOMMU_BASE && address < IOMMU_END &&
           (physical < state->physical || physical >= state->physical + state->pages * PAGE_SIZE);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as there are levels */
static bool check_table(struct walk *walk, uint32_t page, unsigned level, uint64_t address) {
    const uint64_t *entries = tables_page(walk->tables, page);
    const struct page_format *format = walk->format;

    for (unsigned i = 0; i < ENTRIES; i++) {
        uint64_t at = address | (uint64_t)i << (12 + 9 * (level - 1));
        if (!(entries[i] & format->present))
            continue;
        if (level == 1) {
            if (!check_page(walk, entries[i], at))
                return false;
            continue;
        }
        uint32_t next = enter(walk, tables_page_at(walk->tables, entries[i] & ENTRY_ADDRESS));
        if (next == 0 || entries[i] != table_entry(walk->tables, format, next, level - 1) ||
            !check_table(walk, next, level - 1, at))
            return false;
    }
    return true;
}

bool pages_check(const struct tables *tables, const struct page_format *format,
                 const struct domain *domain, uint64_t *pages) {
    struct walk walk = { .tables = tables,
                         .format = format,
                         .owner = domain_owner(tables->state, domain) };

    if (domain->levels < 3 || domain->levels > 5 || enter(&walk, domain->root) == 0)
        return false;
    bool good = check_table(&walk, domain->root, domain->levels, 0);
    *pages = walk.pages;
    return good;
}
