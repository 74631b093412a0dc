/*
 * Kernel calls: a SENDREC to ENDPOINT_KERNEL with the call's number as message type and its
 * arguments in arg[]. Handled by the caller's own instance, at once, and vetted against the
 * caller's bitmap before anything else (thesis 3.2.2, 3.3.4). The result, 0 or a negated error,
 * comes in rax; where a call has outputs they replace arg[], and nothing else of the message
 * changes. On an error nothing has changed, unless the call's comment says otherwise.
 *
 * Errors of every call: E_PERM SENDREC or this call is not permitted · E_BADCALL no such call or
 * operation · E_BADEP, E_PEERDEAD an endpoint argument is not a process of this core · E_FAULT a
 * buffer is not in the caller's private memory. `process` stands for an endpoint that is
 * ENDPOINT_SELF or a process that the caller supervises, else E_PERM; "child" for the latter alone.
 * Addresses and lengths of memory calls are multiples of the page size, else E_INVAL.
 *
 * Long calls are restartable: every few microseconds the kernel writes what is left to do into the
 * caller's arguments and lets interrupts in. The caller sees nothing of it but that the arguments
 * have changed when the call returns.
 */
#ifndef BULKHEAD_KCALL_H
#define BULKHEAD_KCALL_H

#include <bulkhead/message.h>

/* X(name, number): a process' permitted calls are a 64-bit map with bit `number`. */
#define KERNEL_CALLS(X) \
    X(NULL, 0)          \
    X(EXIT, 1)          \
    X(PROC_CREATE, 2)   \
    X(PROC_START, 3)    \
    X(PROC_KILL, 4)     \
    X(PROC_WAIT, 5)     \
    X(PROC_DESTROY, 6)  \
    X(MEM_MAP, 7)       \
    X(MEM_UNMAP, 8)     \
    X(MEM_PROTECT, 9)   \
    X(MEM_COPY, 10)     \
    X(VDEVIO, 11)       \
    X(IRQCTL, 12)       \
    X(SETALARM, 13)     \
    X(GETINFO, 14)      \
    X(SYSCTL, 15)       \
    X(PRIVCTL, 16)      \
    X(SCHED, 17)        \
    X(TRACE, 18)        \
    X(LOG, 19)          \
    X(CORE, 20)         \
    X(SHARE, 21)        \
    X(BIND, 22)         \
    X(SETGRANT, 23)     \
    X(SAFECOPY, 24)     \
    X(SAFEMAP, 25)      \
    X(SAFEREVOKE, 26)   \
    X(GRANT, 27)        \
    X(MEMMAP, 28)       \
    X(MAPDMA, 29)

enum kernel_call {
#define X(name, number) KCALL_##name = (number),
    KERNEL_CALLS(X)
#undef X
        KCALL_COUNT
};

#define KCALL_BIT(name) (UINT64_C(1) << KCALL_##name)

#define KCALL_OR_BIT(name, number) | UINT64_C(1) << (number)
#define KCALL_ALL                  (0 KERNEL_CALLS(KCALL_OR_BIT))

/* Calls that reach memory and processors of other cores: for the monitor alone. */
#define KCALL_MONITOR (KCALL_BIT(CORE) | KCALL_BIT(SHARE) | KCALL_BIT(BIND) | KCALL_BIT(GRANT))

/*
 * NULL     Does nothing: the cost of entering and leaving the kernel.
 *
 * EXIT     Ends the caller. arg[0]: exit status, reported in its death report. Always permitted.
 *          Does not return.
 */

