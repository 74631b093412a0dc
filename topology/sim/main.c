/*
 * topology-sim [-c FILE] [-p SHAPE] [MACHINE...]
 * topology-sim validate FILE
 *
 * Prints what monitors' operations take on made-up machines (machine.h), as lines `BENCH ...`:
 * without any MACHINE, on all of 2 to 4096 cores whose packages are of a SHAPE (default: core:4).
 * Figures are over several roots, `rounds` the most of them.
 * -c: at the prices in FILE, a build/bench/host.json, instead of the published ones.
 *
 * validate: compares what a system measured with the simulation, as validate.h says. FILE: - is
 * standard input. Exit status 0: they agree.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operations.h"
#include "validate.h"

#define ROOTS 32U

static void fail(const char *what, const char *why) {
    fprintf(stderr, "topology-sim: %s: %s\n", what, why);
    exit(1);
}

static void usage(void) {
    fputs("usage: topology-sim [-c FILE] [-p SHAPE] [MACHINE...]\n"
          "       topology-sim validate FILE\n",
          stderr);
    exit(2);
}

static int compare(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Each of a few cores is the root, or of many ROOTS, core 0 and others all over the machine. */
static void print(const struct operation *o, struct machine *m, enum tree_kind kind,
                  const struct prices *prices) {
    uint32_t cores = m->topology.cores, n = cores < ROOTS ? cores : ROOTS, rounds = 0;
    uint64_t both[ROOTS], down[ROOTS];
    struct sim_result r;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t spread = (uint32_t)((uint64_t)(i * 2654435769U) * cores >> 32);
        r = operation_play(o, m, kind, cores <= ROOTS ? i : spread, prices);
        both[i] = r.both;
        down[i] = r.down;
        rounds = r.rounds > rounds ? r.rounds : rounds;
    }
    qsort(both, n, sizeof both[0], compare);
    qsort(down, n, sizeof down[0], compare);
    printf("BENCH name=%s unit=%s n=%u min=%lu q1=%lu median=%lu q3=%lu max=%lu", o->name,
           prices->unit, n, both[0], both[n / 4], both[n / 2], both[3 * n / 4], both[n - 1]);
    printf(" cores=%u tree=%s messages=%u rounds=%u machine=%s sim=1 down=%lu\n", cores,
           tree_names[kind], r.messages, rounds, m->text, down[n / 2]);
}

static void price(const char *text, const struct prices *prices) {
    struct machine machine;
    const char *wrong = machine_make(&machine, text);

    if (wrong)
        fail(text, wrong);
    for (uint32_t i = 0; i < operation_count; i++)
        for (enum tree_kind kind = TREE_FLAT; kind < TREE_KINDS; kind++)
            if (operations[i].trees & 1U << kind)
                print(&operations[i], &machine, kind, prices);
    machine_free(&machine);
}

/* Powers of two and those half way between them; with less than a package, so many cores. */
static void price_all(const char *shape, const struct prices *prices) {
    struct machine package;
    char text[MACHINE_TEXT_MAX];
    const char *wrong = machine_make(&package, shape);

    if (wrong)
        fail(shape, wrong);
    uint32_t per = package.topology.cores;
    machine_free(&package);
    for (uint32_t cores = 2; cores <= TOPOLOGY_CORES_MAX; cores = cores & (cores - 1)
                                                                      ? cores / 3 * 4
                                                                  : cores == 2 ? 3
                                                                               : cores / 2 * 3) {
        if (cores < per)
            snprintf(text, sizeof text, "package:1_core:%u", cores);
        else if (cores % per == 0)
            snprintf(text, sizeof text, "package:%u_%s", cores / per, shape);
        else
            continue;
        price(text, prices);
    }
}

static int validate_file(const char *name) {
    FILE *in = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");

    if (!in)
        fail(name, "cannot be read");
    return validate(in, stdout) ? 0 : 1;
}

int main(int argc, char **argv) {
    struct prices prices = prices_published();
    const char *shape = "core:4", *wrong = 0;

    if (argc == 3 && strcmp(argv[1], "validate") == 0)
        return validate_file(argv[2]);
    for (int option; (option = getopt(argc, argv, "c:p:")) != -1;) {
        if (option == 'p')
            shape = optarg;
        else if (option != 'c')
            usage();
        else if ((wrong = prices_read(&prices, optarg)))
            fail(optarg, wrong);
    }
    if (optind == argc)
        price_all(shape, &prices);
    for (; optind < argc; optind++)
        price(argv[optind], &prices);
    return 0;
}
