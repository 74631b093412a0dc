/* Kernel calls that reach beyond this core: CORE, SHARE, BIND. For the monitor. */
#include "kcall.h"

#include <bulkhead/binding.h>
#include <bulkhead/cores.h>

#include "binding.h"
#include "mailbox.h"
#include "ranges.h"
#include "vm.h"
#include "x86_64/lapic.h"

#define PAGES_PER_STEP 16

/* ---- CORE ---- */

/* Memory that is nobody's here: of another partition, or the system block. */
static bool foreign(uint64_t physical) {
    const struct boot_info *boot = &instance->boot;
    uint64_t end = physical + PAGE_SIZE;
    if (physical >= boot->low.base && end <= boot->low.end)
        return true;
    return ranges_contain(&boot->memory, physical, end) &&
           !ranges_overlap(&instance->partition.memory, physical, end);
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

int kcall_core(struct process *p) {
    if (ARG0(p) == CORE_STOPPED) {
        ARG0(p) = mailbox_stopped();
        return 0;
    }
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
            return process_refuse(p, -E_PERM);
        lapic_send(apic_id, LAPIC_INIT);
        return 0;
    case CORE_STARTUP:
        return core_startup(p, apic_id);
    default:
        return -E_BADCALL;
    }
}

/* ---- SHARE ---- */

/*
 * In arg[3] while SHARE_ALLOC is restarted: the physical address of the first frame, and this; in
 * arg[4]: the bytes that are mapped. Who forges them is told wrong, or maps less. What there is to
 * map the kernel knows itself.
 */
#define SHARE_BEGUN UINT64_C(1)

/* Takes the frames; they are mapped in steps. */
static int share_begin(struct process *p) {
    vm_export_abandon(p);
    uint64_t pages = ARG2(p) / PAGE_SIZE, left = p->frame_quota - p->frames;
    if (pages > left || vm_frames_needed(p, ARG1(p), ARG2(p)) > left)
        return -E_QUOTA;
    for (uint64_t page = ARG1(p); page < ARG1(p) + ARG2(p); page += PAGE_SIZE)
        if (vm_is_mapped(p, page))
            return -E_EXIST;
    uint64_t physical = vm_export_begin(p, pages);
    if (!physical)
        return -E_NOMEM;
    ARG3(p) = physical | SHARE_BEGUN;
    ARG4(p) = 0;
    return 0;
}

static int share_alloc(struct process *p) {
    int error = ARG3(p) & SHARE_BEGUN ? 0 : share_begin(p);
    for (unsigned i = 0; i < PAGES_PER_STEP && ARG4(p) < ARG2(p) && !error; i++) {
        error = vm_export_page(p, ARG1(p) + ARG4(p));
        if (!error)
            ARG4(p) += PAGE_SIZE;
    }
    if (!error && ARG4(p) < ARG2(p))
        return KCALL_RESTART;
    vm_export_abandon(p);
    if (!error)
        ARG0(p) = ARG3(p) & ~SHARE_BEGUN;
    return error;
}

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
        return share_alloc(p);
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
