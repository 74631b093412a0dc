/*
 * Memory grants (include/bulkhead/grant.h, docs/grants.md): lets another process copy from or to
 * part of this one's memory, or map pages of it, and uses what others have granted. The same
 * functions serve processes of this and of other cores.
 *
 * The grantor:                                            the grantee, who has been told `name`:
 *
 *     grant_make(driver, buffer, 512, GRANT_READ, &name);     safe_copy_from(name, 0, mine, 512);
 *     ... tells the driver name.grantor and name.id ...
 *     grant_revoke(name);
 *
 * Errors are those of <bulkhead/grant.h>; of other cores also those of asking their monitors
 * (protocol/monitor.h).
 */
#ifndef RUNTIME_GRANT_H
#define RUNTIME_GRANT_H

#include <stddef.h>

#include <bulkhead/grant.h>
#include <bulkhead/protocol/monitor.h>

#include <runtime/kcall.h>

/* What a grant is called, by whoever uses it. It may be told to anybody, and be of no use to them.
 */
struct grant_name {
    endpoint_t grantor;
    uint64_t id;
};

/*
 * Lets `grantee` use `bytes` bytes of the caller's memory, of any alignment, for `access`: a set of
 * GRANT_READ and GRANT_WRITE. Errors: -E_NOMEM, -E_NOSLOT all entries are in use, -E_INVAL access,
 * or ENDPOINT_ANY.
 */
int grant_make(endpoint_t grantee, const void *memory, size_t bytes, unsigned access,
               struct grant_name *made);

/*
 * Passes on part of a grant that the caller was given, with at most its rights: who has more here
 * than there can use no more than there. For grants of other cores, errors are found now; for those
 * of this core, when they are used.
 */
int grant_delegate(struct grant_name given, uint64_t offset, size_t bytes, endpoint_t grantee,
                   unsigned access, struct grant_name *made);

/*
 * Ends a grant that the caller has made or passed on. When it returns nobody can use it, nor what
 * others have passed on of it, and nobody has anything mapped through it, on any core. -E_NOENT
 * there is no such grant of the caller's (any more). Memory that is granted may be freed, or lent
 * to the kernel, only after that.
 */
int grant_revoke(struct grant_name made);

/* ---- Uses. `offset` is that in the grant. ---- */

/* The kernel calls, for grantors of this core. */
IPC_INLINE int kcall_safecopy(endpoint_t grantor, uint64_t id, uint64_t offset, uint64_t address,
                              size_t bytes, uint64_t direction) {
    return trap_kernel_6(KCALL_SAFECOPY, grantor, id, offset, address, bytes, direction);
}

IPC_INLINE int kcall_safemap(endpoint_t grantor, uint64_t id, uint64_t offset, uint64_t address,
                             size_t bytes, uint64_t protection) {
    return trap_kernel_6(KCALL_SAFEMAP, grantor, id, offset, address, bytes, protection);
}

static inline int kcall_setgrant(struct grant *table, size_t entries) {
    return kcall_in(KCALL_SETGRANT, (uint64_t)table, entries, 0, 0);
}

static inline int kcall_saferevoke(enum saferevoke_op operation, uint64_t what) {
    return kcall_in(KCALL_SAFEREVOKE, operation, what, 0, 0);
}

/* Is it for the monitors? */
IPC_INLINE bool grant_is_remote(struct grant_name name) {
    return __builtin_expect(
        ((uint32_t)name.grantor ^ channel_hot.core) >> 16 != 0 || name.id & GRANT_ID_RECORDED, 0);
}

/* Through the monitors: a piece of at most MONITOR_TEXT_MAX bytes after another. */
int grant_copy_remote(struct grant_name name, uint64_t offset, uint64_t address, size_t bytes,
                      enum copy_direction direction);

IPC_INLINE int safe_copy_from(struct grant_name name, uint64_t offset, void *to, size_t bytes) {
    if (grant_is_remote(name))
        return grant_copy_remote(name, offset, (uint64_t)to, bytes, COPY_FROM);
    return kcall_safecopy(name.grantor, name.id, offset, (uint64_t)to, bytes, COPY_FROM);
}

IPC_INLINE int safe_copy_to(struct grant_name name, uint64_t offset, const void *from,
                            size_t bytes) {
    if (grant_is_remote(name))
        return grant_copy_remote(name, offset, (uint64_t)from, bytes, COPY_TO);
    return kcall_safecopy(name.grantor, name.id, offset, (uint64_t)from, bytes, COPY_TO);
}

/*
 * Several copies, in order, up to the first that fails; any number, of grantors of any core. Those
 * of this core take one kernel call for SAFECOPY_MAX of them.
 */
int safe_copy_vector(const struct safecopy *copies, size_t count);

/*
 * Maps `bytes` bytes of a grant at an address of the caller's, where nothing is mapped: whole
 * pages, of its owner and here; `protection` is PROT_READ, or with PROT_WRITE. They stay until
 * safe_unmap(address), or until the grant ends: then the caller has a page of zeroes in place of
 * each.
 */
int safe_map(struct grant_name name, uint64_t offset, void *address, size_t bytes,
             unsigned protection);
int safe_unmap(void *address);

#endif
