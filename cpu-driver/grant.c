#include "grant.h"

#include "chain.h"
#include "defence.h"
#include "string.h"
#include "vm.h"

/* Stands where no page of a table is known. */
struct grant grant_nothing[GRANTS_PER_PAGE];

/* ---- Tables ---- */

void grant_reset(struct process *p) {
    p->grant_pages = 0;
    for (unsigned page = 0; page < GRANT_TABLE_PAGES; page++)
        p->grant_page[page] = grant_nothing;
}

int grant_set_table(struct process *p, uint64_t address, uint64_t entries) {
    if (address % PAGE_SIZE || entries % GRANTS_PER_PAGE || entries > GRANTS_MAX)
        return -E_INVAL;
    if (!vm_user_range_ok(p, address, entries * sizeof(struct grant), true))
        return -E_FAULT;
    grant_reset(p);
    p->grant_table = address;
    p->grant_pages = entries / GRANTS_PER_PAGE;
    return 0;
}

/* Looks for a page of a table that is not known. True: now it is. */
static bool find_table_page(struct process *p, uint64_t id) {
    uint64_t page = grant_index(id) / GRANTS_PER_PAGE;
    if ((DEFENCE(GRANT_TABLE) && page >= p->grant_pages) || p->grant_page[page] != grant_nothing)
        return false;
    void *memory = vm_user_memory(p, p->grant_table + page * PAGE_SIZE, PAGE_SIZE, true);
    if (memory)
        p->grant_page[page] = memory;
    return memory;
}

/* ---- Chains ---- */

int chain_refuse_grantor(struct process *p, endpoint_t grantor) {
    struct process *found;
    int error = process_find(grantor, &found);
    return process_refuse(p, REFUSED_GRANTOR, error == -E_PEERDEAD ? error : -E_NOENT);
}

int chain_refuse_grant(struct process *p, struct process *grantor, uint64_t id, endpoint_t grantee,
                       uint32_t access) {
    const struct grant *g = chain_entry(grantor, id);
    if (find_table_page(grantor, id))
        return 0;
    if (grantor->state == PROCESS_DEAD)
        return process_refuse(p, REFUSED_GRANTOR, -E_PEERDEAD);
    if (grant_index(id) / GRANTS_PER_PAGE >= grantor->grant_pages)
        return process_refuse(p, REFUSED_GRANT_ID, -E_NOENT);
    if (g->flags & GRANT_VALID && g->id == id && g->grantee == grantee &&
        (g->flags & access) != access)
        return process_refuse(p, REFUSED_GRANT_ACCESS, -E_PERM);
    return process_refuse(p, REFUSED_GRANT_UNUSED, -E_NOENT);
}

int chain_refuse_range(struct process *p) {
    return process_refuse(p, REFUSED_GRANT_RANGE, -E_RANGE);
}

int chain_refuse_depth(struct process *p) { return process_refuse(p, REFUSED_GRANTOR, -E_TOOBIG); }

int grant_resolve(struct process *p, struct grant_claim *c) {
    struct process *root = NULL;
    c->depth = 0;
    int error = chain_follow(p, c->grantee, c->grantor, c->id, c->offset, c->bytes, c->access,
                             &root, &c->address, c->link, &c->depth);
    if (!error)
        c->root = root->endpoint;
    return error;
}

void grant_mark(const struct grant_claim *c, enum grant_flag flag) {
    for (unsigned i = 0; i < c->depth; i++)
        chain_entry(process_at(c->link[i].grantor), c->link[i].id)->flags |= flag;
}

/* ---- Copies ---- */

static inline uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

int grant_copy(struct process *p, endpoint_t grantee, struct safecopy *c, uint64_t *budget) {
    struct process *root = NULL;
    uint64_t there = 0;
    bool write = c->direction == COPY_TO;
    int error = chain_follow(p, grantee, c->grantor, c->id, c->offset, c->bytes,
                             write ? GRANT_WRITE : GRANT_READ, &root, &there, NULL, NULL);
    if (error)
        return error;
    for (uint64_t part; c->bytes && *budget; *budget -= least(part, *budget)) {
        part = least(c->bytes, PAGE_SIZE - there % PAGE_SIZE);
        part = least(part, PAGE_SIZE - c->address % PAGE_SIZE);
        void *theirs = vm_user_data(root, there, write),
             *ours = vm_user_data(p, c->address, !write);
        if (!theirs || !ours)
            return -E_FAULT;
        memmove(write ? theirs : ours, write ? ours : theirs, part);
        there += part;
        c->offset += part;
        c->address += part;
        c->bytes -= part;
    }
    return 0;
}

/* ---- What must hold ---- */

/* The kernel knows a page of a table where the process has private memory. */
unsigned grant_check_table(struct process *p) {
    unsigned wrong =
        p->grant_pages > GRANT_TABLE_PAGES || (p->state == PROCESS_DEAD && p->grant_pages);
    for (uint64_t page = 0; page < GRANT_TABLE_PAGES; page++)
        wrong += p->grant_page[page] != grant_nothing &&
                 (page >= p->grant_pages ||
                  p->grant_page[page] !=
                      vm_user_memory(p, p->grant_table + page * PAGE_SIZE, PAGE_SIZE, false));
    return wrong;
}
