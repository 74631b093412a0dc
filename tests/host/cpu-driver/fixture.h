/*
 * An instance on the host: a partition of real memory with holes, the frame table, and a first
 * process with all rights that stays ready. Tests make processes and let them make system calls.
 */
#ifndef TESTS_CPU_DRIVER_FIXTURE_H
#define TESTS_CPU_DRIVER_FIXTURE_H

#include <bulkhead/kcall.h>

#include "core.h"
#include "process.h"

#define FAKE_LINES 24 /* of the interrupt controller */

struct fake_line {
    uint8_t vector;
    bool masked;
    uint32_t handle; /* of an IOMMU */
};

#define FAKE_IOAPIC 9

extern struct fake_line fake_lines[FAKE_LINES];

/* The last interrupt that was sent to another core, and the last bell; and how many. */
extern struct fake_sent {
    unsigned count;
    uint32_t apic_id, command;
} fake_sent;

extern struct fake_post {
    unsigned count;
    uint32_t core, number;
} fake_post;

#define FIXTURE_START       1000 /* the clock at boot */
#define FIXTURE_CORE        3
#define FIXTURE_INCARNATION 5
#define FIXTURE_CORES       8 /* core n has the APIC ID FIXTURE_APIC_ID(n) */
#define FIXTURE_APIC_ID(n)  (2 * (n) + 16)
#define FIXTURE_FOREIGN \
    0x40000000UL /* memory of other cores, this many pages; it is never touched */
#define FIXTURE_FOREIGN_PAGES 1024
#define FIXTURE_FAR_CHUNKS    4 /* of other cores, that can be taken, but for the last one */
#define FIXTURE_LOW           0x10000UL    /* the system block */
#define FIXTURE_DEVICE        0xd0000000UL /* registers of devices, this many pages */
#define FIXTURE_DEVICE_PAGES  4096
#define FIXTURE_LAPIC         0xfee00000UL
#define FIXTURE_IOAPIC        0xfec00000UL
#define FIXTURE_HPET          0xfed00000UL
#define FIXTURE_IOMMU         0x80000000UL /* set aside for an IOMMU's tables */
#define FIXTURE_FRAMES        4096         /* from the first to the last of the partition */
#define FIXTURE_MEMORY \
    0x400000UL /* user address that processes of fixture_process() have memory at */
#define FIXTURE_PAGES          2
#define FIXTURE_PROCESS_FRAMES 32
#define FIXTURE_PROCESS_SLOTS  4

/* Sets up the partition and the frame table only. Returns the number of free frames. */
int64_t fixture_frames(void);

/* The physical address of frame `index` of the partition, which may be a hole. */
uint64_t fixture_frame(uint64_t index);

/* The physical address of a chunk that another core has, in a GiB of which nothing is mapped. */
uint64_t fixture_far(unsigned chunk);

/* Whether the partition has a hole there. */
bool fixture_is_hole(uint64_t index);

/* A whole instance. Returns its first process, which runs and never blocks. */
struct process *fixture_boot(void);

/*
 * Lets the tests choose who runs (fixture_run()) in place of a scheduling policy; when the running
 * process blocks, the first process runs. fixture_boot() does it; sched_use() changes it.
 */
void fixture_schedule_by_hand(void);

/* Gives the CPU to `p`, which is ready. */
void fixture_run(struct process *p);

/*
 * A started process with all primitives and calls, no targets, and FIXTURE_PAGES writable pages at
 * FIXTURE_MEMORY.
 */
struct process *fixture_process(const char *label);

/* Moves frames from the first process' quota to another's; or back, if negative. */
void fixture_give_frames(struct process *p, int64_t frames);

/* Lets the two send to each other. */
void fixture_connect(struct process *a, struct process *b);

/* The physical address of the page that a process has at an address; 0: none. */
uint64_t fixture_physical(const struct process *p, uint64_t address);

/* The memory of a process; NULL: not mapped. */
void *fixture_memory(struct process *p, uint64_t address);

/*
 * `p` makes a system call: rax, rdi, and *m in the other registers. It gets the CPU first. Returns
 * rax, which means nothing when it is blocked afterwards.
 */
int fixture_call(struct process *p, uint64_t operation, uint64_t to, const struct message *m);

/* A primitive with a message of that type. */
int fixture_ipc(struct process *p, uint64_t operation, uint64_t to, uint32_t type);

/* A kernel call, made again as long as it is to be restarted; outputs replace args. */
int fixture_kcall(struct process *p, uint32_t number, uint64_t args[MESSAGE_ARGS]);

/* One step of a kernel call that may be restarted: 1 when more is left to do. */
int fixture_step(struct process *p, uint32_t number, const uint64_t args[MESSAGE_ARGS]);

/* The message that the registers of `p` hold. */
struct message fixture_received(const struct process *p);

/* SYSCTL_CHECK: the number of violated invariants, which the test's log names. */
unsigned fixture_violations(void);

/*
 * At the end of every test: no invariant is violated. Criterion takes no notice of an assertion
 * that fails then; that the test crashes it does tell, by its exit status.
 */
void fixture_end(void);

/* The timer goes off, or an interrupt line fires, while `current` runs. */
void fixture_interrupt(uint64_t vector);

/* Lets the running process run until the timer goes off, once. */
void fixture_run_until_timer(void);

/* How to repeat what failed in a random test: the end of a message's format, and its arguments. */
#define REPLAY "\nrepeat with: SEED=%lu build/host/cpu-driver-test --filter '%s/%s' (step %u)"
#define REPLAY_ARGS(step) \
    random_seed, criterion_current_test->category, criterion_current_test->name, (step)

#endif
