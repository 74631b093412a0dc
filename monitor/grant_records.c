/*
 * Grants of this core's memory that were passed on by processes that cannot do so in a table of
 * their own: of other cores, or because what they pass on is recorded here.
 */
#include <string.h>

#include <bulkhead/error.h>

#include "grants.h"

#define RECORDS (UINT64_C(8) * GRANTS_RECORDED_MAX)

static struct recorded_grant records[RECORDS];
static uint64_t uses; /* of any entry, ever: an id never comes back */

struct recorded_grant *records_find(uint64_t id) {
    struct recorded_grant *r = &records[id % RECORDS];

    return r->id == id && id != 0 ? r : NULL;
}

struct recorded_grant *records_next(struct recorded_grant *after) {
    for (struct recorded_grant *r = after != NULL ? after + 1 : records; r < records + RECORDS; r++)
        if (r->id != 0)
            return r;
    return NULL;
}

int records_add(const struct recorded_grant *grant, uint64_t *id) {
    struct recorded_grant *free = NULL;
    unsigned own = 0;

    for (struct recorded_grant *r = records; r < records + RECORDS; r++) {
        if (r->id == 0)
            free = r;
        else
            own += r->delegator == grant->delegator;
    }
    if (free == NULL || own >= GRANTS_RECORDED_MAX)
        return -E_NOSLOT;
    *free = *grant;
    free->id = GRANT_ID_RECORDED | ++uses * RECORDS | (uint64_t)(free - records);
    *id = free->id;
    return 0;
}

/* One step of a recorded chain; as chain_follow() of the kernel. */
static int step(const struct recorded_grant *r, struct grant_claim *c) {
    if (r == NULL || r->grantee != c->grantee || r->grantor != c->grantor)
        return -E_NOENT;
    if (c->access & ~r->access)
        return -E_PERM;
    if (c->bytes > r->bytes || c->offset > r->bytes - c->bytes ||
        __builtin_add_overflow(c->offset, r->offset, &c->offset))
        return -E_RANGE;
    c->grantee = r->delegator;
    c->id = r->parent;
    return 0;
}

int records_claim(endpoint_t client, endpoint_t grantor, uint64_t id, uint64_t offset,
                  uint64_t bytes, uint32_t access, struct claim *claim) {
    unsigned depth = 0;

    memset(claim, 0, sizeof *claim);
    claim->kernel = (struct grant_claim){ .grantee = client,
                                          .grantor = grantor,
                                          .id = id,
                                          .offset = offset,
                                          .bytes = bytes,
                                          .access = access };
    while (claim->kernel.id & GRANT_ID_RECORDED) {
        if (depth == GRANT_DEPTH_MAX)
            return -E_TOOBIG;
        claim->recorded[depth++] = claim->kernel.id;
        int error = step(records_find(claim->kernel.id), &claim->kernel);
        if (error)
            return error;
    }
    return 0;
}
