/* Kernel calls of memory grants (include/bulkhead/grant.h). */
#include "kcall.h"

#include "frame.h"
#include "mapping.h"
#include "vm.h"

#define PAGES_PER_STEP 16
#define BYTES_PER_STEP (PAGES_PER_STEP * PAGE_SIZE)

_Static_assert(MAPPING_RESTART == KCALL_RESTART, "steps restart calls");

int kcall_setgrant(struct process *p) { return grant_set_table(p, ARG0(p), ARG1(p)); }

/* ---- SAFEMAP, SAFEREVOKE ---- */

static int check_protection(uint64_t protection) {
    return protection & ~(uint64_t)(PROT_READ | PROT_WRITE) ? -E_INVAL : 0;
}

static uint32_t access_of(uint64_t protection) {
    return GRANT_READ | (protection & PROT_WRITE ? GRANT_WRITE : 0);
}

int kcall_safemap(struct process *p) {
    struct grant_claim claim = { .grantee = p->endpoint,
                                 .grantor = ARG0(p),
                                 .id = ARG1(p),
                                 .offset = ARG2(p),
                                 .bytes = ARG4(p),
                                 .access = access_of(ARG5(p)) };
    if (ARG3(p) % PAGE_SIZE || check_protection(ARG5(p)))
        return -E_INVAL;
    return mapping_map(p, &claim, ARG3(p), (unsigned)ARG5(p));
}

int kcall_saferevoke(struct process *p) {
    switch (ARG0(p)) {
    case REVOKE_GRANT:
        return mapping_revoke(p, ARG1(p), &ARG2(p));
    case REVOKE_MAPPING:
        return mapping_unmap(p, ARG1(p));
    default:
        return -E_BADCALL;
    }
}

/* ---- GRANT ---- */

static int resolve(struct process *p) {
    struct grant_claim claim;
    if (!vm_user_range_ok(p, ARG1(p), sizeof claim, true))
        return -E_FAULT;
    vm_copy_in(p, &claim, ARG1(p), sizeof claim);
    int error = grant_resolve(p, &claim);
    if (!error && ARG2(p) == 1)
        grant_mark(&claim, GRANT_REMOTE);
    if (!error)
        vm_copy_out(p, ARG1(p), &claim, sizeof claim);
    return error;
}

/* In arg[4]: bytes that are done. */
static int copy_for(struct process *p) {
    struct grant_claim claim;
    uint64_t budget = BYTES_PER_STEP;
    if (ARG3(p) > COPY_TO)
        return -E_INVAL;
    if (vm_copy_in(p, &claim, ARG1(p), sizeof claim))
        return -E_FAULT;
    if (ARG4(p) > claim.bytes)
        return -E_INVAL;
    struct safecopy c = { claim.grantor,          claim.id,
                          claim.offset + ARG4(p), ARG2(p) + ARG4(p),
                          claim.bytes - ARG4(p),  ARG3(p) };
    int error = grant_copy(p, claim.grantee, &c, &budget);
    ARG4(p) = claim.bytes - c.bytes;
    return error || !c.bytes ? error : KCALL_RESTART;
}

/* Counts a page as pinned, and tells where it is. */
static int pin_page(struct process *p, struct process *owner) {
    uint64_t physical;
    if (!vm_user_range_ok(p, ARG4(p), sizeof physical, true))
        return -E_FAULT;
    int error = vm_share(owner, ARG2(p), ARG5(p) & PROT_WRITE, FRAME_EXPORTED, &physical);
    if (error)
        return error;
    owner->pinned++;
    ARG4(p) += sizeof physical;
    return vm_copy_out(p, ARG4(p) - sizeof physical, &physical, sizeof physical);
}

static int unpin_page(struct process *p, struct process *owner) {
    uint64_t physical = vm_own_frame(owner, ARG2(p), false);
    if (!owner->pinned || !physical || !frame_shares(physical))
        return -E_NOENT;
    frame_unshare(physical);
    owner->pinned--;
    return 0;
}

static int each_page(struct process *p, int (*act)(struct process *p, struct process *owner),
                     bool dead_too) {
    struct process *owner;
    int error = process_find(ARG1(p), &owner);
    if (error && !(owner && dead_too))
        return error;
    if (ARG2(p) % PAGE_SIZE || ARG3(p) % PAGE_SIZE)
        return -E_INVAL;
    for (unsigned i = 0; i < PAGES_PER_STEP && ARG3(p); i++) {
        error = act(p, owner);
        if (error)
            return error;
        ARG2(p) += PAGE_SIZE;
        ARG3(p) -= PAGE_SIZE;
    }
    return ARG3(p) ? KCALL_RESTART : 0;
}

static int import(struct process *p) {
    struct process *child;
    uint64_t physical[PAGES_PER_STEP], pages = ARG3(p) / PAGE_SIZE;
    int error = kcall_child(p, ARG1(p), &child);
    if (error)
        return error;
    if (ARG2(p) % PAGE_SIZE || ARG3(p) % PAGE_SIZE || !pages || check_protection(ARG5(p)))
        return -E_INVAL;
    uint64_t begun = mapping_import_begun(child), count = pages - begun;
    if (begun > pages)
        return -E_STATE;
    if (count > PAGES_PER_STEP)
        count = PAGES_PER_STEP;
    if (vm_copy_in(p, physical, ARG4(p) + begun * sizeof physical[0], count * sizeof physical[0]))
        return -E_FAULT;
    return mapping_import(child, ARG2(p), pages, physical, (unsigned)count, (unsigned)ARG5(p));
}

static int withdraw(struct process *p) {
    struct process *child;
    int error = kcall_child(p, ARG1(p), &child);
    return error ? error : mapping_withdraw(child, ARG2(p));
}

int kcall_grant(struct process *p) {
    switch (ARG0(p)) {
    case GRANT_RESOLVE:
        return resolve(p);
    case GRANT_COPY:
        return copy_for(p);
    case GRANT_PIN:
        return each_page(p, pin_page, false);
    case GRANT_UNPIN:
        return each_page(p, unpin_page, true);
    case GRANT_IMPORT:
        return import(p);
    case GRANT_WITHDRAW:
        return withdraw(p);
    default:
        return -E_BADCALL;
    }
}
