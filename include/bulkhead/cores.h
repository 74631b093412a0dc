/*
 * CORE: what a monitor does to other cores. It maps their memory to build an instance there, and to
 * read what is left of one; it resets them and lets them start. Whether a core is stopped, and who
 * may act on it, is agreed on by the monitors: the kernel offers the means and checks that nothing
 * of its own partition is touched.
 */
#ifndef BULKHEAD_CORES_H
#define BULKHEAD_CORES_H

#include <bulkhead/kcall.h>

/*
 * arg[0]: enum core_op, arg[1]: core, where there is one. Errors: E_NOENT the machine has no such
 * core, E_INVAL it is the caller's own.
 */
enum core_op {
    /*
     * Shows the caller memory outside its own partition, read-write: arg[2]: address in the caller,
     * arg[3]: physical address, arg[4]: bytes. E_RANGE not all of it is memory of other partitions,
     * or of the system block; E_EXIST, E_QUOTA, as MEM_MAP. Restartable.
     */
    CORE_MAP = 1,
    /* Takes it away again. arg[2]: address, arg[4]: bytes · E_NOENT, E_FAULT other memory */
    CORE_UNMAP = 2,
    /* Interrupts (Intel SDM vol. 3, 9.4.4 and 11.6.1). */
    CORE_NMI = 3,     /* stops the core's instance with a report, if it can still do that */
    CORE_INIT = 4,    /* resets the core, which waits for CORE_STARTUP. E_PERM it is core 0 */
    CORE_STARTUP = 5, /* arg[2]: page below 1 MiB, of the system block, where it begins, in real
                         mode · E_RANGE */
    /* out arg[0]: set of the cores whose instances have said that they stopped */
    CORE_STOPPED = 6,
    /*
     * Chunks of memory leave this partition, and come into it. Who owns a chunk is for the monitors
     * to agree on: nobody uses one that was given until somebody has taken it. The caller's quota
     * shrinks and grows with what it is worth, CORE_CHUNK_FRAMES less what its own tables take.
     *
     * GIVE: of a chunk whose frames are all free nothing is left here: neither states nor a
     * mapping. arg[2]: 0; out arg[0]: its physical address · E_NOMEM no chunk is free, E_QUOTA the
     * caller has less left than it is worth. Restartable.
     */
    CORE_CHUNK_GIVE = 7,
    /*
     * arg[2]: physical address of a chunk, arg[3]: enum chunk_taking · E_INVAL it is not the
     * address of one, E_EXIST it is in this partition, E_RANGE it is not wholly memory of
     * partitions, or holds what cores share, or lies where the direct map has no room, E_NOSLOT the
     * partition cannot grow any more, E_QUOTA the caller has no frame left for a page table
     */
    CORE_CHUNK_TAKE = 8,
};

enum chunk_taking {
    CHUNK_TAKE = 0,
    CHUNK_ASK = 1, /* only tell whether it could be taken */
};

#define CORE_CHUNK_BYTES  0x200000UL
#define CORE_CHUNK_FRAMES (CORE_CHUNK_BYTES / PAGE_SIZE)

/*
 * The system block: pages below 1 MiB that belong to no partition, in the order of enum
 * system_page. GETINFO INFO_BOOT tells where it lies.
 */
enum system_page {
    SYSTEM_TRAMPOLINE = 0, /* code that a core begins with */
    SYSTEM_TABLES = 1,     /* its page tables: PML4, level 3, level 2 */
    SYSTEM_VIEW = 4, /* the view word, and what monitors tell each other before they can talk */
    SYSTEM_PAGES = 8,
};

/* Where a monitor finds the channels with its peers, a page for each core. */
#define MONITOR_CHANNELS 0x0000210000000000UL

#endif
