/*
 * The table of the grants that this process makes. It grows page by page where it lies, so that ids
 * and the flags that the kernel sets stay where they are.
 */
#include <runtime/grant.h>

#include <runtime/startup.h>

#include "../malloc/heap.h"
#include "remote.h"

static struct grant *table; /* addresses for GRANTS_MAX entries; NULL: none yet */
static uint32_t entries;    /* of them that are there */
static uint32_t next;       /* where to look for a free one: ids are used again late */

/* Makes room for another page of entries. */
static int grow(void) {
    if (entries == GRANTS_MAX)
        return -E_NOSLOT;
    if (table == NULL)
        table = heap_reserve(GRANTS_MAX * sizeof *table);
    if (table == NULL || !heap_commit(table + entries, PAGE_SIZE))
        return -E_NOMEM;
    int error = kcall_setgrant(table, entries + GRANTS_PER_PAGE);
    if (error) {
        mem_unmap(ENDPOINT_SELF, (uint64_t)(table + entries), PAGE_SIZE);
        return error;
    }
    next = entries;
    entries += GRANTS_PER_PAGE;
    return 0;
}

static struct grant *find_free(void) {
    for (uint32_t i = 0; i < entries; i++) {
        struct grant *g = &table[(next + i) % entries];
        if (g->flags == 0) {
            next = (uint32_t)(g - table) + 1;
            return g;
        }
    }
    return NULL;
}

/* Publishes a grant: its flags come last. */
static int put(const struct grant *made, struct grant_name *name) {
    struct grant *g = find_free();

    if ((made->flags & ~(unsigned)(GRANT_READ | GRANT_WRITE | GRANT_INDIRECT)) != 0 ||
        made->grantee == ENDPOINT_ANY)
        return -E_INVAL;
    if (g == NULL) {
        int error = grow();
        if (error)
            return error;
        g = find_free();
    }
    uint64_t id = grant_id((g->id >> GRANT_INDEX_BITS) + 1, (uint32_t)(g - table));
    *g = *made;
    g->flags = 0;
    g->id = id;
    __atomic_store_n(&g->flags, made->flags | GRANT_VALID, __ATOMIC_RELEASE);
    *name = (struct grant_name){ runtime_self(), id };
    return 0;
}

int grant_make(endpoint_t grantee, const void *memory, size_t bytes, unsigned access,
               struct grant_name *made) {
    if (access & GRANT_INDIRECT)
        return -E_INVAL;
    return put(
        &(struct grant){
            .flags = access, .grantee = grantee, .start = (uint64_t)memory, .bytes = bytes },
        made);
}

int grant_delegate(struct grant_name given, uint64_t offset, size_t bytes, endpoint_t grantee,
                   unsigned access, struct grant_name *made) {
    if (access & ~(unsigned)(GRANT_READ | GRANT_WRITE))
        return -E_INVAL;
    if (grant_is_remote(given))
        return grant_delegate_remote(given, offset, bytes, grantee, access, made);
    return put(&(struct grant){ .flags = access | GRANT_INDIRECT,
                                .grantee = grantee,
                                .start = offset,
                                .bytes = bytes,
                                .grantor = given.grantor,
                                .parent = given.id },
               made);
}

/*
 * From the first step on the kernel lets nobody use it, so no flag is set after that. Atomic, for
 * the kernel may set one at any time until then.
 */
int grant_revoke(struct grant_name made) {
    uint32_t index = grant_index(made.id);
    int error = 0;

    if (made.id & GRANT_ID_RECORDED)
        return grant_revoke_remote(made);
    if (made.grantor != runtime_self() || index >= entries || table[index].id != made.id)
        return -E_NOENT;
    uint32_t flags =
        __atomic_fetch_and(&table[index].flags, ~(uint32_t)GRANT_VALID, __ATOMIC_RELAXED);
    if (!(flags & GRANT_VALID))
        return -E_NOENT;
    if (flags & GRANT_MAPPED)
        error = kcall_saferevoke(REVOKE_GRANT, made.id);
    if (!error && flags & GRANT_REMOTE)
        error = grant_revoke_remote(made);
    if (!error)
        table[index].flags = 0;
    return error;
}
