/*
 * What the benchmarks have in common: which figures are wanted, and the lines that are
 * printed of them.
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

static const char *program;         /* its name */
static const struct bench *benches; /* what it can measure */

/* Whoever starts QEMU so says it on the command line. */
const char *bench_unit(void) {
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

static int run(const struct bench *bench) {
    static struct figure figure;

    figure.name = bench->name;
    figure.count = 0;
    int error = bench->measure(&figure);
    if (error)
        printf("%s: %s: %s\n", program, figure.name, error_text(error));
    else if (figure.count == 0)
        printf("%s: %s cannot be measured here\n", program, figure.name);
    else
        figure_print_with(&figure, bench_unit(), bench->keys != NULL ? bench->keys : "");
    return error;
}

bool bench_wanted(int argc, char **argv, const char *name) {
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
        const struct bench *bench = benches;
        if (strchr(argv[i], '=') != NULL)
            continue;
        while (bench->name != NULL && strcmp(bench->name, argv[i]) != 0)
            bench++;
        if (bench->name == NULL) {
            printf("%s: '%s' is not a figure; there are", program, argv[i]);
            for (bench = benches; bench->name != NULL; bench++)
                printf(" %s", bench->name);
            putchar('\n');
            return false;
        }
    }
    return true;
}

int bench_main(const struct bench *all, int argc, char **argv) {
    int failed = 0;

    program = argv[0];
    benches = all;
    if (!check_arguments(argc, argv))
        return 2;
    for (const struct bench *bench = benches; bench->name != NULL; bench++)
        if (bench_wanted(argc, argv, bench->name))
            failed |= run(bench);
    return failed ? 1 : 0;
}