/*
 * PROC_CREATE   Makes a process with an empty address space, no permissions but to exit, and no
 *               CPU time until PROC_START. The caller becomes its supervisor.
 *               arg[0..2]: label, 1 to 24 printable ASCII characters without blanks, zero-padded
 *               arg[3]: frames that the process may own, everything included; taken from the
 *               caller's own quota and given back when it is destroyed
 *               arg[4]: processes that it may create in turn; 1 more than that is taken from what
 *               the caller may, and given back in the same way
 *               out arg[0]: its endpoint · E_QUOTA (frames: less than PROCESS_FRAMES_MIN; frames or
 *               processes: more than the caller has left), E_NOSLOT, E_INVAL label
 *
 * PROC_START    Makes a child runnable. arg[0]: child, arg[1]: first instruction, arg[2]: stack
 *               pointer, arg[3], arg[4]: values for its rdi and rsi · E_STATE started before,
 *               E_FAULT addresses outside user space
 *
 * PROC_KILL     Ends a child at once: every process that waits for it gets E_PEERDEAD. Its
 *               memory and its slot stay until PROC_DESTROY. arg[0]: child, arg[1]: a number for
 *               its death report · E_STATE dead already
 *
 * PROC_WAIT     Names a child that has died and has not been named by PROC_WAIT. out arg[0]:
 *               endpoint, arg[1]: enum death_cause · E_NOENT there is none. Never blocks:
 *               EVENT_CHILD announces deaths.
 *
 * PROC_DESTROY  Frees memory, quota and slot of a dead child. Its children become the caller's.
 *               arg[0]: child · E_STATE it is not dead, E_BUSY other cores may have memory of its
 *               mapped. Restartable.
 */
#define LABEL_MAX          24 /* bytes; a label of full length has no terminating zero */
#define PROCESS_FRAMES_MIN 8

/*
 * MEM_MAP       Maps new zeroed private memory. arg[0]: process, arg[1]: address, arg[2]: bytes,
 *               arg[3]: enum protection · E_QUOTA, E_WX, E_RANGE outside user space; E_EXIST a
 *               page is mapped: what lies below it has been mapped now. Restartable.
 * MEM_UNMAP     Frees memory. arg[0..2] as above · E_NOENT a page is not mapped, E_BUSY others have
 *               it mapped too (grant.h). Restartable: an error leaves unmapped what lies below the
 *               page at fault.
 * MEM_PROTECT   Changes protection. arg[0..3] as for MEM_MAP · E_NOENT, E_BUSY, E_WX. Restartable
 *               as MEM_UNMAP.
 * MEM_COPY      Copies between the caller and a process. arg[0]: process, arg[1]: address there,
 *               arg[2]: address in the caller, arg[3]: bytes (any alignment), arg[4]: enum
 *               copy_direction · E_FAULT what lies below the address at fault has been copied.
 *               Restartable.
 */
#undef PAGE_SIZE /* <limits.h> of some C libraries has one */
#define PAGE_SIZE 4096UL

/*
 * User addresses: from USER_BASE, so that null pointers always fault, to below USER_END, so that a
 * `syscall` can never end at a non-canonical address.
 */
#define USER_BASE 0x0000000000010000UL
#define USER_END  0x00007fffffff0000UL

enum protection {
    PROT_READ = 1 << 0, /* always given on x86 */
    PROT_WRITE = 1 << 1,
    PROT_EXEC = 1 << 2,
};

enum copy_direction {
    COPY_FROM = 0, /* process to caller */
    COPY_TO = 1,   /* caller to process; its pages must be writable */
};

/*
 * VDEVIO   Port I/O on the caller's own ports. One access: arg[0]: enum vdevio_op, arg[1]: port,
 *          arg[2]: value; out arg[2]: value read. Several, in order: arg[0]: VDEVIO_VECTOR, arg[1]:
 *          address of struct vdevio_entry[], arg[2]: their number, 1 to VDEVIO_MAX. All are checked
 *          before the first is done. E_PERM a port not granted, or a value that PRIVCTL_VET does
 *          not allow there; E_INVAL width or alignment, E_RANGE
 *          number
 */
#define VDEVIO_MAX 64

enum vdevio_op {
    VDEVIO_IN8 = 1,
    VDEVIO_IN16 = 2,
    VDEVIO_IN32 = 4,
    VDEVIO_WRITE = 8, /* added to one of the above: write */
    VDEVIO_OUT8 = VDEVIO_WRITE | 1,
    VDEVIO_OUT16 = VDEVIO_WRITE | 2,
    VDEVIO_OUT32 = VDEVIO_WRITE | 4,
    VDEVIO_VECTOR = 16, /* alone: the operations are in the vector */
};

