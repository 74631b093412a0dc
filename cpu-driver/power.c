#include "power.h"

#include "core.h"
#include "log.h"
#include "time.h"
#include "x86_64/cpu.h"

#define PM1_SLP_EN        0x2000U
#define PM1_SLP_TYP_SHIFT 10
#define PM1_KEEP          0x0203U /* SCI_EN, BM_RLD and the reserved bit 9 stay as they are */

#define KEYBOARD_STATUS  0x64
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_FULL    0x02
#define KEYBOARD_RESET   0xfe

#define PM1_SCI_EN        0x0001U /* the hardware is in ACPI mode */
#define ACPI_ENABLE_TRIES 300
#define ACPI_ENABLE_NS    1000000UL

#define SETTLE_NS 100000000UL

/* Firmware may still be in charge of the power registers: asks for them (ACPI 6.5, 4.8.2.5). */
static void enable_acpi(const struct boot_info *boot) {
    if (!boot->smi_command || !boot->acpi_enable || cpu_in16(boot->pm1a_control) & PM1_SCI_EN)
        return;
    cpu_out8((uint16_t)boot->smi_command, boot->acpi_enable);
    for (unsigned i = 0; i < ACPI_ENABLE_TRIES && !(cpu_in16(boot->pm1a_control) & PM1_SCI_EN); i++)
        time_delay(ACPI_ENABLE_NS);
}

static void write_sleep(uint16_t port, int16_t type, uint16_t enable) {
    uint16_t value = (uint16_t)((cpu_in16(port) & PM1_KEEP) | type << PM1_SLP_TYP_SHIFT | enable);
    cpu_out16(port, value);
}

int power_off(void) {
    const struct boot_info *boot = &instance->boot;
    bool two = boot->pm1b_control && boot->s5_type_b >= 0;
    if (!boot->pm1a_control || boot->s5_type_a < 0)
        return -E_NOTSUP;
    log_line("power off");
    enable_acpi(boot);
    if (two)
        write_sleep(boot->pm1b_control, boot->s5_type_b, PM1_SLP_EN);
    write_sleep(boot->pm1a_control, boot->s5_type_a, PM1_SLP_EN);
    time_delay(SETTLE_NS);
    return -E_NOTSUP;
}

_Noreturn void power_reset(void) {
    log_line("reset");
    if (instance->boot.reset_port) {
        cpu_out8(instance->boot.reset_port, instance->boot.reset_value);
        time_delay(SETTLE_NS);
    }
    for (unsigned tries = 0; tries < 100000 && cpu_in8(KEYBOARD_STATUS) & KEYBOARD_FULL; tries++)
        cpu_pause();
    cpu_out8(KEYBOARD_COMMAND, KEYBOARD_RESET);
    time_delay(SETTLE_NS);
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_idt = { 0, 0 };
    __asm__ volatile("lidt %0\n\tint3" : : "m"(no_idt));
    cpu_halt_forever();
}
