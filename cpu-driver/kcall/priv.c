/* PRIVCTL: permissions of a child, given before it runs (thesis 3.3.3, 3.3.4). Nobody can give what
 * it has not got. */
#include "kcall.h"

#include "defence.h"
#include "frame.h"
#include "ipc.h"
#include "irq.h"
#include "sched/sched.h"
#include "time.h"
#include "x86_64/lapic.h"

/* No port, line or page has a greater number. */
#define RANGE_MAX (PHYSICAL_END / PAGE_SIZE)

static int give_ipc(struct process *p, struct process *child) {
    if (ARG2(p) & ~(uint64_t)p->ipc_permitted)
        return process_refuse(p, REFUSED_RIGHT, -E_PERM);
    process_set_rights(child, (unsigned)ARG2(p), child->kcalls_permitted);
    return 0;
}

static int give_kcalls(struct process *p, struct process *child) {
    if (DEFENCE(GIVE) && ARG2(p) & ~p->kcalls_permitted)
        return process_refuse(p, REFUSED_RIGHT, -E_PERM);
    process_set_rights(child, child->ipc_permitted, ARG2(p));
    return 0;
}

/*
 * The child may send to a target that the caller may send to, or that is the caller or another
 * child of its; the target may answer.
 */
static int set_target(struct process *p, struct process *child, bool allow) {
    struct process *target;
    int error = process_find(ARG2(p), &target);
    if (error)
        return error;
    if (target != p && target->supervisor != p->endpoint &&
        !slot_set_has(&p->targets, process_slot(target)))
        return process_refuse(p, REFUSED_RIGHT, -E_PERM);
    void (*change)(struct slot_set *, unsigned) = allow ? slot_set_add : slot_set_remove;
    change(&child->targets, process_slot(target));
    change(&target->targets, process_slot(child));
    if (!allow)
        ipc_part(child, target);
    return 0;
}

static int give_range(struct process *p, const struct priv_range *own, unsigned own_count,
                      struct priv_range *ranges, uint8_t *count) {
    if (ARG2(p) > RANGE_MAX || ARG3(p) == 0 || ARG3(p) > RANGE_MAX)
        return -E_INVAL;
    if (!priv_covers(own, own_count, ARG2(p), ARG3(p)))
        return process_refuse(p, REFUSED_RIGHT, -E_PERM);
    if (*count == PRIV_RANGES)
        return -E_NOSLOT;
    ranges[(*count)++] = (struct priv_range){ ARG2(p), ARG3(p) };
    return 0;
}

static int give_messages(struct process *p, struct process *child) {
    unsigned wanted = (unsigned)ARG2(p), vectors = 1;
    if (!ARG2(p) || ARG2(p) > IRQ_MSI_MAX)
        return -E_RANGE;
    while (vectors < wanted)
        vectors *= 2;
    if (child->irq_count == PRIV_RANGES)
        return -E_NOSLOT;
    int error = priv_covers(p->irq, p->irq_count, IRQ_MSI_BASE, wanted)
                    ? irq_give_messages(child, vectors)
                    : process_refuse(p, REFUSED_RIGHT, -E_PERM);
    if (error)
        return error;
    child->irq[child->irq_count++] = (struct priv_range){ IRQ_MSI_BASE, wanted };
    ARG0(p) = child->msi_vector;
    ARG1(p) = lapic_id();
    return 0;
}

static int add_vet(struct process *p, struct process *child) {
    uint64_t port = ARG2(p) >> 32, width = ARG2(p) & UINT32_MAX;
    uint32_t mask = (uint32_t)(ARG3(p) >> 32), value = (uint32_t)ARG3(p);
    if (port > UINT16_MAX || (width != 1 && width != 2 && width != 4) || port % width ||
        value & ~mask)
        return -E_INVAL;
    if (child->vet_count == PRIVCTL_VETS)
        return -E_NOSLOT;
    child->vets[child->vet_count++] = (struct vet){ (uint16_t)port, (uint8_t)width, mask, value };
    return 0;
}

static int set_irq_limit(struct process *p, struct process *child) {
    if (ARG2(p) > UINT32_MAX)
        return -E_RANGE;
    child->irq_limit = (uint32_t)ARG2(p);
    return 0;
}

static int give_sched(struct process *p, struct process *child) {
    if (ARG2(p) >= SCHED_PRIORITIES)
        return -E_RANGE;
    if (ARG2(p) < p->sched.limit_priority)
        return process_refuse(p, REFUSED_RIGHT, -E_PERM);
    child->sched.limit_priority = (uint8_t)ARG2(p);
    if (child->sched.base_priority < child->sched.limit_priority)
        sched_set_priority(child, child->sched.limit_priority);
    return 0;
}

/* Memory that a child shares is its supervisor's to hold, and at the child's expense. */
static int move_frames(struct process *from, struct process *to, uint64_t frames) {
    if (frames > from->frame_quota - from->frames)
        return -E_QUOTA;
    from->frame_quota -= (uint32_t)frames;
    to->frame_quota += (uint32_t)frames;
    return 0;
}

static int give_budget(struct process *child, uint64_t budget, uint64_t period) {
    if (budget && (budget < SCHED_BUDGET_MIN || budget > period || period < SCHED_PERIOD_MIN ||
                   period > SCHED_PERIOD_MAX))
        return -E_RANGE;
    budget_set(child, time_to_ticks(budget), time_to_ticks(period));
    return 0;
}

static int count_refusal(const struct process *p, struct process *child) {
    if (ARG2(p) >= REFUSAL_COUNT)
        return -E_RANGE;
    process_count_refusal(child, (enum refusal)ARG2(p));
    return 0;
}

int kcall_privctl(struct process *p) {
    struct process *child;
    int error = kcall_child(p, ARG1(p), &child);
    if (error)
        return error;
    switch (ARG0(p)) {
    case PRIVCTL_IPC:
        return give_ipc(p, child);
    case PRIVCTL_KCALLS:
        return give_kcalls(p, child);
    case PRIVCTL_ALLOW:
    case PRIVCTL_DENY:
        return set_target(p, child, ARG0(p) == PRIVCTL_ALLOW);
    case PRIVCTL_IO:
        return give_range(p, p->io, p->io_count, child->io, &child->io_count);
    case PRIVCTL_IRQ:
        return give_range(p, p->irq, p->irq_count, child->irq, &child->irq_count);
    case PRIVCTL_MEMORY:
        return give_range(p, p->memory, p->memory_count, child->memory, &child->memory_count);
    case PRIVCTL_MSI:
        return give_messages(p, child);
    case PRIVCTL_IRQ_LIMIT:
        return set_irq_limit(p, child);
    case PRIVCTL_IRQ_RESUME:
        irq_resume(child);
        return 0;
    case PRIVCTL_VET:
        return add_vet(p, child);
    case PRIVCTL_SCHED:
        return give_sched(p, child);
    case PRIVCTL_TAKE_FRAMES:
        return move_frames(child, p, ARG2(p));
    case PRIVCTL_GIVE_FRAMES:
        return move_frames(p, child, ARG2(p));
    case PRIVCTL_BUDGET:
        return give_budget(child, ARG2(p), ARG3(p));
    case PRIVCTL_REFUSED:
        return count_refusal(p, child);
    default:
        return -E_BADCALL;
    }
}
