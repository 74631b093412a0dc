/*
 * Defences that a debug build (build/attack.iso) can do without, one at a time, to see that an
 * attack which fails would succeed but for just that: docs/threats.md. Nothing of it is in the
 * system that is shipped, where every DEFENCE() is true.
 */
#ifndef BULKHEAD_DEFENCE_H
#define BULKHEAD_DEFENCE_H

/* X(name, text): what no longer holds when it is off. */
#define DEFENCES(X)                                                                            \
    X(IOPL, "processes have no I/O privilege")                                                 \
    X(RING, "processes run in user mode")                                                      \
    X(KERNEL_PAGES, "kernel pages are supervisor pages")                                       \
    X(PREEMPTION, "a quantum ends by a timer interrupt")                                       \
    X(QUANTUM, "what is left of a quantum is kept, not renewed")                               \
    X(PRIORITY, "nobody raises its priority above its limit")                                  \
    X(CHILD, "only a supervisor reaches a process")                                            \
    X(PRIVATE, "buffers are in private user memory")                                           \
    X(READ_ONLY, "the kernel writes to writable buffers alone")                                \
    X(WX, "no memory is writable and executable")                                              \
    X(FRAME_QUOTA, "nobody has more frames than its quota")                                    \
    X(SLOT_QUOTA, "nobody makes more processes than its quota")                                \
    X(ZERO, "new memory is zeroed")                                                            \
    X(PORT, "a driver's own ports alone")                                                      \
    X(LINE, "a driver's own interrupt lines alone")                                            \
    X(LINE_CLEANUP, "lines of the dead are free")                                              \
    X(DEVICE_MEMORY, "a driver's own device memory alone")                                     \
    X(VET, "registers that are vetted take allowed values alone (PCI server too)")             \
    X(CONFIGURATION, "drivers change no more of a device than the filter allows (PCI server)") \
    X(STORM, "a source of too many interrupts is masked")                                      \
    X(BUDGET, "who has used up its budget waits")                                              \
    X(PRIMITIVE, "primitives have a range")                                                    \
    X(PRIMITIVE_RIGHT, "permitted primitives alone")                                           \
    X(FLAG, "flags of the primitive alone")                                                    \
    X(ENDPOINT, "an endpoint means one process for good")                                      \
    X(TARGET, "permitted destinations alone")                                                  \
    X(SOURCE, "the kernel says who sent a message")                                            \
    X(SIZE, "a message is eight registers")                                                    \
    X(RECEIVE_FROM, "who waits for one process takes no other's message")                      \
    X(FIFO, "senders are served in their order")                                               \
    X(DEADLOCK, "no cycle of waiting processes")                                               \
    X(WAKE, "who waits for a process that dies goes on")                                       \
    X(KCALL, "permitted kernel calls alone")                                                   \
    X(KCALL_NUMBER, "kernel calls have a range")                                               \
    X(GIVE, "nobody gives what it has not got")                                                \
    X(GRANT_TABLE, "a grant table has the pages that its owner says")                          \
    X(GRANT_SEQUENCE, "an id means one grant for good")                                        \
    X(GRANT_VALID, "valid grants alone")                                                       \
    X(GRANTEE, "a grant is its grantee's alone")                                               \
    X(GRANT_ACCESS, "granted access alone, of each grant of a chain")                          \
    X(GRANT_RANGE, "the region granted alone, of each grant of a chain")                       \
    X(GRANT_DEPTH, "a chain has eight grants at most")                                         \
    X(GRANT_PAGES, "whole pages alone are mapped")                                             \
    X(GRANT_FORGET, "the kernel forgets a grant table that is unmapped")                       \
    X(REVOKE, "revocation takes away what was mapped")                                         \
    X(BINDING, "a binding is one process'")                                                    \
    X(OWN, "buffers are in memory that nobody else has")                                       \
    X(SHARED, "memory that others have mapped is not freed")                                   \
    X(LOG_RATE, "refusals are told of at a bounded rate")                                      \
    X(REPLY, "a server does not wait for its client to take a reply (lib)")                    \
    X(ASK, "who asks those it does not trust does not wait (test program)")                    \
    X(REQUEST, "requests that there are alone (monitor)")                                      \
    X(TEXT, "no request's text is longer than its buffer (monitor)")                           \
    X(MANAGE, "the monitor manages processes for those alone that may ask (monitor)")

enum defence {
#define X(name, text) DEFENCE_##name,
    DEFENCES(X)
#undef X
        DEFENCE_COUNT
};

/* The text of a defence, for people. Never NULL. */
static inline const char *defence_text(unsigned defence) {
    static const char *const text[DEFENCE_COUNT] = {
#define X(name, text) [DEFENCE_##name] = (text),
        DEFENCES(X)
#undef X
    };
    return defence < DEFENCE_COUNT ? text[defence] : "?";
}

#endif
