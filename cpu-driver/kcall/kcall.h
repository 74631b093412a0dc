/*
 * Kernel calls (include/bulkhead/kcall.h). Each has a handler, found by its number in one table; a
 * handler returns 0 or a negated error, which becomes the caller's rax, or one of the two special
 * values.
 */
#ifndef CPU_DRIVER_KCALL_H
#define CPU_DRIVER_KCALL_H

#include "core.h"
#include "process.h"

/* The arguments, and where outputs go: the registers of arg[0] to arg[5]. */
#define ARG0(p) ((p)->context.rdx)
#define ARG1(p) ((p)->context.r10)
#define ARG2(p) ((p)->context.r8)
#define ARG3(p) ((p)->context.r9)
#define ARG4(p) ((p)->context.r12)
#define ARG5(p) ((p)->context.r13)

/*
 * More is left to do: what, the handler has written into the caller's arguments. The caller makes
 * the same call again when it runs next, after whatever interrupts have been waiting.
 */
#define KCALL_RESTART 1
/* The caller has ended: it has no result. */
#define KCALL_GONE 2

/* Serves the kernel call in p's registers. */
void kcall(struct process *p);

/*
 * The process that an endpoint argument names. kcall_child() takes processes that the caller
 * supervises alone, kcall_process() the caller itself too. Errors: -E_BADEP, -E_PEERDEAD, -E_PERM.
 */
int kcall_child(struct process *p, endpoint_t endpoint, struct process **child);
int kcall_process(struct process *p, endpoint_t endpoint, struct process **process);

/*
 * SHARE_ALLOC and MAPDMA: maps new zeroed frames of a state that follow each other and lie in
 * chunks that end at `limit` or below. arg[1]: address, arg[2]: bytes, checked by the caller; out
 * arg[0]: physical address. Restartable, with arg[3] and arg[4], which are 0 at first.
 */
int kcall_map_run(struct process *p, enum frame_state state, uint64_t limit);

int kcall_exit(struct process *p);
int kcall_proc_create(struct process *p);
int kcall_proc_start(struct process *p);
int kcall_proc_kill(struct process *p);
int kcall_proc_wait(struct process *p);
int kcall_proc_destroy(struct process *p);
int kcall_mem_map(struct process *p);
int kcall_mem_unmap(struct process *p);
int kcall_mem_protect(struct process *p);
int kcall_mem_copy(struct process *p);
int kcall_vdevio(struct process *p);
int kcall_irqctl(struct process *p);
int kcall_setalarm(struct process *p);
int kcall_getinfo(struct process *p);
int kcall_sysctl(struct process *p);
int kcall_privctl(struct process *p);
int kcall_sched(struct process *p);
int kcall_trace(struct process *p);
int kcall_log(struct process *p);
int kcall_core(struct process *p);
int kcall_share(struct process *p);
int kcall_bind(struct process *p);
int kcall_setgrant(struct process *p);
int kcall_safecopy(struct process *p);
int kcall_safemap(struct process *p);
int kcall_saferevoke(struct process *p);
int kcall_grant(struct process *p);
int kcall_memmap(struct process *p);
int kcall_mapdma(struct process *p);

#endif
