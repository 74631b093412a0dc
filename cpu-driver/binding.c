#include "binding.h"

#include "core.h"
#include "defence.h"
#include "frame.h"
#include "ipc.h"
#include "irq.h"
#include "mailbox.h"
#include "string.h"
#include "vm.h"

#define PAGES_PER_STEP 16
#define RESTART        1 /* as KCALL_RESTART */

static struct binding bindings[BINDINGS_MAX];
static uint32_t generations[BINDINGS_MAX]; /* of the last use of each */

void binding_init(void) {
    memset(bindings, 0, sizeof bindings);
    memset(generations, 0, sizeof generations);
}

static struct binding *make(uint32_t number, struct process *p, uint32_t core, uint64_t cookie) {
    struct binding *b = &bindings[number];
    generations[number] = generations[number] % ENDPOINT_SLOT_GENERATION_MAX + 1;
    *b = (struct binding){
        .name = endpoint_make(instance->incarnation, generations[number], ENDPOINT_CORE_BINDING,
                              (uint16_t)number),
        .process = p,
        .state = BINDING_OPEN,
        .peer_core = (uint16_t)core,
        .cookie = cookie,
    };
    if (p)
        p->bindings++;
    return b;
}

void binding_open_first(uint32_t peer, struct process *monitor) {
    struct binding *b = make(peer, monitor, peer, peer);
    b->peer_number = (uint16_t)instance->core;
    b->peer_known = true;
}

struct binding *binding_find(const struct process *p, endpoint_t name) {
    struct binding *b = &bindings[endpoint_slot(name) % BINDINGS_MAX];
    return b->name == name && b->state != BINDING_FREE && (b->process == p || !DEFENCE(BINDING))
               ? b
               : NULL;
}

int binding_await(const struct process *p, endpoint_t name) {
    const struct binding *b = binding_find(p, name);
    if (!b)
        return -E_BADEP;
    return binding_has_ended(b) && !b->rung ? -E_PEERDEAD : 0;
}

int binding_notify(const struct process *p, endpoint_t name) {
    const struct binding *b = binding_find(p, name);
    if (!b)
        return -E_BADEP;
    if (b->state != BINDING_OPEN)
        return -E_PEERDEAD;
    if (!b->peer_known)
        return -E_STATE;
    mailbox_post(b->peer_core, b->peer_number);
    return 0;
}

/* ---- The queue of a process' rung bindings: each is in it once. ---- */

void binding_queue(struct process *p, struct binding *b) {
    b->rung = true;
    b->next = NULL;
    if (p->bells_tail)
        p->bells_tail->next = b;
    else
        p->bells_head = b;
    p->bells_tail = b;
}

static void ring(struct binding *b) {
    struct process *p = b->process;
    if (!b->rung && p && p->state != PROCESS_DEAD)
        ipc_bell(p, b);
}

static void unqueue(struct process *p, struct binding *b) {
    struct binding *before = NULL;
    for (struct binding *q = p->bells_head; q != b; q = q->next)
        before = q;
    if (before)
        before->next = b->next;
    else
        p->bells_head = b->next;
    if (p->bells_tail == b)
        p->bells_tail = before;
    b->rung = false;
}

struct binding *binding_take(struct process *p, endpoint_t from) {
    struct binding *b = from == ENDPOINT_ANY ? p->bells_head : binding_find(p, from);
    if (!b || !b->rung)
        return NULL;
    unqueue(p, b);
    return b;
}

void binding_rung(uint32_t core, uint32_t number) {
    struct binding *b = &bindings[number];
    if (b->state != BINDING_OPEN || b->peer_core != core)
        return;
    if (__builtin_expect(b->process != NULL, 1))
        ring(b);
    else if (b->has_line)
        irq_unmask_bound(b->line);
}

void binding_line_fired(uint32_t number) {
    struct binding *b = &bindings[number];
    if (b->peer_known)
        mailbox_post(b->peer_core, b->peer_number);
    else
        b->fired = true;
}

