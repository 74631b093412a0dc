/* Processes: slots, endpoints, creation, death. */
#include "process.h"

#include "alarm.h"
#include "binding.h"
#include "core.h"
#include "defence.h"
#include "frame.h"
#include "ipc.h"
#include "irq.h"
#include "mapping.h"
#include "panic.h"
#include "sched/sched.h"
#include "string.h"
#include "time.h"
#include "trace.h"
#include "vm.h"
#include "x86_64/context.h"

struct process processes[MAX_PROCESSES];
struct process *current;

static unsigned last_slot;   /* given out last */
static uint64_t total_quota; /* of all processes: the frames that are not the instance's */

int slot_set_next(const struct slot_set *set, unsigned after) {
    unsigned start = (after + 1) % MAX_PROCESSES;
    for (unsigned i = 0; i <= SLOT_WORDS; i++) {
        unsigned index = (start / 64 + i) % SLOT_WORDS;
        uint64_t word = set->word[index];
        if (i == 0)
            word &= ~UINT64_C(0) << (start % 64);
        if (word)
            return (int)(index * 64 + (unsigned)__builtin_ctzll(word));
    }
    return -1;
}

void process_init(void) {
    memset(processes, 0, sizeof processes);
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++)
        grant_reset(&processes[slot]);
    current = NULL;
    last_slot = MAX_PROCESSES - 1; /* so that the first process gets slot 0 */
}

int process_find(endpoint_t endpoint, struct process **found) {
    unsigned slot = endpoint_slot(endpoint);
    uint32_t generation = endpoint_slot_generation(endpoint);
    *found = NULL;
    if (generation == 0 || slot >= MAX_PROCESSES || endpoint_core(endpoint) != instance->core)
        return -E_BADEP;
    struct process *p = &processes[slot];
    if (p->endpoint == endpoint) {
        *found = p;
        return p->state == PROCESS_DEAD ? -E_PEERDEAD : 0;
    }
    uint32_t incarnation = endpoint_incarnation(endpoint);
    if (incarnation > instance->incarnation ||
        (incarnation == instance->incarnation && generation > p->slot_generation))
        return -E_BADEP;
    return -E_PEERDEAD;
}

static bool label_valid(const char label[LABEL_MAX]) {
    size_t length = 0;
    while (length < LABEL_MAX && label[length]) {
        if (label[length] <= ' ' || label[length] > '~')
            return false;
        length++;
    }
    for (size_t i = length; i < LABEL_MAX; i++)
        if (label[i])
            return false;
    return length > 0;
}

/* A slot whose generations are used up is never free again, so that no endpoint can mean two
 * processes. */
static struct process *slot_take(void) {
    for (unsigned i = 1; i <= MAX_PROCESSES; i++) {
        unsigned slot = (last_slot + i) % MAX_PROCESSES;
        struct process *p = &processes[slot];
        if (p->state == PROCESS_FREE && p->slot_generation < ENDPOINT_SLOT_GENERATION_MAX) {
            last_slot = slot;
            return p;
        }
    }
    return NULL;
}

int process_create(struct process *supervisor, const char label[LABEL_MAX], uint32_t frames,
                   uint32_t slots, struct process **made) {
    if (!label_valid(label))
        return -E_INVAL;
    if (frames < PROCESS_FRAMES_MIN ||
        (supervisor && (frames > supervisor->frame_quota - supervisor->frames ||
                        (DEFENCE(SLOT_QUOTA) && slots >= supervisor->slot_quota))))
        return -E_QUOTA;
    struct process *p = slot_take();
    if (!p)
        return -E_NOSLOT;

    uint32_t generation = p->slot_generation + 1;
    memset(p, 0, sizeof *p);
    grant_reset(p);
    p->slot_generation = generation;
    p->endpoint = endpoint_make(instance->incarnation, generation, (uint16_t)instance->core,
                                (uint16_t)process_slot(p));
    p->state = PROCESS_CREATED;
    p->frame_quota = frames;
    p->slot_quota = slots;
    p->supervisor = supervisor ? supervisor->endpoint : ENDPOINT_NONE;
    memcpy(p->label, label, LABEL_MAX);
    process_set_rights(p, 0, 0);
    sched_init_process(p, supervisor);
    int error = vm_create(p);
    if (error) {
        p->state = PROCESS_FREE;
        p->endpoint = ENDPOINT_NONE;
        return error;
    }
    if (supervisor) {
        supervisor->frame_quota -= frames;
        supervisor->slot_quota -= slots + 1;
    } else {
        total_quota = frames;
    }
    trace(TRACE_EVENT_CREATE, p->endpoint, p->supervisor, 0);
    *made = p;
    return 0;
}

