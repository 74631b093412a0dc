/* The clock: frequency of the TSC, and conversions. */
#include "time.h"

#include "core.h"
#include "log.h"
#include "x86_64/cpu.h"

#define NS_PER_SECOND 1000000000UL
#define MEASURE_MS    5

/* What is measured is no better than this, and the same machine shall tell the same each time. */
#define MEASURE_STEP_HZ 100000UL

/* ACPI 6.5, 4.8.2.1. 24 bits of it are always there, and enough. */
#define PM_TIMER_HZ    3579545U
#define PM_TIMER_MASK  0xffffffU
#define PM_TIMER_TRIES 1000000U

/* The main counter and its period (IA-PC HPET 1.0a, 2.3.4, 2.3.5, 2.3.7). */
#define HPET_CAPABILITIES   0x000 /* bits 32 to 63: femtoseconds per tick */
#define HPET_CONFIGURATION  0x010
#define HPET_ENABLE         1U
#define HPET_COUNTER        0x0f0
#define FEMTOSECONDS_PER_NS 1000000UL

/* The 8254's channel 2, whose gate and output are in port B of the PC (Intel 8254 data sheet). */
#define PIT_HZ         1193182U
#define PIT_CHANNEL_2  0x42
#define PIT_COMMAND    0x43
#define PIT_ONE_SHOT   0xb0 /* channel 2, low then high byte, mode 0 */
#define PIT_TRIES      1000000U
#define PORT_B         0x61
#define PORT_B_GATE    0x01
#define PORT_B_SPEAKER 0x02
#define PORT_B_OUTPUT  0x20

#define CPUID_TSC        0x15U
#define CPUID_HYPERVISOR 0x40000000U
#define CPUID_TIMING     0x40000010U /* KVM and VMware: eax is the TSC's kHz */

static uint64_t frequency, start;
static uint64_t ns_per_tick_32, ticks_per_ns_32; /* times 2^32 */

static uint64_t from_cpuid(void) {
    if (cpu_cpuid(0, 0).a >= CPUID_TSC) {
        struct cpuid leaf = cpu_cpuid(CPUID_TSC, 0);
        if (leaf.a && leaf.b && leaf.c)
            return (uint64_t)leaf.c * leaf.b / leaf.a;
    }
    if (cpu_cpuid(1, 0).c >> 31) {
        uint32_t last = cpu_cpuid(CPUID_HYPERVISOR, 0).a;
        if (last >= CPUID_TIMING && last < CPUID_HYPERVISOR + 0x100)
            return (uint64_t)cpu_cpuid(CPUID_TIMING, 0).a * 1000;
    }
    return 0;
}

/* Waits until the timer has counted at least `want` from `first`, and says how far; 0: it stands.
 */
static uint32_t pm_timer_wait(uint16_t port, uint32_t first, uint32_t want) {
    uint32_t passed;
    for (uint32_t tries = 0; (passed = (cpu_in32(port) - first) & PM_TIMER_MASK) < want; tries++) {
        if (passed == 0 && tries > PM_TIMER_TRIES)
            return 0;
        cpu_pause();
    }
    return passed;
}

/* From one change of the timer's value to another, so that its coarse steps do not matter. */
static uint64_t against_pm_timer(uint16_t port) {
    uint32_t first = cpu_in32(port);
    if (!pm_timer_wait(port, first, 1))
        return 0;
    first = cpu_in32(port);
    uint64_t tsc = cpu_rdtsc();
    uint32_t passed = pm_timer_wait(port, first, PM_TIMER_HZ * MEASURE_MS / 1000);
    return passed ? (cpu_rdtsc() - tsc) * PM_TIMER_HZ / passed : 0;
}

static uint64_t hpet_read(unsigned reg) { return *(volatile uint64_t *)(instance->hpet + reg); }

/* 32 bits of the counter are always there, and enough. */
static uint64_t against_hpet(void) {
    uint64_t period = hpet_read(HPET_CAPABILITIES) >> 32;
    if (!period)
        return 0;
    *(volatile uint64_t *)(instance->hpet + HPET_CONFIGURATION) |= HPET_ENABLE;
    uint32_t want = (uint32_t)(MEASURE_MS * 1000000UL * FEMTOSECONDS_PER_NS / period);
    uint32_t first = (uint32_t)hpet_read(HPET_COUNTER), passed;
    uint64_t tsc = cpu_rdtsc();
    for (uint32_t tries = 0; (passed = (uint32_t)hpet_read(HPET_COUNTER) - first) < want; tries++) {
        if (passed == 0 && tries > PM_TIMER_TRIES)
            return 0;
        cpu_pause();
    }
    uint64_t nanoseconds = passed * period / FEMTOSECONDS_PER_NS;
    return (cpu_rdtsc() - tsc) * NS_PER_SECOND / nanoseconds;
}

static uint64_t against_pit(void) {
    uint16_t count = PIT_HZ * MEASURE_MS / 1000;
    cpu_out8(PORT_B, (uint8_t)((cpu_in8(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE));
    cpu_out8(PIT_COMMAND, PIT_ONE_SHOT);
    cpu_out8(PIT_CHANNEL_2, (uint8_t)count);
    cpu_out8(PIT_CHANNEL_2, (uint8_t)(count >> 8));
    uint64_t tsc = cpu_rdtsc();
    for (uint32_t tries = 0; !(cpu_in8(PORT_B) & PORT_B_OUTPUT); tries++) {
        if (tries > PIT_TRIES)
            return 0;
        cpu_pause();
    }
    return (cpu_rdtsc() - tsc) * PIT_HZ / count;
}

void time_init(void) {
    const char *source = "core 0"; /* one frequency for all: clocks of cores are compared */
    frequency = instance->tsc_frequency;
    bool measured = false;
    if (!frequency) {
        source = "CPUID";
        frequency = from_cpuid();
        measured = !frequency;
    }
    if (!frequency && instance->boot.pm_timer) {
        source = "ACPI PM timer";
        frequency = against_pm_timer((uint16_t)instance->boot.pm_timer);
    }
    if (!frequency && instance->hpet) {
        source = "HPET";
        frequency = against_hpet();
    }
    if (!frequency) {
        source = "PIT";
        frequency = against_pit();
    }
    if (!frequency)
        panic("no clock to measure the TSC by: CPUID, ACPI PM timer, HPET and PIT do not tell");
    if (measured)
        frequency = (frequency + MEASURE_STEP_HZ / 2) / MEASURE_STEP_HZ * MEASURE_STEP_HZ;
    ns_per_tick_32 = (NS_PER_SECOND << 32) / frequency;
    ticks_per_ns_32 = (frequency / 1000 << 32) / (NS_PER_SECOND / 1000);
    start = cpu_rdtsc();
    log_line("time: TSC at %lu kHz by %s", frequency / 1000, source);
}

uint64_t time_frequency(void) { return frequency; }

uint64_t time_from_ticks(uint64_t ticks) {
    return (uint64_t)((unsigned __int128)ticks * ns_per_tick_32 >> 32);
}

uint64_t time_to_ticks(uint64_t nanoseconds) {
    unsigned __int128 ticks = (unsigned __int128)nanoseconds * ticks_per_ns_32 >> 32;
    return ticks > UINT64_MAX / 2 ? UINT64_MAX / 2 : (uint64_t)ticks;
}

uint64_t time_now(void) { return time_from_ticks(cpu_rdtsc() - start); }

void time_delay(uint64_t nanoseconds) {
    uint64_t end = cpu_rdtsc() + time_to_ticks(nanoseconds);
    while (cpu_rdtsc() < end)
        cpu_pause();
}
