#include "grant_model.h"

#include <string.h>

#include <bulkhead/error.h>

struct grant_model modelled;

#define PAGES_PER_STEP   16 /* of every call */
#define BYTES_PER_STEP   (PAGES_PER_STEP * PAGE_SIZE)
#define ENTRIES_PER_STEP 16 /* of a vector */

/* NOLINTBEGIN(bugprone-macro-parentheses): a declaration */
#define for_each_mapping(m, of)                               \
    for (struct model_mapping *m = modelled.lane[of].mapping; \
         (m) < modelled.lane[of].mapping + GRANT_MAPPINGS_MAX; (m)++)
/* NOLINTEND(bugprone-macro-parentheses) */

/* ---- Memory ---- */

uint64_t modelled_address(unsigned index) {
    return index < MEMORY_PAGES ? OWN_AT + index * PAGE_SIZE
                                : TABLE_AT + (index - MEMORY_PAGES) * PAGE_SIZE;
}

struct model_page *modelled_own(int lane, uint64_t address) {
    for (unsigned i = 0; i < OWN_PAGES; i++)
        if (address - modelled_address(i) < PAGE_SIZE)
            return modelled.lane[lane].own[i].present ? &modelled.lane[lane].own[i] : NULL;
    return NULL;
}

/* What a lane has mapped at an address, and the number of the page there. */
static struct model_mapping *mapping_at(int lane, uint64_t address, uint64_t *page) {
    for_each_mapping(m, lane) {
        *page = (address - m->address) / PAGE_SIZE;
        if (m->pages && address >= m->address && *page < m->mapped)
            return m;
    }
    return NULL;
}

unsigned modelled_shares(int lane, uint64_t address) {
    unsigned count = 0;
    address -= address % PAGE_SIZE;
    for (int mapper = 0; mapper < LANES; mapper++)
        for_each_mapping(m, mapper)
            count += m->pages && m->root == lane && address >= m->root_address &&
                     address < m->root_address + m->live * PAGE_SIZE;
    return count;
}

uint8_t *modelled_data(int lane, uint64_t address, bool write) {
    uint64_t page, offset = address % PAGE_SIZE;
    struct model_page *own = modelled_own(lane, address);
    if (own)
        return write && !own->writable ? NULL : own->bytes + offset;
    struct model_mapping *m = mapping_at(lane, address, &page);
    if (!m || (write && !m->writable))
        return NULL;
    if (page >= m->live)
        return m->scratch + offset;
    return modelled_own(m->root, m->root_address + page * PAGE_SIZE)->bytes + offset;
}

/* The kernel believes only memory that nobody else can write. */
static uint8_t *private_data(int lane, uint64_t address, bool write) {
    struct model_page *own = modelled_own(lane, address);
    return own && (!write || own->writable) && !modelled_shares(lane, address)
               ? own->bytes + address % PAGE_SIZE
               : NULL;
}

static bool in_user_space(uint64_t address, uint64_t bytes) {
    return address >= USER_BASE && bytes <= USER_END && address <= USER_END - bytes;
}

static bool copy_in(int lane, void *to, uint64_t from, uint64_t bytes) {
    for (uint64_t i = 0; i < bytes; i++) {
        const uint8_t *byte = private_data(lane, from + i, false);
        if (!byte)
            return false;
        ((uint8_t *)to)[i] = *byte;
    }
    return true;
}

/* ---- Grants ---- */

static int refuse(int user, enum refusal kind, int error) {
    modelled.lane[user].refused[kind]++;
    return error;
}

struct grant *modelled_grant(int lane, unsigned index) {
    const struct model_lane *l = &modelled.lane[lane];
    uint64_t page = l->table + index / GRANTS_PER_PAGE * PAGE_SIZE;
    uint8_t *memory = private_data(lane, page, true);
    return memory ? (struct grant *)memory + index % GRANTS_PER_PAGE : NULL;
}

struct claim {
    endpoint_t grantee, grantor;
    uint64_t id, offset, bytes;
    uint32_t access;
    int root; /* out */
    uint64_t address;
    unsigned depth;
    struct grant_link link[GRANT_DEPTH_MAX];
};

