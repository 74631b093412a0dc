/*
 * Every kernel call in the running system: that it does what include/bulkhead/kcall.h says, each
 * error, each refusal; and what hardware protects: exceptions, memory, FPU registers.
 */
#ifndef TESTS_GUEST_KCALL_TESTS_H
#define TESTS_GUEST_KCALL_TESTS_H

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/child.h"

/* A kernel call with these arguments, and its result; *out receives all arguments as they are after
 * it. */
#define CALL(call, ...) kernel_call(KCALL_##call, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ })
int kernel_call(uint32_t number, const uint64_t args[MESSAGE_ARGS]);
extern uint64_t out[MESSAGE_ARGS];

/* One TAP line: that the call has this result. */
#define EXPECT(name, result, call, ...) \
    tap_is(kernel_call(KCALL_##call, (uint64_t[MESSAGE_ARGS]){ __VA_ARGS__ }), result, "%s", name)

/* An address range that the test and its children have nothing at. */
#define FREE_ADDRESS 0x0000100000000000UL

/* Addresses that are no user memory. */
#define KERNEL_ADDRESS 0xffffffff80000000UL
#define NON_CANONICAL  0x0000800000000000UL

void test_permissions(void);
void test_processes(void);
void test_memory(void);
void test_copying(void);
void test_exceptions(void);
void test_fpu(void);
void test_devices(void);
void test_interrupts(void);
void test_alarms(void);
void test_scheduling(void);
void test_information(void);
void test_tracing(void);
void test_privileges(void);

#endif
