/* MEM_COPY. */
#include "tests.h"

#include <string.h>

#define PAGES 20
#define BYTES (PAGES * PAGE_SIZE)
#define THERE FREE_ADDRESS

static uint8_t sent[BYTES] __attribute__((aligned(4096)));
static uint8_t got[BYTES + PAGE_SIZE] __attribute__((aligned(4096)));

#define COPY(there, here, bytes, direction) \
    CALL(MEM_COPY, child, there, (uint64_t)(here), bytes, direction)

static bool untouched(const uint8_t *from, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        if (from[i] != 0xee)
            return false;
    return true;
}

/* Any alignment on both sides, across page ends. */
static void test_alignments(endpoint_t child) {
    static const unsigned offsets[] = { 0, 1, 7, 4095 },
                          lengths[] = { 1, 8, 4095, 4096, 4097, 9000 };
    unsigned right = 0, all = 0;
    for (unsigned there = 0; there < 4; there++)
        for (unsigned here = 0; here < 4; here++)
            for (unsigned i = 0; i < 6; i++, all++) {
                const uint8_t *from = sent + offsets[here];
                memset(got, 0xee, 4 * PAGE_SIZE);
                if (COPY(THERE + offsets[there], from, lengths[i], COPY_TO) ||
                    COPY(THERE + offsets[there], got + offsets[here], lengths[i], COPY_FROM))
                    continue;
                right += memcmp(got + offsets[here], from, lengths[i]) == 0 &&
                         untouched(got, offsets[here]) &&
                         untouched(got + offsets[here] + lengths[i], 100);
            }
    tap_is(right, all, "any alignment and length");
}

static void test_long(endpoint_t child) {
    memset(got, 0xee, sizeof got);
    tap_is(COPY(THERE + 5, sent + 1, BYTES - 10, COPY_TO), 0, "many pages at once");
    tap_is(COPY(THERE + 5, got + 3, BYTES - 10, COPY_FROM), 0, "and back");
    tap_ok(memcmp(got + 3, sent + 1, BYTES - 10) == 0 && untouched(got, 3) &&
               untouched(got + BYTES - 7, PAGE_SIZE),
           "are all there, and nothing else");
    tap_is(COPY(THERE, sent, 0, COPY_TO), 0, "nothing is copied anywhere");
}

static void test_faults(endpoint_t child) {
    const uint64_t end = THERE + BYTES;
    memset(got, 0xee, sizeof got);
    tap_is(COPY(end - 100, got, 200, COPY_FROM), -E_FAULT, "beyond the end of its memory");
    tap_ok(!untouched(got, 100) && untouched(got + 100, 100), "what lies below was copied");
    tap_is(COPY(end, sent, 1, COPY_TO), -E_FAULT, "behind its memory");
    tap_is(COPY(0, sent, 1, COPY_TO), -E_FAULT, "at null");
    tap_is(COPY(KERNEL_ADDRESS, got, 8, COPY_FROM), -E_FAULT, "from the kernel's memory");
    tap_is(COPY(KERNEL_ADDRESS, sent, 8, COPY_TO), -E_FAULT, "to the kernel's memory");
    tap_is(COPY(THERE, KERNEL_ADDRESS, 8, COPY_FROM), -E_FAULT, "into the kernel's memory");
    tap_is(COPY(THERE, 0xffff800000000000, 8, COPY_TO), -E_FAULT, "out of the kernel's memory");
    tap_is(COPY(NON_CANONICAL, sent, 8, COPY_TO), -E_FAULT, "to a non-canonical address");
    tap_is(COPY(THERE, sent, UINT64_MAX, COPY_TO), -E_FAULT, "a length that wraps around");
    tap_is(COPY(THERE, sent, USER_END, COPY_TO), -E_FAULT, "a length beyond user space");
    tap_is(COPY(THERE, FREE_ADDRESS, 8, COPY_TO), -E_FAULT, "from our unmapped memory");
    tap_is(COPY(THERE, STARTUP_BASE, 8, COPY_FROM), -E_FAULT, "to our read-only memory");
    tap_is(COPY(THERE, STARTUP_BASE, 8, COPY_TO), 0, "from our read-only memory");
    CALL(MEM_PROTECT, child, THERE + PAGE_SIZE, PAGE_SIZE, PROT_READ);
    tap_is(COPY(THERE, sent, 2 * PAGE_SIZE, COPY_TO), -E_FAULT, "to its read-only memory");
    tap_is(COPY(THERE, got, 2 * PAGE_SIZE, COPY_FROM), 0, "from its read-only memory");
    tap_ok(memcmp(got, sent, PAGE_SIZE) == 0, "which had got what lies below");
}

void test_copying(void) {
    endpoint_t child = ENDPOINT_NONE;
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 7 + i / 251);
    if (proc_create("child", 64, 0, &child) || mem_map(child, THERE, BYTES, PROT_WRITE))
        tap_bail_out("no child to copy to");
    test_alignments(child);
    test_long(child);
    test_faults(child);
    tap_is(COPY(THERE, sent, 8, 2), -E_INVAL, "there are two directions");
    proc_kill(child, 0);
    tap_is(COPY(THERE, sent, 8, COPY_TO), -E_PEERDEAD, "the dead are not written");
    tap_is(COPY(THERE, got, 8, COPY_FROM), -E_PEERDEAD, "nor read");
    proc_destroy(child);
    child = runtime_monitor();
    tap_is(COPY(0x400000, got, 8, COPY_FROM), -E_PERM, "others are not read");
    tap_is(COPY(STACK_TOP - 8, sent, 8, COPY_TO), -E_PERM, "nor written");
    child = ENDPOINT_SELF;
    tap_is(COPY((uint64_t)got, sent, 5000, COPY_TO), 0, "oneself may be copied to");
    tap_ok(memcmp(got, sent, 5000) == 0, "and is");
}
