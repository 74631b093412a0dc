#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "tests.h"

#define PAGE_FAULT 14

static int initialised = 5, zeroed;

/* Each of these runs in a clone; what it finds out is its exit status. */

static void do_nothing(void *arg) { (void)arg; }

static void exit_with(void *arg) { exit((int)(intptr_t)arg); }

static void look_at_variables(void *arg) {
    bool right = initialised == 6 && zeroed == 7 && arg == &zeroed;
    initialised = zeroed = 1000;
    exit(right ? 0 : 1);
}

static void allocate(void *arg) {
    (void)arg;
    char *p = malloc(1000);
    exit(p && memset(p, 1, 1000) == p ? 0 : 1);
}

static void report_self(void *arg) {
    (void)arg;
    exit((int)(uint32_t)runtime_self());
}

static void write_startup_page(void *arg) {
    (void)arg;
    *(volatile uint64_t *)STARTUP_BASE = 0;
}

static void write_text(void *arg) {
    (void)arg;
    *(volatile char *)(uintptr_t)write_text = 0;
}

static void run_data(void *arg) {
    static char code[] = { (char)0xc3 }; /* ret */
    (void)arg;
    ((void (*)(void))(uintptr_t)code)();
}

__attribute__((noinline)) static int recurse(volatile int *depth) {
    volatile char frame[512] = { 0 };
    return ++*depth == 0 ? 0 : recurse(depth) + frame[*depth % 512];
}

static void overflow_stack(void *arg) {
    volatile int depth = 0;
    (void)arg;
    exit(recurse(&depth));
}

__attribute__((noinline)) static void fill(volatile char *buffer, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        buffer[i] = 'x';
}

static void smash_stack(void *arg) {
    char buffer[16];
    fill(buffer, 16 + (size_t)arg);
}

static void fail_assertion(void *arg) {
    assert(arg != NULL);
    exit(0);
}

/* ---- */

static void expect_exit(const char *name, void (*entry)(void *), void *arg, uint64_t status) {
    struct death_report report;
    run_clone("clone", entry, arg, &report);
    tap_ok(report.cause == DEATH_EXIT && report.status == status,
           "%s (cause %u, status %lu, expected exit with %lu)", name, report.cause, report.status,
           status);
}

static void expect_page_fault(const char *name, void (*entry)(void *), uint64_t low,
                              uint64_t high) {
    struct death_report report;
    run_clone("clone", entry, NULL, &report);
    tap_ok(report.cause == DEATH_EXCEPTION && report.exception == PAGE_FAULT &&
               report.address >= low && report.address < high,
           "%s (cause %u, exception %u at %#lx)", name, report.cause, report.exception,
           report.address);
}

void test_clone(void) {
    struct death_report report;

    expect_exit("clone_that_returns_exits_with_0", do_nothing, NULL, 0);
    expect_exit("exit_status_is_reported", exit_with, (void *)33, 33);
    initialised = 6;
    zeroed = 7;
    expect_exit("clone_has_the_variables_as_they_were", look_at_variables, &zeroed, 0);
    tap_ok(initialised == 6 && zeroed == 7, "clone_changes_only_its_own_variables");

    void *own = malloc(100);
    expect_exit("clone_has_a_heap_of_its_own", allocate, NULL, 0);
    free(own);

    endpoint_t child = start_clone("self", report_self, NULL, 0, 0);
    wait_for_death(child, &report);
    tap_is((int64_t)(uint32_t)report.status, (int64_t)(uint32_t)child, "clone_knows_its_endpoint");
    tap_is_string(report.label, "self", "clone_has_its_label");

    expect_page_fault("startup_page_is_read_only", write_startup_page, STARTUP_BASE,
                      STARTUP_BASE + PAGE_SIZE);
    expect_page_fault("text_is_read_only", write_text, (uint64_t)write_text,
                      (uint64_t)write_text + 1);
    expect_page_fault("data_is_not_executable", run_data, (uint64_t)&initialised & -PAGE_SIZE,
                      ((uint64_t)&initialised & -PAGE_SIZE) + PAGE_SIZE);
    expect_page_fault("stack_overflow_meets_unmapped_memory", overflow_stack,
                      STACK_TOP - STACK_BYTES - PAGE_SIZE, STACK_TOP - STACK_BYTES);
    expect_exit("smashed_stack_ends_the_program", smash_stack, (void *)16, EXIT_ABORTED);
    expect_exit("intact_stack_does_not", smash_stack, (void *)0, 0);
    expect_exit("failed_assertion_ends_the_program", fail_assertion, NULL, EXIT_ABORTED);
    expect_exit("abort_ends_the_program", (void (*)(void *))abort, NULL, EXIT_ABORTED);
    tap_is(
        process_clone("no-memory", PROCESS_FRAMES_MIN, 0, do_nothing, NULL, &(struct process){ 0 }),
        -E_QUOTA, "clone_with_too_small_a_quota_fails");
}
