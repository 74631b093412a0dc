/*
 * Protocol of the monitor, the first process of a core: programs, their policies, their ends.
 * Clients use SENDREC; the monitor answers with NBSEND. Longer data lies in the client's memory,
 * which the monitor, as supervisor of all it has started, may read and write (MEM_COPY).
 *
 * The reply's type is 0 or a negated error. Errors of every request: E_BADCALL unknown request,
 * E_PERM the caller's policy does not let it manage processes, E_FAULT bad address in the caller's
 * memory.
 *
 * Each core has its monitor, and a client asks its own, whatever the core that it asks about: where
 * a request names a core, that is in arg[5], CORE_HERE for the client's own; where it names an
 * endpoint, the core is that of the endpoint. Errors of both: E_NOENT no such core, or it is not a
 * member, E_PEERDEAD it failed before it answered.
 */
#ifndef BULKHEAD_PROTOCOL_MONITOR_H
#define BULKHEAD_PROTOCOL_MONITOR_H

#include <bulkhead/info.h>

/* X(name, number): arguments and reply are in the comment. */
#define MONITOR_REQUESTS(X)                                                                        \
    /* Start a program of the boot archive under its policy. arg[0]: address of its argument       \
     * strings, each with its terminating zero, the first is its name there; arg[1]: their bytes;  \
     * arg[2]: their number. Reply arg[0]: endpoint; arg[1]: 1 if it does not run yet, as its      \
     * policy has it wait for a PCI device: see PCI_ATTACH. The caller gets a NOTIFY when it ends. \
     * E_NOENT no such program, E_PERM no policy for it, E_CORE its policy has it on another core, \
     * E_IMAGE, E_CHECKSUM, E_QUOTA */                                                             \
    X(SPAWN, MESSAGE_TYPE_SERVICE + 0)                                                             \
    /* Has it ended? arg[0]: endpoint. Reply arg[0]: enum death_cause, arg[1]: exit status, or     \
     * kill or exception number. Works for the last MONITOR_REPORTS dead too. E_BADEP */           \
    X(STATUS, MESSAGE_TYPE_SERVICE + 1)                                                            \
    /* Text of a death report, symbolised. arg[0]: endpoint, arg[1]: address, arg[2]: bytes there. \
     * Reply arg[0]: bytes written. E_NOENT no such death is remembered */                         \
    X(REPORT, MESSAGE_TYPE_SERVICE + 2)                                                            \
    /* End a process. arg[0]: endpoint. E_BADEP, E_PERM it is needed by the system */              \
    X(KILL, MESSAGE_TYPE_SERVICE + 3)                                                              \
    /* Find a process. arg[0..2]: label. Reply arg[0]: endpoint of the oldest live process of that \
     * label there. arg[5]: core, or CORE_ANY: the own one, then the others from the lowest on.    \
     * E_NOENT. Open to every client */                                                            \
    X(LOOKUP, MESSAGE_TYPE_SERVICE + 4)                                                            \
    /* Names of the archive's programs, a line each. arg[0]: address, arg[1]: bytes there. Reply   \
     * arg[0]: bytes written */                                                                    \
    X(PROGRAMS, MESSAGE_TYPE_SERVICE + 5)                                                          \
    /* Change how a process is scheduled. arg[0]: endpoint, arg[1]: SCHED_PRIORITY or              \
     * SCHED_QUANTUM, arg[2]: base priority, or quantum in nanoseconds. E_BADEP, E_INVAL, E_RANGE, \
     * E_PERM more urgent than its policy allows */                                                \
    X(SCHED, MESSAGE_TYPE_SERVICE + 6)                                                             \
    /* Who is behind an endpoint of any core? arg[0]: endpoint. Reply arg[0..2]: label. Works for  \
     * the last MONITOR_REPORTS dead of a core too. E_BADEP. Open to every client */               \
    X(LABEL, MESSAGE_TYPE_SERVICE + 7)                                                             \
    /* Make a channel with a process of another core. arg[0]: its endpoint, arg[1]: slots of each  \
     * ring, arg[2]: depth (urpc/channel.h). The client pays for the memory. Reply: as             \
     * MONITOR_BOUND. The peer is told by a bell, and asks BOUND. Two processes have one channel:  \
     * if there is one already, or the peer has just asked for one too, that is the reply, to      \
     * either. E_BADEP, E_PEERDEAD, E_TARGET no policy names the other, E_INVAL slots or depth,    \
     * E_QUOTA of memory, or of the channels and pools that its policy allows, E_NOSLOT none is    \
     * left of this core or of the peer. Open to every client */                                   \
    X(CONNECT, MESSAGE_TYPE_SERVICE + 8)                                                           \
    /* Share a pool of memory with the peer of a channel. arg[0]: name of the channel's binding,   \
     * arg[1]: bytes, at most SHARE_BYTES_MAX. Reply and errors as CONNECT. Open to every client   \
     */                                                                                            \
    X(POOL, MESSAGE_TYPE_SERVICE + 9)                                                              \
    /* The client is done with a binding, closed or not: its memory goes. arg[0]: name. E_BADEP.   \
     * Open to every client */                                                                     \
    X(DISCONNECT, MESSAGE_TYPE_SERVICE + 10)                                                       \
    /* The next channel or pool that another process has made with the client, whom a bell of a    \
     * binding that it does not know has told that there is one. Reply arg[0]: name of the         \
     * binding, arg[1]: address, arg[2]: slots, arg[3]: bytes << 32 | cookie << 16 | depth,        \
     * arg[4]: endpoint of the peer, arg[5]: enum bound_kind. E_NOENT there is none that it has    \
     * not been told of. Open to every client */                                                   \
    X(BOUND, MESSAGE_TYPE_SERVICE + 11)                                                            \
    /* Cores of the machine. arg[0]: address of struct monitor_core[], arg[1]: bytes there. Reply  \
     * arg[0]: bytes written, arg[1]: number of the view */                                        \
    X(CORES, MESSAGE_TYPE_SERVICE + 12)                                                            \
    /* Start, stop or fence a core. arg[0]: enum core_control, arg[5]: core. The reply comes when  \
     * that is done. E_STATE it is started, or stopped, already; E_NOTSUP core 0 cannot be; E_BUSY \
     */                                                                                            \
    X(CORE_CONTROL, MESSAGE_TYPE_SERVICE + 13)                                                     \
    /* What GETINFO tells on a core. arg[0]: address, arg[1]: bytes there, arg[2]: enum info,      \
     * arg[3]: its argument, arg[5]: core. Reply as GETINFO's outputs. E_TOOBIG more than          \
     * MONITOR_TEXT_MAX bytes */                                                                   \
    X(GETINFO, MESSAGE_TYPE_SERVICE + 14)                                                          \
    /* The kernel call TRACE on a core. arg[0]: enum trace_op, arg[1]: classes, or for TRACE_READ  \
     * address, arg[2]: bytes there, arg[3]: first event, arg[5]: core. Reply as TRACE's outputs;  \
     * and arg[3]: the core's TSC less the client's */                                             \
    X(TRACE, MESSAGE_TYPE_SERVICE + 15)                                                            \
    /* Give a process of this core a name that all cores agree on, until it dies. arg[0], arg[1]:  \
     * name, 1 to 16 bytes, zero-padded; arg[2]: endpoint. The reply comes when all know it.       \
     * E_EXIST another process has that name, E_BADEP, E_INVAL, E_NOSLOT too many names */         \
    X(PUBLISH, MESSAGE_TYPE_SERVICE + 16)                                                          \
    /* Who has a name? arg[0], arg[1]: name. Reply arg[0]: endpoint. E_NOENT. Open to every client \
     */                                                                                            \
    X(FIND, MESSAGE_TYPE_SERVICE + 17)                                                             \
    /* Move memory from one core to another. arg[0]: MiB, a multiple of 2; arg[4]: from core,      \
     * arg[5]: to core. The reply comes when that is done, or cannot go on. Reply arg[0]: MiB      \
     * moved, after an error too. E_INVAL, E_NOENT a core is no member, E_BUSY one is moving       \
     * memory already, E_NOMEM the former has no chunk of 2 MiB free, E_QUOTA its monitor has      \
     * given the memory to others, E_NOSLOT or E_RANGE the latter has no place for it, E_PEERDEAD  \
     * one failed meanwhile */                                                                     \
    X(MEMORY_MOVE, MESSAGE_TYPE_SERVICE + 18)                                                      \
    /* Tell all cores, to measure it. arg[0]: 0 and that is all, 1 and agree, by two-phase commit; \
     * arg[1]: enum monitor_tree. The reply comes when all have answered. Reply arg[0]: messages   \
     * that it took, arg[1]: rounds until the last core had it. E_INVAL, E_BUSY this monitor has   \
     * one under way */                                                                            \
    X(ANNOUNCE, MESSAGE_TYPE_SERVICE + 19)                                                         \
    /* End all pools that the client shares with processes of other cores: when the reply comes,   \
     * nobody has their memory mapped. arg[0]: enum monitor_tree. Reply as of ANNOUNCE. E_BUSY.    \
     * Open to every client */                                                                     \
    X(UNMAP, MESSAGE_TYPE_SERVICE + 20)                                                            \
    /* The tree along which a member tells all. arg[0]: address, arg[1]: bytes there for a struct  \
     * monitor_tree_core for each core, arg[2]: enum monitor_tree, arg[3]: root. Reply arg[0]:     \
     * bytes written, arg[1]: enum monitor_tree that it is, arg[2]: rounds. E_INVAL, E_NOENT the   \
     * root is no member. Open to every client */                                                  \
    X(TREE, MESSAGE_TYPE_SERVICE + 21)                                                             \
    /* Which core for a process? arg[0]: enum monitor_place; arg[1]: near what; arg[2]: a core of  \
     * which it is to be no SMT sibling, nor the core itself, or CORE_HERE. Of equally near ones   \
     * the least loaded, in tenths of its time, then the one with the fewest processes. Reply      \
     * arg[0]: core. E_INVAL, E_BUSY, E_NOENT no core is like that, there is no such core or node, \
     * or nothing is known of the device. Open to every client */                                  \
    X(PLACE, MESSAGE_TYPE_SERVICE + 22)                                                            \
    /* A driver of a PCI device. arg[0]: endpoint, arg[1]: address, arg[2]: bytes there for a      \
     * struct monitor_driver. Works for a dead one that has not been released. E_BADEP no such     \
     * driver here. For the PCI and the IOMMU server, as all that follow */                        \
    X(DRIVER, MESSAGE_TYPE_SERVICE + 23)                                                           \
    /* All drivers of PCI devices on a core. arg[0]: address, arg[1]: bytes there for struct       \
     * monitor_driver[], arg[2]: how many to leave out, arg[5]: core. Reply arg[0]: bytes written, \
     * arg[1]: how many there are */                                                               \
    X(DRIVERS, MESSAGE_TYPE_SERVICE + 24)                                                          \
    /* Give a driver that waits for its device a part of it. arg[0]: endpoint, arg[1]: enum        \
     * monitor_give, arg[2], arg[3]: as of the kernel call PRIVCTL. Reply arg[0], arg[1]: as its   \
     * outputs. E_STATE it does not wait, and PRIVCTL's. For the PCI server */                     \
    X(GIVE, MESSAGE_TYPE_SERVICE + 25)                                                             \
    /* A driver that waits has its device, and runs. arg[0]: endpoint, arg[1]: device. The client  \
     * gets a NOTIFY when it dies, or there is a storm of its interrupts. Nothing of its memory is \
     * used again until RELEASE. E_STATE. For the PCI server */                                    \
    X(ATTACH, MESSAGE_TYPE_SERVICE + 26)                                                           \
    /* The device of a dead driver is quiet: no bus mastering, nothing mapped for it, no           \
     * interrupts. arg[0]: endpoint. E_STATE it lives. For the PCI server */                       \
    X(RELEASE, MESSAGE_TYPE_SERVICE + 27)                                                          \
    /* Where the DMA memory of a driver lies. arg[0]: endpoint, arg[1]: address, arg[2]: bytes     \
     * there for uint64_t[], the physical address of each page; arg[3]: address in the driver,     \
     * arg[4]: bytes there. Reply arg[0]: bytes written. E_PERM not all is such memory, counted as \
     * REFUSED_DMA. For the IOMMU server */                                                        \
    X(DMA, MESSAGE_TYPE_SERVICE + 28)                                                              \
    /* Count a refusal of the client's against another process. arg[0]: endpoint, arg[1]: enum     \
     * refusal. E_BADEP, E_INVAL */                                                                \
    X(REFUSED, MESSAGE_TYPE_SERVICE + 29)                                                          \
    /* Memory grants that are used across cores (grant.h, docs/grants.md): errors of every use of  \
     * one. All are open to every client. Copies from a grant of arg[0], id arg[3], offset arg[4], \
     * to arg[1], arg[2] bytes. E_TOOBIG more than MONITOR_TEXT_MAX */                             \
    X(SAFECOPY_FROM, MESSAGE_TYPE_SERVICE + 32)                                                    \
    /* Copies to a grant. Arguments as above */                                                    \
    X(SAFECOPY_TO, MESSAGE_TYPE_SERVICE + 33)                                                      \
    /* Passes on part of a grant of arg[0], id arg[1], offset arg[2], arg[3]: GRANT_READ and       \
     * GRANT_WRITE << MONITOR_ACCESS_SHIFT | bytes, to arg[4]. It is recorded where the memory is. \
     * Reply arg[0]: id, of the same grantor. E_NOSLOT more than GRANTS_RECORDED_MAX by one        \
     * process, or by all */                                                                       \
    X(DELEGATE, MESSAGE_TYPE_SERVICE + 34)                                                         \
    /* Takes from other cores what was mapped through a grant. arg[0]: grantor, arg[1]: id: of the \
     * client's own, which is not valid any more, or recorded by it, which ends. The reply comes   \
     * when it is mapped nowhere. E_NOENT no such record of the client's, E_IO a core that could   \
     * not be fenced, and may run on, has it mapped: the memory stays in use */                    \
    X(REVOKE, MESSAGE_TYPE_SERVICE + 35)                                                           \
    /* Maps pages of a grant of arg[0], id arg[1], offset arg[2], arg[3]: enum protection <<       \
     * MONITOR_ACCESS_SHIFT | bytes, at arg[4]. Errors as of the kernel call; E_NOSLOT also more   \
     * than GRANT_EXPORTS_MAX of a core */                                                         \
    X(SAFEMAP, MESSAGE_TYPE_SERVICE + 36)                                                          \
    /* Takes away what was mapped so at arg[0]: then the kernel call does the rest. E_NOENT */     \
    X(SAFEUNMAP, MESSAGE_TYPE_SERVICE + 37)                                                        \
    /* Have an interrupt line, which is core 0's, ring a process of another core (BIND_LINE).      \
     * arg[0]: line. Reply arg[0]: name of the binding, masked: NOTIFY to it unmasks the line, and \
     * each bell says that it has fired and is masked again. DISCONNECT ends it. E_PERM, E_BUSY,   \
     * E_NOENT, E_INVAL on core 0 itself, E_PEERDEAD. Open to every client */                      \
    X(LINE, MESSAGE_TYPE_SERVICE + 40)