uint64_t process_total_quota(void) { return total_quota; }

void process_grow(struct process *p, uint64_t frames) {
    p->frame_quota += (uint32_t)frames;
    total_quota += frames;
}

void process_shrink(struct process *p, uint64_t frames) {
    p->frame_quota -= (uint32_t)frames;
    total_quota -= frames;
}

void process_set_rights(struct process *p, unsigned ipc, uint64_t kcalls) {
    p->ipc_permitted = (uint8_t)ipc;
    p->kcalls_permitted = kcalls & KCALL_ALL;
    p->kcalls_open = (ipc & IPC_BIT(SENDREC) ? p->kcalls_permitted : 0) | KCALL_BIT(EXIT);
}

void process_start(struct process *p, uint64_t rip, uint64_t rsp, uint64_t rdi, uint64_t rsi) {
    context_init(&p->context, rip, rsp);
    p->context.rdi = rdi;
    p->context.rsi = rsi;
    p->state = PROCESS_READY;
    sched_wake(p, p->supervisor);
}

/* Return addresses of a process that has stopped, along its frame pointers: bounded, and reading
 * its memory alone. */
static void backtrace_record(struct process *p) {
    uint64_t frame = p->context.rbp;
    p->backtrace_length = 0;
    while (p->backtrace_length < BACKTRACE_MAX && frame % 8 == 0) {
        uint64_t link[2]; /* the caller's frame pointer, the return address */
        if (vm_copy_in(p, link, frame, sizeof link) || link[1] == 0)
            return;
        p->backtrace[p->backtrace_length++] = link[1];
        if (link[0] <= frame)
            return;
        frame = link[0];
    }
}

static const char *cause_text(enum death_cause cause) {
    static const char *const text[] = {
#define X(name, text) [DEATH_##name] = (text),
        DEATH_CAUSES(X)
#undef X
    };
    return text[cause];
}

void process_die(struct process *p, enum death_cause cause, uint64_t status) {
    context_collect(p);
    p->cause = cause;
    p->status = status;
    p->death_time = time_now();
    backtrace_record(p);
    ipc_leave(p);
    sched_remove(p);
    p->state = PROCESS_DEAD;
    alarm_cancel(p);
    if (DEFENCE(LINE_CLEANUP))
        irq_release_all(p);
    grant_reset(p);
    binding_process_died(p);
    ipc_peer_died(p);
    trace(TRACE_EVENT_EXIT, p->endpoint, ENDPOINT_NONE, cause);

    struct process *supervisor;
    if (p->supervisor == ENDPOINT_NONE)
        panic_process(p, cause_text(cause));
    if (process_find(p->supervisor, &supervisor) == 0)
        ipc_event(supervisor, EVENT_CHILD);
}

/* The children of a process that is destroyed become its heir's; those that are dead are announced
 * to it. */
static void children_hand_over(struct process *p, struct process *heir) {
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        struct process *child = &processes[slot];
        if (child->endpoint == ENDPOINT_NONE || child->supervisor != p->endpoint)
            continue;
        child->supervisor = heir->endpoint;
        if (child->state == PROCESS_DEAD && !child->death_announced)
            ipc_event(heir, EVENT_CHILD);
    }
}

bool process_destroy_step(struct process *p, struct process *heir) {
    if (!mapping_release_step(p) || !vm_destroy_step(p))
        return false;
    binding_process_gone(p);
    irq_forget(p);
    children_hand_over(p, heir);
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++)
        slot_set_remove(&processes[slot].targets, process_slot(p));
    heir->frame_quota += p->frame_quota;
    heir->slot_quota += p->slot_quota + 1;
    p->endpoint = ENDPOINT_NONE;
    p->state = PROCESS_FREE;
    return true;
}
