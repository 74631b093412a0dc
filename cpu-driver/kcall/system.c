/* Kernel calls on the instance as a whole: log, power, checks, scheduling, tracing. */
#include "kcall.h"

#include "check.h"
#include "crash.h"
#include "defence.h"
#include "ipc.h"
#include "log.h"
#include "power.h"
#include "sched/sched.h"
#include "time.h"
#include "trace.h"
#include "vm.h"

int kcall_log(struct process *p) {
    char line[LOG_LINE_MAX];
    uint64_t bytes = ARG1(p);
    if (bytes > LOG_LINE_MAX)
        return -E_TOOBIG;
    if (vm_copy_in(p, line, ARG0(p), bytes))
        return -E_FAULT;
    for (uint64_t i = 0; i < bytes; i++)
        if ((line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            line[i] = '?'; /* nobody writes control sequences or lines of others */
    log_line("%.24s: %.*s", p->label, (int)bytes, line);
    return 0;
}

static int sysctl_fastpath(struct process *p) {
    if (ARG1(p))
        ipc_fastpath_off &= ~(unsigned)FASTPATH_OFF_SYSCTL;
    else
        ipc_fastpath_off |= FASTPATH_OFF_SYSCTL;
    return 0;
}

int kcall_sysctl(struct process *p) {
    switch (ARG0(p)) {
    case SYSCTL_POWEROFF:
        return power_off();
    case SYSCTL_REBOOT:
        power_reset();
    case SYSCTL_CHECK:
        ARG0(p) = check_invariants();
        return 0;
    case SYSCTL_FASTPATH:
        return sysctl_fastpath(p);
    case SYSCTL_CONSOLE:
        log_serial(!ARG1(p));
        return 0;
    case SYSCTL_CRASH:
        return core_debug ? crash(ARG1(p), ARG2(p)) : process_refuse(p, REFUSED_RIGHT, -E_PERM);
#ifdef DEFENCE_SWITCHES
    case SYSCTL_DEFENCE:
        defence_switch(ARG1(p));
        return 0;
#endif
    default:
        return -E_BADCALL;
    }
}

static int set_priority(struct process *p, struct process *target) {
    if (ARG2(p) >= SCHED_PRIORITIES)
        return -E_RANGE;
    if (DEFENCE(PRIORITY) && ARG2(p) < target->sched.limit_priority)
        return process_refuse(p, REFUSED_RIGHT, -E_PERM);
    sched_set_priority(target, (uint8_t)ARG2(p));
    return 0;
}

static int set_quantum(struct process *p, struct process *target) {
    if (ARG2(p) < SCHED_QUANTUM_MIN || ARG2(p) > SCHED_QUANTUM_MAX)
        return -E_RANGE;
    sched_set_quantum(target, time_to_ticks(ARG2(p)));
    target->sched.quantum_left = target->sched.quantum;
    return 0;
}

int kcall_sched(struct process *p) {
    struct process *target;
    int error;
    switch (ARG0(p)) {
    case SCHED_POLICY:
        if (ARG1(p) >= SCHED_POLICIES_MAX || !sched_policy((unsigned)ARG1(p)))
            return -E_NOENT;
        sched_use(sched_policy((unsigned)ARG1(p)));
        return 0;
    case SCHED_PRIORITY:
        error = kcall_process(p, ARG1(p), &target);
        return error ? error : set_priority(p, target);
    case SCHED_QUANTUM:
        error = kcall_process(p, ARG1(p), &target);
        return error ? error : set_quantum(p, target);
    case SCHED_YIELD:
        sched_yield();
        return 0;
    default:
        return -E_BADCALL;
    }
}

/* Copies events from number arg[3] on, or from the oldest that is kept, as many as fit in one step.
 */
static int trace_read(struct process *p) {
    uint64_t total = trace_count(),
             oldest = total > TRACE_RING_EVENTS ? total - TRACE_RING_EVENTS : 0;
    uint64_t first = ARG3(p) > oldest ? ARG3(p) : oldest;
    uint64_t room = ARG2(p) / sizeof(struct trace_event), copied = 0;
    for (; copied < room && copied < TRACE_READ_MAX && first + copied < total; copied++)
        if (vm_copy_out(p, ARG1(p) + copied * sizeof(struct trace_event), trace_get(first + copied),
                        sizeof(struct trace_event)))
            return -E_FAULT;
    ARG0(p) = copied;
    ARG1(p) = first;
    ARG2(p) = total;
    return 0;
}

int kcall_trace(struct process *p) {
    switch (ARG0(p)) {
    case TRACE_START:
        if (ARG1(p) & ~(uint64_t)TRACE_CLASS_ALL)
            return -E_INVAL;
        trace_start((unsigned)ARG1(p));
        ipc_fastpath_off |= FASTPATH_OFF_TRACE;
        return 0;
    case TRACE_STOP:
        trace_stop();
        ipc_fastpath_off &= ~(unsigned)FASTPATH_OFF_TRACE;
        return 0;
    case TRACE_READ:
        return trace_read(p);
    default:
        return -E_BADCALL;
    }
}
