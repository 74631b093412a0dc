/* Kernel calls for device drivers (thesis 3.3.3): ports, interrupt lines, the alarm. */
#include "kcall.h"

#include "alarm.h"
#include "irq.h"
#include "time.h"
#include "vm.h"
#include "x86_64/cpu.h"

#define PORTS 0x10000UL

/* Checks one access: operation, alignment, and that all its ports are the caller's. */
static int check_access(struct process *p, uint64_t op, uint64_t port) {
    uint64_t width = op & ~(uint64_t)VDEVIO_WRITE;
    if ((width != 1 && width != 2 && width != 4) || port % width)
        return -E_INVAL;
    if (port >= PORTS || !priv_covers(p->io, p->io_count, port, width))
        return process_refuse(p, REFUSED_DEVICE, -E_PERM);
    return 0;
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
        int error = check_access(p, entry[i].op, entry[i].port);
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
    int error = check_access(p, ARG0(p), ARG1(p));
    if (!error)
        ARG2(p) = access_port(ARG0(p), (uint16_t)ARG1(p), (uint32_t)ARG2(p));
    return error;
}

int kcall_irqctl(struct process *p) {
    uint64_t line = ARG1(p);
    if (ARG0(p) < IRQCTL_REGISTER || ARG0(p) > IRQCTL_MASK)
        return -E_BADCALL;
    if (!priv_covers(p->irq, p->irq_count, line, 1))
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
