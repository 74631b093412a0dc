/*
 * What must hold whenever the kernel is not in the middle of something: of slots and endpoints, of
 * the IPC queues, of memory and quotas.
 */
#include "check.h"

#include "alarm.h"
#include "binding.h"
#include "core.h"
#include "frame.h"
#include "ipc.h"
#include "irq.h"
#include "log.h"
#include "mapping.h"
#include "sched/sched.h"
#include "string.h"
#include "vm.h"
#include "x86_64/paging.h"

#define LOGGED_MAX 8

static unsigned violations;

static uint64_t counted[FRAME_STATE_COUNT];
static uint64_t owned[MAX_PROCESSES];   /* frames that the frame table says a process owns */
static uint64_t reached[MAX_PROCESSES]; /* frames that its page tables lead to */

static void violation(const struct process *p, const char *what) {
    if (violations++ < LOGGED_MAX)
        log_line("check: slot %u (%.24s): %s", process_slot(p), p->label, what);
}

#define CHECK(p, condition)           \
    do {                              \
        if (!(condition))             \
            violation(p, #condition); \
    } while (0)

static void check_slot(const struct process *p) {
    if (p->state == PROCESS_FREE) {
        CHECK(p, p->endpoint == ENDPOINT_NONE);
        CHECK(p, !p->cr3 && !p->frames);
        return;
    }
    CHECK(p, endpoint_slot(p->endpoint) == process_slot(p));
    CHECK(p, endpoint_core(p->endpoint) == instance->core);
    CHECK(p, endpoint_incarnation(p->endpoint) == instance->incarnation);
    CHECK(p, endpoint_slot_generation(p->endpoint) == p->slot_generation);
    CHECK(p, p->frames <= p->frame_quota);
    CHECK(p, p->state <= PROCESS_DEAD && p->state != PROCESS_RUNNING);
    CHECK(p, (p->receive_from != ENDPOINT_NONE) == (p->state == PROCESS_RECEIVING));
    CHECK(p, !p->awaits_reply || p->state == PROCESS_RECEIVING);
    CHECK(p, (p->send_to != NULL) == (p->state == PROCESS_SENDING));
    CHECK(p, p->sched.queued == (p->state == PROCESS_READY && p != current));
    CHECK(p, p->sched.priority < SCHED_PRIORITIES &&
                 p->sched.base_priority >= p->sched.limit_priority);
    CHECK(p, p->io_count <= PRIV_RANGES && p->irq_count <= PRIV_RANGES &&
                 p->memory_count <= PRIV_RANGES);
    CHECK(p, p->context.cs == 0 || (p->context.cs & 3) == 3);
    CHECK(p, vm_in_user_space(p->context.rip, 0) || p->state == PROCESS_CREATED ||
                 p->state == PROCESS_DEAD);
}

/* What is pending agrees with what is there; only live processes are in anybody's queue. */
static void check_queues(const struct process *p) {
    unsigned length = 0;
    const struct process *last = NULL;
    for (const struct process *q = p->senders_head; q && length <= MAX_PROCESSES;
         q = q->senders_next, length++) {
        CHECK(q, q->state == PROCESS_SENDING && q->send_to == p);
        last = q;
    }
    CHECK(p, length < MAX_PROCESSES);
    CHECK(p, last == p->senders_tail);
    CHECK(p, !(p->pending & PENDING_SENDERS) == !p->senders_head);
    CHECK(p, !(p->pending & PENDING_EVENTS) == !p->events);
    CHECK(p, !(p->pending & PENDING_NOTIFY) == slot_set_empty(&p->notified_by));
    CHECK(p, !(p->pending & PENDING_BELLS) == !p->bells_head);
    CHECK(p, !(p->pending & PENDING_ASEND) == slot_set_empty(&p->asend_from));
    CHECK(p, p->asend_entries <= ASEND_MAX);
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        const struct process *q = &processes[slot];
        bool alive = q->endpoint != ENDPOINT_NONE && q->state != PROCESS_DEAD;
        CHECK(p, alive || !slot_set_has(&p->notified_by, slot));
        CHECK(p, alive || !slot_set_has(&p->asend_from, slot));
        CHECK(p, slot_set_has(&p->asend_from, slot) == slot_set_has(&q->asend_to, process_slot(p)));
        CHECK(p, q->endpoint != ENDPOINT_NONE || !slot_set_has(&p->targets, slot));
    }
}