bool binding_has_line(uint32_t number, uint32_t line) {
    const struct binding *b = &bindings[number];
    return b->state == BINDING_OPEN && b->has_line && b->line == line;
}

/* ---- The calls of the monitor. ---- */

int binding_open(uint32_t number, struct process *p, uint32_t core, uint64_t cookie,
                 endpoint_t *name) {
    if (bindings[number].state != BINDING_FREE)
        return -E_STATE;
    *name = make(number, p, core, cookie)->name;
    return 0;
}

int binding_open_line(uint32_t number, uint64_t line, uint32_t core, uint32_t limit) {
    if (bindings[number].state != BINDING_FREE)
        return -E_STATE;
    int error = irq_bind_line(line, number, limit);
    if (error)
        return error;
    struct binding *b = make(number, NULL, core, 0);
    b->has_line = true;
    b->line = (uint16_t)line;
    return 0;
}

int binding_peer(uint32_t number, uint64_t peer_number) {
    struct binding *b = &bindings[number];
    if (b->state != BINDING_OPEN || b->peer_known)
        return -E_STATE;
    if (peer_number < BINDING_FIRST || peer_number >= BINDINGS_MAX)
        return -E_RANGE;
    b->peer_number = (uint16_t)peer_number;
    b->peer_known = true;
    ring(b);
    if (b->fired)
        mailbox_post(b->peer_core, b->peer_number);
    return 0;
}

/* Whether a process may be shown a page: one of another core's, or one that the caller exports. */
static bool shareable(const struct process *caller, uint64_t physical) {
    if (frame_state(physical) == FRAME_EXPORTED)
        return frame_owner(physical) == process_slot(caller);
    return frame_is_foreign(physical);
}

/* The first step: all that can go wrong. */
static int begin_map(struct binding *b, uint64_t address, uint64_t pages) {
    struct process *p = b->process;
    uint64_t left = p->frame_quota - p->frames;
    if (pages > SHARE_BYTES_MAX / PAGE_SIZE)
        return -E_RANGE;
    uint64_t tables = vm_frames_needed(p, address, pages * PAGE_SIZE) - pages;
    if (tables + 1 > left)
        return -E_QUOTA;
    b->scratch = frame_alloc_filled(p, FRAME_PRIVATE, BINDING_SCRATCH_WORD);
    if (!b->scratch)
        return -E_QUOTA;
    b->address = address;
    b->pages = pages;
    b->mapped = 0;
    b->error = 0;
    return 0;
}

/* Maps some more pages of a window. */
static int map_step(struct binding *b, const struct process *caller, uint64_t physical) {
    for (unsigned i = 0; i < PAGES_PER_STEP && b->mapped < b->pages; i++, b->mapped++) {
        uint64_t offset = b->mapped * PAGE_SIZE;
        if (!shareable(caller, physical + offset))
            return -E_RANGE;
        int error =
            vm_lend(b->process, b->address + offset, physical + offset, PROT_READ | PROT_WRITE);
        if (error)
            return error;
    }
    return 0;
}

/* Takes some pages of a window that could not be mapped whole away again, at last the scratch
 * frame. */
static int undo_step(struct binding *b) {
    for (unsigned i = 0; i < PAGES_PER_STEP && b->mapped; i++, b->mapped--)
        vm_unlend(b->process, b->address + (b->mapped - 1) * PAGE_SIZE);
    if (b->mapped)
        return RESTART;
    frame_free(b->process, b->scratch);
    b->scratch = b->pages = 0;
    return b->error;
}

int binding_map(uint32_t number, struct process *caller, uint64_t address, uint64_t physical,
                uint64_t pages) {
    struct binding *b = &bindings[number];
    bool fresh = b->pages == 0;
    if (b->state != BINDING_OPEN || !b->process || b->process->state == PROCESS_DEAD ||
        (!fresh && (b->mapped == b->pages || b->address != address || b->pages != pages)))
        return -E_STATE;
    int error = fresh ? begin_map(b, address, pages) : 0;
    if (error)
        return error;
    if (!b->error)
        b->error = map_step(b, caller, physical);
    if (b->error)
        return undo_step(b);
    return b->mapped < b->pages ? RESTART : 0;
}

