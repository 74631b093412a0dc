/*
 * topology-sim [-u | -c FILE] [-p SHAPE] [-n CORES] [MACHINE...]
 * topology-sim validate FILE
 *
 * Prints what monitors' operations take on made-up machines (machine.h), as lines `BENCH ...`:
 * without any MACHINE, on all of 2 to CORES (default: 4096) whose packages are of a SHAPE (default:
 * core:4). Figures are over several roots, `rounds` the most of them. -u: every transfer costs the
 * same. -c: at the prices in FILE, a build/bench/host.json, instead of the published ones.
 *
 * validate: compares what a system measured with the simulation, as validate.h says. FILE: - is
 * standard input. Exit status 0: they agree.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operations.h"
#include "validate.h"

#define ROOTS 16U

static void fail(const char *what, const char *why) {
    fprintf(stderr, "topology-sim: %s: %s\n", what, why);
    exit(1);
}

static void usage(void) {
    fputs("usage: topology-sim [-u | -c FILE] [-p SHAPE] [-n CORES] [MACHINE...]\n"
          "       topology-sim validate FILE\n",
          stderr);
    exit(2);
}

static int compare(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print(const struct operation *o, const struct machine *m, enum tree_kind kind,
                  const char *unit, const struct sim_result *results, uint32_t n) {
    uint64_t both[ROOTS] = { 0 }, down[ROOTS] = { 0 };
    uint32_t rounds = 0;

    for (uint32_t i = 0; i < n; i++) {
        both[i] = results[i].both;
        down[i] = results[i].down;
        rounds = results[i].rounds > rounds ? results[i].rounds : rounds;
    }
    qsort(both, n, sizeof both[0], compare);
    qsort(down, n, sizeof down[0], compare);
    printf("BENCH name=%s unit=%s n=%u min=%lu q1=%lu median=%lu q3=%lu max=%lu", o->name, unit, n,
           both[0], both[n / 4], both[n / 2], both[3 * n / 4], both[n - 1]);
    printf(" cores=%u tree=%s messages=%u rounds=%u machine=%s sim=1 down=%lu\n", m->topology.cores,
           tree_names[kind], results[0].messages, rounds, m->text, down[n / 2]);
}

/* Each core is the root; of many, ROOTS: core 0, and others all over the machine. */
static uint32_t choose_root(uint32_t i, uint32_t cores) {
    return cores <= ROOTS ? i : (uint32_t)((uint64_t)(i * 2654435769U) * cores >> 32);
}

static void price(const char *text, const struct prices *prices) {
    static struct sim_result results[TREE_KINDS][OPERATIONS][ROOTS];
    struct machine m;
    const char *wrong = machine_make(&m, text);

    if (wrong)
        fail(text, wrong);
    uint32_t n = m.topology.cores < ROOTS ? m.topology.cores : ROOTS;
    for (enum tree_kind kind = TREE_FLAT; kind < TREE_KINDS; kind++)
        for (uint32_t root = 0; root < n; root++)
            for (uint32_t i = 0; i < OPERATIONS; i++) {
                /* All but the unicast, which is first, share a tree. */
                if (i == 0 || operations[i - 1].is_unicast)
                    operation_plant(&operations[i], &m, kind, choose_root(root, m.topology.cores));
                results[kind][i][root] = operation_play(&operations[i], &m, prices);
            }
    for (uint32_t i = 0; i < OPERATIONS; i++)
        for (enum tree_kind kind = TREE_FLAT; kind < TREE_KINDS; kind++)
            if (operations[i].trees & 1U << kind)
                print(&operations[i], &m, kind, prices->unit, results[kind][i], n);
    machine_free(&m);
}

/* Powers of two and those half way between them; with less than a package, so many cores. */
static void price_all(const char *shape, unsigned long most, const struct prices *prices) {
    struct machine package;
    char text[MACHINE_TEXT_MAX];
    const char *wrong = machine_make(&package, shape);

    if (wrong)
        fail(shape, wrong);
    uint32_t per = package.topology.cores;
    machine_free(&package);
    for (uint32_t cores = 2; cores <= most; cores = cores & (cores - 1) ? cores / 3 * 4
                                                    : cores == 2        ? 3
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
    unsigned long most = TOPOLOGY_CORES_MAX;

    if (argc == 3 && strcmp(argv[1], "validate") == 0)
        return validate_file(argv[2]);
    for (int option; (option = getopt(argc, argv, "c:n:p:u")) != -1;) {
        if (option == 'p')
            shape = optarg;
        else if (option == 'n')
            most = strtoul(optarg, NULL, 10);
        else if (option == 'u')
            prices = prices_uniform();
        else if (option != 'c')
            usage();
        else if ((wrong = prices_read(&prices, optarg)))
            fail(optarg, wrong);
    }
    if (most > TOPOLOGY_CORES_MAX)
        usage();
    if (optind == argc)
        price_all(shape, most, &prices);
    for (; optind < argc; optind++)
        price(argv[optind], &prices);
    return 0;
}