/* One grant of a chain: NULL and *error, or the grant. */
static struct grant *use_grant(int user, const struct claim *c, int grantor, int *error) {
    const struct model_lane *l = &modelled.lane[grantor];
    if (l->life != MODEL_ALIVE) {
        *error = refuse(user, REFUSED_GRANTOR, -E_PEERDEAD);
        return NULL;
    }
    if (grant_index(c->id) >= l->table_pages * GRANTS_PER_PAGE) {
        *error = refuse(user, REFUSED_GRANT_ID, -E_NOENT);
        return NULL;
    }
    struct grant *g = modelled_grant(grantor, grant_index(c->id));
    if (!g || !(g->flags & GRANT_VALID) || g->id != c->id || g->grantee != c->grantee)
        *error = refuse(user, REFUSED_GRANT_UNUSED, -E_NOENT);
    else if ((g->flags & c->access) != c->access)
        *error = refuse(user, REFUSED_GRANT_ACCESS, -E_PERM);
    else if (c->bytes > g->bytes || c->offset > g->bytes - c->bytes ||
             c->offset > UINT64_MAX - g->start)
        *error = refuse(user, REFUSED_GRANT_RANGE, -E_RANGE);
    else
        *error = 0;
    return *error ? NULL : g;
}

/* Whether a name was some process', as far as its slot tells. */
static bool was_somebody(endpoint_t name) {
    unsigned slot = endpoint_slot(name);
    if (endpoint_core(name) != endpoint_core(modelled.first) || slot >= SLOTS ||
        endpoint_slot_generation(name) == 0)
        return false;
    uint32_t incarnation = endpoint_incarnation(modelled.first);
    return endpoint_incarnation(name) < incarnation ||
           (endpoint_incarnation(name) == incarnation &&
            endpoint_slot_generation(name) <= modelled.generation[slot]);
}

static int find_lane(endpoint_t endpoint) {
    for (int lane = 0; lane < LANES; lane++)
        if (modelled.lane[lane].endpoint == endpoint && modelled.lane[lane].life != MODEL_DESTROYED)
            return lane;
    return NO_LANE;
}

static int refuse_stranger(int user, endpoint_t grantor) {
    if (grantor == modelled.first) /* it has no table */
        return refuse(user, REFUSED_GRANT_ID, -E_NOENT);
    return refuse(user, REFUSED_GRANTOR, was_somebody(grantor) ? -E_PEERDEAD : -E_NOENT);
}

static int follow(int user, struct claim *c) {
    for (c->depth = 0; c->depth < GRANT_DEPTH_MAX;) {
        int error, grantor = find_lane(c->grantor);
        if (grantor == NO_LANE)
            return refuse_stranger(user, c->grantor);
        const struct grant *g = use_grant(user, c, grantor, &error);
        if (error)
            return error;
        c->link[c->depth++] = (struct grant_link){ c->grantor, c->id };
        c->offset += g->start;
        if (!(g->flags & GRANT_INDIRECT)) {
            c->root = grantor;
            c->address = c->offset;
            return 0;
        }
        c->grantee = c->grantor;
        c->grantor = g->grantor;
        c->id = g->parent;
    }
    return refuse(user, REFUSED_GRANTOR, -E_TOOBIG);
}

/* ---- Calls: SAFECOPY ---- */

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* A step of a copy; *budget is left for other copies. */
static int copy(int lane, struct safecopy *s, uint64_t *budget) {
    bool write = s->direction == COPY_TO;
    struct claim c = { .grantee = modelled.lane[lane].endpoint,
                       .grantor = s->grantor,
                       .id = s->id,
                       .offset = s->offset,
                       .bytes = s->bytes,
                       .access = write ? GRANT_WRITE : GRANT_READ };
    int error = follow(lane, &c);
    while (!error && s->bytes && *budget) {
        static uint8_t part[PAGE_SIZE];
        uint64_t bytes = least(
            least(PAGE_SIZE - c.address % PAGE_SIZE, PAGE_SIZE - s->address % PAGE_SIZE), s->bytes);
        uint8_t *theirs = modelled_data(c.root, c.address, write),
                *ours = modelled_data(lane, s->address, !write);
        if (!theirs || !ours)
            return -E_FAULT;
        memcpy(part, write ? ours : theirs, bytes);
        memcpy(write ? theirs : ours, part, bytes);
        c.address += bytes;
        s->address += bytes;
        s->offset += bytes;
        s->bytes -= bytes;
        *budget -= least(bytes, *budget);
    }
    return error;
}

