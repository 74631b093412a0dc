/*
 * Kernel calls, a function each. What they do, and their errors, is in <bulkhead/kcall.h>; here is
 * only what the C form adds. All return 0 or a negated error, and write no output on an error.
 */
#ifndef RUNTIME_KCALL_H
#define RUNTIME_KCALL_H

#include <stdbool.h>
#include <string.h>

#include <bulkhead/info.h>
#include <bulkhead/refusal.h>
#include <bulkhead/trace.h>

#include <runtime/ipc.h>
#include <runtime/lines.h>

/* A kernel call with up to four arguments and no output. */
static inline int kcall_in(uint64_t call, uint64_t arg0, uint64_t arg1, uint64_t arg2,
                           uint64_t arg3) {
    uint64_t arg[4] = { arg0, arg1, arg2, arg3 };
    return trap_kernel_4(call, arg);
}

/* Enters the kernel and leaves it. */
IPC_INLINE int kcall_null(void) { return trap_2(IPC_SENDREC, ENDPOINT_KERNEL, KCALL_NULL); }

/* Ends the caller at once: nothing is flushed (see exit()). */
static inline _Noreturn void kcall_exit(uint64_t status) {
    kcall_in(KCALL_EXIT, status, 0, 0, 0);
    __builtin_trap(); /* it does not return */
}

/* ---- Processes ---- */

/* A label as it travels in three message arguments. false: empty, or longer than LABEL_MAX. */
static inline bool label_pack(const char *label, uint64_t out[3]) {
    size_t length = strnlen(label, LABEL_MAX + 1);
    if (length == 0 || length > LABEL_MAX)
        return false;
    out[0] = out[1] = out[2] = 0;
    memcpy(out, label, length);
    return true;
}

/* `label` is a C string; `frames` and `processes` are what the child may own and create. */
static inline int proc_create(const char *label, uint64_t frames, uint64_t processes,
                              endpoint_t *child) {
    uint64_t arg[5] = { 0, 0, 0, frames, processes };
    if (!label_pack(label, arg))
        return -E_INVAL;
    int error = trap_kernel_5(KCALL_PROC_CREATE, arg);
    if (!error)
        *child = arg[0];
    return error;
}

/* The child's first instruction finds rdi and rsi as given. */
static inline int proc_start(endpoint_t child, uint64_t entry, uint64_t stack, uint64_t rdi,
                             uint64_t rsi) {
    uint64_t arg[5] = { child, entry, stack, rdi, rsi };
    return trap_kernel_5(KCALL_PROC_START, arg);
}

/* `reason` appears as status in the death report. */
static inline int proc_kill(endpoint_t child, uint64_t reason) {
    return kcall_in(KCALL_PROC_KILL, child, reason, 0, 0);
}

static inline int proc_wait(endpoint_t *child, enum death_cause *cause) {
    uint64_t arg[4] = { 0 };
    int error = trap_kernel_4(KCALL_PROC_WAIT, arg);
    if (!error) {
        *child = arg[0];
        *cause = (enum death_cause)arg[1];
    }
    return error;
}

static inline int proc_destroy(endpoint_t child) {
    return kcall_in(KCALL_PROC_DESTROY, child, 0, 0, 0);
}

/* ---- Memory: addresses and lengths are multiples of PAGE_SIZE ---- */

static inline int mem_map(endpoint_t process, uint64_t address, uint64_t bytes,
                          unsigned protection) {
    return kcall_in(KCALL_MEM_MAP, process, address, bytes, protection);
}

static inline int mem_unmap(endpoint_t process, uint64_t address, uint64_t bytes) {
    return kcall_in(KCALL_MEM_UNMAP, process, address, bytes, 0);
}

static inline int mem_protect(endpoint_t process, uint64_t address, uint64_t bytes,
                              unsigned protection) {
    return kcall_in(KCALL_MEM_PROTECT, process, address, bytes, protection);
}

/* Any alignment. `address` is in `process`, `local` in the caller. */
static inline int mem_copy(endpoint_t process, uint64_t address, uint64_t local, size_t bytes,
                           enum copy_direction direction) {
    uint64_t arg[5] = { process, address, local, bytes, direction };
    return trap_kernel_5(KCALL_MEM_COPY, arg);
}

