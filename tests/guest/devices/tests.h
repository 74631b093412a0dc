/*
 * How drivers reach devices, in the running system: memory, interrupt messages, DMA, vetting, and
 * what is refused; with QEMU's `edu` device.
 */
#ifndef TESTS_GUEST_DEVICES_TESTS_H
#define TESTS_GUEST_DEVICES_TESTS_H

#include <bulkhead/refusal.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/child.h"
#include "../support/edu.h"

extern uint64_t edu; /* physical address of its registers */

/* What children may do that are drivers. */
extern const struct child_policy driver_policy;

/*
 * A child that serves interrupts: it registers line or message `first` and the `count` - 1 that
 * follow, and unmasks each again when it has come. driver_ask() tells how often any came since it
 * was asked last, and the error of registering.
 */
struct driver {
    uint32_t first, count;
};
endpoint_t driver_make(const char *label, const struct driver *driver, struct process *process);
int64_t driver_ask(endpoint_t driver);

uint64_t unknown_interrupts(void);
uint32_t refused(endpoint_t process, enum refusal kind);
uint64_t frames_in(enum frame_state state);

void test_memory(void);
void test_messages(void);
void test_forged_messages(void);
void test_storms(void);
void test_dma(void);
void test_vetting(void);
void test_line(void);

/* What the program does on another core; returns its exit status. */
int line_driver(void);
int line_refusals(void);
int line_holder(void);

#endif