/*
 * A process that waits for something that is there already has lost a wake-up; and who waits for
 * whom leads to somebody who does not wait.
 */
static void check_waiting(const struct process *p) {
    if (p->state == PROCESS_RECEIVING && p->receive_from == ENDPOINT_ANY)
        CHECK(p, !p->pending);
    if (p->state == PROCESS_RECEIVING && p->receive_from == ENDPOINT_KERNEL)
        CHECK(p, !(p->pending & PENDING_EVENTS));
    unsigned steps = 0;
    for (const struct process *q = p; q && steps <= MAX_PROCESSES; steps++)
        q = ipc_waits_for(q);
    CHECK(p, steps <= MAX_PROCESSES);
    for (const struct process *q = p->senders_head; q; q = q->senders_next)
        CHECK(q, p->receive_from != q->endpoint);
}

/* Each entry of the page tables leads to a frame of the process in the right state, writable or
 * executable. */
static void check_entry(struct process *p, uint64_t address, uint64_t entry, unsigned level) {
    uint64_t physical = entry & PTE_ADDRESS;
    if (entry & PTE_BORROWED) {
        bool archive =
            physical >= instance->boot.archive.base && physical < instance->boot.archive.end;
        CHECK(p, level == 1 && !(entry & PTE_WRITE && archive));
        CHECK(p, !frame_is_device(physical, physical + PAGE_SIZE) ||
                     (entry & PTE_NX &&
                      priv_covers(p->memory, p->memory_count, physical / PAGE_SIZE, 1)));
        CHECK(p, !(entry & PTE_WRITE) || entry & PTE_NX);
        return;
    }
    reached[process_slot(p)]++;
    CHECK(p, entry & PTE_USER);
    CHECK(p, address < USER_END);
    CHECK(p, frame_owner(physical) == process_slot(p));
    enum frame_state state = frame_state(physical);
    CHECK(p, level == 1 ? state == FRAME_PRIVATE || state == FRAME_EXPORTED ||
                              state == FRAME_GRANTED || state == FRAME_DMA
                        : state == FRAME_TABLE);
    CHECK(p, level > 1 || !(entry & PTE_WRITE) || entry & PTE_NX);
}

static void check_memory(struct process *p) {
    CHECK(p, owned[process_slot(p)] == p->frames);
    if (p->state == PROCESS_FREE || p->state == PROCESS_DEAD)
        return; /* a dead one may be half torn down */
    vm_for_each(p, check_entry);
    /* and its PML4, its XSAVE area, what will take the place of shared memory, its mappings'
     * records, and what it is about to share */
    uint64_t export_left = (p->export_end - p->export_next) / PAGE_SIZE;
    CHECK(p,
          reached[process_slot(p)] + 2 + binding_scratches(p) + mapping_frames(p) + export_left ==
              p->frames);
}

/* What a part of the kernel has found wrong with itself. */
static void tell(const char *what, unsigned wrong) {
    if (wrong)
        log_line("check: %s disagree in %u places", what, wrong);
    violations += wrong;
}

unsigned check_invariants(void) {
    uint64_t frames = 0, slots = 0, shares;
    violations = 0;
    unsigned wrong = frame_census(counted, owned, &shares);
    for (unsigned state = 0; state < FRAME_STATE_COUNT; state++)
        wrong += counted[state] != frame_count_of((enum frame_state)state);
    tell("frame table, bitmaps and counts", wrong);
    tell("queues of the scheduler", sched_check());
    tell("alarms", alarm_check());
    tell("interrupt lines", irq_check());
    tell("bindings", binding_check());
    tell("grants", mapping_check(shares));
    memset(reached, 0, sizeof reached);
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        struct process *p = &processes[slot];
        check_slot(p);
        check_memory(p);
        if (p->state == PROCESS_FREE)
            continue;
        check_queues(p);
        check_waiting(p);
        frames += p->frame_quota;
        slots += p->slot_quota + 1;
    }
    if (frames != process_total_quota() || slots != MAX_PROCESSES) {
        violations++;
        log_line("check: quotas add up to %lu frames and %lu slots, not %lu and %u", frames, slots,
                 process_total_quota(), MAX_PROCESSES);
    }
    return violations;
}
