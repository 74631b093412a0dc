/* Page tables of domains, in the formats of both kinds of hardware. */
#include <criterion/criterion.h>

#include "memory.h"

#define PROGRAM "iommu-test"
#include "../random.h"

static const struct page_format *const formats[] = { &format_intel, &format_amd };

static struct domain *make_domain(const struct page_format *format, unsigned levels) {
    memory_make(IOMMU_KIND_INTEL);
    struct domain *domain = &tables.state->domain[5];
    *domain = (struct domain){ .state = DOMAIN_LIVE, .levels = (uint8_t)levels };
    domain->root = pages_new_table(&tables, format, domain);
    cr_assert_neq(domain->root, 0);
    return domain;
}

/* What the hardware makes of an address, by the words of the specifications alone: 0 or the entry.
 */
static uint64_t walk(const struct page_format *format, uint64_t table, unsigned level,
                     uint64_t address) {
    bool amd = format == &format_amd;

    for (;; level--) {
        const uint64_t *entries =
            (const uint64_t *)((uint8_t *)tables.state + (table - MEMORY_PHYSICAL));
        uint64_t entry = entries[address >> (12 + 9 * (level - 1)) & 511];
        if (!(entry & (amd ? 1 : 3)))
            return 0;
        if (level == 1)
            return !amd || (entry >> 9 & 7) == 0 ? entry : 0;
        if (amd && (entry >> 9 & 7) != level - 1)
            return 0;
        if (amd ? entry >> 61 != 3 : (entry & 3) != 3)
            return 0; /* rights below are masked by those above */
        table = entry & 0xffffffffff000;
    }
}

static uint64_t look(const struct page_format *format, const struct domain *domain,
                     uint64_t address) {
    return walk(format, tables_physical(&tables, domain->root), domain->levels, address);
}

Test(pages, the_hardware_finds_what_is_mapped) {
    const uint64_t frames[] = { 0x12345000, 0x1000, 0x7bfff000 };

    for (unsigned f = 0; f < 2; f++)
        for (unsigned levels = 3; levels <= 4 + f; levels++) {
            struct domain *domain = make_domain(formats[f], levels);
            uint64_t address = IOMMU_BASE + (2UL << 20) - PAGE_SIZE; /* into two tables */
            cr_assert_eq(pages_map(&tables, formats[f], domain, address, frames, 3, IOMMU_READ), 0);
            for (unsigned i = 0; i < 3; i++)
                cr_assert_eq(look(formats[f], domain, address + i * PAGE_SIZE) & 0xffffffffff000,
                             frames[i]);
            cr_assert_eq(look(formats[f], domain, address - PAGE_SIZE), 0);
            cr_assert_eq(look(formats[f], domain, address + 3 * PAGE_SIZE), 0);
            cr_assert_eq(domain->pages, 3);
        }
}

Test(pages, rights_are_those_given) {
    static const struct {
        unsigned access;
        uint64_t intel, amd;
    } rights[] = { { IOMMU_READ, 1, 1 },
                   { IOMMU_WRITE, 2, 2 },
                   { IOMMU_READ | IOMMU_WRITE, 3, 3 } };
    const uint64_t frame = 0x55000;

    for (unsigned i = 0; i < 3; i++) {
        struct domain *domain = make_domain(&format_intel, 3);
        pages_map(&tables, &format_intel, domain, IOMMU_BASE, &frame, 1, rights[i].access);
        cr_assert_eq(look(&format_intel, domain, IOMMU_BASE) & 3, rights[i].intel);
        domain = make_domain(&format_amd, 3);
        pages_map(&tables, &format_amd, domain, IOMMU_BASE, &frame, 1, rights[i].access);
        cr_assert_eq(look(&format_amd, domain, IOMMU_BASE) >> 61, rights[i].amd);
    }
}

Test(pages, a_mapping_that_fails_leaves_nothing) {
    const uint64_t frames[] = { 0x1000, 0x2000, 0x3000 };

    for (unsigned f = 0; f < 2; f++) {
        struct domain *domain = make_domain(formats[f], 3);
        cr_assert_eq(pages_map(&tables, formats[f], domain, IOMMU_BASE + 2 * PAGE_SIZE, frames, 1,
                               IOMMU_READ),
                     0);
        cr_assert_eq(pages_map(&tables, formats[f], domain, IOMMU_BASE, frames, 3, IOMMU_READ),
                     -E_EXIST);
        cr_assert_eq(domain->pages, 1);
        cr_assert_eq(look(formats[f], domain, IOMMU_BASE), 0);
        cr_assert_eq(look(formats[f], domain, IOMMU_BASE + 2 * PAGE_SIZE) & 0xffffffffff000,
                     0x1000);
    }
}

