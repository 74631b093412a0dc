/* MEM_MAP, MEM_UNMAP, MEM_PROTECT. */
#include "tests.h"

#include <string.h>

#define MAP(address, pages, protection) \
    CALL(MEM_MAP, ENDPOINT_SELF, address, (pages)*PAGE_SIZE, protection)
#define UNMAP(address, pages) CALL(MEM_UNMAP, ENDPOINT_SELF, address, (pages)*PAGE_SIZE)

#define PAGE(n) (FREE_ADDRESS + (n)*PAGE_SIZE)

static void test_ranges(void) {
    static const struct {
        const char *name;
        uint64_t address, bytes;
        int error;
    } bad[] = {
        { "unaligned address", FREE_ADDRESS + 1, PAGE_SIZE, -E_INVAL },
        { "unaligned length", FREE_ADDRESS, PAGE_SIZE - 1, -E_INVAL },
        { "null", 0, PAGE_SIZE, -E_RANGE },
        { "below user space", USER_BASE - PAGE_SIZE, PAGE_SIZE, -E_RANGE },
        { "at the end of user space", USER_END, PAGE_SIZE, -E_RANGE },
        { "across the end of user space", STARTUP_BASE, 2 * PAGE_SIZE, -E_RANGE },
        { "non-canonical address", NON_CANONICAL, PAGE_SIZE, -E_RANGE },
        { "kernel address", KERNEL_ADDRESS, PAGE_SIZE, -E_RANGE },
        { "last page of all", -PAGE_SIZE, PAGE_SIZE, -E_RANGE },
        { "length that wraps around", FREE_ADDRESS, -PAGE_SIZE, -E_RANGE },
        { "length beyond user space", FREE_ADDRESS, USER_END, -E_RANGE },
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tap_is(CALL(MEM_MAP, ENDPOINT_SELF, bad[i].address, bad[i].bytes, PROT_READ), bad[i].error,
               "map: %s", bad[i].name);
        tap_is(CALL(MEM_UNMAP, ENDPOINT_SELF, bad[i].address, bad[i].bytes), bad[i].error,
               "unmap: %s", bad[i].name);
        tap_is(CALL(MEM_PROTECT, ENDPOINT_SELF, bad[i].address, bad[i].bytes, PROT_READ),
               bad[i].error, "protect: %s", bad[i].name);
    }
    EXPECT("nothing is mapped anywhere", 0, MEM_MAP, ENDPOINT_SELF, FREE_ADDRESS, 0, PROT_READ);
    EXPECT("nothing is unmapped anywhere", 0, MEM_UNMAP, ENDPOINT_SELF, FREE_ADDRESS, 0);
    EXPECT("nothing is protected anywhere", 0, MEM_PROTECT, ENDPOINT_SELF, FREE_ADDRESS, 0, 0);
}

static void test_protections(void) {
    EXPECT("memory is never writable and executable", -E_WX, MEM_MAP, ENDPOINT_SELF, FREE_ADDRESS,
           PAGE_SIZE, PROT_WRITE | PROT_EXEC);
    EXPECT("in no combination", -E_WX, MEM_MAP, ENDPOINT_SELF, FREE_ADDRESS, PAGE_SIZE,
           PROT_READ | PROT_WRITE | PROT_EXEC);
    EXPECT("unknown protections are refused", -E_INVAL, MEM_MAP, ENDPOINT_SELF, FREE_ADDRESS,
           PAGE_SIZE, 8);
    EXPECT("high ones too", -E_INVAL, MEM_MAP, ENDPOINT_SELF, FREE_ADDRESS, PAGE_SIZE,
           UINT64_C(1) << 32);
    tap_is(MAP(PAGE(0), 1, PROT_WRITE), 0, "a page is mapped");
    EXPECT("nor made so later", -E_WX, MEM_PROTECT, ENDPOINT_SELF, PAGE(0), PAGE_SIZE,
           PROT_WRITE | PROT_EXEC);
    EXPECT("unknown protections are not set", -E_INVAL, MEM_PROTECT, ENDPOINT_SELF, PAGE(0),
           PAGE_SIZE, 16);

    /* mov eax, 42; ret */
    static const uint8_t code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
    memcpy((void *)PAGE(0), code, sizeof code);
    EXPECT("what was written may be made executable", 0, MEM_PROTECT, ENDPOINT_SELF, PAGE(0),
           PAGE_SIZE, PROT_EXEC);
    tap_is(((int (*)(void))PAGE(0))(), 42, "and is executed");
    tap_is(UNMAP(PAGE(0), 1), 0, "and unmapped");
}

