/*
 * The parts of test-evil.
 *
 *   driver.c   the driver
 *   main.c     starts it, and the tests
 *   kernel.c   DMA into the kernel, interrupts made up by DMA
 *   freed.c    DMA into memory of others, which was the driver's before
 *   refusals.c what the servers and the kernel refuse it
 *   controls.c that it would succeed otherwise
 */
#ifndef TESTS_GUEST_EVIL_TESTS_H
#define TESTS_GUEST_EVIL_TESTS_H

#include <bulkhead/info.h>
#include <bulkhead/protocol/iommu.h>
#include <bulkhead/refusal.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "child.h"
#include "devices.h"
#include "evil.h"

extern endpoint_t evil; /* the driver */
extern uint16_t evil_device;
extern enum iommu_kind kind; /* that confines it */

/* Has the driver do something. The reply is in `reply`. */
extern struct message reply;
int order(uint32_t type, uint64_t arg0, uint64_t arg1, uint64_t arg2, uint64_t arg3);

/* Starts it, and has it attached. */
void evil_start(const char *label);

/* How often it was refused something, and all faults that the IOMMU has told of. */
uint32_t refused(enum refusal what);
uint64_t faults(void);

void check_device_works(const char *when);

/* Whatever the last write was: it was told of as a fault of this driver's device. */
void check_fault(const char *what, uint64_t before, uint64_t address, enum iommu_access access);

void test_kernel(void);
void test_messages(void);
void test_requests(void);
void test_configuration(void);
void test_memory_of_devices(void);
void test_freed_memory(void);
void test_vetted_register(void);

/* In the debug build: configuration and vetted registers, without their defences. */
void test_controls(void);

#endif
