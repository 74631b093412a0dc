/*
 * Follows the machine code along every way from an entry point to SYSRET, and counts the expensive
 * instructions on each.
 */
#ifndef TESTS_FAST_PATH_WALK_H
#define TESTS_FAST_PATH_WALK_H

#include "disassembly.h"

/* X(name, text): kinds of instructions that cost tens to hundreds of cycles. */
#define EXPENSIVE(X)                                      \
    X(CR3, "load of CR3")                                 \
    X(CONTROL, "load of another control register, or TS") \
    X(FPU, "saving or loading of FPU registers")          \
    X(MSR, "access to an MSR")                            \
    X(FENCE, "fence")                                     \
    X(LOCKED, "locked operation")                         \
    X(FLUSH, "flush of a TLB entry or cache")             \
    X(SERIAL, "serialising instruction or port access")

enum expensive {
#define X(name, text) EXPENSIVE_##name,
    EXPENSIVE(X)
#undef X
        EXPENSIVE_COUNT
};

/* The kind of an instruction; EXPENSIVE_COUNT when it is a cheap one. */
enum expensive expensive_kind(const struct instruction *i);
const char *expensive_text(enum expensive kind);

#define WALK_NAMES 8

/* Which ways are meant. Lists end with NULL. */
struct route {
    const char *from;
    const char *leaves[WALK_NAMES]; /* a way that comes to one of these is another path */
    const char *through;            /* only ways that pass it count; NULL: all */
    const char *indirect;           /* where indirect calls go; NULL: there must not be any */
};

struct walk {
    unsigned ways;    /* that end with SYSRET */
    unsigned longest; /* instructions */
    unsigned least[EXPENSIVE_COUNT], most[EXPENSIVE_COUNT];
    char error[160]; /* what cannot be followed; empty if all can */
};

void walk(struct walk *result, const struct disassembly *d, const struct route *route);

#endif
