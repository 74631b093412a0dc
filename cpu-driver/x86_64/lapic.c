#include "lapic.h"

#include "core.h"
#include "cpu.h"
#include "log.h"
#include "time.h"
#include "vectors.h"

#define REG_ID            0x020
#define REG_TASK_PRIORITY 0x080
#define REG_EOI           0x0b0
#define REG_SPURIOUS      0x0f0
#define REG_IN_SERVICE    0x100 /* to 0x170, 32 vectors each */
#define REG_COMMAND       0x300
#define REG_COMMAND_HIGH  0x310
#define REG_LVT_TIMER     0x320
#define REG_LVT_LINT0     0x350
#define REG_LVT_LINT1     0x360
#define REG_LVT_ERROR     0x370
#define REG_TIMER_INITIAL 0x380
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE  0x3e0

#define SPURIOUS_APIC_ENABLE   0x100U
#define COMMAND_PENDING        0x1000U
#define LVT_MASKED             0x10000U
#define LVT_NMI                0x400U
#define LVT_TIMER_TSC_DEADLINE 0x40000U
#define TIMER_DIVIDE_BY_16     0x3U

#define APIC_BASE_ENABLE 0x800U
#define APIC_BASE_X2APIC 0x400U

#define MSR_X2APIC 0x800U /* and the register's offset / 16 */

#define CPUID_1_ECX_X2APIC       (1U << 21)
#define CPUID_1_ECX_TSC_DEADLINE (1U << 24)

#define MEASURE_NS 1000000UL

uint64_t lapic_timer_armed;

static volatile uint8_t *registers;
static bool x2apic_mode, deadline_mode;
static uint64_t counts_per_tick_32; /* timer counts per tick of the TSC, times 2^32 */

static uint32_t read(unsigned reg) {
    return x2apic_mode ? (uint32_t)cpu_rdmsr(MSR_X2APIC + reg / 16)
                       : *(volatile uint32_t *)(registers + reg);
}

static void write(unsigned reg, uint32_t value) {
    if (x2apic_mode)
        cpu_wrmsr(MSR_X2APIC + reg / 16, value);
    else
        *(volatile uint32_t *)(registers + reg) = value;
}

/* How fast the timer counts, in relation to the TSC. */
static void measure(void) {
    write(REG_TIMER_DIVIDE, TIMER_DIVIDE_BY_16);
    write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    write(REG_TIMER_INITIAL, UINT32_MAX);
    uint64_t tsc = cpu_rdtsc();
    time_delay(MEASURE_NS);
    uint64_t counts = UINT32_MAX - read(REG_TIMER_CURRENT), ticks = cpu_rdtsc() - tsc;
    write(REG_TIMER_INITIAL, 0);
    counts_per_tick_32 = (counts << 32) / ticks;
    if (!counts_per_tick_32)
        panic("the local APIC's timer does not count");
}

/*
 * From any mode that firmware may have left it in. The way from disabled to x2APIC mode leads
 * through xAPIC mode, and there is none from x2APIC back to xAPIC mode; INIT changes neither (SDM
 * 11.12.5).
 */
static void enable(void) {
    x2apic_mode = cpu_cpuid(1, 0).c & CPUID_1_ECX_X2APIC;
    uint64_t base = cpu_rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;
    cpu_wrmsr(MSR_APIC_BASE, base);
    if (x2apic_mode)
        cpu_wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
}

/*
 * The task priority keeps interrupts from being delivered whose vectors are exceptions, or below
 * VECTOR_IRQ at all: a device can send any, and they would be taken for what they are not (SDM
 * 11.8.3.1).
 */
void lapic_init(void) {
    registers = (volatile uint8_t *)instance->lapic;
    lapic_timer_armed = UINT64_MAX;
    enable();
    write(REG_SPURIOUS, SPURIOUS_APIC_ENABLE | VECTOR_SPURIOUS);
    write(REG_TASK_PRIORITY, VECTOR_IRQ - 1);
    write(REG_LVT_LINT0, LVT_MASKED);
    write(REG_LVT_LINT1, LVT_NMI);
    write(REG_LVT_ERROR, LVT_MASKED);
    deadline_mode = cpu_cpuid(1, 0).c & CPUID_1_ECX_TSC_DEADLINE;
    counts_per_tick_32 = instance->timer_ratio;
    if (!deadline_mode && !counts_per_tick_32)
        measure();
    write(REG_TIMER_DIVIDE, TIMER_DIVIDE_BY_16);
    write(REG_LVT_TIMER, deadline_mode ? LVT_TIMER_TSC_DEADLINE | VECTOR_TIMER : VECTOR_TIMER);
    cpu_fence(); /* the mode is set before the first deadline is (SDM vol. 3, 11.5.4.1) */
    cpu_fence_instructions();
    log_line("timer: local APIC %u%s, one-shot%s", lapic_id(), x2apic_mode ? " (x2APIC)" : "",
             deadline_mode ? ", TSC-deadline" : "");
}

uint64_t lapic_timer_ratio(void) { return counts_per_tick_32; }

uint32_t lapic_id(void) { return x2apic_mode ? read(REG_ID) : read(REG_ID) >> 24; }

/*
 * A write of the MSR is not ordered after the stores before it, as one of the register in memory
 * is: what the interrupt announces must be visible. MFENCE waits for the stores, LFENCE has WRMSR,
 * which is no memory access, wait for MFENCE (SDM 11.12.3).
 */
void lapic_send(uint32_t apic_id, uint32_t command) {
    if (x2apic_mode) {
        cpu_fence();
        cpu_fence_instructions();
        cpu_wrmsr(MSR_X2APIC + REG_COMMAND / 16, (uint64_t)apic_id << 32 | command);
        return;
    }
    while (read(REG_COMMAND) & COMMAND_PENDING)
        cpu_pause();
    write(REG_COMMAND_HIGH, apic_id << 24);
    write(REG_COMMAND, command);
}

bool lapic_in_service(uint64_t vector) {
    return read(REG_IN_SERVICE + (unsigned)vector / 32 * 16) >> vector % 32 & 1;
}

void lapic_end_of_interrupt(void) { write(REG_EOI, 0); }

void lapic_timer_arm(uint64_t deadline) {
    lapic_timer_armed = deadline;
    if (deadline_mode) {
        cpu_wrmsr(MSR_TSC_DEADLINE, deadline);
        return;
    }
    uint64_t now = cpu_rdtsc(), ticks = deadline > now ? deadline - now : 0;
    unsigned __int128 counts = ((unsigned __int128)ticks * counts_per_tick_32 >> 32) + 1;
    write(REG_TIMER_INITIAL, counts > UINT32_MAX ? UINT32_MAX : (uint32_t)counts);
}

void lapic_timer_fired(void) { lapic_timer_armed = UINT64_MAX; }