enum monitor_request {
#define X(name, number) MONITOR_##name = (number),
    MONITOR_REQUESTS(X)
#undef X
};

#define MONITOR_REPORTS 32 /* deaths remembered */

/* Grants: above the bytes of a region, what is allowed of them. */
#define MONITOR_ACCESS_SHIFT 56
/* Recorded grants by a process; by all of them on one grantor's core eight times that. */
#define GRANTS_RECORDED_MAX 32U
#define GRANT_EXPORTS_MAX   256

/* In the place of a core. */
#define CORE_HERE UINT64_C(0xffff)
#define CORE_ANY  UINT64_C(0xfffe)

/* Bytes that a request or a reply can carry to or from another core. */
#define MONITOR_TEXT_MAX 4096U

/* Ends that a process can have: their cookies are smaller. */
#define BOUND_MAX 128U

enum bound_kind {
    BOUND_CHANNEL_0 = 0, /* side 0 of a channel: the client that asked for it */
    BOUND_CHANNEL_1 = 1, /* side 1 */
    BOUND_POOL_OWNER = 2,
    BOUND_POOL_BORROWER = 3,
    BOUND_LINE = 4,        /* an interrupt line's, at its driver */
    BOUND_LINE_SOURCE = 5, /* and at core 0, where no process has it */
};