static inline int mem_copy_to(endpoint_t process, uint64_t address, const void *from,
                              size_t bytes) {
    return mem_copy(process, address, (uint64_t)from, bytes, COPY_TO);
}

static inline int mem_copy_from(endpoint_t process, uint64_t address, void *to, size_t bytes) {
    return mem_copy(process, address, (uint64_t)to, bytes, COPY_FROM);
}

/* ---- Devices ---- */

/* One port access of any kind; `value` is written, or receives what was read. */
static inline int vdevio_1(enum vdevio_op operation, uint16_t port, uint32_t *value) {
    uint64_t arg[4] = { operation, port, *value, 0 };
    int error = trap_kernel_4(KCALL_VDEVIO, arg);
    if (!error)
        *value = (uint32_t)arg[2];
    return error;
}

static inline int vdevio_in8(uint16_t port, uint8_t *value) {
    uint32_t wide = 0;
    int error = vdevio_1(VDEVIO_IN8, port, &wide);
    if (!error)
        *value = (uint8_t)wide;
    return error;
}

static inline int vdevio_in16(uint16_t port, uint16_t *value) {
    uint32_t wide = 0;
    int error = vdevio_1(VDEVIO_IN16, port, &wide);
    if (!error)
        *value = (uint16_t)wide;
    return error;
}

static inline int vdevio_in32(uint16_t port, uint32_t *value) {
    return vdevio_1(VDEVIO_IN32, port, value);
}

static inline int vdevio_out8(uint16_t port, uint8_t value) {
    return kcall_in(KCALL_VDEVIO, VDEVIO_OUT8, port, value, 0);
}

static inline int vdevio_out16(uint16_t port, uint16_t value) {
    return kcall_in(KCALL_VDEVIO, VDEVIO_OUT16, port, value, 0);
}

static inline int vdevio_out32(uint16_t port, uint32_t value) {
    return kcall_in(KCALL_VDEVIO, VDEVIO_OUT32, port, value, 0);
}

/* `count` accesses in order, 1 to VDEVIO_MAX, in one call. */
static inline int vdevio_vector(struct vdevio_entry *entries, size_t count) {
    return kcall_in(KCALL_VDEVIO, VDEVIO_VECTOR, (uint64_t)entries, count, 0);
}

/* Device memory at `physical` appears at `address`; `protection` may have MEMMAP_CACHED. */
static inline int memmap(uint64_t address, uint64_t physical, uint64_t bytes, uint64_t protection) {
    uint64_t arg[5] = { MEMMAP_MAP, address, physical, bytes, protection };
    return trap_kernel_5(KCALL_MEMMAP, arg);
}

static inline int memmap_remove(uint64_t address, uint64_t bytes) {
    return kcall_in(KCALL_MEMMAP, MEMMAP_UNMAP, address, 0, bytes);
}

/* New memory at `address`, and where it lies: MAPDMA_ANYWHERE or MAPDMA_BELOW_4G. */
static inline int mapdma(enum mapdma_op where, uint64_t address, uint64_t bytes,
                         uint64_t *physical) {
    uint64_t arg[5] = { where, address, bytes, 0, 0 };
    int error = trap_kernel_5(KCALL_MAPDMA, arg);
    if (!error)
        *physical = arg[0];
    return error;
}

/* `physical` has room for an address for each page. */
static inline int mapdma_query(endpoint_t child, uint64_t address, uint64_t bytes,
                               uint64_t *physical) {
    uint64_t arg[5] = { MAPDMA_QUERY, child, address, bytes, (uint64_t)physical };
    return trap_kernel_5(KCALL_MAPDMA, arg);
}

/* The line's interrupts set bit `bit` (0 to 31) of the mask that the event loop's irq() gets, on
 * whichever core the process is. */
static inline int irqctl_register(uint32_t line, unsigned bit) {
    if (line_is_remote(line))
        return line_register(line, bit);
    return kcall_in(KCALL_IRQCTL, IRQCTL_REGISTER, line, bit, 0);
}

static inline int irqctl_unregister(uint32_t line) {
    if (line_is_remote(line))
        return line_unregister(line);
    return kcall_in(KCALL_IRQCTL, IRQCTL_UNREGISTER, line, 0, 0);
}

