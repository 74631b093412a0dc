#include "mapping.h"

#include "core.h"
#include "defence.h"
#include "frame.h"
#include "string.h"
#include "vm.h"

#define PAGES_PER_STEP   16
#define RECORDS_PER_STEP 256 /* that a search looks at */

_Static_assert(sizeof(struct mapping) * GRANT_MAPPINGS_MAX <= PAGE_SIZE, "records fit a frame");

/* NOLINTBEGIN(bugprone-macro-parentheses): a declaration */
#define for_each_mapping(r, p) \
    for (struct mapping *r = (p)->mappings; (r) && (r) < (p)->mappings + GRANT_MAPPINGS_MAX; (r)++)
/* NOLINTEND(bugprone-macro-parentheses) */

static struct mapping *find_mapping(const struct process *p, uint64_t address) {
    for_each_mapping(r, p)
        if (r->pages && r->whole && r->address == address)
            return r;
    return NULL;
}

/* The mapping that a call which is restarted has begun. A process makes one call at a time, and the
 * monitor maps one thing at a time for it. */
static struct mapping *find_begun(const struct process *p, bool imported) {
    for_each_mapping(r, p)
        if (r->pages && !r->whole && r->imports == imported)
            return r;
    return NULL;
}

/* The first step: all that can be known to go wrong. */
static int begin(struct process *p, uint64_t address, uint64_t pages, unsigned protection,
                 struct mapping **begun) {
    uint64_t left = p->frame_quota - p->frames;
    if (pages > GRANT_MAP_MAX / PAGE_SIZE || !vm_in_user_space(address, pages * PAGE_SIZE))
        return -E_RANGE;
    if (DEFENCE(FRAME_QUOTA) &&
        vm_frames_needed(p, address, pages * PAGE_SIZE) - pages + 1 + !p->mappings > left)
        return -E_QUOTA;
    if (!p->mappings) {
        uint64_t frame = frame_alloc(p, FRAME_KERNEL);
        assert(frame); /* quotas never exceed what is free */
        p->mappings = direct(frame);
    }
    for_each_mapping(r, p) {
        if (r->pages)
            continue;
        *r = (struct mapping){ .address = address,
                               .pages = pages,
                               .scratch = frame_alloc(p, FRAME_PRIVATE),
                               .protection = (uint16_t)protection };
        *begun = r;
        return 0;
    }
    return -E_NOSLOT;
}

/* The mapping shows nothing of the memory any more: its chain does not matter. */
static void forget_chain(struct mapping *r) {
    for (unsigned i = 0; i < r->depth; i++)
        process_at(r->link[i].grantor)->grant_links--;
    r->depth = 0;
    r->root = NULL;
}

/* The last page that shows the memory is to do so no more. */
static void let_go(struct process *p, struct mapping *r) {
    r->live--;
    if (r->root)
        frame_unshare(vm_borrowed(p, r->address + r->live * PAGE_SIZE));
}

/* Puts the scratch frame in the place of some more pages. */
static int cut_step(struct process *p, struct mapping *r) {
    if (!r->whole)
        r->error = -E_PEERDEAD; /* who is mapping it goes no further */
    for (unsigned i = 0; i < PAGES_PER_STEP && r->live; i++) {
        let_go(p, r);
        vm_relend(p, r->address + r->live * PAGE_SIZE, r->scratch);
    }
    if (r->live)
        return MAPPING_RESTART;
    forget_chain(r);
    return 0;
}

/* Unmaps some more pages; with the last the record is free. */
static int undo_step(struct process *p, struct mapping *r) {
    for (unsigned i = 0; i < PAGES_PER_STEP && r->mapped; i++) {
        if (r->live == r->mapped)
            let_go(p, r);
        r->mapped--;
        vm_unlend(p, r->address + r->mapped * PAGE_SIZE);
    }
    if (r->mapped)
        return MAPPING_RESTART;
    int error = r->error;
    forget_chain(r);
    frame_free(p, r->scratch);
    *r = (struct mapping){ .pages = 0 };
    return error;
}

/* Maps one more page; `physical` is it, or 0: the root's next. */
static int map_page(struct process *p, struct mapping *r, uint64_t physical) {
    uint64_t offset = r->mapped * PAGE_SIZE;
    int error = 0;
    if (r->root)
        error = vm_share(r->root, r->root_address + offset, r->protection & PROT_WRITE,
                         FRAME_GRANTED, &physical);
    if (error)
        return error;
    error = vm_lend(p, r->address + offset, physical, r->protection);
    if (error && r->root)
        frame_unshare(physical);
    if (!error)
        r->live = ++r->mapped;
    return error;
}

/* What is left to do after a step. */
static int map_end(struct process *p, struct mapping *r, int error) {
    if (error)
        r->error = (int16_t)error;
    if (r->error)
        return undo_step(p, r);
    r->whole = r->mapped == r->pages;
    return r->whole ? 0 : MAPPING_RESTART;
}

/* The chain is followed in the first step; the record is cut if it is revoked after that. */
static int begin_map(struct process *p, struct grant_claim *c, uint64_t address,
                     unsigned protection, struct mapping **r) {
    int error = grant_resolve(p, c);
    if (!error && DEFENCE(GRANT_PAGES) &&
        (c->address % PAGE_SIZE || c->bytes % PAGE_SIZE || !c->bytes))
        error = -E_INVAL;
    if (!error)
        error = begin(p, address, c->bytes / PAGE_SIZE, protection, r);
    if (error)
        return error;
    (*r)->root = process_at(c->root);
    (*r)->root_address = c->address;
    (*r)->depth = (uint16_t)c->depth;
    for (unsigned i = 0; i < c->depth; i++) {
        (*r)->link[i] = c->link[i];
        process_at(c->link[i].grantor)->grant_links++;
    }
    grant_mark(c, GRANT_MAPPED);
    return 0;
}