/* Cookies of a driver's end of a line are not smaller. */
#define BOUND_LINE_COOKIE 0x10000U

/*
 * The memory of a channel is formatted (urpc/channel.h, both depths the same) before either side is
 * told of it, with an origin at which no word of a slot is 0.
 */
#define BOUND_ORIGIN UINT64_C(0x100000000)

/* X(name, text): what a core is doing, as the members see it. */
#define MONITOR_CORE_STATES(X)                                     \
    X(OFF, "off") /* never started, or stopped and acknowledged */ \
    X(STARTING, "starting")                                        \
    X(MEMBER, "member")                                            \
    X(FENCING, "fencing") /* it has failed, or is to stop */       \
    X(LOST, "lost")       /* it did not acknowledge: its memory is never used again */

enum monitor_core_state {
#define X(name, text) MONITOR_CORE_##name,
    MONITOR_CORE_STATES(X)
#undef X
};

struct monitor_core {
    uint32_t core;
    uint32_t state; /* enum monitor_core_state */
    uint32_t incarnation;
    uint32_t apic_id;
    uint32_t node; /* NUMA node */
    uint32_t reserved;
    uint64_t memory_bytes; /* of its partition */
};

/* X(name, text): trees (topology/tree.h). */
#define MONITOR_TREES(X)                               \
    X(CHOSEN, "chosen") /* whichever costs least */    \
    X(FLAT, "flat")     /* the root tells everybody */ \
    X(BINOMIAL, "binomial")                            \
    X(MULTICAST, "multicast") /* one message into each package, farthest first */

