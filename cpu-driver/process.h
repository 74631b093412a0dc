/*
 * Processes: the table of this core, one fixed-size slot each. Nothing here is ever allocated on
 * behalf of a message (design rule "no resource is allocated for a message"): all that IPC needs
 * lies in the slots of those who take part.
 */
#ifndef CPU_DRIVER_PROCESS_H
#define CPU_DRIVER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/error.h>
#include <bulkhead/grant.h>
#include <bulkhead/info.h>
#include <bulkhead/ipc.h>
#include <bulkhead/refusal.h>

#define MAX_PROCESSES 256
#define SLOT_WORDS    (MAX_PROCESSES / 64)

/*
 * The user registers, in the order in which entry.asm stores them; context.inc has the same
 * offsets. From `error` on it is the frame that the CPU pushes at an interrupt, for which TSS.RSP0
 * points at the end of this struct.
 */
struct context {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
    uint64_t vector; /* of the interrupt, or VECTOR_SYSCALL: then rcx and r11 are free and SYSRET
                        will do */
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct context) % 16 == 0, "the CPU aligns RSP0 down to 16");

#define VECTOR_SYSCALL 0x100

/* A set of process slots. */
struct slot_set {
    uint64_t word[SLOT_WORDS];
};

struct priv_range {
    uint64_t first, count;
};

/* Whether one of the ranges contains all of [first, first + length). */
static inline bool priv_covers(const struct priv_range *ranges, unsigned count, uint64_t first,
                               uint64_t length) {
    for (unsigned i = 0; i < count; i++)
        if (first >= ranges[i].first && length <= ranges[i].count &&
            first - ranges[i].first <= ranges[i].count - length)
            return true;
    return false;
}

/* What is waiting for a receiver, by kind; a set bit means that the structure it names is not
 * empty. */
enum pending {
    PENDING_EVENTS = 1 << 0,  /* process.events */
    PENDING_NOTIFY = 1 << 1,  /* process.notified_by */
    PENDING_ASEND = 1 << 2,   /* process.asend_from */
    PENDING_SENDERS = 1 << 3, /* process.senders */
    PENDING_BELLS = 1 << 4,   /* process.bells */
};

/* What a scheduling policy keeps about a process. */
struct sched_state {
    struct sched_link {
        struct sched_link *next, *prev;
    } link;                 /* for the policy's queues */
    bool queued;            /* it is in one */
    uint8_t priority;       /* now; 0 is the most urgent */
    uint8_t base_priority;  /* as set by SCHED_PRIORITY */
    uint8_t limit_priority; /* the most urgent that may be set */
    uint64_t quantum;       /* ticks of the TSC; with a budget 0, and it is in full_quantum */
    uint64_t quantum_left;
    uint64_t full_quantum;
    uint64_t budget, period; /* ticks; 0: no budget (sched/budget.c) */
    uint64_t budget_left;    /* of the period that ends then: */
    uint64_t period_end;     /* TSC */
    bool throttled;          /* it waits for that */
};

/*
 * The fields of the first lines are those that the IPC fast path reads and writes. `state` is what
 * the process does; the running process is PROCESS_READY too, and is in no queue.
 */
struct process {
    struct context context;

    endpoint_t endpoint;     /* ENDPOINT_NONE: the slot is free */
    endpoint_t receive_from; /* whom it is receiving from; ENDPOINT_NONE: it is not receiving */
    uint8_t state;           /* enum process_state */
    bool awaits_reply; /* receiving as the second half of SENDREC: no notification is taken for the
                          reply */
    bool uses_fpu;     /* its XSAVE area is live */
    uint8_t ipc_permitted;   /* bit n: primitive n */
    uint32_t pending;        /* set of enum pending */
    struct slot_set targets; /* whom it may send to */
    uint64_t kcalls_open;    /* the permitted kernel calls, if it may use SENDREC; EXIT always: see
                                process_set_rights() */
    uint64_t cr3;
    uint64_t fs_base, gs_base;
    uint64_t cpu_time; /* ticks of the TSC */
    uint64_t messages_sent, messages_received;
    struct process *lender; /* whose call, by the fast path, it runs on; NULL: its own quantum */

    struct sched_state sched;

    /* IPC, general path */
    struct process *send_to; /* in PROCESS_SENDING: whose queue it is in */
    struct process *senders_head, *senders_tail;
    struct process *senders_next;
    struct slot_set notified_by, asend_from;
    struct slot_set asend_to; /* in whose asend_from it is */
    uint16_t last_served; /* slot that a notification or ASEND was taken from last: the search goes
                             on after it */
    uint32_t events;      /* set of enum kernel_event */
    uint32_t irq_fired;   /* set of the bits registered by IRQCTL */
    uint64_t asend_table; /* user address */
    uint32_t asend_entries;
    uint32_t bindings;                       /* that it has */
    struct binding *bells_head, *bells_tail; /* those of them that were rung, in that order */

    /* Alarm: a list sorted by deadline */
    uint64_t alarm_deadline; /* TSC; 0: none */
    struct process *alarm_next;

    /* Memory: its own frames, this many, of which `frame_quota` is the limit */
    uint32_t frames, frame_quota;
    uint64_t export_next, export_end; /* physical: frames of its that are yet to be mapped, in the
                                         middle of a SHARE_ALLOC or MAPDMA (vm.h) */
    uint32_t slot_quota;              /* processes that it may still create */