static void test_contents(void) {
    const uint64_t pages = 600;
    struct process_info before = process_info(ENDPOINT_SELF);
    uint64_t zeros = 0;

    tap_is(MAP(PAGE(0), pages, PROT_READ | PROT_WRITE), 0, "hundreds of pages in one call");
    uint32_t taken = process_info(ENDPOINT_SELF).frames - before.frames;
    tap_is(taken, (int64_t)(pages + 2 + 2), "with two tables for pages, and two above");
    for (uint64_t i = 0; i < pages * PAGE_SIZE / 8; i++)
        zeros += ((uint64_t *)PAGE(0))[i] == 0;
    tap_is((int64_t)zeros, (int64_t)(pages * PAGE_SIZE / 8), "all of it zero");
    memset((void *)PAGE(0), 0xa5, pages * PAGE_SIZE);
    tap_is(UNMAP(PAGE(1), pages - 2), 0, "unmapped but for the ends");
    tap_ok(*(uint8_t *)PAGE(0) == 0xa5 && *(uint8_t *)PAGE(pages - 1) == 0xa5, "which stay");
    tap_is(MAP(PAGE(1), 1, PROT_READ), 0, "mapped again");
    tap_is(*(uint8_t *)PAGE(1), 0, "it is zero again");
    tap_is(UNMAP(PAGE(0), 2), 0, "unmapped");
    tap_is(UNMAP(PAGE(pages - 1), 1), 0, "to the last");
    tap_is(process_info(ENDPOINT_SELF).frames, before.frames, "nothing is kept, no table either");
}

static void test_conflicts(void) {
    tap_is(MAP(PAGE(5), 1, PROT_READ), 0, "one page in the middle");
    tap_is(MAP(PAGE(0), 10, PROT_READ), -E_EXIST, "mapping around it fails");
    tap_is(UNMAP(PAGE(0), 5), 0, "what lies below was mapped");
    tap_is(UNMAP(PAGE(6), 1), -E_NOENT, "what lies above was not");
    tap_is(MAP(PAGE(3), 2, PROT_WRITE), 0, "two before it");
    EXPECT("protecting beyond it fails", -E_NOENT, MEM_PROTECT, ENDPOINT_SELF, PAGE(3),
           4 * PAGE_SIZE, PROT_WRITE);
    *(volatile char *)PAGE(5) = 1; /* what lies below the hole was protected */
    tap_is(UNMAP(PAGE(3), 4), -E_NOENT, "unmapping beyond it fails");
    tap_is(MAP(PAGE(3), 3, PROT_READ), 0, "what lay below the hole was unmapped");
    tap_is(UNMAP(PAGE(3), 3), 0, "tidy");

    struct process_info info = process_info(ENDPOINT_SELF);
    uint64_t left = info.frames_quota - info.frames;
    tap_is(MAP(PAGE(0), left, PROT_READ), -E_QUOTA, "more than the quota with its tables");
    tap_is(MAP(PAGE(0), UINT64_C(1) << 30, PROT_READ), -E_QUOTA, "far more");
    tap_is(process_info(ENDPOINT_SELF).frames, info.frames, "nothing of it is mapped");
}

static void test_others(void) {
    endpoint_t child = ENDPOINT_NONE;
    proc_create("child", 32, 0, &child);
    EXPECT("memory of a child", 0, MEM_MAP, child, FREE_ADDRESS, 3 * PAGE_SIZE, PROT_WRITE);
    tap_is(process_info(child).frames, 2 + 3 + 3, "costs the child");
    EXPECT("is limited by its quota", -E_QUOTA, MEM_MAP, child, PAGE(3), 64 * PAGE_SIZE, 0);
    EXPECT("can be protected", 0, MEM_PROTECT, child, FREE_ADDRESS, PAGE_SIZE, PROT_READ);
    EXPECT("can be unmapped", 0, MEM_UNMAP, child, FREE_ADDRESS, 3 * PAGE_SIZE);
    proc_kill(child, 0);
    EXPECT("but not of a dead one", -E_PEERDEAD, MEM_MAP, child, FREE_ADDRESS, PAGE_SIZE, 0);
    proc_destroy(child);
    EXPECT("nor of one that is gone", -E_PEERDEAD, MEM_UNMAP, child, FREE_ADDRESS, PAGE_SIZE);
    EXPECT("nor of others: map", -E_PERM, MEM_MAP, runtime_monitor(), FREE_ADDRESS, PAGE_SIZE, 0);
    EXPECT("unmap", -E_PERM, MEM_UNMAP, runtime_monitor(), 0x400000, PAGE_SIZE);
    EXPECT("protect", -E_PERM, MEM_PROTECT, runtime_monitor(), 0x400000, PAGE_SIZE, PROT_WRITE);
    EXPECT("nor of nobody", -E_BADEP, MEM_MAP, ENDPOINT_ANY, FREE_ADDRESS, PAGE_SIZE, 0);
    EXPECT("nor of the kernel", -E_BADEP, MEM_MAP, ENDPOINT_KERNEL, FREE_ADDRESS, PAGE_SIZE, 0);
    EXPECT("own memory by name", 0, MEM_MAP, runtime_self(), FREE_ADDRESS, PAGE_SIZE, PROT_READ);
    tap_is(UNMAP(FREE_ADDRESS, 1), 0, "is our own");
}

void test_memory(void) {
    test_ranges();
    test_protections();
    test_contents();
    test_conflicts();
    test_others();
}
