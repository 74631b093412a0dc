/* Kernel calls for device drivers (thesis 3.3.3): ports, interrupt lines, the alarm. */
#include "kcall.h"

#include "alarm.h"
#include "defence.h"
#include "irq.h"
#include "time.h"
#include "vm.h"
#include "x86_64/cpu.h"
#include "x86_64/vectors.h"

#define PORTS 0x10000UL

/* Whether a value has in a rule's mask what that, or another one like it, allows. */
static bool is_allowed(const struct process *p, const struct vet *rule, uint32_t value) {
    for (const struct vet *r = p->vets; r < p->vets + p->vet_count; r++)
        if (r->port == rule->port && r->mask == rule->mask && (value & r->mask) == r->value)
            return true;
    return false;
}

/* Checks a write against all rules about ports that it touches (thesis 5.1.2: a value in an allowed
 * register has stopped a whole machine). */
static int vet(struct process *p, uint64_t op, uint64_t port, uint32_t value) {
    uint64_t width = op & ~(uint64_t)VDEVIO_WRITE;
    if (!DEFENCE(VET) || !(op & VDEVIO_WRITE))
        return 0;
    for (const struct vet *r = p->vets; r < p->vets + p->vet_count; r++) {
        bool touches = port < r->port + (uint64_t)r->width && r->port < port + width;
        if (touches && (port != r->port || width != r->width || !is_allowed(p, r, value)))
            return process_refuse(p, REFUSED_REGISTER, -E_PERM);
    }
    return 0;
}

/* Checks one access: operation, alignment, that all its ports are the caller's, and its value. */
static int check_access(struct process *p, uint64_t op, uint64_t port, uint32_t value) {
    uint64_t width = op & ~(uint64_t)VDEVIO_WRITE;
    if ((width != 1 && width != 2 && width != 4) || port % width)
        return -E_INVAL;
    if (port >= PORTS || (DEFENCE(PORT) && !priv_covers(p->io, p->io_count, port, width)))
        return process_refuse(p, REFUSED_DEVICE, -E_PERM);
    return __builtin_expect(p->vet_count, 0) ? vet(p, op, port, value) : 0;
}

static uint32_t access_port(uint64_t op, uint16_t port, uint32_t value) {
    switch (op) {
    case VDEVIO_IN8:
        return cpu_in8(port);
    case VDEVIO_IN16:
        return cpu_in16(port);
    case VDEVIO_IN32:
        return cpu_in32(port);
    case VDEVIO_OUT8:
        cpu_out8(port, (uint8_t)value);
        return value;
    case VDEVIO_OUT16:
        cpu_out16(port, (uint16_t)value);
        return value;
    default:
        cpu_out32(port, value);
        return value;
    }
}

/* The vector is copied first: what is checked is what is done. */
static int vdevio_vector(struct process *p) {
    struct vdevio_entry entry[VDEVIO_MAX];
    uint64_t count = ARG2(p), bytes = count * sizeof entry[0];
    if (count == 0 || count > VDEVIO_MAX)
        return -E_RANGE;
    if (!vm_user_range_ok(p, ARG1(p), bytes, true) || vm_copy_in(p, entry, ARG1(p), bytes))
        return -E_FAULT;
    for (unsigned i = 0; i < count; i++) {
        int error = check_access(p, entry[i].op, entry[i].port, entry[i].value);
        if (error)
            return error;
    }
    for (unsigned i = 0; i < count; i++)
        entry[i].value = access_port(entry[i].op, entry[i].port, entry[i].value);
    return vm_copy_out(p, ARG1(p), entry, bytes);
}

int kcall_vdevio(struct process *p) {
    if (ARG0(p) == VDEVIO_VECTOR)
        return vdevio_vector(p);
    int error = check_access(p, ARG0(p), ARG1(p), (uint32_t)ARG2(p));
    if (!error)
        ARG2(p) = access_port(ARG0(p), (uint16_t)ARG1(p), (uint32_t)ARG2(p));
    return error;
}

/* For who may use all lines: whoever may name an entry of the IOMMU's table may name any. */
static int irqctl_remap(struct process *p) {
    struct irq_remapped now;
    if (!priv_covers(p->irq, p->irq_count, 0, IRQ_LINES))
        return process_refuse(p, REFUSED_LINE, -E_PERM);
    if (ARG2(p) > 0x10000)
        return -E_RANGE;
    int error = irq_remap(ARG1(p), (uint32_t)ARG2(p), &now);
    if (error)
        return error;
    ARG0(p) = now.vector;
    ARG1(p) = now.apic_id;
    ARG2(p) = now.level;
    ARG3(p) = now.ioapic_id;
    return 0;
}

int kcall_irqctl(struct process *p) {
    uint64_t line = ARG1(p);
    if (ARG0(p) == IRQCTL_REMAP)
        return irqctl_remap(p);
    if (ARG0(p) < IRQCTL_REGISTER || ARG0(p) > IRQCTL_MASK)
        return -E_BADCALL;
    if (DEFENCE(LINE) && !priv_covers(p->irq, p->irq_count, line, 1))
        return process_refuse(p, REFUSED_LINE, -E_PERM);
    switch (ARG0(p)) {
    case IRQCTL_REGISTER:
        return ARG2(p) < 32 ? irq_register(p, line, (unsigned)ARG2(p)) : -E_RANGE;
    case IRQCTL_UNREGISTER:
        return irq_unregister(p, line);
    default:
        return irq_set_mask(p, line, ARG0(p) == IRQCTL_MASK);
    }
}

int kcall_setalarm(struct process *p) {
    uint64_t now = cpu_rdtsc(), before = p->alarm_deadline, wanted = ARG0(p);
    alarm_cancel(p);
    if (wanted)
        alarm_set(p, now + time_to_ticks(wanted));
    ARG0(p) = before > now ? time_from_ticks(before - now) : 0;
    return 0;
}
