/* Kernel calls that make, start and end processes. */
#include "kcall.h"

#include "string.h"
#include "vm.h"

int kcall_exit(struct process *p) {
    process_die(p, DEATH_EXIT, ARG0(p));
    return KCALL_GONE;
}

int kcall_proc_create(struct process *p) {
    uint64_t words[LABEL_MAX / 8] = { ARG0(p), ARG1(p), ARG2(p) };
    char label[LABEL_MAX];
    struct process *made;
    memcpy(label, words, LABEL_MAX);
    if (ARG3(p) > UINT32_MAX || ARG4(p) > UINT32_MAX)
        return -E_QUOTA;
    int error = process_create(p, label, (uint32_t)ARG3(p), (uint32_t)ARG4(p), &made);
    if (!error)
        ARG0(p) = made->endpoint;
    return error;
}

int kcall_proc_start(struct process *p) {
    struct process *child;
    int error = kcall_child(p, ARG0(p), &child);
    if (error)
        return error;
    if (child->state != PROCESS_CREATED)
        return -E_STATE;
    if (!vm_in_user_space(ARG1(p), 1) || !vm_in_user_space(ARG2(p), 0))
        return -E_FAULT;
    process_start(child, ARG1(p), ARG2(p), ARG3(p), ARG4(p));
    return 0;
}

int kcall_proc_kill(struct process *p) {
    struct process *child;
    int error = kcall_child(p, ARG0(p), &child);
    if (error)
        return error == -E_PEERDEAD && child ? -E_STATE : error;
    process_die(child, DEATH_KILLED, ARG1(p));
    return 0;
}

int kcall_proc_wait(struct process *p) {
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++) {
        struct process *child = &processes[slot];
        if (child->state != PROCESS_DEAD || child->supervisor != p->endpoint ||
            child->death_announced)
            continue;
        child->death_announced = true;
        ARG0(p) = child->endpoint;
        ARG1(p) = child->cause;
        return 0;
    }
    return -E_NOENT;
}

int kcall_proc_destroy(struct process *p) {
    struct process *child;
    int error = kcall_child(p, ARG0(p), &child);
    if (!error)
        return -E_STATE;
    if (error != -E_PEERDEAD || !child)
        return error;
    if (child->pinned)
        return -E_BUSY;
    return process_destroy_step(child, p) ? 0 : KCALL_RESTART;
}