static inline int irqctl_unmask(uint32_t line) {
    if (line_is_remote(line))
        return line_set_mask(line, false);
    return kcall_in(KCALL_IRQCTL, IRQCTL_UNMASK, line, 0, 0);
}

static inline int irqctl_mask(uint32_t line) {
    if (line_is_remote(line))
        return line_set_mask(line, true);
    return kcall_in(KCALL_IRQCTL, IRQCTL_MASK, line, 0, 0);
}

/* How a line's interrupts look to an IOMMU. */
struct irqctl_line {
    uint32_t vector, apic_id;
    bool level;
    uint8_t ioapic_id;
};

/* `handle` is 0, or the index of the line's entry in the table of the IOMMU and 1 more. */
static inline int irqctl_remap(uint32_t line, uint32_t handle, struct irqctl_line *wired) {
    uint64_t arg[4] = { IRQCTL_REMAP, line, handle, 0 };
    int error = trap_kernel_4(KCALL_IRQCTL, arg);
    if (!error)
        *wired = (struct irqctl_line){ (uint32_t)arg[0], (uint32_t)arg[1], arg[2] != 0,
                                       (uint8_t)arg[3] };
    return error;
}

/* ---- Time ---- */

/*
 * The process' one alarm: `nanoseconds` from now, 0 for none. *left, unless NULL, receives what the
 * one before it had left. A process with an event loop uses event_alarm_set() instead.
 */
static inline int alarm_set(uint64_t nanoseconds, uint64_t *left) {
    uint64_t arg[4] = { nanoseconds };
    int error = trap_kernel_4(KCALL_SETALARM, arg);
    if (!error && left)
        *left = arg[0];
    return error;
}

/* ---- Information ---- */

/*
 * *written and *total, unless NULL, receive the bytes copied and the bytes there are. `selector` is
 * what enum info says for arg[3].
 */
static inline int getinfo(enum info what, void *buffer, size_t bytes, uint64_t selector,
                          size_t *written, size_t *total) {
    uint64_t arg[4] = { what, (uint64_t)buffer, bytes, selector };
    int error = trap_kernel_4(KCALL_GETINFO, arg);
    if (!error && written)
        *written = arg[0];
    if (!error && total)
        *total = arg[1];
    return error;
}

/* ---- The instance ---- */

/* `line` has no newline and at most LOG_LINE_MAX bytes. */
static inline int kernel_log(const char *line, size_t bytes) {
    return kcall_in(KCALL_LOG, (uint64_t)line, bytes, 0, 0);
}

/* Returns only on an error. */
static inline int sysctl_poweroff(void) { return kcall_in(KCALL_SYSCTL, SYSCTL_POWEROFF, 0, 0, 0); }

/* Returns only on an error. */
static inline int sysctl_reboot(void) { return kcall_in(KCALL_SYSCTL, SYSCTL_REBOOT, 0, 0, 0); }

/* *violations receives the number of broken invariants; the kernel log says which. */
static inline int sysctl_check(uint64_t *violations) {
    uint64_t arg[4] = { SYSCTL_CHECK };
    int error = trap_kernel_4(KCALL_SYSCTL, arg);
    if (!error)
        *violations = arg[0];
    return error;
}

static inline int sysctl_fastpath(bool on) {
    return kcall_in(KCALL_SYSCTL, SYSCTL_FASTPATH, on, 0, 0);
}

/* owned: a driver has the serial port, the kernel keeps off it. */
static inline int sysctl_console(bool owned) {
    return kcall_in(KCALL_SYSCTL, SYSCTL_CONSOLE, owned, 0, 0);
}

/* ---- Permissions of a child ---- */

/* `primitives` is a set of IPC_BIT(). */
static inline int privctl_ipc(endpoint_t child, uint32_t primitives) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_IPC, child, primitives, 0);
}

/* `calls` is a set of KCALL_BIT(). */
static inline int privctl_kcalls(endpoint_t child, uint64_t calls) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_KCALLS, child, calls, 0);
}

static inline int privctl_allow(endpoint_t child, endpoint_t target) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_ALLOW, child, target, 0);
}