struct vdevio_entry {
    uint16_t port;
    uint16_t op;    /* enum vdevio_op, without VDEVIO_VECTOR */
    uint32_t value; /* to write, or read */
};

/*
 * MEMMAP   Maps device memory that PRIVCTL_MEMORY allows: never executable, uncached. arg[0]: enum
 *          memmap_op, arg[1]: address, arg[2]: physical address, arg[3]: bytes, arg[4]: enum
 *          protection, MEMMAP_CACHED. E_PERM not granted, E_QUOTA, E_RANGE outside user space,
 *          E_EXIST a page is mapped, E_NOENT none is, E_FAULT it is other memory: what lies below
 *          the page at fault has been done. Restartable. The kernel takes no message buffers from
 *          such memory (E_FAULT).
 */
enum memmap_op {
    MEMMAP_MAP = 1,
    MEMMAP_UNMAP = 2, /* arg[1]: address, arg[3]: bytes */
};

/* With the protection: for the memory of INFO_FIRMWARE_IOMMU alone, which is RAM. */
#define MEMMAP_CACHED (UINT64_C(1) << 8)

/*
 * MAPDMA   Maps new zeroed memory, of frames that follow each other, that devices may be given:
 *          writable. It stays until the process is destroyed, so that no device can write to frames
 *          that have another use: MEM_UNMAP and MEM_PROTECT get E_FAULT. arg[0]: enum mapdma_op,
 *          arg[1]: address, arg[2]: bytes, at most MAPDMA_BYTES_MAX; arg[3], arg[4]: 0. out arg[0]:
 *          physical address · E_QUOTA, E_EXIST, E_RANGE, E_NOMEM there are none such. Restartable.
 */
enum mapdma_op {
    MAPDMA_ANYWHERE = 0,
    MAPDMA_BELOW_4G = 1, /* for devices that have 32 address bits */
    /*
     * For who may use CORE: where the memory of a child lies. arg[1]: child, arg[2]: address there,
     * arg[3]: bytes, arg[4]: address of uint64_t[], the physical address of each page. E_PERM some
     * of it is no DMA memory of the child's; counted there as REFUSED_DMA
     */
    MAPDMA_QUERY = 2,
};

#define MAPDMA_BYTES_MAX 0x200000UL

/*
 * IRQCTL   An interrupt line of the caller's own, by global system interrupt number, or an
 * interrupt message of its own: IRQ_MSI_BASE and its number. arg[0]: enum irqctl_op, arg[1]: line.
 * An interrupt masks its line, then sets bit `arg[2]` in the caller's EVENT_IRQ notification; the
 * driver unmasks the line and then serves its device, for an edge that comes meanwhile would be
 * lost. A message that comes meanwhile is not: unmasking notifies again. Lines are core 0's;
 * irqctl_register() of the library serves drivers on all cores. E_PERM line not granted, E_BUSY
 * registered by another process, E_STATE not registered by the caller, or UNREGISTER in a storm,
 * E_RANGE bit above 31, E_NOENT no interrupt controller has this line, or no such message,
 * E_NOSLOT no vector is free
 */
#define IRQ_MSI_BASE 0x10000U
#define IRQ_MSI_MAX  32U /* of a process */

enum irqctl_op {
    IRQCTL_REGISTER = 1, /* arg[2]: bit, 0 to 31. The line starts masked */
    IRQCTL_UNREGISTER = 2,
    IRQCTL_UNMASK = 3,
    IRQCTL_MASK = 4,
    /*
     * How a line's interrupts look to an IOMMU, for the server that drives it: who may use every
     * line there can be. out arg[0]: vector, arg[1]: APIC id, arg[2]: 1 if it is level-triggered,
     * arg[3]: id of its I/O APIC. From now on the line keeps that vector, whoever registers it.
     * arg[2]: 0, or the index of its entry in the table of the IOMMU and 1 more: the line's
     * interrupts ask for that entry from now on (Intel VT-d specification, 5.1.5.1). E_PERM,
     * E_NOENT, E_NOSLOT, E_RANGE
     */
    IRQCTL_REMAP = 5,
};

