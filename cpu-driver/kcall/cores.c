/* Kernel calls that reach beyond this core: CORE, SHARE, BIND. For the monitor. */
#include "kcall.h"

#include <bulkhead/binding.h>
#include <bulkhead/cores.h>

#include "binding.h"
#include "frame.h"
#include "mailbox.h"
#include "ranges.h"
#include "vm.h"
#include "x86_64/direct.h"
#include "x86_64/lapic.h"

#define PAGES_PER_STEP 16
#define SLOTS_PER_STEP 256

/* ---- CORE ---- */

/* Memory that is nobody's here: of another partition, or the system block. */
static bool foreign(uint64_t physical) {
    const struct range *low = &instance->boot.low;
    return (physical >= low->base && physical + PAGE_SIZE <= low->end) ||
           frame_is_foreign(physical);
}

/* Pages from arg[2] on, arg[4] bytes: some of them, and what is left for the next step. */
static int core_memory(struct process *p, bool map) {
    if (ARG2(p) % PAGE_SIZE || ARG3(p) % PAGE_SIZE || ARG4(p) % PAGE_SIZE)
        return -E_INVAL;
    if (!vm_in_user_space(ARG2(p), ARG4(p)) || ARG3(p) >= PHYSICAL_END)
        return -E_RANGE;
    for (unsigned i = 0; i < PAGES_PER_STEP && ARG4(p); i++) {
        if (map && !foreign(ARG3(p)))
            return -E_RANGE;
        int error =
            map ? vm_lend(p, ARG2(p), ARG3(p), PROT_READ | PROT_WRITE) : vm_unlend(p, ARG2(p));
        if (error)
            return error;
        ARG2(p) += PAGE_SIZE;
        ARG3(p) += PAGE_SIZE;
        ARG4(p) -= PAGE_SIZE;
    }
    return ARG4(p) ? KCALL_RESTART : 0;
}

static int core_startup(struct process *p, uint32_t apic_id) {
    const struct range *low = &instance->boot.low;
    uint64_t physical = ARG2(p) * PAGE_SIZE;
    if (ARG2(p) > UINT8_MAX || physical < low->base || physical >= low->end)
        return -E_RANGE;
    lapic_send(apic_id, LAPIC_STARTUP | (uint32_t)ARG2(p));
    return 0;
}

static int other_core(struct process *p) {
    if (ARG1(p) >= instance->boot.core_count)
        return -E_NOENT;
    if (ARG1(p) == instance->core)
        return -E_INVAL;
    uint32_t apic_id = instance->boot.core[ARG1(p)].apic_id;
    switch (ARG0(p)) {
    case CORE_MAP:
        return core_memory(p, true);
    case CORE_UNMAP:
        return core_memory(p, false);
    case CORE_NMI:
        lapic_send(apic_id, LAPIC_NMI);
        return 0;
    case CORE_INIT:
        if (ARG1(p) == 0) /* INIT of the boot processor resets the machine */
            return process_refuse(p, REFUSED_RIGHT, -E_PERM);
        lapic_send(apic_id, LAPIC_INIT);
        return 0;
    case CORE_STARTUP:
        return core_startup(p, apic_id);
    default:
        return -E_BADCALL;
    }
}

static int chunk_give(struct process *p) {
    uint64_t physical;
    if (!frame_idle_chunk(&ARG2(p), SLOTS_PER_STEP, &physical))
        return ARG2(p) == FRAME_SLOTS_END ? -E_NOMEM : KCALL_RESTART;
    uint64_t worth = frame_chunk_worth(physical);
    if (p->frame_quota - p->frames < worth)
        return -E_QUOTA;
    frame_give_chunk(physical);
    direct_unmap(physical);
    process_shrink(p, worth);
    ARG0(p) = physical;
    return 0;
}

/* What could be wrong with a chunk that is to be taken. */
static int chunk_check(uint64_t physical) {
    uint64_t end = physical + CHUNK_BYTES;
    if (physical % CHUNK_BYTES)
        return -E_INVAL;
    if (frame_has_chunk(physical))
        return -E_EXIST;
    if (!ranges_contain(&instance->boot.memory, physical, end) ||
        ranges_overlap(&instance->all_commons, physical, end) || !direct_reaches(physical))
        return -E_RANGE;
    return frame_has_room(physical) ? 0 : -E_NOSLOT;
}