/*
 * Puts the scratch frame in the place of some more pages, from the last down to the first; in
 * `mapped` is what is left. Then the process is told.
 */
int binding_close(uint32_t number) {
    struct binding *b = &bindings[number];
    if (b->state == BINDING_FREE || (b->state == BINDING_CLOSED && !b->mapped))
        return -E_STATE;
    if (b->state == BINDING_OPEN)
        b->pages = b->mapped; /* less than the window while that is being mapped */
    b->state = BINDING_CLOSED;
    if (b->has_line)
        irq_unbind_line(b->line);
    b->has_line = false;
    for (unsigned i = 0; i < PAGES_PER_STEP && b->mapped; i++, b->mapped--)
        if (b->process)
            vm_relend(b->process, b->address + (b->mapped - 1) * PAGE_SIZE, b->scratch);
    if (b->mapped)
        return RESTART;
    ring(b);
    return 0;
}

int binding_free(uint32_t number) {
    struct binding *b = &bindings[number];
    struct process *p = b->process;
    if (b->state != BINDING_CLOSED || b->mapped)
        return -E_STATE;
    for (unsigned i = 0; i < PAGES_PER_STEP && p && b->pages; i++, b->pages--)
        vm_unlend(p, b->address + (b->pages - 1) * PAGE_SIZE);
    if (p && b->pages)
        return RESTART;
    if (p && b->rung)
        unqueue(p, b);
    if (p)
        p->bindings--;
    if (p && b->scratch)
        frame_free(p, b->scratch);
    if (p)
        ipc_bells_changed(p);
    *b = (struct binding){ .state = BINDING_FREE };
    return 0;
}

/* ---- The end of a process. ---- */

void binding_process_died(struct process *p) {
    for (struct binding *b = p->bells_head; b; b = b->next)
        b->rung = false;
    p->bells_head = p->bells_tail = NULL;
    ipc_bells_changed(p);
}

void binding_process_gone(struct process *p) {
    for (struct binding *b = bindings; b < bindings + BINDINGS_MAX && p->bindings; b++) {
        if (b->process != p)
            continue;
        if (b->scratch)
            frame_free(p, b->scratch);
        b->scratch = b->pages = b->mapped = 0;
        b->process = NULL;
        p->bindings--;
    }
}

uint64_t binding_scratches(const struct process *p) {
    uint64_t count = 0;
    for (const struct binding *b = bindings; b < bindings + BINDINGS_MAX && p->bindings; b++)
        count += b->process == p && b->scratch;
    return count;
}

/* Whether a process' queue is a queue, and of its own. */
static unsigned check_bells(const struct process *p) {
    unsigned wrong = 0, length = 0;
    const struct binding *last = NULL;
    for (const struct binding *b = p->bells_head; b && length <= BINDINGS_MAX;
         b = b->next, length++) {
        wrong += !b->rung || b->process != p;
        last = b;
    }
    return wrong + (last != p->bells_tail) + (length > BINDINGS_MAX);
}

unsigned binding_check(void) {
    unsigned wrong = 0;
    uint32_t held[MAX_PROCESSES] = { 0 };
    for (const struct binding *b = bindings; b < bindings + BINDINGS_MAX; b++) {
        wrong += b->state == BINDING_FREE && (b->process || b->rung);
        wrong += b->has_line && (b->state != BINDING_OPEN || b->process || b->pages);
        wrong += b->rung && (!b->process || b->process->state == PROCESS_DEAD ||
                             b->process->receive_from == b->name);
        wrong += b->mapped > b->pages || (b->pages != 0) != (b->scratch != 0);
        if (b->process)
            held[process_slot(b->process)]++;
    }
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++)
        wrong += held[slot] != processes[slot].bindings + check_bells(&processes[slot]);
    return wrong;
}