/*
 * SETALARM  One alarm per process. arg[0]: nanoseconds from now, 0 for none. When it has passed
 *           the caller gets EVENT_ALARM, once. out arg[0]: nanoseconds that the alarm before it
 *           had left, 0 if none was set.
 */

/*
 * GETINFO   Copies information into the caller's memory. arg[0]: enum info (info.h), arg[1]:
 *           address, arg[2]: bytes there, arg[3]: what the enum says. out arg[0]: bytes written;
 *           arg[1]: bytes there are in all; INFO_LOG, arg[2]: position of the first
 *           byte. A buffer that is too short gets as many whole records as fit.
 */

/*
 * SYSCTL    The instance as a whole. arg[0]: enum sysctl_op.
 */
enum sysctl_op {
    SYSCTL_POWEROFF = 2, /* does not return · E_NOTSUP no ACPI soft-off found */
    SYSCTL_REBOOT = 3,   /* does not return */
    /* verifies the kernel's invariants. out arg[0]: violations, each described in the log */
    SYSCTL_CHECK = 4,
    SYSCTL_FASTPATH = 5, /* arg[1]: 0 sends all IPC through the general path, 1 as usual; to measure
                            and to test */
    /*
     * arg[1]: 1 keeps the kernel off the serial port from now on (a driver owns it), 0 gives it
     * back. A report of a stopped core is written there all the same
     */
    SYSCTL_CONSOLE = 6,
    SYSCTL_CRASH = 7,   /* arg[1]: enum crash, arg[2]: what it says. Stops the core, to see that it
                           says why. Only when `debug=1` is on the boot command line, else E_PERM */
    SYSCTL_DEFENCE = 8, /* arg[1]: set of enum defence (defence.h) that are off from now on. Only in
                           the debug build that has such switches, else E_BADCALL */
};

/* Bugs that an instance can be asked to have. */
enum crash {
    CRASH_ASSERT = 1,   /* a false assertion */
    CRASH_DIVIDE = 2,   /* a division by zero */
    CRASH_READ = 3,     /* a load from an address that nothing is mapped at */
    CRASH_WRITE = 4,    /* a store into its own text */
    CRASH_JUMP = 5,     /* a jump into its own data */
    CRASH_OVERFLOW = 6, /* a recursion without end: the guard page below the stack */
    CRASH_FOREIGN = 7,  /* a store to the physical address arg[2], of another core's partition */
    CRASH_HANG = 8,     /* a loop without end, with interrupts off */
    CRASH_WILD = 9,     /* a jump to nowhere */
};

/*
 * LOG       Adds a line to the kernel log. arg[0]: address, arg[1]: bytes, at most LOG_LINE_MAX,
 * else E_TOOBIG. Control characters become question marks.
 */
#define LOG_LINE_MAX 200

/*
 * PRIVCTL   Adds to a child's permissions, or takes from them. arg[0]: enum privctl_op, arg[1]:
 *           child. Nobody can give what it has not got (E_PERM). E_NOSLOT more ranges than
 *           PRIV_RANGES of a kind.
 */
