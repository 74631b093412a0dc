/*
 * Arguments of the calls about grants. The callers grant each other and themselves what they may
 * map and unmap, their buffers, and other grants, in the first few entries of their tables, so that
 * a guessed name is often a good one, or was.
 */
#include "values.h"

#include <bulkhead/grant.h>
#include <runtime/startup.h>

#define ENTRIES   8
#define SEQUENCES 2

static struct grant grants[GRANTS_PER_PAGE] __attribute__((aligned(PAGE_SIZE)));

static uint64_t some_id(void) { return grant_id(below(SEQUENCES), (uint32_t)below(ENTRIES)); }

static endpoint_t some_grantor(void) {
    if (one_in(8))
        return some_endpoint();
    return below(2) ? runtime_self() : some_caller();
}

/* A grant of its own, made or changed as often as not. */
static uint64_t own_grant(void) {
    uint64_t id = some_id();
    bool direct = below(3);
    if (below(2))
        return id;
    grants[grant_index(id)] = (struct grant){
        .flags = GRANT_VALID | (uint32_t)below(4) << 1 | (direct ? 0 : GRANT_INDIRECT),
        .id = id,
        .grantee = some_grantor(),
        .start = !direct    ? below(2) * PAGE_SIZE
                 : below(3) ? (uint64_t)buffer
                 : below(4) ? some_page()
                            : some_address(),
        .bytes = below(8) ? below(4) * PAGE_SIZE : odd_number(),
        .grantor = some_grantor(),
        .parent = some_id(),
    };
    return id;
}

/* Whose, and which. */
static void some_grant(endpoint_t *grantor, uint64_t *id) {
    *grantor = some_grantor();
    *id = *grantor == runtime_self() ? own_grant() : below(8) ? some_id() : odd_number();
}

void setgrant_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(8) ? (uint64_t)grants : below(2) ? some_page() : some_address();
    arg[1] = below(8) ? GRANTS_PER_PAGE : odd_number();
}

void safecopy_args(uint64_t arg[MESSAGE_ARGS]) {
    struct safecopy *vector = (struct safecopy *)buffer;
    some_grant(&arg[0], &arg[1]);
    arg[2] = below(4) ? below(PAGE_SIZE) : odd_number();
    arg[3] = some_address();
    arg[4] = some_size();
    arg[5] = below(16) ? below(2) : odd_number();
    if (below(4))
        return;
    for (unsigned i = 0; i < 4; i++) {
        some_grant(&vector[i].grantor, &vector[i].id);
        vector[i].offset = below(PAGE_SIZE);
        vector[i].address = below(4) ? (uint64_t)buffer + PAGE_SIZE : some_address();
        vector[i].bytes = some_size();
        vector[i].direction = below(2);
    }
    arg[0] = below(8) ? (uint64_t)buffer : some_address();
    arg[1] = below(2) ? 1 : below(4) ? 1 + below(4) : odd_number();
    arg[2] = below(8) ? 0 : odd_number();
    arg[5] = SAFECOPY_VECTOR;
}

static uint64_t some_mapping(void) {
    return below(4) ? SHARED + below(SHARED_PAGES) * PAGE_SIZE : some_page();
}

void safemap_args(uint64_t arg[MESSAGE_ARGS]) {
    some_grant(&arg[0], &arg[1]);
    arg[2] = below(8) ? below(2) * PAGE_SIZE : odd_number();
    arg[3] = below(8) ? some_mapping() : odd_number();
    arg[4] = some_pages_bytes(2);
    arg[5] = below(8) ? below(2) * PROT_WRITE : odd_number();
}

void saferevoke_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(8) ? REVOKE_GRANT + below(2) : odd_number();
    arg[1] = arg[0] == REVOKE_GRANT ? own_grant() : some_mapping();
    arg[2] = below(8) ? 0 : odd_number();
}
