/* The table of kernel calls, and what all of them have in common. */
#include "kcall.h"

#include "defence.h"
#include "sched/sched.h"
#include "trace.h"

#define SYSCALL_BYTES 2 /* length of the SYSCALL instruction */

static int kcall_null(struct process *p) {
    (void)p;
    return 0;
}

static int (*const handlers[KCALL_COUNT])(struct process *p) = {
    [KCALL_NULL] = kcall_null,
    [KCALL_EXIT] = kcall_exit,
    [KCALL_PROC_CREATE] = kcall_proc_create,
    [KCALL_PROC_START] = kcall_proc_start,
    [KCALL_PROC_KILL] = kcall_proc_kill,
    [KCALL_PROC_WAIT] = kcall_proc_wait,
    [KCALL_PROC_DESTROY] = kcall_proc_destroy,
    [KCALL_MEM_MAP] = kcall_mem_map,
    [KCALL_MEM_UNMAP] = kcall_mem_unmap,
    [KCALL_MEM_PROTECT] = kcall_mem_protect,
    [KCALL_MEM_COPY] = kcall_mem_copy,
    [KCALL_VDEVIO] = kcall_vdevio,
    [KCALL_IRQCTL] = kcall_irqctl,
    [KCALL_SETALARM] = kcall_setalarm,
    [KCALL_GETINFO] = kcall_getinfo,
    [KCALL_SYSCTL] = kcall_sysctl,
    [KCALL_PRIVCTL] = kcall_privctl,
    [KCALL_SCHED] = kcall_sched,
    [KCALL_TRACE] = kcall_trace,
    [KCALL_LOG] = kcall_log,
    [KCALL_CORE] = kcall_core,
    [KCALL_SHARE] = kcall_share,
    [KCALL_BIND] = kcall_bind,
    [KCALL_SETGRANT] = kcall_setgrant,
    [KCALL_SAFECOPY] = kcall_safecopy,
    [KCALL_SAFEMAP] = kcall_safemap,
    [KCALL_SAFEREVOKE] = kcall_saferevoke,
    [KCALL_GRANT] = kcall_grant,
    [KCALL_MEMMAP] = kcall_memmap,
    [KCALL_MAPDMA] = kcall_mapdma,
};

/* The caller may not make this call. */
__attribute__((cold, noinline)) static int refuse_call(struct process *p, uint32_t number) {
    if (!(p->ipc_permitted & IPC_BIT(SENDREC)))
        return process_refuse(p, REFUSED_PRIMITIVE_RIGHT, -E_PERM);
    if (number >= KCALL_COUNT || !(KCALL_ALL >> number & 1))
        return process_refuse(p, REFUSED_KCALL_NUMBER, -E_BADCALL);
    return process_refuse(p, REFUSED_KCALL, -E_PERM);
}

/* What is not done at the end of every call. */
__attribute__((cold, noinline)) static void finish(struct process *p, int result) {
    uint32_t number = (uint32_t)p->context.rsi;
    uint64_t error = result < 0 ? (uint32_t)result : 0;
    trace(TRACE_EVENT_KCALL, p->endpoint, ENDPOINT_NONE, error << 32 | number);
    if (result < 0)
        process_count_error(p, result);
    if (result == KCALL_RESTART)
        p->context.rip -= SYSCALL_BYTES;
    sched_finish();
}

void kcall(struct process *p) {
    uint32_t number = (uint32_t)p->context.rsi;
    int result;
    if (__builtin_expect((number < KCALL_COUNT || !DEFENCE(KCALL_NUMBER)) &&
                             (p->kcalls_open >> number & 1 || !DEFENCE(KCALL)),
                         1))
        result = handlers[number](p);
    else
        result = refuse_call(p, number);
    if (result <= 0)
        p->context.rax = (uint64_t)(int64_t)result;
    if (__builtin_expect(result != 0 || (trace_classes | sched_work), 0))
        finish(p, result);
}

int kcall_child(struct process *p, endpoint_t endpoint, struct process **child) {
    int error = process_find(endpoint, child);
    if (DEFENCE(CHILD) && *child && (*child)->supervisor != p->endpoint)
        return process_refuse(p, REFUSED_RIGHT, -E_PERM);
    return error;
}

int kcall_process(struct process *p, endpoint_t endpoint, struct process **process) {
    if (endpoint == ENDPOINT_SELF || endpoint == p->endpoint) {
        *process = p;
        return 0;
    }
    return kcall_child(p, endpoint, process);
}
