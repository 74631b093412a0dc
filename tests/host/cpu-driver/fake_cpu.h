/*
 * Takes the place of x86_64/cpu.h, whose include guard it uses: a processor whose registers, clock
 * and ports are variables that the tests look into, so that the cpu-driver above it runs as a
 * program of the host.
 */
#ifndef CPU_DRIVER_X86_64_CPU_H
#define CPU_DRIVER_X86_64_CPU_H

#include <stdbool.h>
#include <stdint.h>

#define RFLAGS_FIXED (UINT64_C(1) << 1)
#define RFLAGS_IF    (UINT64_C(1) << 9)
#define RFLAGS_IOPL  (UINT64_C(3) << 12)

#define PORT_LOG_MAX 128

struct port_access {
    bool write;
    uint8_t width; /* bytes */
    uint16_t port;
    uint32_t value;
};

struct fake_cpu {
    uint64_t now; /* the TSC: it stands still unless a test moves it */
    uint64_t cr2, cr3, fs_base, gs_base;
    bool task_switched;   /* CR0.TS: FPU instructions fault */
    uint64_t invalidated; /* address of the last INVLPG */
    uint32_t port_value;  /* what a port reads as */
    struct port_access port_log[PORT_LOG_MAX];
    unsigned port_accesses;
    unsigned address_space_loads, sleeps;
    /* What happens while the core sleeps and no timer is armed; NULL: it would sleep for ever. */
    void (*on_sleep)(void);
};

extern struct fake_cpu cpu;

#define FAKE_TSC_HZ 1000000000U /* so that ticks are nanoseconds */

struct cpuid {
    uint32_t a, b, c, d;
};

/* Only leaf 0x15, the frequency of the TSC, is there. */
static inline struct cpuid cpu_cpuid(uint32_t leaf, uint32_t subleaf) {
    (void)subleaf;
    if (leaf == 0x15)
        return (struct cpuid){ 1, 1, FAKE_TSC_HZ, 0 };
    return (struct cpuid){ leaf == 0 ? 0x15 : 0, 0, 0, 0 };
}

static inline uint64_t cpu_rdtsc(void) { return cpu.now; }

static inline uint64_t cpu_read_cr2(void) { return cpu.cr2; }

static inline uint64_t cpu_read_cr3(void) { return cpu.cr3; }

static inline void cpu_write_cr3(uint64_t value) {
    cpu.cr3 = value;
    cpu.address_space_loads++;
}

static inline void cpu_invlpg(uint64_t address) { cpu.invalidated = address; }

static inline uint64_t cpu_read_fs_base(void) { return cpu.fs_base; }

static inline uint64_t cpu_read_gs_base(void) { return cpu.gs_base; }

static inline void cpu_write_fs_base(uint64_t value) { cpu.fs_base = value; }

static inline void cpu_write_gs_base(uint64_t value) { cpu.gs_base = value; }

static inline void cpu_clear_task_switched(void) { cpu.task_switched = false; }

static inline void cpu_set_task_switched(void) { cpu.task_switched = true; }

static inline void cpu_pause(void) { cpu.now++; }

/* Lets time pass until the timer goes off, and serves it. */
void cpu_wait_for_interrupt(void);

uint32_t fake_port(bool write, uint8_t width, uint16_t port, uint32_t value);

static inline uint8_t cpu_in8(uint16_t port) { return (uint8_t)fake_port(false, 1, port, 0); }

static inline uint16_t cpu_in16(uint16_t port) { return (uint16_t)fake_port(false, 2, port, 0); }

static inline uint32_t cpu_in32(uint16_t port) { return fake_port(false, 4, port, 0); }

static inline void cpu_out8(uint16_t port, uint8_t value) { fake_port(true, 1, port, value); }

static inline void cpu_out16(uint16_t port, uint16_t value) { fake_port(true, 2, port, value); }

static inline void cpu_out32(uint16_t port, uint32_t value) { fake_port(true, 4, port, value); }

#endif
