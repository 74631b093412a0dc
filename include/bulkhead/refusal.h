/*
 * What a process is refused, by kind: the rows of thesis Fig. 5.5, and those that this system has
 * besides. Each instance counts them for each of its processes, without allocating anything; the
 * log tells of them at a bounded rate, however often a process tries (thesis 5.1.2: a system can
 * starve on its own messages).
 */
#ifndef BULKHEAD_REFUSAL_H
#define BULKHEAD_REFUSAL_H

#include <bulkhead/kcall.h>

/* X(name, text) */
#define REFUSALS(X)                                                      \
    /* CPU: the process has ended by it (Intel SDM vol. 3, table 6-1) */ \
    X(PROTECTION, "general protection fault")                            \
    X(STACK, "stack fault")                                              \
    X(OPCODE, "invalid opcode")                                          \
    X(DIVIDE, "divide error")                                            \
    X(BREAKPOINT, "breakpoint")                                          \
    X(DEBUG, "debug exception")                                          \
    X(EXCEPTION, "other exception")                                      \
    X(BUDGET, "CPU budget used up")                                      \
    /* Memory */                                                         \
    X(PAGE, "reference outside its memory")                              \
    X(BUFFER, "buffer outside its private memory")                       \
    X(GRANT_ID, "grant id out of range of the grant table")              \
    X(GRANTOR, "invalid grantor or grant id")                            \
    X(GRANT_RANGE, "region exceeds the memory granted")                  \
    X(GRANT_ACCESS, "access type not granted")                           \
    X(GRANT_UNUSED, "grant unused, revoked or for another process")      \
    X(WX, "memory both writable and executable")                         \
    X(MEMORY, "frame or process quota used up")                          \
    X(DMA, "DMA outside its memory")                                     \
    /* Devices */                                                        \
    X(DEVICE, "device port, register or memory not allowed")             \
    X(REGISTER, "value not allowed in a device register")                \
    X(LINE, "interrupt line not allowed")                                \
    X(STORM, "interrupt storm")                                          \
    /* IPC */                                                            \
    X(KCALL, "kernel call not allowed")                                  \
    X(KCALL_NUMBER, "no such kernel call")                               \
    X(RIGHT, "right that it does not have")                              \
    X(ENDPOINT, "no such destination")                                   \
    X(TARGET, "destination not allowed")                                 \
    X(REQUEST, "request rejected by its destination")                    \
    X(PRIMITIVE, "no such IPC primitive")                                \
    X(PRIMITIVE_RIGHT, "IPC primitive not allowed")                      \
    X(FLAG, "flag not allowed with the primitive")                       \
    X(DEADLOCK, "call would close a cycle")

enum refusal {
#define X(name, text) REFUSED_##name,
    REFUSALS(X)
#undef X
        REFUSAL_COUNT
};

/* GETINFO INFO_REFUSALS. */
struct refusal_info {
    endpoint_t endpoint;
    char label[LABEL_MAX];
    uint32_t count[REFUSAL_COUNT];
};

/* The text of a kind, for people. Never NULL. */
static inline const char *refusal_text(unsigned kind) {
    static const char *const text[REFUSAL_COUNT] = {
#define X(name, text) [REFUSED_##name] = (text),
        REFUSALS(X)
#undef X
    };
    return kind < REFUSAL_COUNT ? text[kind] : "?";
}

#endif