/* The kernel has no frames of its own: a table that is missing is the caller's expense for good. */
static void chunk_add_table(struct process *p, uint64_t physical) {
    uint64_t table = frame_alloc(NULL, FRAME_KERNEL);
    assert(table); /* quotas never exceed what is free */
    process_shrink(p, 1);
    direct_add_table(physical, table);
    instance->page_table_bytes += PAGE_SIZE;
}

static int chunk_take(struct process *p) {
    uint64_t physical = ARG2(p);
    int error = chunk_check(physical);
    bool lacks_table = !error && direct_lacks_table(physical);
    if (lacks_table && p->frame_quota == p->frames)
        error = -E_QUOTA;
    if (error || ARG3(p) == CHUNK_ASK)
        return error;
    if (lacks_table)
        chunk_add_table(p, physical);
    direct_map(physical);
    process_grow(p, frame_take_chunk(physical));
    return 0;
}

int kcall_core(struct process *p) {
    switch (ARG0(p)) {
    case CORE_STOPPED:
        ARG0(p) = mailbox_stopped();
        return 0;
    case CORE_CHUNK_GIVE:
        return chunk_give(p);
    case CORE_CHUNK_TAKE:
        return chunk_take(p);
    default:
        return other_core(p);
    }
}

/* ---- SHARE ---- */

static int share_free(struct process *p) {
    for (unsigned i = 0; i < PAGES_PER_STEP && ARG2(p); i++) {
        int error = vm_export_end(p, ARG1(p));
        if (error)
            return error;
        ARG1(p) += PAGE_SIZE;
        ARG2(p) -= PAGE_SIZE;
    }
    return ARG2(p) ? KCALL_RESTART : 0;
}

int kcall_share(struct process *p) {
    if (ARG1(p) % PAGE_SIZE || ARG2(p) % PAGE_SIZE)
        return -E_INVAL;
    if (!ARG2(p) || ARG2(p) > SHARE_BYTES_MAX || !vm_in_user_space(ARG1(p), ARG2(p)))
        return -E_RANGE;
    switch (ARG0(p)) {
    case SHARE_ALLOC:
        return kcall_map_run(p, FRAME_EXPORTED, UINT64_MAX);
    case SHARE_FREE:
        return share_free(p);
    default:
        return -E_BADCALL;
    }
}

/* ---- BIND ---- */

static int bind_open(struct process *p, uint32_t number) {
    struct process *child;
    endpoint_t name;
    int error = kcall_child(p, ARG2(p), &child);
    if (error)
        return error;
    if (ARG3(p) >= instance->boot.core_count || ARG3(p) == instance->core)
        return -E_NOENT;
    error = binding_open(number, child, (uint32_t)ARG3(p), ARG4(p), &name);
    if (!error)
        ARG0(p) = name;
    return error;
}

static int bind_line(struct process *p, uint32_t number) {
    if (!priv_covers(p->irq, p->irq_count, ARG2(p), 1))
        return process_refuse(p, REFUSED_LINE, -E_PERM);
    if (ARG3(p) >= instance->boot.core_count || ARG3(p) == instance->core)
        return -E_NOENT;
    if (ARG4(p) > UINT32_MAX)
        return -E_RANGE;
    return binding_open_line(number, ARG2(p), (uint32_t)ARG3(p), (uint32_t)ARG4(p));
}

static int bind_map(struct process *p, uint32_t number) {
    if (ARG2(p) % PAGE_SIZE || ARG3(p) % PAGE_SIZE || ARG4(p) % PAGE_SIZE || !ARG4(p))
        return -E_INVAL;
    if (!vm_in_user_space(ARG2(p), ARG4(p)))
        return -E_RANGE;
    return binding_map(number, p, ARG2(p), ARG3(p), ARG4(p) / PAGE_SIZE);
}

int kcall_bind(struct process *p) {
    if (ARG1(p) < BINDING_FIRST || ARG1(p) >= BINDINGS_MAX)
        return -E_RANGE;
    uint32_t number = (uint32_t)ARG1(p);
    switch (ARG0(p)) {
    case BIND_OPEN:
        return bind_open(p, number);
    case BIND_MAP:
        return bind_map(p, number);
    case BIND_LINE:
        return bind_line(p, number);
    case BIND_PEER:
        return binding_peer(number, ARG2(p));
    case BIND_CLOSE:
        return binding_close(number);
    case BIND_FREE:
        return binding_free(number);
    default:
        return -E_BADCALL;
    }
}
