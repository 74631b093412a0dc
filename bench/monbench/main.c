/*
 * monbench [FIGURE...]: measures what the monitors of all cores do together, along each kind of
 * tree: a message to one core, to all, an agreement, and taking memory back that all have mapped.
 *
 * Figures are differences of the time-stamp counter. In QEMU with -icount it counts the
 * instructions of all cores together, those with which they find out that there is work included.
 * Messages and rounds are as the monitors have counted them on the way. `path` is the part of the
 * median that belongs to the messages on the critical path: one in each round, there and back.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <runtime/event.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "bench.h"
#include "monbench.h"

#define WARM_UP 2
#define SAMPLES 20

static const char *const trees[] = {
#define X(name, text) text,
    MONITOR_TREES(X)
#undef X
};

struct machine machine;

/* ---- The machine ---- */

static uint32_t groups(size_t offset) {
    uint32_t count = 1; /* numbered from 0, and a machine has one of each */

    for (uint32_t i = 0; i < machine.cores; i++) {
        const uint16_t *group = (const uint16_t *)((const char *)&machine.core[i] + offset);
        count = *group >= count ? *group + 1U : count;
    }
    return count;
}

static int find_machine(void) {
    struct message m = { .type = MONITOR_TREE,
                         .arg = { (uint64_t)machine.core, sizeof machine.core,
                                  MONITOR_TREE_MULTICAST, endpoint_core(runtime_self()) } };
    int error = ipc_request(runtime_monitor(), &m);

    if (error)
        return error;
    machine.cores = (uint32_t)(m.arg[0] / sizeof machine.core[0]);
    for (uint32_t i = 0; i < machine.cores; i++)
        machine.members += machine.core[i].member;
    uint32_t packages = groups(offsetof(struct monitor_tree_core, package));
    uint32_t caches = groups(offsetof(struct monitor_tree_core, cache));
    uint32_t physical = groups(offsetof(struct monitor_tree_core, physical));
    bool even = caches % packages == 0 && physical % caches == 0 && machine.cores % physical == 0;
    snprintf(machine.name, sizeof machine.name, even ? "package:%u_l3:%u_core:%u_pu:%u" : "uneven",
             packages, caches / packages, physical / caches, machine.cores / physical);
    return 0;
}

/* ---- What is measured: one sample each, with what it took ---- */

static int announce(uint64_t what, enum monitor_tree tree, struct sample *sample) {
    struct message m = { .type = MONITOR_ANNOUNCE, .arg = { what, tree } };
    uint64_t before = time_stamp();
    int error = ipc_request(runtime_monitor(), &m);

    *sample = (struct sample){ time_stamp() - before, (uint32_t)m.arg[0], (uint32_t)m.arg[1] };
    return error;
}

static int multicast(enum monitor_tree tree, struct sample *sample) {
    return announce(0, tree, sample);
}

static int agree(enum monitor_tree tree, struct sample *sample) {
    return announce(1, tree, sample);
}

/* A request to the monitor of another core, and its reply. */
static int unicast(enum monitor_tree tree, struct sample *sample) {
    uint32_t core = endpoint_core(runtime_self()) == 0 ? 1 : 0;
    struct message m = { .type = MONITOR_LOOKUP, .arg = { 0 } };

    (void)tree;
    memcpy(m.arg, "monitor", 8);
    m.arg[5] = core;
    uint64_t before = time_stamp();
    int error = ipc_request(runtime_monitor(), &m);
    *sample = (struct sample){ time_stamp() - before, 2, 1 };
    return error;
}

static const struct measurement {
    const char *name;
    int (*measure)(enum monitor_tree tree, struct sample *sample);
    enum monitor_tree first, last; /* the trees along which */
} benches[] = {
    { "unicast", unicast, MONITOR_TREE_FLAT, MONITOR_TREE_FLAT },
    { "broadcast", multicast, MONITOR_TREE_FLAT, MONITOR_TREE_FLAT },
    { "multicast", multicast, MONITOR_TREE_BINOMIAL, MONITOR_TREE_MULTICAST },
    { "agree", agree, MONITOR_TREE_FLAT, MONITOR_TREE_MULTICAST },
    { "unmap_all", unmap_all, MONITOR_TREE_FLAT, MONITOR_TREE_MULTICAST },
};

enum { BENCHES = sizeof benches / sizeof benches[0] };

static int run(const struct measurement *bench, enum monitor_tree tree) {
    static struct figure figure;
    struct sample sample = { 0 };
    char keys[160];
    int error = 0;

    figure.name = bench->name;
    figure.count = 0;
    for (unsigned i = 0; i < WARM_UP + SAMPLES && !error; i++) {
        error = bench->measure(tree, &sample);
        if (i >= WARM_UP)
            figure_add(&figure, sample.time);
    }
    if (error) {
        printf("monbench: %s: %s\n", bench->name, error_text(error));
        return error;
    }
    /* All messages cost about the same, so those that wait for one another, their part of it. */
    uint64_t on_path = 2UL * sample.rounds * (bench->measure == agree ? 2 : 1);
    uint64_t path = figure_quartile(&figure, 2) * on_path / sample.messages;
    snprintf(keys, sizeof keys,
             " cores=%u tree=%s messages=%u rounds=%u path=%" PRIu64 " machine=%s", machine.members,
             trees[tree], sample.messages, sample.rounds, path, machine.name);
    figure_print_with(&figure, bench_unit(), keys);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        return partner_serve();

    int failed = find_machine();
    if (failed || machine.members < 2) {
        printf("monbench: %s\n", failed ? error_text(failed) : "there is no other core");
        return 1;
    }
    for (const struct measurement *bench = benches; bench < benches + BENCHES; bench++)
        for (enum monitor_tree tree = bench->first; tree <= bench->last; tree++)
            if (bench_wanted(argc, argv, bench->name))
                failed |= run(bench, tree);
    partners_end();
    return failed ? 1 : 0;
}
