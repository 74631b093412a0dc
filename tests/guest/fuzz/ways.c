#include "fuzz.h"

#include <bulkhead/grant.h>
#include <runtime/startup.h>

/* X(call, argument that says which, operation): what each driver or program gets now and then. */
#define OPERATIONS(X)                  \
    X(VDEVIO, 0, VDEVIO_IN8)           \
    X(VDEVIO, 0, VDEVIO_OUT8)          \
    X(VDEVIO, 0, VDEVIO_VECTOR)        \
    X(IRQCTL, 0, IRQCTL_REGISTER)      \
    X(IRQCTL, 0, IRQCTL_UNREGISTER)    \
    X(IRQCTL, 0, IRQCTL_UNMASK)        \
    X(IRQCTL, 0, IRQCTL_MASK)          \
    X(IRQCTL, 0, IRQCTL_REMAP)         \
    X(MEMMAP, 0, MEMMAP_MAP)           \
    X(MEMMAP, 0, MEMMAP_UNMAP)         \
    X(MAPDMA, 0, MAPDMA_ANYWHERE)      \
    X(MAPDMA, 0, MAPDMA_BELOW_4G)      \
    X(SAFECOPY, 5, COPY_FROM)          \
    X(SAFECOPY, 5, COPY_TO)            \
    X(SAFECOPY, 5, SAFECOPY_VECTOR)    \
    X(SAFEREVOKE, 0, REVOKE_GRANT)     \
    X(SAFEREVOKE, 0, REVOKE_MAPPING)   \
    X(SCHED, 0, SCHED_POLICY)          \
    X(SCHED, 0, SCHED_PRIORITY)        \
    X(SCHED, 0, SCHED_QUANTUM)         \
    X(SCHED, 0, SCHED_YIELD)           \
    X(PRIVCTL, 0, PRIVCTL_IPC)         \
    X(PRIVCTL, 0, PRIVCTL_KCALLS)      \
    X(PRIVCTL, 0, PRIVCTL_ALLOW)       \
    X(PRIVCTL, 0, PRIVCTL_DENY)        \
    X(PRIVCTL, 0, PRIVCTL_IO)          \
    X(PRIVCTL, 0, PRIVCTL_IRQ)         \
    X(PRIVCTL, 0, PRIVCTL_SCHED)       \
    X(PRIVCTL, 0, PRIVCTL_TAKE_FRAMES) \
    X(PRIVCTL, 0, PRIVCTL_GIVE_FRAMES) \
    X(PRIVCTL, 0, PRIVCTL_MEMORY)      \
    X(PRIVCTL, 0, PRIVCTL_MSI)         \
    X(PRIVCTL, 0, PRIVCTL_IRQ_LIMIT)   \
    X(PRIVCTL, 0, PRIVCTL_IRQ_RESUME)  \
    X(PRIVCTL, 0, PRIVCTL_VET)         \
    X(PRIVCTL, 0, PRIVCTL_BUDGET)      \
    X(PRIVCTL, 0, PRIVCTL_REFUSED)

static const struct operation {
    uint8_t call, argument, number;
    const char *name;
} operations[] = {
#define X(call, argument, number) { KCALL_##call, argument, number, #number },
    OPERATIONS(X)
#undef X
};

#define OPERATION_COUNT (sizeof operations / sizeof operations[0])

_Static_assert(WAYS_OPERATIONS + OPERATION_COUNT <= WAYS_MAX, "all have a bit");

unsigned way_of_operation(uint32_t call, const uint64_t arg[MESSAGE_ARGS]) {
    for (unsigned i = 0; i < OPERATION_COUNT; i++)
        if (operations[i].call == call && operations[i].number == arg[operations[i].argument])
            return WAYS_OPERATIONS + i;
    return 0;
}

/* Lines of the I/O APIC are core 0's. */
static const char *operation_name(const struct operation *operation) {
    bool lines = operation->call == KCALL_IRQCTL && operation->number == IRQCTL_REMAP;
    return lines && endpoint_core(runtime_self()) != 0 ? NULL : operation->name;
}

static const char *call_name(unsigned call) {
    static const char *const names[KCALL_COUNT] = {
#define X(name, number) [number] = #name,
        KERNEL_CALLS(X)
#undef X
    };
    return KCALL_MONITOR >> call & 1 ? NULL : names[call];
}

static const char *primitive_name(unsigned primitive) {
    static const char *const names[WAYS_OPERATIONS - WAYS_PRIMITIVES] = {
#define X(name, number) [number] = "IPC_" #name,
        IPC_PRIMITIVES(X)
#undef X
    };
    return names[primitive];
}

const char *way_name(unsigned way) {
    if (way < WAYS_PRIMITIVES)
        return call_name(way);
    if (way < WAYS_OPERATIONS)
        return primitive_name(way - WAYS_PRIMITIVES);
    way -= WAYS_OPERATIONS;
    return way < OPERATION_COUNT ? operation_name(&operations[way]) : NULL;
}
