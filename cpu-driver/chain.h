/*
 * How a chain of grants is followed: inlined, for it is on the path of every copy. A step costs
 * about forty instructions.
 */
#ifndef CPU_DRIVER_CHAIN_H
#define CPU_DRIVER_CHAIN_H

#include "core.h"
#include "defence.h"
#include "grant.h"

/* The entry that an id names, of the pages of the table that the kernel knows. */
static inline struct grant *chain_entry(const struct process *p, uint64_t id) {
    return &p->grant_page[id / GRANTS_PER_PAGE % GRANT_TABLE_PAGES][id % GRANTS_PER_PAGE];
}

/*
 * Why a chain cannot be followed: counted at `p`. chain_refuse_grant() returns 0 where the page of
 * the grant was not known, and now is.
 */
__attribute__((cold, noinline)) int chain_refuse_grantor(struct process *p, endpoint_t grantor);
__attribute__((cold, noinline)) int chain_refuse_grant(struct process *p, struct process *grantor,
                                                       uint64_t id, endpoint_t grantee,
                                                       uint32_t access);
__attribute__((cold, noinline)) int chain_refuse_range(struct process *p);
__attribute__((cold, noinline)) int chain_refuse_depth(struct process *p);

/*
 * Follows a chain to the memory's owner, *root, and the address there; each link is noted unless
 * `links` is NULL.
 */
__attribute__((always_inline)) static inline int
chain_follow(struct process *p, endpoint_t grantee, endpoint_t grantor, uint64_t id,
             uint64_t offset, uint64_t bytes, uint32_t access, struct process **root,
             uint64_t *address, struct grant_link *links, uint32_t *depth) {
    uint32_t need = (DEFENCE(GRANT_VALID) ? GRANT_VALID : 0) | (DEFENCE(GRANT_ACCESS) ? access : 0);
    for (unsigned left = GRANT_DEPTH_MAX; left || !DEFENCE(GRANT_DEPTH); left--) {
        /* The grantor has this endpoint; if it is dead, it has no table. */
        struct process *q = process_at(grantor);
        if (__builtin_expect(DEFENCE(ENDPOINT) && q->endpoint != grantor, 0))
            return chain_refuse_grantor(p, grantor);

        /* The grant is valid, of that id, for this grantee, and allows the access. */
        const struct grant *g = chain_entry(q, id);
        uint32_t lacks = ~g->flags;
        if (__builtin_expect(lacks & need || (DEFENCE(GRANT_SEQUENCE) && g->id != id) ||
                                 (DEFENCE(GRANTEE) && g->grantee != grantee),
                             0)) {
            int error = chain_refuse_grant(p, q, id, grantee, access);
            if (error)
                return error;
            left++; /* the same once more */
            continue;
        }

        /* It has all of the region; and offsets do not wrap around. */
        uint64_t room;
        if (__builtin_expect(__builtin_sub_overflow(g->bytes, bytes, &room) && DEFENCE(GRANT_RANGE),
                             0))
            return chain_refuse_range(p);
        if (__builtin_expect(
                (offset > room && DEFENCE(GRANT_RANGE)) ||
                    (__builtin_add_overflow(offset, g->start, &offset) && DEFENCE(GRANT_RANGE)),
                0))
            return chain_refuse_range(p);

        if (links)
            links[(*depth)++] = (struct grant_link){ grantor, id };
        if (lacks & GRANT_INDIRECT) {
            *root = q;
            *address = offset;
            return 0;
        }
        grantee = grantor;
        grantor = g->grantor;
        id = g->parent;
    }
    return chain_refuse_depth(p);
}

#endif
