/*
 * ipcbench [FIGURE...] [prompt=STAMP]: measures kernel calls, IPC and processes. Prints a line per
 * figure; without names, of all. The shell says in `prompt=` what the time-stamp counter was at its
 * first prompt.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/cmdline.h>
#include <runtime/kcall.h>

#include "bench.h"

#define CMDLINE_BYTES 1024

static uint64_t prompt; /* 0: not known */

static int bench_boot_to_prompt(struct figure *figure) {
    struct core_info core = { 0 };
    int error = getinfo(INFO_CORE, &core, sizeof core, 0, NULL, NULL);

    if (!error && prompt > core.tsc_start)
        figure_add(figure, prompt - core.tsc_start);
    return error;
}

static const struct {
    const char *name;
    bench_fn *measure;
} benches[] = {
    { "boot_to_prompt", bench_boot_to_prompt },
    { "kcall_null", bench_kcall_null },
    { "sendrec_0", bench_sendrec_0 },
    { "sendrec_6", bench_sendrec_6 },
    { "sendrec_slow", bench_sendrec_slow },
    { "asend", bench_asend },
    { "notify", bench_notify },
    { "irq_to_driver", bench_irq_to_driver },
    { "spawn_exit", bench_spawn_exit },
};

enum { BENCHES = sizeof benches / sizeof benches[0] };

/*
 * The time-stamp counter counts instructions where QEMU is made to: whoever starts it so says it on
 * the command line.
 */
static const char *unit(void) {
    static char line[CMDLINE_BYTES];
    char accel[16];

    if (getinfo(INFO_CMDLINE, line, sizeof line - 1, 0, NULL, NULL) == 0 &&
        cmdline_get(line, "accel", accel, sizeof accel) >= 0 && strcmp(accel, "icount") == 0)
        return "insn";
    return "cycles";
}

uint32_t stamp_overhead(void) {
    static uint32_t least = UINT32_MAX;
    static bool known;

    for (int i = 0; i < 100 && !known; i++) {
        uint32_t before = stamp(), after = stamp();
        if (after - before < least)
            least = after - before;
    }
    known = true;
    return least;
}

static int run(unsigned index) {
    static struct figure figure;

    figure.name = benches[index].name;
    figure.count = 0;
    int error = benches[index].measure(&figure);
    if (error)
        printf("ipcbench: %s: %s\n", figure.name, error_text(error));
    else if (figure.count == 0)
        printf("ipcbench: %s cannot be measured here\n", figure.name);
    else
        figure_print(&figure, unit());
    return error;
}

/* Whether the arguments name a figure, or none at all. */
static bool wanted(int argc, char **argv, const char *name) {
    bool any = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return true;
        any = any || strchr(argv[i], '=') == NULL;
    }
    return !any;
}

static bool check_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        unsigned index = 0;
        if (strncmp(argv[i], "prompt=", 7) == 0) {
            prompt = strtoull(argv[i] + 7, NULL, 10);
            continue;
        }
        while (index < BENCHES && strcmp(benches[index].name, argv[i]) != 0)
            index++;
        if (index == BENCHES) {
            printf("ipcbench: '%s' is not a figure; there are", argv[i]);
            for (index = 0; index < BENCHES; index++)
                printf(" %s", benches[index].name);
            putchar('\n');
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv) {
    int failed = 0;

    if (!check_arguments(argc, argv))
        return 2;
    for (unsigned index = 0; index < BENCHES; index++)
        if (wanted(argc, argv, benches[index].name))
            failed |= run(index);
    return failed ? 1 : 0;
}
