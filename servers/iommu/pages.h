/*
 * The page tables of a domain: from device addresses to physical ones, in 4 KiB pages, in levels of
 * 512 entries. Intel's second-level tables and AMD's host tables differ in their bits alone (VT-d
 * specification 9.8; 48882, 2.2.3). Pure.
 *
 * The hardware reads these tables while they are changed: every entry is written at once, and a
 * table is filled before something points to it. What has been taken away it may still know, until
 * its caches are told.
 */
#ifndef IOMMU_PAGES_H
#define IOMMU_PAGES_H

#include "state.h"

/* The bits of one kind of tables. */
struct page_format {
    uint64_t present;     /* any of these: there is something */
    uint64_t table, page; /* set in every entry that leads to a table, to a page */
    uint64_t read, write; /* set in an entry that leads to a page */
    unsigned level_shift; /* where the level of the table that an entry leads to stands; 64: nowhere
                           */
    uint64_t empty;       /* an entry that leads to nothing */
};

extern const struct page_format format_intel, format_amd;

/* Physical addresses in entries. */
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)

/* A table of which all entries are empty. 0: no page is free, or the domain has enough. */
uint32_t pages_new_table(struct tables *tables, const struct page_format *format,
                         struct domain *domain);

/*
 * Maps `count` pages from `address` on to frames[]; `access` is a set of enum iommu_access. All or
 * nothing: -E_EXIST a page is mapped, -E_QUOTA no more tables.
 */
int pages_map(struct tables *tables, const struct page_format *format, struct domain *domain,
              uint64_t address, const uint64_t *frames, uint64_t count, unsigned access);

/* Takes pages away, those that are mapped; returns how many were. */
uint64_t pages_unmap(struct tables *tables, const struct page_format *format, struct domain *domain,
                     uint64_t address, uint64_t count);

/* The entry of a page, or an empty one. */
uint64_t pages_entry(const struct tables *tables, const struct page_format *format,
                     const struct domain *domain, uint64_t address);

/* Gives all pages of the domain back, those of its tables and of its interrupts. */
void pages_free(struct tables *tables, struct domain *domain);

/*
 * Do the tables of a domain hang together? Every table is the domain's own, and there is one way to
 * it; pages lie between IOMMU_BASE and IOMMU_END, and lead to memory other than the tables'; *pages
 * receives how many there are.
 */
bool pages_check(const struct tables *tables, const struct page_format *format,
                 const struct domain *domain, uint64_t *pages);

#endif
