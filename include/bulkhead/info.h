/*
 * What GETINFO tells. Every record is fixed-size and free of pointers.
 */
#ifndef BULKHEAD_INFO_H
#define BULKHEAD_INFO_H

#include <bulkhead/kcall.h>

enum info {
    INFO_PROCESSES = 1, /* struct process_info[], every used slot in order; arg[3]: first slot */
    INFO_PROCESS = 2,   /* struct process_info of the process arg[3] (ENDPOINT_SELF: the caller) */
    INFO_DEATH = 3,     /* struct death_report of the dead child arg[3] */
    INFO_CORE = 4,      /* struct core_info */
    INFO_MEMORY = 5,    /* struct memory_info */
    INFO_SCHED = 6,     /* struct sched_info */
    INFO_LOG = 7,       /* the kernel log, text; arg[3]: number of bytes ever logged to skip */
    INFO_CMDLINE = 8,   /* the boot command line, text with a terminating zero */
    INFO_BOOT = 9,      /* to the monitor: struct boot_info (cpu-driver/bootinfo.h); else E_PERM */
    /* struct refusal_info (refusal.h) of the process arg[3], dead ones that still have their slot
     * included; ENDPOINT_SELF: the caller */
    INFO_REFUSALS = 10,
    /* the ACPI table whose signature is arg[3], as its four characters lie in memory: MCFG, DMAR or
     * IVRS, with its header; INFO_FIRMWARE_IOMMU: struct firmware_memory, the memory set aside for
     * an IOMMU's tables · E_NOENT this machine has none */
    INFO_FIRMWARE = 11,
    INFO_DEFENCES = 12, /* in the debug build alone: uint64_t, as SYSCTL_DEFENCE has set it */
};

#define INFO_FIRMWARE_IOMMU 0 /* a selector of INFO_FIRMWARE: no signature is 0 */

/* Physical memory that boot/ has set aside: zeroed at boot, in no partition. */
struct firmware_memory {
    uint64_t base, end;
};

/* X(name, text): what a process is doing. */
#define PROCESS_STATES(X)                                            \
    X(FREE, "free")                                                  \
    X(CREATED, "created") /* not started */                          \
    X(RUNNING, "running") /* on the CPU: the caller of GETINFO */    \
    X(READY, "ready")     /* waiting for the CPU */                  \
    X(SENDING, "sending") /* in SEND or the first half of SENDREC */ \
    X(RECEIVING, "receiving")                                        \
    X(DEAD, "dead")

enum process_state {
#define X(name, text) PROCESS_##name,
    PROCESS_STATES(X)
#undef X
};

struct process_info {
    endpoint_t endpoint;
    endpoint_t supervisor;
    endpoint_t partner; /* whom it waits for, ENDPOINT_ANY, or ENDPOINT_NONE */
    char label[LABEL_MAX];
    uint32_t state;         /* enum process_state */
    uint16_t priority;      /* now */
    uint16_t base_priority; /* as set */
    uint64_t cpu_time;      /* nanoseconds */
    uint64_t messages_sent;
    uint64_t messages_received;
    uint32_t frames;       /* physical frames that it owns now */
    uint32_t frames_quota; /* and may own, what it gave to its children not included */
    uint32_t slots_quota;  /* processes that it may still create */
    uint32_t refusals;     /* calls refused for want of permission */
    uint32_t ipc_permitted;
    uint32_t reserved;
    uint64_t kcalls_permitted;
    uint64_t quantum; /* nanoseconds */
};

/* X(name, text): why a process died. */
#define DEATH_CAUSES(X)                   \
    X(NONE, "alive")                      \
    X(EXIT, "exited")                     \
    X(KILLED, "killed by its supervisor") \
    X(EXCEPTION, "exception")

enum death_cause {
#define X(name, text) DEATH_##name,
    DEATH_CAUSES(X)
#undef X
};

#define BACKTRACE_MAX 16

struct death_report {
    endpoint_t endpoint;
    char label[LABEL_MAX];
    uint32_t cause;     /* enum death_cause */
    uint32_t exception; /* vector number, for DEATH_EXCEPTION (Intel SDM vol. 3, table 6-1) */
    uint64_t status;    /* EXIT's status, or PROC_KILL's number */
    uint64_t error_code;
    uint64_t address; /* CR2 at a page fault */
    uint64_t time;    /* nanoseconds since the core's start */
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15, rip,
        rflags;
    uint32_t backtrace_length;
    uint32_t reserved;
    uint64_t backtrace[BACKTRACE_MAX]; /* return addresses, innermost first, by frame pointers */
};

struct core_info {
    uint32_t core;
    uint32_t incarnation;
    uint32_t apic_id;
    uint32_t cores;   /* that the machine has */
    uint32_t starter; /* core whose monitor has started this one */
    uint32_t reserved;
    uint64_t tsc_frequency; /* Hz */
    uint64_t time;          /* nanoseconds since the instance started */
    uint64_t timer_ratio;   /* for instances started from here: see struct instance_info */
    uint64_t info_address;  /* physical: of struct instance_info, for monitors */
    /* Physical, for tests of what other instances can reach: parts of the instance, and the pages
     * that it shares with cores of higher numbers. */
    uint64_t image_address, stack_address, frame_table_address, page_table_address, commons_address;
    uint64_t tsc_start; /* TSC at multiboot entry, core 0 only; else at the instance's entry */
    uint64_t idle_time; /* nanoseconds */
    uint64_t interrupts;
    uint64_t context_switches; /* those of the fast path come on top: fastpath_hits */
    uint64_t messages;         /* delivered, of any kind */
    uint64_t fastpath_hits;
    uint64_t unknown_interrupts;
    char cpu[48];            /* brand string */
    char features[64];       /* what is on: "nx smep smap umip ..." */
    uint64_t instance_bytes; /* image, stacks, tables: all that the instance itself takes */
    uint64_t image_bytes, stack_bytes, page_table_bytes, frame_table_bytes, process_table_bytes;
};

/* X(name, text): the states of a physical frame; a frame has exactly one. */
#define FRAME_STATES(X)                                                          \
    X(ABSENT, "absent") /* a hole in the memory map, or not in this partition */ \
    X(FREE, "free")                                                              \
    X(KERNEL, "kernel")     /* the instance's own image, stacks, tables */       \
    X(TABLE, "table")       /* a page table of a process */                      \
    X(PRIVATE, "private")   /* mapped by one process */                          \
    X(EXPORTED, "exported") /* mapped on other cores too */                      \
    X(GRANTED, "granted")   /* mapped by other processes of this core too */     \
    X(DMA, "dma")           /* reachable by a device */                          \
    X(DEVICE, "device")     /* device registers */

enum frame_state {
#define X(name, text) FRAME_##name,
    FRAME_STATES(X)
#undef X
        FRAME_STATE_COUNT
};

struct memory_info {
    uint64_t partition_base;              /* where it began when the instance started */
    uint64_t chunks;                      /* of 2 MiB that the partition has memory in */
    uint64_t frames[FRAME_STATE_COUNT];   /* how many of theirs are in each state */
    uint64_t archive_base, archive_bytes; /* physical; outside every partition */
};

#define SCHED_POLICIES_MAX 8

struct sched_info {
    uint32_t current; /* number of the policy in use */
    uint32_t count;
    char name[SCHED_POLICIES_MAX][16];
    uint64_t boost_period; /* nanoseconds; 0 when the policy has none */
};

#endif