/* arg[0] and arg[1] go on from entry to entry. */
static int copy_vector(int lane, struct model_call *call) {
    uint64_t budget = BYTES_PER_STEP;
    if (call->arg[1] > SAFECOPY_MAX)
        return -E_RANGE;
    for (unsigned i = 0; i < ENTRIES_PER_STEP && call->arg[1] && budget; i++) {
        struct safecopy s;
        if (!copy_in(lane, &s, call->arg[0], sizeof s))
            return -E_FAULT;
        if (s.direction > COPY_TO || call->done > s.bytes)
            return -E_INVAL;
        s.offset += call->done;
        s.address += call->done;
        uint64_t before = s.bytes -= call->done;
        int error = copy(lane, &s, &budget);
        call->done += before - s.bytes;
        if (error)
            return error;
        if (s.bytes)
            return AGAIN;
        call->arg[0] += sizeof s;
        call->arg[1]--;
        call->done = 0;
    }
    return call->arg[1] ? AGAIN : 0;
}

static int safecopy(int lane, struct model_call *call) {
    uint64_t *arg = call->arg, budget = BYTES_PER_STEP;
    if (arg[5] == SAFECOPY_VECTOR)
        return copy_vector(lane, call);
    if (arg[5] > COPY_TO)
        return -E_INVAL;
    struct safecopy s = { arg[0], arg[1], arg[2], arg[3], arg[4], arg[5] };
    int error = copy(lane, &s, &budget);
    arg[2] = s.offset;
    arg[3] = s.address;
    arg[4] = s.bytes;
    return error || !s.bytes ? error : AGAIN;
}

/* ---- Calls: SAFEMAP, SAFEREVOKE ---- */

void modelled_cut(struct model_mapping *m, uint64_t live) {
    m->live = live;
    if (!m->whole)
        m->error = -E_PEERDEAD;
    if (!live)
        m->depth = 0;
}

void modelled_shorten(struct model_mapping *m, uint64_t mapped) {
    m->mapped = mapped;
    m->live = least(m->live, mapped);
    if (!mapped)
        m->pages = 0;
}

static int undo(struct model_mapping *m) {
    modelled_shorten(m, m->mapped - least(m->mapped, PAGES_PER_STEP));
    return m->pages ? AGAIN : m->error;
}

static int begin_map(int lane, struct model_call *call) {
    const uint64_t *arg = call->arg;
    struct claim c = { .grantee = modelled.lane[lane].endpoint,
                       .grantor = arg[0],
                       .id = arg[1],
                       .offset = arg[2],
                       .bytes = arg[4],
                       .access = GRANT_READ | (arg[5] & PROT_WRITE ? GRANT_WRITE : 0) };
    if (arg[3] % PAGE_SIZE || arg[5] & ~(uint64_t)(PROT_READ | PROT_WRITE))
        return -E_INVAL;
    int error = follow(lane, &c);
    if (error)
        return error;
    if (c.address % PAGE_SIZE || c.bytes % PAGE_SIZE || !c.bytes)
        return -E_INVAL;
    if (c.bytes > GRANT_MAP_MAX || !in_user_space(arg[3], c.bytes))
        return -E_RANGE;
    for_each_mapping(m, lane) {
        if (m->pages)
            continue;
        *m = (struct model_mapping){ .address = arg[3],
                                     .pages = c.bytes / PAGE_SIZE,
                                     .root = c.root,
                                     .root_address = c.address,
                                     .writable = arg[5] & PROT_WRITE,
                                     .begun = modelled.step,
                                     .depth = c.depth };
        memcpy(m->link, c.link, sizeof m->link);
        for (unsigned i = 0; i < c.depth; i++)
            modelled_grant(find_lane(c.link[i].grantor), grant_index(c.link[i].id))->flags |=
                GRANT_MAPPED;
        call->mapping = m;
        return 0;
    }
    return -E_NOSLOT;
}

static int map_page(int lane, struct model_mapping *m) {
    uint64_t there = m->root_address + m->mapped * PAGE_SIZE, page,
             here = m->address + m->mapped * PAGE_SIZE;
    const struct model_page *own = modelled_own(m->root, there);
    if (!own || (m->writable && !own->writable))
        return -E_FAULT;
    if (modelled_own(lane, here) || mapping_at(lane, here, &page))
        return -E_EXIST;
    m->live = ++m->mapped;
    return 0;
}

static int safemap(int lane, struct model_call *call) {
    int error = call->mapping ? 0 : begin_map(lane, call);
    if (error)
        return error;
    struct model_mapping *m = call->mapping;
    for (unsigned i = 0; i < PAGES_PER_STEP && m->mapped < m->pages && !m->error; i++)
        m->error = map_page(lane, m);
    if (m->error)
        return undo(m);
    m->whole = m->mapped == m->pages;
    return m->whole ? 0 : AGAIN;
}

