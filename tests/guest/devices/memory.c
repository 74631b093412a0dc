/* MEMMAP: registers of a device, by who was given them; nothing else. */
#include "tests.h"

#define RAM    0x200000UL
#define LAPIC  0xfee00000UL
#define IOAPIC 0xfec00000UL

static int map(uint64_t physical, uint64_t bytes) {
    return memmap(EDU_WINDOW, physical, bytes, PROT_WRITE);
}

static void test_own(void) {
    tap_is(map(edu, EDU_BYTES), 0, "registers are mapped");
    tap_is(*edu_at(EDU_ID), EDU_IDENTITY, "they are edu's");
    *edu_at(EDU_LIVENESS) = 0x12345678;
    tap_is(*edu_at(EDU_LIVENESS), (uint32_t)~0x12345678, "they are not cached");
    tap_is(map(edu, PAGE_SIZE), -E_EXIST, "something is there already");
    tap_is(kernel_log((const char *)edu_at(EDU_ID), 4), -E_FAULT, "they are no message buffer");
    tap_is(memmap(EDU_WINDOW, edu, PAGE_SIZE, PROT_EXEC), -E_INVAL, "they are not executable");
    tap_is(mem_unmap(ENDPOINT_SELF, EDU_WINDOW, PAGE_SIZE), -E_FAULT, "they are no memory");
    tap_is(memmap_remove(EDU_WINDOW, EDU_BYTES), 0, "they are unmapped");
    tap_is(memmap_remove(EDU_WINDOW, PAGE_SIZE), -E_NOENT, "once");
}

/* This program may map all that is neither RAM nor the kernel's. */
static void test_forbidden(void) {
    static const uint64_t forbidden[] = { RAM, LAPIC, LAPIC + 0x1000, IOAPIC };
    for (unsigned i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        tap_is(map(forbidden[i], PAGE_SIZE), -E_PERM, "%#lx is nobody's", forbidden[i]);
    struct core_info core;
    getinfo(INFO_CORE, &core, sizeof core, 0, NULL, NULL);
    tap_is(map(core.page_table_address, PAGE_SIZE), -E_PERM, "the kernel's page tables");
    tap_is(map(edu - PAGE_SIZE, UINT64_C(1) << 40), -E_PERM, "everything at once");
}

/* In a child that has two pages of the registers, from the second on. */
static void try_neighbours(void *unused) {
    (void)unused;
    const int results[][2] = {
        { map(edu, PAGE_SIZE), -E_PERM },
        { map(edu + PAGE_SIZE, 3 * PAGE_SIZE), -E_PERM },
        { map(edu + 3 * PAGE_SIZE, PAGE_SIZE), -E_PERM },
        { map(RAM, PAGE_SIZE), -E_PERM },
        { map(edu + PAGE_SIZE, 2 * PAGE_SIZE), 0 },
    };
    for (unsigned i = 0; i < sizeof results / sizeof results[0]; i++)
        if (results[i][0] != results[i][1])
            kcall_exit(i + 1);
    kcall_exit(0);
}

static void test_child(void) {
    struct process process;
    struct death_report report;
    endpoint_t child = child_make("limited", try_neighbours, NULL, &driver_policy, &process);
    tap_is(privctl_memory(child, edu / PAGE_SIZE + 1, 2), 0, "a child is given two pages");
    process_start(&process);
    child_wait(child);
    tap_is(refused(child, REFUSED_DEVICE), 4, "what it tries besides is counted");
    child_bury(child, &report);
    tap_is((int64_t)report.status, 0, "it can map these, and nothing else (check)");
}

void test_memory(void) {
    test_own();
    test_forbidden();
    test_child();
}
