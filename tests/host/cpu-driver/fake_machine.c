/* What the cpu-driver calls of the machine, without one: the processor, the APICs, screen, power.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "crash.h"
#include "early_serial.h"
#include "fixture.h"
#include "framebuffer.h"
#include "mailbox.h"
#include "panic.h"
#include "power.h"
#include "string.h"
#include "x86_64/features.h"
#include "x86_64/ioapic.h"
#include "x86_64/lapic.h"
#include "x86_64/segments.h"
#include "x86_64/vectors.h"

struct fake_cpu cpu;
struct tss tss;
struct fake_line fake_lines[FAKE_LINES];

void device_interrupt(uint64_t vector);

/* ---- The processor, and its description ---- */

void cpu_wait_for_interrupt(void) {
    cpu.sleeps++;
    if (lapic_timer_armed == UINT64_MAX && cpu.on_sleep) {
        cpu.on_sleep();
        return;
    }
    if (lapic_timer_armed == UINT64_MAX)
        panic("the core sleeps, and nothing will wake it");
    if (cpu.now < lapic_timer_armed)
        cpu.now = lapic_timer_armed;
    device_interrupt(VECTOR_TIMER);
}

uint32_t fake_port(bool write, uint8_t width, uint16_t port, uint32_t value) {
    if (cpu.port_accesses < PORT_LOG_MAX)
        cpu.port_log[cpu.port_accesses] = (struct port_access){ write, width, port, value };
    cpu.port_accesses++;
    return cpu.port_value;
}

const char *features_text(void) {
    static const char text[FEATURES_TEXT_MAX] = "fake";
    return text;
}

void features_brand(char brand[BRAND_TEXT_MAX + 1]) { memset(brand, 0, BRAND_TEXT_MAX + 1); }

/* ---- Interrupt controllers ---- */

uint64_t lapic_timer_armed;

void lapic_timer_arm(uint64_t deadline) { lapic_timer_armed = deadline; }

void lapic_timer_fired(void) { lapic_timer_armed = UINT64_MAX; }

void lapic_end_of_interrupt(void) {}

bool lapic_in_service(uint64_t vector) {
    (void)vector;
    return false;
}

uint32_t lapic_id(void) { return 0; }

uint64_t lapic_timer_ratio(void) { return 0; }

void lapic_send(uint32_t apic_id, uint32_t command) {
    fake_sent = (struct fake_sent){ .count = fake_sent.count + 1, apic_id, command };
}

/* ---- Other cores ---- */

struct fake_sent fake_sent;
struct fake_post fake_post;

void mailbox_post(uint32_t core, uint32_t number) {
    fake_post = (struct fake_post){ .count = fake_post.count + 1, core, number };
}

uint64_t mailbox_stopped(void) { return 0; }

void mailbox_collect(void) {}

void ioapic_init(void) { memset(fake_lines, 0, sizeof fake_lines); }

bool ioapic_has(uint64_t line) { return line < FAKE_LINES; }

void ioapic_route(unsigned line, uint8_t vector, uint8_t apic_id) {
    (void)apic_id;
    fake_lines[line].vector = vector;
    fake_lines[line].masked = true;
}

void ioapic_remap(unsigned line, uint32_t handle) { fake_lines[line].handle = handle; }

/* As on a PC: those of ISA are edge-triggered. */
bool ioapic_is_level(unsigned line) { return line >= 16; }

uint8_t ioapic_id(unsigned line) {
    (void)line;
    return FAKE_IOAPIC;
}

void ioapic_set_mask(unsigned line, bool masked) { fake_lines[line].masked = masked; }

/* ---- Screen and power ---- */

void framebuffer_init(const struct boot_framebuffer *framebuffer, void *view) {
    (void)framebuffer;
    (void)view;
}

void framebuffer_write(const char *text, size_t bytes) {
    (void)text;
    (void)bytes;
}

void early_serial_init(void) {}

/* What the kernel says on its serial port goes to the test's log. */
void early_serial_write(const char *text, size_t bytes) { fwrite(text, 1, bytes, stderr); }

int power_off(void) { return -E_NOTSUP; }

_Noreturn void power_reset(void) { panic("reset"); }

int crash(uint64_t kind, uint64_t address) {
    (void)kind;
    (void)address;
    return -E_INVAL;
}

_Noreturn void panic(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("panic: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

_Noreturn void panic_exception(const struct context *c, const char *name) {
    panic("%s (vector %lu)", name, c->vector);
}

_Noreturn void panic_process(const struct process *p, const char *cause) {
    panic("%.24s has died: %s", p->label, cause);
}
