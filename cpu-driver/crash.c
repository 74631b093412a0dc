#include "crash.h"

#include "core.h"

#include <bulkhead/kcall.h>

#include "ranges.h"
#include "x86_64/cpu.h"

#define UNMAPPED_ADDRESS STACK_BASE /* the guard below the first stack */

static void divide(void) {
    volatile int zero = 0;
    // cppcheck-suppress zerodiv; it is to fault
    zero = (int)KERNEL_BASE / zero; // NOLINT(clang-analyzer-core.DivideZero)
}

static void jump_into_data(void) {
    static uint8_t no_code[16];
    void (*volatile target)(void) = (void (*)(void))no_code;
    target();
}

/* The sum keeps the call from becoming a jump. */
static uint64_t recurse(volatile uint64_t depth) { // NOLINT(misc-no-recursion)
    return depth ? 1 + recurse(depth + 1) : 0;
}

static void jump_wildly(void) {
    void (*volatile target)(void) = (void (*)(void))UNMAPPED_ADDRESS;
    target();
}

_Noreturn static void hang(void) {
    for (;;)
        cpu_pause();
}

int crash(uint64_t kind, uint64_t address) {
    switch (kind) {
    case CRASH_ASSERT:
        assert(kind != CRASH_ASSERT);
        break;
    case CRASH_DIVIDE:
        divide();
        break;
    case CRASH_READ:
        (void)*(volatile uint64_t *)UNMAPPED_ADDRESS;
        break;
    case CRASH_WRITE:
        *(volatile uint8_t *)KERNEL_BASE = 0;
        break;
    case CRASH_JUMP:
        jump_into_data();
        break;
    case CRASH_OVERFLOW:
        return (int)recurse(1);
    case CRASH_FOREIGN:
        if (address >= PHYSICAL_END)
            return -E_RANGE;
        *(volatile uint64_t *)direct(address) = 0;
        break;
    case CRASH_HANG:
        hang();
    case CRASH_WILD:
        jump_wildly();
        break;
    default:
        return -E_INVAL;
    }
    panic("the bug had no effect");
}