    /* Grants (grant.h) */
    uint64_t grant_table, grant_pages;           /* user address, and its pages */
    struct grant *grant_page[GRANT_TABLE_PAGES]; /* as the kernel sees them */
    struct mapping *mappings;                    /* that it has; NULL: none ever */
    uint32_t grant_links;                        /* that its grants are in the chains of mappings */
    uint64_t grant_cursor; /* when it is destroyed: slot to search for those mappings next */
    uint32_t pinned;       /* pages of its, by GRANT_PIN, as often as that is */

    void *xsave;

    /* Device permissions */
    struct priv_range io[PRIV_RANGES], irq[PRIV_RANGES], memory[PRIV_RANGES];
    uint8_t io_count, irq_count, memory_count;
    uint8_t vet_count;
    struct vet {
        uint16_t port;
        uint8_t width;
        uint32_t mask, value;
    } vets[PRIVCTL_VETS];
    uint8_t msi_vector, msi_count; /* of its messages: irq.h */
    uint32_t irq_limit;            /* interrupts per second of a source; 0: any number */

    uint64_t kcalls_permitted; /* as given by PRIVCTL */
    uint32_t refusals;         /* of all kinds */
    uint32_t refused[REFUSAL_COUNT];
    uint32_t slot_generation; /* of this slot, kept while the slot is free */
    endpoint_t supervisor;
    char label[LABEL_MAX];
    bool death_announced; /* PROC_WAIT has named it */

    /* Death report; the registers are those in `context` */
    uint32_t cause; /* enum death_cause */
    uint32_t exception;
    uint64_t status, fault_address, death_time;
    uint32_t backtrace_length;
    uint64_t backtrace[BACKTRACE_MAX];
} __attribute__((aligned(64)));

extern struct process processes[MAX_PROCESSES];

/* The process that runs, or is served, or NULL while the core is idle. */
extern struct process *current;

static inline unsigned process_slot(const struct process *p) { return (unsigned)(p - processes); }

/*
 * The slot that an endpoint names, whoever has it. Multiplied out once: the compiler, knowing the
 * table's address, would do so at every use.
 */
static inline struct process *process_at(endpoint_t endpoint) {
    struct process *p = &processes[endpoint_slot(endpoint) % MAX_PROCESSES];
    __asm__("" : "+r"(p));
    return p;
}

static inline bool slot_set_has(const struct slot_set *set, unsigned slot) {
    return set->word[slot / 64] >> (slot % 64) & 1;
}

static inline void slot_set_add(struct slot_set *set, unsigned slot) {
    set->word[slot / 64] |= UINT64_C(1) << (slot % 64);
}

static inline void slot_set_remove(struct slot_set *set, unsigned slot) {
    set->word[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

static inline bool slot_set_empty(const struct slot_set *set) {
    uint64_t all = 0;
    for (unsigned i = 0; i < SLOT_WORDS; i++)
        all |= set->word[i];
    return all == 0;
}

/* The first member of the set after slot `after`, going round; -1 when it is empty. */
int slot_set_next(const struct slot_set *set, unsigned after);

/* Makes every slot free. */
void process_init(void);

/*
 * Finds the process of an endpoint. Returns -E_BADEP when there has never been one on this core,
 * -E_PEERDEAD when it has died, else 0. *found is the process while it has its slot, dead or alive,
 * else NULL.
 */
int process_find(endpoint_t endpoint, struct process **found);

/*
 * Takes a free slot, round-robin, for a process of `supervisor` (NULL for the first one), which
 * gives `slots` and one of its processes to make, and `frames` of its quota. The process is
 * PROCESS_CREATED, has no permissions, and an address space with nothing in it. Errors: -E_INVAL
 * label, -E_QUOTA, -E_NOSLOT.
 */
int process_create(struct process *supervisor, const char label[LABEL_MAX], uint32_t frames,
                   uint32_t slots, struct process **made);

/* The quotas of all processes add up to this. */
uint64_t process_total_quota(void);

/* The partition has grown or shrunk by so many frames, at the gain or expense of a process. */
void process_grow(struct process *p, uint64_t frames);
void process_shrink(struct process *p, uint64_t frames);

/* Sets the primitives and kernel calls that a process may use. */
void process_set_rights(struct process *p, unsigned ipc, uint64_t kcalls);

/* Makes a PROCESS_CREATED process runnable. The addresses have been checked. */
void process_start(struct process *p, uint64_t rip, uint64_t rsp, uint64_t rdi, uint64_t rsi);

/*
 * Ends a process: its cause is recorded, whoever waits for it is woken with -E_PEERDEAD, its
 * interrupt lines and its alarm are gone, its supervisor is told. Memory and slot stay until
 * process_destroy().
 */
void process_die(struct process *p, enum death_cause cause, uint64_t status);

/*
 * Frees some of a dead process' memory, and with the last of it the slot. Returns true when it is
 * gone. `heir` supervises its children from then on and gets its quota.
 */
bool process_destroy_step(struct process *p, struct process *heir);

/*
 * Counts a refusal, or what an error of a call or an exception says of one, and tells of it in the
 * log, not too often (refusal.c).
 */
void process_count_refusal(struct process *p, enum refusal kind);
void process_count_error(struct process *p, int error);
void process_count_exception(struct process *p, uint64_t vector);

/* Counts a refused call. Always returns `error`, so that it can be `return process_refuse(p,
 * REFUSED_RIGHT, -E_PERM)`. */
static inline int process_refuse(struct process *p, enum refusal kind, int error) {
    process_count_refusal(p, kind);
    return error;
}

#endif