/* Which pages a revocation takes first is not said; in the end all have gone that were there when
 * it began. */
static int revoke(int lane, const struct model_call *call) {
    for (int mapper = 0; mapper < LANES; mapper++)
        for_each_mapping(m, mapper)
            if (m->begun < call->begun &&
                modelled_comes_through(m, modelled.lane[lane].endpoint, call->arg[1]))
                return AGAIN;
    return 0;
}

bool modelled_comes_through(const struct model_mapping *m, endpoint_t grantor, uint64_t id) {
    for (unsigned i = 0; m->pages && i < m->depth; i++)
        if (m->link[i].grantor == grantor && (m->link[i].id == id || id == UINT64_MAX))
            return true;
    return false;
}

static int saferevoke(int lane, struct model_call *call) {
    if (call->arg[0] == REVOKE_GRANT)
        return revoke(lane, call);
    if (call->arg[0] != REVOKE_MAPPING)
        return -E_BADCALL;
    for_each_mapping(m, lane)
        if (m->pages && m->whole && m->address == call->arg[1])
            return undo(m);
    return -E_NOENT;
}

/* ---- Calls: SETGRANT, MEM_MAP, MEM_UNMAP, MEM_PROTECT ---- */

static int setgrant(int lane, const struct model_call *call) {
    uint64_t address = call->arg[0], entries = call->arg[1], bytes = entries * sizeof(struct grant);
    if (address % PAGE_SIZE || entries % GRANTS_PER_PAGE || entries > GRANTS_MAX)
        return -E_INVAL;
    for (uint64_t at = 0; at < bytes; at += PAGE_SIZE)
        if (!in_user_space(address, bytes) || !private_data(lane, address + at, true))
            return -E_FAULT;
    modelled.lane[lane].table = address;
    modelled.lane[lane].table_pages = bytes / PAGE_SIZE;
    return 0;
}

static int change_page(int lane, uint32_t number, uint64_t address, bool writable) {
    uint64_t page;
    struct model_page *own = modelled_own(lane, address);
    bool borrowed = mapping_at(lane, address, &page);
    if (number == KCALL_MEM_MAP) {
        if (own || borrowed)
            return -E_EXIST;
        for (unsigned i = 0; i < OWN_PAGES; i++)
            if (modelled_address(i) == address)
                modelled.lane[lane].own[i] =
                    (struct model_page){ .present = true, .writable = writable };
        return 0;
    }
    if (!own)
        return borrowed ? -E_FAULT : -E_NOENT;
    if (modelled_shares(lane, address))
        return -E_BUSY;
    if (number == KCALL_MEM_UNMAP)
        own->present = false;
    else
        own->writable = writable;
    return 0;
}

static int change_memory(int lane, struct model_call *call) {
    uint64_t *arg = call->arg;
    if (arg[1] % PAGE_SIZE || arg[2] % PAGE_SIZE)
        return -E_INVAL;
    if (!in_user_space(arg[1], arg[2]))
        return -E_RANGE;
    for (unsigned i = 0; i < PAGES_PER_STEP && arg[2]; i++) {
        int error = change_page(lane, call->number, arg[1], arg[3] & PROT_WRITE);
        if (error)
            return error;
        arg[1] += PAGE_SIZE;
        arg[2] -= PAGE_SIZE;
    }
    return arg[2] ? AGAIN : 0;
}

int modelled_step(int lane) {
    struct model_call *call = &modelled.lane[lane].call;
    switch (call->number) {
    case KCALL_SETGRANT:
        return setgrant(lane, call);
    case KCALL_SAFECOPY:
        return safecopy(lane, call);
    case KCALL_SAFEMAP:
        return safemap(lane, call);
    case KCALL_SAFEREVOKE:
        return saferevoke(lane, call);
    default:
        return change_memory(lane, call);
    }
}

void modelled_create(int lane, endpoint_t endpoint) {
    struct model_lane *l = &modelled.lane[lane];
    memset(l, 0, sizeof *l);
    l->endpoint = endpoint;
    modelled.generation[endpoint_slot(endpoint)] = endpoint_slot_generation(endpoint);
    for (unsigned i = 0; i < OWN_PAGES; i++)
        l->own[i].present = l->own[i].writable = true;
}