enum privctl_op {
    PRIVCTL_IPC = 1,    /* arg[2]: bitmap of primitives, replaces the one before */
    PRIVCTL_KCALLS = 2, /* arg[2]: bitmap of kernel calls, replaces the one before */
    PRIVCTL_ALLOW = 3,  /* arg[2]: endpoint that the child may send to; it may answer (symmetric) */
    PRIVCTL_DENY = 4,   /* arg[2]: endpoint; both directions. Who waits gets E_TARGET */
    PRIVCTL_IO = 5,     /* arg[2]: first port, arg[3]: number of ports */
    PRIVCTL_IRQ = 6,    /* arg[2]: first line, arg[3]: number of lines */
    /* arg[2]: lowest-numbered (most urgent) priority that SCHED may set for the child */
    PRIVCTL_SCHED = 7,
    PRIVCTL_TAKE_FRAMES =
        8, /* arg[2]: frames of the child's unused quota become the caller's · E_QUOTA */
    PRIVCTL_GIVE_FRAMES =
        9, /* arg[2]: frames of the caller's unused quota become the child's · E_QUOTA */
    /* arg[2]: first page (physical address / PAGE_SIZE), arg[3]: number of pages that MEMMAP may
     * map, as far as they are neither RAM nor an interrupt controller */
    PRIVCTL_MEMORY = 10,
    /*
     * arg[2]: number of interrupt messages (MSI), 1 to IRQ_MSI_MAX, once for a child: its lines
     * from IRQ_MSI_BASE on. out arg[0]: vector of the first, a multiple of the number rounded up to
     * a power of two; the others follow. arg[1]: APIC ID to send them to. E_NOSLOT no vectors left
     */
    PRIVCTL_MSI = 11,
    /* arg[2]: interrupts per second of one source; more are a storm. 0: there are never too many */
    PRIVCTL_IRQ_LIMIT = 12,
    PRIVCTL_IRQ_RESUME = 13, /* sources that were masked for a storm work again */
    /*
     * Values that VDEVIO may write to a port. arg[2]: port << 32 | width (1, 2, 4 bytes), arg[3]:
     * mask << 32 | value. What is written there must be of that width, and its bits in the mask
     * equal the value of one of the rules with that port and mask. At most PRIVCTL_VETS rules
     */
    PRIVCTL_VET = 14,
    /*
     * arg[2]: nanoseconds of CPU time in each period, arg[3]: nanoseconds of a period: when they
     * are used up, REFUSED_BUDGET is counted and the child has to wait for the next, even if nobody
     * else wants the CPU. What runs on its quantum counts, as what it calls does; what it runs on a
     * caller's does not. arg[2] 0: as much as there is · E_RANGE budget below SCHED_BUDGET_MIN or
     * above the period, period outside SCHED_PERIOD_MIN to _MAX
     */
    PRIVCTL_BUDGET = 15,
    /* arg[2]: enum refusal (refusal.h): counted at the child, by who has refused it something ·
     * E_RANGE */
    PRIVCTL_REFUSED = 16,
};

#define PRIV_RANGES  8
#define PRIVCTL_VETS 8

/*
 * SCHED     Scheduling on this core. arg[0]: enum sched_op.
 */
enum sched_op {
    /* arg[1]: number of the policy to use from now on (GETINFO INFO_SCHED) · E_NOENT */
    SCHED_POLICY = 1,
    /* arg[1]: process, arg[2]: base priority · E_RANGE, E_PERM more urgent than it may be */
    SCHED_PRIORITY = 2,
    /* arg[1]: process, arg[2]: nanoseconds, SCHED_QUANTUM_MIN to _MAX · E_RANGE */
    SCHED_QUANTUM = 3,
    SCHED_YIELD = 4, /* gives the rest of the caller's quantum away */
};

#define SCHED_PRIORITIES      16 /* 0 is the most urgent */
#define SCHED_PRIORITY_USER   8  /* what a new process gets */
#define SCHED_QUANTUM_DEFAULT 10000000UL
#define SCHED_QUANTUM_MIN     100000UL
#define SCHED_QUANTUM_MAX     100000000UL
#define SCHED_BUDGET_MIN      100000UL
#define SCHED_PERIOD_MIN      1000000UL
#define SCHED_PERIOD_MAX      10000000000UL

/*
 * TRACE     The event ring of this core (trace.h). arg[0]: enum trace_op.
 */
enum trace_op {
    TRACE_START = 1, /* arg[1]: set of enum trace_class. Clears the ring */
    TRACE_STOP = 2,
    TRACE_READ = 3, /* arg[1]: address of struct trace_event[], arg[2]: bytes, arg[3]: number of the
                       first event; out arg[0]: events copied, arg[1]: number of the first of them,
                       arg[2]: events ever recorded */
};

#endif
