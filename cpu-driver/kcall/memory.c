/* Kernel calls on memory. Each does a few pages at a time and keeps what is left in the caller's
 * arguments. */
#include "kcall.h"

#include "defence.h"
#include "string.h"
#include "vm.h"

#define PAGES_PER_STEP 16
#define BYTES_PER_STEP (PAGES_PER_STEP * PAGE_SIZE)

/* In the protection that a MEM_MAP is restarted with: the quota has been checked for all of it. */
#define QUOTA_CHECKED (UINT64_C(1) << 63)

/* Whose memory arg[0] to arg[2] mean; *target is the process. */
static int memory_arguments(struct process *p, struct process **target) {
    int error = kcall_process(p, ARG0(p), target);
    if (error)
        return error;
    if (ARG1(p) % PAGE_SIZE || ARG2(p) % PAGE_SIZE)
        return -E_INVAL;
    return vm_in_user_space(ARG1(p), ARG2(p)) ? 0 : -E_RANGE;
}

static int check_protection(uint64_t protection) {
    if (protection & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC))
        return -E_INVAL;
    return DEFENCE(WX) && protection & PROT_WRITE && protection & PROT_EXEC ? -E_WX : 0;
}

/* Does one page after another until the step's share or the whole range is done. */
static int each_page(struct process *p, struct process *target,
                     int (*act)(struct process *target, uint64_t address, unsigned protection)) {
    for (unsigned i = 0; i < PAGES_PER_STEP && ARG2(p); i++) {
        int error = act(target, ARG1(p), (unsigned)ARG3(p));
        if (error)
            return error;
        ARG1(p) += PAGE_SIZE;
        ARG2(p) -= PAGE_SIZE;
    }
    return ARG2(p) ? KCALL_RESTART : 0;
}

/* All of it or nothing: asked once, before the first step. Who lies about that gets -E_QUOTA
 * half-way. */
static bool within_quota(struct process *p, struct process *target) {
    uint64_t left = target->frame_quota - target->frames;
    return !DEFENCE(FRAME_QUOTA) || ARG3(p) & QUOTA_CHECKED ||
           (ARG2(p) / PAGE_SIZE <= left && vm_frames_needed(target, ARG1(p), ARG2(p)) <= left);
}

int kcall_mem_map(struct process *p) {
    struct process *target;
    int error = memory_arguments(p, &target);
    if (!error)
        error = check_protection(ARG3(p) & ~QUOTA_CHECKED);
    if (!error && !within_quota(p, target))
        error = -E_QUOTA;
    if (error)
        return error;
    ARG3(p) |= QUOTA_CHECKED;
    return each_page(p, target, vm_map);
}

static int unmap(struct process *target, uint64_t address, unsigned protection) {
    (void)protection;
    return vm_unmap(target, address);
}

int kcall_mem_unmap(struct process *p) {
    struct process *target;
    int error = memory_arguments(p, &target);
    return error ? error : each_page(p, target, unmap);
}

int kcall_mem_protect(struct process *p) {
    struct process *target;
    int error = memory_arguments(p, &target);
    if (!error)
        error = check_protection(ARG3(p));
    return error ? error : each_page(p, target, vm_protect);
}

/* Copies as much as lies within one page on both sides; 0 when some side is not accessible. */
static uint64_t copy_part(struct process *p, struct process *target, uint64_t most) {
    bool to_target = ARG4(p) == COPY_TO;
    uint64_t there = PAGE_SIZE - ARG1(p) % PAGE_SIZE, here = PAGE_SIZE - ARG2(p) % PAGE_SIZE;
    uint64_t part = there < here ? there : here;
    if (part > most)
        part = most;
    uint8_t *other = vm_user_memory(target, ARG1(p), part, to_target);
    uint8_t *own = vm_user_memory(p, ARG2(p), part, !to_target);
    if (!other || !own)
        return 0;
    memmove(to_target ? other : own, to_target ? own : other, part);
    return part;
}

int kcall_mem_copy(struct process *p) {
    struct process *target;
    int error = kcall_process(p, ARG0(p), &target);
    if (error)
        return error;
    if (ARG4(p) != COPY_FROM && ARG4(p) != COPY_TO)
        return -E_INVAL;
    if (!vm_in_user_space(ARG1(p), ARG3(p)) || !vm_in_user_space(ARG2(p), ARG3(p)))
        return -E_FAULT;
    for (uint64_t done = 0, part; done < BYTES_PER_STEP && ARG3(p); done += part) {
        part = copy_part(p, target, ARG3(p));
        if (!part)
            return -E_FAULT;
        ARG1(p) += part;
        ARG2(p) += part;
        ARG3(p) -= part;
    }
    return ARG3(p) ? KCALL_RESTART : 0;
}