int mapping_map(struct process *p, struct grant_claim *c, uint64_t address, unsigned protection) {
    struct mapping *r = find_begun(p, false);
    int error = r ? 0 : begin_map(p, c, address, protection, &r);
    if (!r || error)
        return error;
    for (unsigned i = 0; i < PAGES_PER_STEP && r->mapped < r->pages && !r->error && !error; i++)
        error = map_page(p, r, 0);
    return map_end(p, r, error);
}

uint64_t mapping_import_begun(const struct process *p) {
    const struct mapping *r = find_begun(p, true);
    return r ? r->mapped : 0;
}

/* Memory of other partitions, and what is pinned in this one. */
static bool importable(uint64_t physical) {
    return physical % PAGE_SIZE == 0 && (frame_shares(physical) || frame_is_foreign(physical));
}

int mapping_import(struct process *p, uint64_t address, uint64_t pages, const uint64_t physical[],
                   unsigned count, unsigned protection) {
    struct mapping *r = find_begun(p, true);
    int error = r ? 0 : begin(p, address, pages, protection, &r);
    if (!r || error)
        return error;
    r->imports = true;
    for (unsigned i = 0; i < count && r->mapped < r->pages && !r->error && !error; i++)
        error = importable(physical[i]) ? map_page(p, r, physical[i]) : -E_RANGE;
    return map_end(p, r, error);
}

int mapping_withdraw(struct process *p, uint64_t address) {
    struct mapping *r = find_mapping(p, address);
    if (!r || !r->imports)
        return -E_NOENT;
    int result = cut_step(p, r);
    r->imports = result;
    return result;
}

int mapping_unmap(struct process *p, uint64_t address) {
    struct mapping *r = find_mapping(p, address);
    if (!r)
        return -E_NOENT;
    return r->imports ? -E_BUSY : undo_step(p, r);
}

/* ---- Revocation, and death ---- */

static bool has_link(const struct mapping *r, endpoint_t grantor, uint64_t id) {
    for (unsigned i = 0; i < r->depth; i++)
        if (r->link[i].grantor == grantor && (r->link[i].id == id || id == GRANT_ID_ALL))
            return true;
    return false;
}

int mapping_revoke(struct process *p, uint64_t id, uint64_t *slot) {
    bool any = DEFENCE(REVOKE) && p->grant_links;
    for (int budget = RECORDS_PER_STEP; any && *slot < MAX_PROCESSES; ++*slot) {
        struct process *mapper = &processes[*slot];
        for_each_mapping(r, mapper) {
            if (!has_link(r, p->endpoint, id))
                continue;
            cut_step(mapper, r);
            return MAPPING_RESTART;
        }
        budget -= mapper->mappings ? GRANT_MAPPINGS_MAX : 1;
        if (budget < 0)
            return MAPPING_RESTART;
    }
    return 0;
}

bool mapping_release_step(struct process *p) {
    for_each_mapping(r, p) {
        if (!r->pages)
            continue;
        undo_step(p, r);
        return false;
    }
    if (p->grant_links) {
        p->grant_cursor %= MAX_PROCESSES;
        mapping_revoke(p, GRANT_ID_ALL, &p->grant_cursor);
        return false;
    }
    if (p->mappings)
        frame_free(p, (uint64_t)p->mappings - DIRECT_BASE);
    p->mappings = NULL;
    return true;
}

/* ---- What must hold ---- */

uint64_t mapping_frames(const struct process *p) {
    uint64_t count = p->mappings != NULL;
    for_each_mapping(r, p)
        count += r->pages != 0;
    return count;
}

/* Each page shows what it should; *live counts those that show memory of a process of this core. */
static unsigned check_mapping(const struct process *p, const struct mapping *r, uint64_t *live) {
    unsigned wrong = r->mapped > r->pages || r->live > r->mapped || r->depth > GRANT_DEPTH_MAX ||
                     !r->root != !r->depth;
    for (uint64_t i = 0; i < r->mapped && !wrong; i++) {
        uint64_t there = vm_borrowed(p, r->address + i * PAGE_SIZE);
        if (i >= r->live)
            wrong += there != r->scratch;
        else if (r->root)
            wrong += !frame_shares(there) ||
                     there != vm_own_frame(r->root, r->root_address + i * PAGE_SIZE, false);
    }
    *live += r->root ? r->live : 0;
    return wrong;
}

unsigned mapping_check(uint64_t shares) {
    unsigned wrong = 0;
    uint64_t live = 0;
    static uint32_t links[MAX_PROCESSES];
    memset(links, 0, sizeof links);
    for (struct process *p = processes; p < processes + MAX_PROCESSES; p++) {
        live += p->pinned;
        wrong += grant_check_table(p) + (p->state == PROCESS_FREE && (p->mappings || p->pinned));
        for_each_mapping(r, p) {
            wrong += r->pages ? check_mapping(p, r, &live) : r->depth || r->scratch;
            for (unsigned i = 0; i < r->depth; i++) {
                const struct process *grantor = process_at(r->link[i].grantor);
                wrong += grantor->endpoint != r->link[i].grantor;
                links[process_slot(grantor)]++;
            }
        }
    }
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++)
        wrong += links[slot] != processes[slot].grant_links;
    for (unsigned i = 0; i < GRANTS_PER_PAGE; i++)
        wrong += grant_nothing[i].flags != 0;
    return wrong + (live != shares);
}
