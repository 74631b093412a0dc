#include "values.h"

#define KNOWN 8

uint64_t values_state;
uint8_t *const buffer = (uint8_t *)BUFFER;

static endpoint_t known[KNOWN]; /* its children, dead or alive */
static bool gone[KNOWN];        /* or destroyed, and stale */

uint64_t below(uint64_t limit) { return random_next(&values_state) % limit; }

uint64_t odd_number(void) {
    static const uint64_t numbers[] = {
        0,
        1,
        7,
        63,
        64,
        65,
        255,
        256,
        4095,
        4096,
        4097,
        UINT32_MAX,
        INT64_MAX,
        UINT64_MAX,
        UINT64_MAX - 4095,
        USER_END,
        USER_END - 1,
        0x0000800000000000,
        0xffff800000000000,
        0xffffffff80000000,
    };
    return numbers[below(sizeof numbers / sizeof numbers[0])];
}

endpoint_t some_child(void) { return known[below(KNOWN)]; }

/* In the place of one that is gone, so that few are left that nobody can name. */
void remember_child(endpoint_t child) {
    unsigned place = (unsigned)below(KNOWN);
    for (unsigned i = 0; i < KNOWN && known[place] && !gone[place]; i++)
        place = (place + 1) % KNOWN;
    known[place] = child;
    gone[place] = false;
}

void child_is_gone(endpoint_t child) {
    for (unsigned i = 0; i < KNOWN; i++)
        gone[i] |= known[i] == child;
}

endpoint_t some_caller(void) { return caller.all[below(CALLERS)]; }

endpoint_t some_endpoint(void) {
    switch (below(8)) {
    case 0:
        return odd_number();
    case 1:
        return some_child();
    case 2:
        return caller.supervisor;
    case 3:
        return some_child() + (below(5) << 32);
    case 4:
        return some_caller();
    default:
        return caller.echo;
    }
}

uint64_t some_page(void) { return WINDOW + below(WINDOW_PAGES) * PAGE_SIZE; }

uint64_t some_address(void) {
    switch (below(8)) {
    case 0:
        return odd_number();
    case 1:
        return WINDOW + below(WINDOW_PAGES * PAGE_SIZE);
    case 2: /* may reach what lies behind */
        return (uint64_t)buffer + BUFFER_BYTES - below(64);
    case 3:
        return WINDOW + (1 + below(ALL_PAGES)) * PAGE_SIZE - below(64);
    default:
        return (uint64_t)buffer + below(PAGE_SIZE) / 8 * 8;
    }
}

uint64_t some_size(void) { return below(8) ? below(300) : odd_number(); }

uint64_t some_pages_bytes(uint64_t pages) {
    return below(8) ? (1 + below(pages)) * PAGE_SIZE : odd_number();
}
