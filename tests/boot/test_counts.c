/* Every core of the machine comes up: for several numbers of them, amounts of memory, firmwares. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

#define SECONDS 180 /* with many more cores than the machine below has */

struct machine {
    int cores;
    char memory[16], firmware[16];
};

ParameterizedTestParameters(counts, all_cores_come_up) {
    static struct machine machines[] = {
        { 1, "MEM=68M", "FIRMWARE=bios" },   { 2, "MEM=73M", "FIRMWARE=bios" },
        { 3, "MEM=76M", "FIRMWARE=bios" },   { 4, "MEM=80M", "FIRMWARE=bios" },
        { 4, "MEM=91M", "FIRMWARE=uefi" },   { 4, "MEM=5G", "FIRMWARE=bios" },
        { 8, "MEM=97M", "FIRMWARE=bios" },   { 8, "MEM=515M", "FIRMWARE=uefi" },
        { 64, "MEM=320M", "FIRMWARE=bios" },
    };
    return cr_make_param_array(struct machine, machines, sizeof machines / sizeof machines[0]);
}

ParameterizedTest(struct machine *machine, counts, all_cores_come_up, .timeout = 400) {
    char cores[16], welcome[64], last[32];
    snprintf(cores, sizeof cores, "CORES=%d", machine->cores);
    snprintf(welcome, sizeof welcome, "Bulkhead on %d core%s with ", machine->cores,
             machine->cores == 1 ? "" : "s");
    snprintf(last, sizeof last, "run hello --core %d\r", machine->cores - 1);
    struct qemu *q =
        qemu_start((const char *const[]){ cores, machine->memory, machine->firmware, NULL });

    qemu_expect(q, welcome, SECONDS);
    qemu_expect(q, PROMPT, SECONDS);
    qemu_send(q, last);
    snprintf(last, sizeof last, "Hello from process %d.", machine->cores - 1);
    qemu_expect(q, last, SECONDS);
    qemu_send(q, "poweroff\r");
    cr_expect_eq(qemu_wait_exit(q, SECONDS), 0);
    cr_expect_str_empty(qemu_errors(q));
    qemu_stop(q);
}
