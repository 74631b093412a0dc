/*
 * Memory grants (thesis 3.3.2): a process lets another one copy from or to a region of its memory,
 * to the byte, or map whole pages of it. Grants are capabilities that lie in a table in the
 * grantor's own memory; grantor and grant id together name one, and may be told to anybody: the
 * kernel looks into the table at each use. A grant is direct, of the grantor's own memory, or
 * indirect: it passes on part of a grant that the grantor has been given, with at most its rights.
 *
 * A use follows the chain of indirect grants to the direct one. Each grant on the way must be
 * valid, name the one before (or the user) as its grantee, contain the region, and allow the
 * access. So a chain that is cut anywhere is of no use, and nobody can use more than each grantor
 * meant; a grantor that writes nonsense into its table gives away its own rights at worst.
 *
 *   fourth process --(indirect)--> third --(indirect)--> second --(direct)--> first, whose memory
 * it is
 *
 * Grants end with their grantor. To end one earlier, unset GRANT_VALID; if the kernel has set
 * GRANT_MAPPED meanwhile, SAFEREVOKE then takes away what was mapped through it; if GRANT_REMOTE,
 * MONITOR_REVOKE (protocol/monitor.h) does on other cores.
 *
 * The kernel calls here serve grantors of the caller's core. <runtime/grant.h> has functions for
 * grantors of any core, and looks after the table.
 */
#ifndef BULKHEAD_GRANT_H
#define BULKHEAD_GRANT_H

#include <bulkhead/kcall.h>

enum grant_flag {
    GRANT_VALID = 1 << 0,
    GRANT_READ = 1 << 1,
    GRANT_WRITE = 1 << 2,
    GRANT_INDIRECT = 1 << 3, /* else direct */
    GRANT_MAPPED = 1 << 4,   /* set by the kernel: it was mapped, see SAFEREVOKE */
    GRANT_REMOTE = 1 << 5,   /* set by the kernel: it was mapped on another core, or its like */
};

/*
 * An entry of a grant table. All fields are the grantor's to write, but the two flags that the
 * kernel sets. The grantee is a process, never ENDPOINT_ANY: what anybody may read needs no grant.
 */
struct grant {
    uint32_t flags; /* set of enum grant_flag */
    uint32_t unused;
    uint64_t id; /* of this use of the entry; its low bits are the number of the entry */
    endpoint_t grantee;
    uint64_t start; /* direct: address of the region; indirect: offset in the region passed on */
    uint64_t bytes;
    endpoint_t grantor; /* indirect: who gave what is passed on, and as which grant */
    uint64_t parent;
    uint64_t unused_too;
};

_Static_assert(sizeof(struct grant) == 64, "a grant is one cache line");

/*
 * An id has the number of the entry in its low bits, and above them a sequence that is another for
 * each use of the entry, so that an id never means a later grant. In the name of what a monitor has
 * recorded (protocol/monitor.h), GRANT_ID_RECORDED is set.
 */
#define GRANT_INDEX_BITS  10
#define GRANTS_MAX        (1U << GRANT_INDEX_BITS) /* entries of a table */
#define GRANT_ID_RECORDED (UINT64_C(1) << 63)

static inline uint64_t grant_id(uint64_t sequence, uint32_t index) {
    return sequence << GRANT_INDEX_BITS | index;
}

static inline uint32_t grant_index(uint64_t id) { return id & (GRANTS_MAX - 1); }

/* Tables are of whole pages, of so many entries each. */
#define GRANTS_PER_PAGE   (PAGE_SIZE / sizeof(struct grant))
#define GRANT_TABLE_PAGES (GRANTS_MAX / GRANTS_PER_PAGE)

/* Grants in a chain, and bytes that are mapped at once. */
#define GRANT_DEPTH_MAX 8U
#define GRANT_MAP_MAX   0x200000UL

