/* What tools/run.sh says to settings that make no sense: one line, exit status 2, and no machine is
 * started. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

struct bad_setting {
    const char *setting;
    const char *with; /* another setting, or NULL */
    const char *said; /* in the line */
};

static const struct bad_setting bad_settings[] = {
    { "CORES=0", NULL, "run: CORES=0: must be 1 to 64" },
    { "CORES=65", NULL, "must be 1 to 64" },
    { "CORES=9999", NULL, "must be 1 to 64" },
    { "CORES=-1", NULL, "must be 1 to 64" },
    { "CORES=two", NULL, "must be 1 to 64" },
    { "CORES=08", NULL, "must be 1 to 64" },
    { "CORES=99999999999999999999", NULL, "must be 1 to 64" },
    { "MEM=8M", NULL, "run: MEM=8M: CORES=1 FIRMWARE=bios needs at least 68M" },
    { "MEM=67M", NULL, "needs at least 68M" },
    { "MEM=127M", "CORES=16", "CORES=16 FIRMWARE=bios needs at least 128M" },
    { "MEM=75M", "FIRMWARE=uefi", "CORES=1 FIRMWARE=uefi needs at least 76M" },
    { "MEM=512", NULL, "must be a number of MiB or GiB" },
    { "MEM=1T", NULL, "must be a number of MiB or GiB" },
    { "MEM=0M", NULL, "must be a number of MiB or GiB" },
    { "MEM=lots", NULL, "must be a number of MiB or GiB" },
    { "MEM=9999999G", NULL, "this machine has" },
    { "ACCEL=xen", NULL, "run: ACCEL=xen: must be auto, tcg, kvm or icount" },
    { "FIRMWARE=coreboot", NULL, "run: FIRMWARE=coreboot: must be bios or uefi" },
    { "IOMMU=yes", NULL, "run: IOMMU=yes: must be none, intel or amd" },
    { "SCHED=fifo", NULL, "run: SCHED=fifo: must be mlfq or rr" },
    { "SCRIPT=ps\nmem", NULL, "run: SCRIPT: must be one line" },
    { "TIMEOUT=0", NULL, "run: TIMEOUT=0: must be 1 to 86400" },
    { "RECORD=/tmp/r", "ACCEL=tcg", "run: RECORD and REPLAY need ACCEL=icount FIRMWARE=bios" },
    { "REPLAY=/nonexistent", "ACCEL=icount", "run: REPLAY=/nonexistent: no such file" },
    { "GDB=80", NULL, "run: GDB=80: must be a TCP port" },
    { "GUI=yes", NULL, "run: GUI=yes: must be 0 or 1" },
    { "TRACE=/tmp", NULL, "run: TRACE=/tmp: not a file that can be written" },
    { "TRACE=/nonexistent/t.json", NULL, "run: TRACE=/nonexistent/t.json: cannot be made there" },
    { "ISO=/nonexistent.iso", NULL, "run: ISO=/nonexistent.iso: no such file" },
    { "TOPOLOGY=package:2 rubbish:2", NULL, "run: TOPOLOGY: \"package:2 rubbish:2\": column 11, " },
    { "TOPOLOGY=nowhere.xml", NULL, "run: TOPOLOGY: nowhere.xml: No such file" },
    { "TOPOLOGY=pu:65", NULL, "run: TOPOLOGY: pu:65: 65 cores are more than 64" },
    { "TOPOLOGY=pu:4", "CORES=3", "run: CORES=3: TOPOLOGY=pu:4 has 4" },
    { "TOPOLOGY=core:8 pu:2", "MEM=127M", "CORES=16 FIRMWARE=bios needs at least 128M" },
    { "TOPOLOGY=tests/host/topology/golden/irregular.xml", NULL, "QEMU cannot have this machine" },
    { "PATH=/nonexistent", NULL, "run: qemu-system-x86_64 is missing" },
};

/* Runs with the settings and expects one line on standard error, with `said` in it, and nothing
 * else. */
static void expect_refusal(const char *setting, const char *with, const char *said) {
    struct qemu *q = qemu_start((const char *const[]){ setting, with, NULL });
    int status = qemu_wait_exit(q, 10);
    const char *errors = qemu_errors(q);
    const char *newline = strchr(errors, '\n');

    cr_expect_eq(status, 2, "%s: exit status %d", setting, status);
    cr_expect(newline != NULL && newline[1] == '\0', "%s: not one line: %s", setting, errors);
    cr_expect(strstr(errors, said) != NULL, "%s: said: %s", setting, errors);
    cr_expect_str_empty(qemu_console(q), "%s: printed something", setting);
    qemu_stop(q);
}

Test(settings, each_bad_value_is_refused_with_one_line, .timeout = 60) {
    for (size_t i = 0; i < sizeof bad_settings / sizeof bad_settings[0]; i++)
        expect_refusal(bad_settings[i].setting, bad_settings[i].with, bad_settings[i].said);
}

Test(settings, a_script_too_long_for_the_command_line_is_refused, .timeout = 10) {
    char setting[1200] = "SCRIPT=";

    memset(setting + strlen(setting), 'x', 1100);
    expect_refusal(setting, NULL, "too long, the kernel's command line has 1023 characters");
}

static bool has_virtualization(void) {
    FILE *cpuinfo = fopen("/proc/cpuinfo", "r");
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    cr_assert_not_null(cpuinfo);
    while (!found && getline(&line, &room, cpuinfo) >= 0)
        found = strstr(line, " vmx ") != NULL || strstr(line, " svm ") != NULL;
    free(line);
    fclose(cpuinfo);
    return found;
}

Test(settings, kvm_is_refused_where_there_is_none, .timeout = 10) {
    if (has_virtualization())
        cr_skip_test("this processor has it");
    expect_refusal("ACCEL=kvm", NULL, "run: ACCEL=kvm: ");
}
