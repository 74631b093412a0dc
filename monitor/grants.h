/*
 * Memory grants across cores (include/bulkhead/grant.h, docs/grants.md). Where the memory is, this
 * monitor resolves claims of other cores' processes, copies for them, pins pages that they map, and
 * records what was passed on. Where it is used, it maps the pages, and takes them away when it is
 * told to: only then are they unpinned.
 */
#ifndef MONITOR_GRANTS_H
#define MONITOR_GRANTS_H

#include <bulkhead/grant.h>

#include "cores.h"
#include "peers.h"
#include "requests.h"

extern const struct peer_service grants_service;

/* For cores_listen(). */
void grants_cores_gone(core_set_t gone);

/* A process of this core has died: what it has mapped is given back, its grants are revoked. */
void grants_process_died(endpoint_t process);

/* Whether memory of a dead process may still be mapped elsewhere: child_free() will be called. */
bool grants_hold(endpoint_t process);

/* MONITOR_SAFECOPY_FROM to MONITOR_SAFEUNMAP. */
int grants_copy_from(struct call *call);
int grants_copy_to(struct call *call);
int grants_delegate(struct call *call);
int grants_revoke(struct call *call);
int grants_map(struct call *call);
int grants_unmap(struct call *call);

/* A client's request about a grant goes to that core: its death is to be told there. */
void grants_asked(endpoint_t client, uint32_t core);

/* The reply to SAFEMAP has come, from the core of arg[0]: maps the pages. 0, or why not. */
int grants_import(const struct message *request, const struct call *reply);

/* A recorded grant: what was passed on by a process of any core. */
struct recorded_grant {
    uint64_t id;        /* 0: a free entry */
    endpoint_t grantor; /* the name's */
    endpoint_t delegator, grantee;
    uint64_t parent, offset, bytes;
    uint32_t access;
};

/*
 * A claim, as the kernel is to resolve it; and the recorded grants that it came through, which are
 * ended by 0. Errors as of every use of a grant.
 */
struct claim {
    struct grant_claim kernel;
    uint64_t recorded[GRANT_DEPTH_MAX + 1];
};

/* grant_records.c: see there. */
int records_claim(endpoint_t client, endpoint_t grantor, uint64_t id, uint64_t offset,
                  uint64_t bytes, uint32_t access, struct claim *claim);
int records_add(const struct recorded_grant *grant, uint64_t *id);
struct recorded_grant *records_find(uint64_t id);
struct recorded_grant *records_next(struct recorded_grant *after);

#endif