/*
 * Errors of every use of a grant, each counted as a refusal of the caller: E_NOENT grantor or grant
 * do not exist, the grant is not valid (any more), or is for another process; E_PEERDEAD a grantor
 * has died; E_RANGE more than was granted; E_PERM access that was not; E_TOOBIG the chain is longer
 * than GRANT_DEPTH_MAX, or a circle; E_FAULT the grantor has no such memory, or cannot write it.
 *
 * SETGRANT   Tells the kernel where the caller's table is. arg[0]: address, a multiple of the page
 *            size, arg[1]: entries, whole pages, at most GRANTS_MAX, else E_INVAL; 0: none. The
 *            table must be private memory that the caller can write, at each use: a page of it that
 *            is not holds no grants. E_FAULT
 *
 * SAFECOPY   Copies between the caller's memory and what it was granted. arg[0]: grantor, arg[1]:
 * id, arg[2]: offset in the grant, arg[3]: address in the caller, arg[4]: bytes, arg[5]: enum
 *            copy_direction. E_FAULT also: the caller has no such memory. Or several, in order:
 *            arg[0]: address of struct safecopy[], arg[1]: their number, at most SAFECOPY_MAX, else
 *            E_RANGE, arg[2]: 0, arg[5]: SAFECOPY_VECTOR; arg[1] is then how many of them were not
 *            done. Restartable: an error leaves copied what was copied before.
 *
 * SAFEMAP    Maps pages that the caller was granted. arg[0]: grantor, arg[1]: id, arg[2]: offset,
 *            arg[3]: address in the caller, arg[4]: bytes, at most GRANT_MAP_MAX, arg[5]: enum
 *            protection, without PROT_EXEC. The caller pays for page tables and a scratch frame.
 *            E_INVAL the region is not of whole pages of its owner, or is none; E_RANGE also:
 * outside user space; E_EXIST something is mapped there, E_QUOTA, E_NOSLOT more mappings than
 *            GRANT_MAPPINGS_MAX, or of one frame. Restartable.
 *
 *            What is mapped elsewhere its owner can neither unmap nor protect (E_BUSY), nor use as
 * a buffer of kernel calls or as grant table (E_FAULT). When a grantor of the chain revokes or is
 * destroyed, a zeroed scratch frame of the caller's takes the place of each page: no access to them
 * ever faults.
 *
 * SAFEREVOKE   arg[0]: enum saferevoke_op. Restartable.
 */
#define GRANT_MAPPINGS_MAX 21 /* of a process */

#define SAFECOPY_VECTOR 2 /* in the place of enum copy_direction */
#define SAFECOPY_MAX    64

struct safecopy {
    endpoint_t grantor;
    uint64_t id, offset;
    uint64_t address, bytes; /* in the caller */
    uint64_t direction;      /* enum copy_direction */
};

enum saferevoke_op {
    /* arg[1]: id of a grant of the caller's, arg[2]: 0. When it returns nothing is mapped on this
     * core through that grant, at whatever depth. */
    REVOKE_GRANT = 1,
    /* arg[1]: address: the caller gives up what it has mapped there · E_NOENT, E_BUSY it lies on
     * another core, whose monitor is to be asked (MONITOR_SAFEUNMAP) */
    REVOKE_MAPPING = 2,
};

/*
 * GRANT   For the monitor: grants that are used from other cores. arg[0]: enum grant_op. What was
 *         mapped by GRANT_IMPORT, and memory that is pinned, is the monitor's to end.
 */
enum grant_op {
    /* arg[1]: address of struct grant_claim, completed on return; arg[2]: 1 sets GRANT_REMOTE in
     * each grant of the chain. Errors of every use of a grant */
    GRANT_RESOLVE = 1,
    /* SAFECOPY on behalf of the grantee. arg[1]: address of struct grant_claim, arg[2]: address in
     * the caller, arg[3]: enum copy_direction, arg[4]: 0; all of the region. Restartable */
    GRANT_COPY = 2,
    /* Holds pages of a process' own, and tells where they are: its owner can neither free nor
     * protect them. arg[1]: process, arg[2]: address, arg[3]: bytes, arg[4]: address of uint64_t[],
     * their physical addresses, zero before; arg[5]: enum protection that others get. Restartable:
     * on an error those pages are pinned whose addresses are there · E_FAULT */
    GRANT_PIN = 3,
    /* arg[1]: process, dead or alive, arg[2]: address, arg[3]: bytes · E_NOENT. Restartable */
    GRANT_UNPIN = 4,
    /* Maps pages of another partition, or pinned ones of this one. arg[1]: child, arg[2]: address,
     * arg[3]: bytes, arg[4]: address of uint64_t[], arg[5]: enum protection. Errors as of SAFEMAP;
     * E_RANGE none of these. Restartable */
    GRANT_IMPORT = 5,
    /* Puts the scratch frame in the place of pages that were imported. arg[1]: child, arg[2]:
     * address · E_NOENT. Restartable. The child may then give the mapping up. */
    GRANT_WITHDRAW = 6,
};

/* What a grantee claims, and what the chain says of it. */
struct grant_claim {
    endpoint_t grantee, grantor;
    uint64_t id, offset, bytes;
    uint32_t access; /* set of GRANT_READ, GRANT_WRITE */
    uint32_t depth;  /* out: grants in the chain */
    endpoint_t root; /* out: whose memory it is */
    uint64_t address;
    struct grant_link {
        endpoint_t grantor;
        uint64_t id;
    } link[GRANT_DEPTH_MAX]; /* out: the first `depth` */
};

#endif
