/* Arguments of the kernel calls for any program. What would only end the test is left out:
 * power-off and reboot, taking its own code and stack away. */
#include "values.h"

#include <bulkhead/trace.h>

/* Pages to be mapped, unmapped, protected: its window, or a child's space at any place. */
static void memory_args(uint64_t arg[MESSAGE_ARGS]) {
    bool own = below(3) != 0;
    arg[0] = own ? ENDPOINT_SELF : some_child();
    arg[1] = WINDOW + below(one_in(8) ? ALL_PAGES : WINDOW_PAGES) * PAGE_SIZE;
    arg[2] = (below(4) + 1) * PAGE_SIZE;
    arg[3] = below(8) ? PROT_READ | below(2) * PROT_WRITE : below(16);
    if (one_in(16))
        arg[1] += below(PAGE_SIZE);
    if (!own && one_in(16))
        arg[1] = odd_number();
    if (one_in(32))
        arg[2] = odd_number() | UINT64_C(1) << 40; /* more than any quota, or not a page multiple */
}

static void memory_copy_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(2) ? ENDPOINT_SELF : some_child();
    arg[1] = below(2) ? some_page() + below(PAGE_SIZE) : some_address();
    arg[2] = (uint64_t)buffer + below(PAGE_SIZE);
    arg[3] = some_size();
    arg[4] = below(16) ? below(2) : odd_number();
    if (arg[0] == ENDPOINT_SELF && arg[4] == COPY_TO)
        arg[1] = some_page() + below(PAGE_SIZE); /* never what it needs itself */
    if (one_in(16))
        arg[2] = some_address();
}

static void some_label(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = 'a' + below(26);
    arg[1] = arg[2] = 0;
    if (one_in(16))
        arg[below(3)] = random_next(&values_state);
}

static void proc_create_args(uint64_t arg[MESSAGE_ARGS]) {
    some_label(arg);
    arg[3] = below(16) ? PROCESS_FRAMES_MIN + below(16) : odd_number();
    arg[4] = below(2);
}

/* It has no memory to run in, and dies of that. */
static void proc_start_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = some_child();
    arg[1] = below(8) ? WINDOW : odd_number();
    arg[2] = below(8) ? WINDOW : odd_number();
}

static void proc_end_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(16) ? some_child() : some_endpoint();
}

static void setalarm_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(4) ? below(1000000) : odd_number();
}

static void getinfo_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(14);
    arg[1] = some_address();
    arg[2] = below(4) ? below(PAGE_SIZE) : odd_number();
    arg[3] = below(2) ? some_endpoint() : below(300);
}

static void sysctl_args(uint64_t arg[MESSAGE_ARGS]) {
    static const uint64_t operations[] = { 0, SYSCTL_FASTPATH, SYSCTL_CONSOLE, SYSCTL_CRASH, 99 };
    arg[0] = operations[below(sizeof operations / sizeof operations[0])];
    arg[1] = arg[0] == SYSCTL_FASTPATH ? below(2) : 1; /* the serial port stays the driver's */
}

static void sched_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(6);
    arg[1] = arg[0] == SCHED_POLICY ? below(3) : below(2) ? ENDPOINT_SELF : some_endpoint();
    arg[2] = below(4) ? below(SCHED_PRIORITIES) : SCHED_QUANTUM_MIN + below(SCHED_QUANTUM_MAX);
}

static void trace_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = below(5);
    arg[1] = arg[0] == TRACE_START ? below(64) : some_address();
    arg[2] = below(PAGE_SIZE);
    arg[3] = below(5000);
}

static void log_args(uint64_t arg[MESSAGE_ARGS]) {
    arg[0] = some_address();
    arg[1] = below(16) ? below(4) : odd_number();
}

arguments_of_call *const arguments[KCALL_COUNT] = {
    [KCALL_PROC_CREATE] = proc_create_args,
    [KCALL_PROC_START] = proc_start_args,
    [KCALL_PROC_KILL] = proc_end_args,
    [KCALL_PROC_DESTROY] = proc_end_args,
    [KCALL_MEM_MAP] = memory_args,
    [KCALL_MEM_UNMAP] = memory_args,
    [KCALL_MEM_PROTECT] = memory_args,
    [KCALL_MEM_COPY] = memory_copy_args,
    [KCALL_VDEVIO] = vdevio_args,
    [KCALL_IRQCTL] = irqctl_args,
    [KCALL_SETALARM] = setalarm_args,
    [KCALL_GETINFO] = getinfo_args,
    [KCALL_SYSCTL] = sysctl_args,
    [KCALL_PRIVCTL] = privctl_args,
    [KCALL_SCHED] = sched_args,
    [KCALL_TRACE] = trace_args,
    [KCALL_LOG] = log_args,
    [KCALL_SETGRANT] = setgrant_args,
    [KCALL_SAFECOPY] = safecopy_args,
    [KCALL_SAFEMAP] = safemap_args,
    [KCALL_SAFEREVOKE] = saferevoke_args,
    [KCALL_MEMMAP] = memmap_args,
    [KCALL_MAPDMA] = mapdma_args,
};