Test(pages, a_domain_has_only_so_many_tables) {
    struct domain *domain = make_domain(&format_intel, 3);
    const uint64_t frame = 0x1000;
    unsigned mapped = 0;

    for (uint64_t address = IOMMU_BASE; address < IOMMU_END; address += 2UL << 20) {
        int error = pages_map(&tables, &format_intel, domain, address, &frame, 1, IOMMU_READ);
        if (error) {
            cr_assert_eq(error, -E_QUOTA);
            break;
        }
        mapped++;
    }
    cr_assert_geq(mapped, DOMAIN_PAGES_MAX - 5);
    cr_assert_lt(mapped, DOMAIN_PAGES_MAX);
    cr_assert_neq(tables_take(&tables, 1, OWNER_UNITS), 0);
    pages_free(&tables, domain);
    cr_assert_leq(tables_used(tables.state), STATE_PAGES + 5);
}

Test(pages, checking_finds_what_is_wrong) {
    const uint64_t frame = 0x1000;
    uint64_t pages;

    for (unsigned f = 0; f < 2; f++) {
        struct domain *domain = make_domain(formats[f], 3);
        uint64_t *root = tables_page(&tables, domain->root);
        pages_map(&tables, formats[f], domain, IOMMU_BASE, &frame, 1, IOMMU_READ);
        cr_assert(pages_check(&tables, formats[f], domain, &pages));
        cr_assert_eq(pages, 1);
        uint64_t entry = root[1];
        root[2] = entry; /* two ways to a table */
        cr_assert(!pages_check(&tables, formats[f], domain, &pages));
        root[2] = (entry & ~ENTRY_ADDRESS) | MEMORY_PHYSICAL; /* into the state */
        cr_assert(!pages_check(&tables, formats[f], domain, &pages));
        root[2] = (entry & ~ENTRY_ADDRESS) | 0x5000; /* out of the memory */
        cr_assert(!pages_check(&tables, formats[f], domain, &pages));
        root[2] = formats[f]->empty;
        cr_assert(pages_check(&tables, formats[f], domain, &pages));
        root[0] = entry; /* memory where none can be */
        root[1] = formats[f]->empty;
        cr_assert(!pages_check(&tables, formats[f], domain, &pages));
        root[0] = formats[f]->empty;
        const uint64_t tables_frame = MEMORY_PHYSICAL + 9 * PAGE_SIZE;
        pages_map(&tables, formats[f], domain, IOMMU_BASE, &tables_frame, 1, IOMMU_READ);
        cr_assert(!pages_check(&tables, formats[f], domain, &pages));
    }
}

#define SPAN 2048 /* pages of the model */

/* Maps and unmaps at random; the hardware sees what a plain array says. */
Test(pages, are_what_a_model_says) {
    static uint64_t model[SPAN], frames[64];

    random_start();
    for (unsigned f = 0; f < 2; f++) {
        struct domain *domain = make_domain(formats[f], 3);
        memset(model, 0, sizeof model);
        for (unsigned round = 0; round < 3000; round++) {
            uint64_t first = random_below(SPAN - 64), count = 1 + random_below(64), there = 0;
            uint64_t address = IOMMU_BASE + first * PAGE_SIZE, pages = 0;
            for (uint64_t i = 0; i < count; i++)
                there += model[first + i] != 0;
            if (random_below(2)) {
                for (uint64_t i = 0; i < count; i++)
                    frames[i] = (1 + random_below(0x70000)) * PAGE_SIZE;
                int error =
                    pages_map(&tables, formats[f], domain, address, frames, count, IOMMU_WRITE);
                random_check(error == (there ? -E_EXIST : 0));
                for (uint64_t i = 0; i < count && !error; i++)
                    model[first + i] = frames[i];
            } else {
                random_check(pages_unmap(&tables, formats[f], domain, address, count) == there);
                memset(model + first, 0, count * sizeof model[0]);
            }
            for (unsigned i = 0; i < SPAN; i++) {
                uint64_t entry = look(formats[f], domain, IOMMU_BASE + i * PAGE_SIZE);
                random_check((entry & 0xffffffffff000) == model[i]);
                pages += entry != 0;
            }
            random_check(pages == domain->pages);
            random_check(pages_check(&tables, formats[f], domain, &pages));
        }
    }
}