enum monitor_tree {
#define X(name, text) MONITOR_TREE_##name,
    MONITOR_TREES(X)
#undef X
        MONITOR_TREE_COUNT
};

enum monitor_place {
    MONITOR_PLACE_ANY = 0,    /* the least loaded */
    MONITOR_PLACE_CORE = 1,   /* arg[1]: core */
    MONITOR_PLACE_NODE = 2,   /* arg[1]: NUMA node */
    MONITOR_PLACE_DEVICE = 3, /* arg[1]: PCI device, bus << 8 | device << 3 | function */
    MONITOR_PLACE_RULES
};

/* Where a core is in the machine, and in a tree. */
struct monitor_tree_core {
    uint16_t package, cache, physical, node; /* numbered from 0 over the machine */
    uint16_t member;
    uint16_t parent; /* CORE_HERE: none, it is the root, or no member */
    uint16_t round;  /* in which it is told */
    uint16_t reserved;
};

enum monitor_give {
    GIVE_PORTS = 1,  /* as PRIVCTL_IO */
    GIVE_MEMORY = 2, /* PRIVCTL_MEMORY */
    GIVE_MSI = 3,    /* PRIVCTL_MSI */
    GIVE_LINE = 4,   /* PRIVCTL_IRQ */
    GIVE_VET = 5,    /* PRIVCTL_VET */
};

