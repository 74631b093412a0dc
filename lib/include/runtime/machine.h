/*
 * The instructions that only a process of the system can execute: the system call in the register
 * forms that <bulkhead/ipc.h> defines, and the processor's counter. All else in the library is
 * plain C above these functions, so that host tests can put a kernel of their own in their place.
 *
 * Each returns rax: 0 or a negated error. On an error no output is written.
 */
#ifndef RUNTIME_MACHINE_H
#define RUNTIME_MACHINE_H

#include <stddef.h>

#include <bulkhead/ipc.h>

#define IPC_INLINE static inline __attribute__((always_inline))

/* Type and tag travel in one register, in the order in which they lie in memory. */
IPC_INLINE uint64_t message_head(const struct message *m) {
    uint64_t head;
    __builtin_memcpy(&head, &m->type, sizeof head);
    return head;
}

IPC_INLINE void message_set_head(struct message *m, uint64_t head) {
    __builtin_memcpy(&m->type, &head, sizeof head);
}

_Static_assert(offsetof(struct message, tag) == offsetof(struct message, type) + 4, "one register");

/* A primitive that sends *m and receives into it. */
IPC_INLINE int trap_message(uint64_t operation, uint64_t to, struct message *m) {
    uint64_t head = message_head(m);
    uint64_t arg0 = m->arg[0];
    register uint64_t arg1 __asm__("r10") = m->arg[1];
    register uint64_t arg2 __asm__("r8") = m->arg[2];
    register uint64_t arg3 __asm__("r9") = m->arg[3];
    register uint64_t arg4 __asm__("r12") = m->arg[4];
    register uint64_t arg5 __asm__("r13") = m->arg[5];
    __asm__ volatile("syscall"
                     : "+a"(operation), "+D"(to), "+S"(head), "+d"(arg0), "+r"(arg1), "+r"(arg2),
                       "+r"(arg3), "+r"(arg4), "+r"(arg5)
                     :
                     : "rcx", "r11", "memory");
    int error = (int)operation;
    if (error)
        return error;
    m->source = to;
    message_set_head(m, head);
    m->arg[0] = arg0;
    m->arg[1] = arg1;
    m->arg[2] = arg2;
    m->arg[3] = arg3;
    m->arg[4] = arg4;
    m->arg[5] = arg5;
    return 0;
}

/* A primitive that only sends: it leaves all registers but rax, rcx and r11 as they were. */
IPC_INLINE int trap_send(uint64_t operation, endpoint_t to, const struct message *m) {
    uint64_t head = message_head(m);
    register uint64_t arg1 __asm__("r10") = m->arg[1];
    register uint64_t arg2 __asm__("r8") = m->arg[2];
    register uint64_t arg3 __asm__("r9") = m->arg[3];
    register uint64_t arg4 __asm__("r12") = m->arg[4];
    register uint64_t arg5 __asm__("r13") = m->arg[5];
    __asm__ volatile("syscall"
                     : "+a"(operation)
                     : "D"(to), "S"(head), "d"(m->arg[0]), "r"(arg1), "r"(arg2), "r"(arg3),
                       "r"(arg4), "r"(arg5)
                     : "rcx", "r11", "memory");
    return (int)operation;
}

/* A primitive that only receives: it takes nothing but the source. */
IPC_INLINE int trap_receive(uint64_t operation, endpoint_t from, struct message *m) {
    uint64_t head, arg0;
    register uint64_t arg1 __asm__("r10");
    register uint64_t arg2 __asm__("r8");
    register uint64_t arg3 __asm__("r9");
    register uint64_t arg4 __asm__("r12");
    register uint64_t arg5 __asm__("r13");
    __asm__ volatile("syscall"
                     : "+a"(operation), "+D"(from), "=S"(head), "=d"(arg0), "=r"(arg1), "=r"(arg2),
                       "=r"(arg3), "=r"(arg4), "=r"(arg5)
                     :
                     : "rcx", "r11", "memory");
    int error = (int)operation;
    if (error)
        return error;
    m->source = from;
    message_set_head(m, head);
    m->arg[0] = arg0;
    m->arg[1] = arg1;
    m->arg[2] = arg2;
    m->arg[3] = arg3;
    m->arg[4] = arg4;
    m->arg[5] = arg5;
    return 0;
}

/* A primitive with one operand and no message. */
IPC_INLINE int trap_1(uint64_t operation, uint64_t rdi) {
    __asm__ volatile("syscall" : "+a"(operation) : "D"(rdi) : "rcx", "r11", "memory");
    return (int)operation;
}

/* A primitive with two operands and no message. */
IPC_INLINE int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi) {
    __asm__ volatile("syscall" : "+a"(operation) : "D"(rdi), "S"(rsi) : "rcx", "r11", "memory");
    return (int)operation;
}

/* A kernel call with up to four arguments. On success its outputs have replaced them. */
IPC_INLINE int trap_kernel_4(uint64_t call, uint64_t arg[4]) {
    uint64_t operation = IPC_SENDREC;
    uint64_t arg0 = arg[0];
    register uint64_t arg1 __asm__("r10") = arg[1];
    register uint64_t arg2 __asm__("r8") = arg[2];
    register uint64_t arg3 __asm__("r9") = arg[3];
    __asm__ volatile("syscall"
                     : "+a"(operation), "+d"(arg0), "+r"(arg1), "+r"(arg2), "+r"(arg3)
                     : "D"(ENDPOINT_KERNEL), "S"(call)
                     : "rcx", "r11", "memory");
    int error = (int)operation;
    if (error)
        return error;
    arg[0] = arg0;
    arg[1] = arg1;
    arg[2] = arg2;
    arg[3] = arg3;
    return 0;
}

/* The same with five, of which only the first can be an output. */
IPC_INLINE int trap_kernel_5(uint64_t call, uint64_t arg[5]) {
    uint64_t operation = IPC_SENDREC;
    uint64_t arg0 = arg[0];
    register uint64_t arg1 __asm__("r10") = arg[1];
    register uint64_t arg2 __asm__("r8") = arg[2];
    register uint64_t arg3 __asm__("r9") = arg[3];
    register uint64_t arg4 __asm__("r12") = arg[4];
    __asm__ volatile("syscall"
                     : "+a"(operation), "+d"(arg0), "+r"(arg1), "+r"(arg2), "+r"(arg3), "+r"(arg4)
                     : "D"(ENDPOINT_KERNEL), "S"(call)
                     : "rcx", "r11", "memory");
    int error = (int)operation;
    if (!error)
        arg[0] = arg0;
    return error;
}

/* With six, and no outputs. */
IPC_INLINE int trap_kernel_6(uint64_t call, uint64_t arg0, uint64_t in1, uint64_t in2, uint64_t in3,
                             uint64_t in4, uint64_t in5) {
    uint64_t operation = IPC_SENDREC;
    register uint64_t arg1 __asm__("r10") = in1;
    register uint64_t arg2 __asm__("r8") = in2;
    register uint64_t arg3 __asm__("r9") = in3;
    register uint64_t arg4 __asm__("r12") = in4;
    register uint64_t arg5 __asm__("r13") = in5;
    __asm__ volatile("syscall"
                     : "+a"(operation), "+d"(arg0), "+r"(arg1), "+r"(arg2), "+r"(arg3), "+r"(arg4),
                       "+r"(arg5)
                     : "D"(ENDPOINT_KERNEL), "S"(call)
                     : "rcx", "r11", "memory");
    return (int)operation;
}

/* The processor's time-stamp counter. Not ordered against the instructions around it. */
static inline uint64_t machine_counter(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

#endif
