/* From power-on to the prompt, and out again. */
#include <criterion/criterion.h>
#include <string.h>

#include "harness.h"

TestSuite(boot, .timeout = 240);

/* Boots with the settings, and leaves by `poweroff`. */
static void boot_and_power_off(const char *const settings[]) {
    struct qemu *q = qemu_start(settings);

    qemu_expect(q, PROMPT, BOOT_SECONDS);
    qemu_send(q, "poweroff\r");
    cr_expect_eq(qemu_wait_exit(q, 30), 0);
    cr_expect_str_empty(qemu_errors(q));
    qemu_stop(q);
}

Test(boot, reaches_the_prompt_by_bios) {
    boot_and_power_off((const char *const[]){ "FIRMWARE=bios", NULL });
}

Test(boot, reaches_the_prompt_by_uefi) {
    boot_and_power_off((const char *const[]){ "FIRMWARE=uefi", NULL });
}

Test(boot, reaches_the_prompt_with_the_least_memory) {
    boot_and_power_off((const char *const[]){ "MEM=68M", NULL });
}

Test(boot, reaches_the_prompt_with_the_least_memory_by_uefi) {
    boot_and_power_off((const char *const[]){ "MEM=76M", "FIRMWARE=uefi", NULL });
}

Test(boot, reaches_the_prompt_with_memory_above_4_gib) {
    boot_and_power_off((const char *const[]){ "MEM=6G", NULL });
}

Test(boot, reaches_the_prompt_on_a_machine_of_64_cores) {
    boot_and_power_off((const char *const[]){ "CORES=64", "MEM=1G", NULL });
}

Test(boot, reaches_the_prompt_where_instructions_are_counted) {
    boot_and_power_off((const char *const[]){ "ACCEL=icount", "CORES=8", NULL });
}

Test(boot, reaches_the_prompt_without_what_is_optional) {
    static const char *const machines[] = {
        "QEMU_EXTRA=-cpu max,-smep,-smap,-umip",
        "QEMU_EXTRA=-cpu max,-tsc-deadline,-invtsc",
        "QEMU_EXTRA=-machine hpet=off",
        "QEMU_EXTRA=-vga none",
        "QEMU_EXTRA=-cpu max,-x2apic,-pcid,-pdpe1gb",
    };

    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        boot_and_power_off((const char *const[]){ machines[i], NULL });
}

Test(boot, reboot_resets_the_machine) {
    struct qemu *q = qemu_start((const char *const[]){ NULL });

    qemu_expect(q, PROMPT, BOOT_SECONDS);
    qemu_send(q, "reboot\r");
    /* QEMU runs with -no-reboot: a reset ends it. */
    cr_expect_eq(qemu_wait_exit(q, 30), 0);
    qemu_stop(q);
}

Test(boot, qemu_escape_leaves) {
    struct qemu *q = qemu_start((const char *const[]){ NULL });

    qemu_expect(q, PROMPT, BOOT_SECONDS);
    qemu_send(q, "\x01x");
    cr_expect_eq(qemu_wait_exit(q, 30), 0);
    qemu_stop(q);
}
