/*
 * Memory grants (include/bulkhead/grant.h): tables, chains and copies.
 *
 * The kernel remembers where the pages of a grant table are until the process' memory changes
 * there; where it knows of none, a page of invalid grants stands. So a step along a chain costs no
 * walk of page tables, and no check but those of the grant itself.
 */
#ifndef CPU_DRIVER_GRANT_H
#define CPU_DRIVER_GRANT_H

#include <bulkhead/grant.h>

#include "defence.h"
#include "process.h"

/* Stands where no page of a table is known. */
extern struct grant grant_nothing[GRANTS_PER_PAGE];

/* A process that is new, or dead: it has no table. */
void grant_reset(struct process *p);

/* SETGRANT. -E_INVAL, -E_FAULT. */
int grant_set_table(struct process *p, uint64_t address, uint64_t entries);

/* What lies at the end of the chain; refusals are counted at `p`. */
int grant_resolve(struct process *p, struct grant_claim *claim);

/* Sets a flag in each grant of a chain that has just been resolved. */
void grant_mark(const struct grant_claim *claim, enum grant_flag flag);

/*
 * A copy on behalf of a grantee between the grant and the memory of `p`, as far as *budget bytes
 * go; what is left to do is then in *c. Refusals are counted at `p`.
 */
int grant_copy(struct process *p, endpoint_t grantee, struct safecopy *c, uint64_t *budget);

/* For the check of invariants: what is wrong with what is known of a table. */
unsigned grant_check_table(struct process *p);

/* A page of the process is not what it was: if it is of its table, it is to be looked for again. */
static inline void grant_page_changed(struct process *p, uint64_t address) {
    uint64_t page = (address - p->grant_table) / PAGE_SIZE;
    if (DEFENCE(GRANT_FORGET) && page < p->grant_pages)
        p->grant_page[page] = grant_nothing;
}

#endif