enum monitor_driver_state {
    MONITOR_DRIVER_WAITING = 1, /* for its device: it is isolated, and does not run */
    MONITOR_DRIVER_RUNNING = 2,
    MONITOR_DRIVER_STORM = 3, /* it runs, and its interrupts are masked: there were too many */
    MONITOR_DRIVER_DEAD = 4,  /* and its memory is kept until MONITOR_RELEASE */
};

/* In the place of a device: bus << 8 | device << 3 | function. */
#define MONITOR_NO_DEVICE 0xffffU

/* A driver of a PCI device, and what its policy says of it (docs/policies.md). */
struct monitor_driver {
    endpoint_t endpoint;
    char label[LABEL_MAX];
    uint32_t state; /* enum monitor_driver_state */
    uint16_t device;
    uint16_t patterns, vets;  /* elements of pattern[], vet[] */
    uint32_t interrupt_limit; /* per second; 0: none */
    struct {
        uint8_t by_class;
        uint16_t vendor, device; /* 0xffff: any */
        uint32_t class24, class_mask;
    } pattern[4];
    struct {
        uint8_t bar, width;
        uint32_t offset, mask, value;
    } vet[8];
};

enum core_control {
    CORE_CONTROL_START = 1,
    CORE_CONTROL_STOP = 2,  /* in order: its monitor agrees */
    CORE_CONTROL_FENCE = 3, /* at once, as if it had failed */
};

#endif