static inline int privctl_deny(endpoint_t child, endpoint_t target) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_DENY, child, target, 0);
}

static inline int privctl_io(endpoint_t child, uint16_t first_port, uint32_t ports) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_IO, child, first_port, ports);
}

static inline int privctl_irq(endpoint_t child, uint32_t first_line, uint32_t lines) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_IRQ, child, first_line, lines);
}

/* Device memory, by pages: physical addresses divided by PAGE_SIZE. */
static inline int privctl_memory(endpoint_t child, uint64_t first_page, uint64_t pages) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_MEMORY, child, first_page, pages);
}

/* *vector and *apic_id: what the first of the child's messages is to say, and to whom. */
static inline int privctl_msi(endpoint_t child, unsigned messages, uint8_t *vector,
                              uint32_t *apic_id) {
    uint64_t arg[4] = { PRIVCTL_MSI, child, messages, 0 };
    int error = trap_kernel_4(KCALL_PRIVCTL, arg);
    if (!error) {
        *vector = (uint8_t)arg[0];
        *apic_id = (uint32_t)arg[1];
    }
    return error;
}

static inline int privctl_irq_limit(endpoint_t child, uint32_t per_second) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_IRQ_LIMIT, child, per_second, 0);
}

static inline int privctl_irq_resume(endpoint_t child) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_IRQ_RESUME, child, 0, 0);
}

/* `width` in bytes. */
static inline int privctl_vet(endpoint_t child, uint16_t port, unsigned width, uint32_t mask,
                              uint32_t value) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_VET, child, (uint64_t)port << 32 | width,
                    (uint64_t)mask << 32 | value);
}

/* Moves unused quota between the caller and its child. */
static inline int privctl_take_frames(endpoint_t child, uint64_t frames) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_TAKE_FRAMES, child, frames, 0);
}

static inline int privctl_give_frames(endpoint_t child, uint64_t frames) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_GIVE_FRAMES, child, frames, 0);
}

static inline int privctl_sched(endpoint_t child, unsigned most_urgent) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_SCHED, child, most_urgent, 0);
}

/* Nanoseconds of CPU time that the child may use in each period of so many; 0: no limit. */
static inline int privctl_budget(endpoint_t child, uint64_t budget, uint64_t period) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_BUDGET, child, budget, period);
}

/* The child was refused something by the caller, or by who has told it. */
static inline int privctl_refused(endpoint_t child, enum refusal kind) {
    return kcall_in(KCALL_PRIVCTL, PRIVCTL_REFUSED, child, kind, 0);
}

/* ---- Scheduling ---- */

static inline int sched_policy(unsigned policy) {
    return kcall_in(KCALL_SCHED, SCHED_POLICY, policy, 0, 0);
}

static inline int sched_priority(endpoint_t process, unsigned priority) {
    return kcall_in(KCALL_SCHED, SCHED_PRIORITY, process, priority, 0);
}

static inline int sched_quantum(endpoint_t process, uint64_t nanoseconds) {
    return kcall_in(KCALL_SCHED, SCHED_QUANTUM, process, nanoseconds, 0);
}

static inline int sched_yield(void) { return kcall_in(KCALL_SCHED, SCHED_YIELD, 0, 0, 0); }

/* ---- Trace ---- */

/* `classes` is a set of enum trace_class. */
static inline int trace_start(uint32_t classes) {
    return kcall_in(KCALL_TRACE, TRACE_START, classes, 0, 0);
}

static inline int trace_stop(void) { return kcall_in(KCALL_TRACE, TRACE_STOP, 0, 0, 0); }

/*
 * Copies up to `capacity` events from number *from on, or from the oldest kept, whose number *from
 * then is. *copied and *total receive the events copied and the events ever recorded.
 */
static inline int trace_read(struct trace_event *events, size_t capacity, uint64_t *from,
                             size_t *copied, uint64_t *total) {
    uint64_t arg[4] = { TRACE_READ, (uint64_t)events, capacity * sizeof *events, *from };
    int error = trap_kernel_4(KCALL_TRACE, arg);
    if (!error) {
        *copied = arg[0];
        *from = arg[1];
        *total = arg[2];
    }
    return error;
}

#endif
