/* The validator accepts what the simulation says, and nothing else. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "operations.h"
#include "validate.h"

#define STATISTICS "unit=insn n=20 min=1 q1=2 median=3 q3=4 max=5 "

#define RIGHT                                                                              \
    "Bulkhead 0.1\r\n"                                                                     \
    "BENCH name=sendrec_0 unit=insn n=20 min=1 q1=2 median=3 q3=4 max=5\r\n"               \
    "BENCH name=unicast " STATISTICS                                                       \
    "cores=8 tree=flat messages=2 rounds=1 machine=package:2_core:4\r\n"                   \
    "BENCH name=broadcast " STATISTICS                                                     \
    "cores=8 tree=flat messages=14 rounds=7 path=3 machine=package:2_l3:1_core:4_pu:1\r\n" \
    "BENCH name=multicast " STATISTICS                                                     \
    "cores=8 tree=multicast messages=14 rounds=3 machine=package:2_core:4\r\n"             \
    "BENCH name=agree " STATISTICS                                                         \
    "cores=8 tree=binomial messages=28 rounds=3 machine=package:2_core:4\n"                \
    "BENCH name=unmap_all " STATISTICS                                                     \
    "cores=7 tree=multicast messages=12 rounds=3 machine=package:2_core:4 root=5"

static char report[8192];

static bool validates(const char *text) {
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    FILE *out = fmemopen(report, sizeof report, "w");

    cr_assert(in && out);
    bool result = validate(in, out);
    fclose(in);
    fclose(out);
    return result;
}

Test(validate, accepts_what_is_right) {
    cr_expect(validates(RIGHT), "%s", report);
    cr_expect(strstr(report, "ok 1 - unicast of 8 cores, flat, package:2_core:4\n"), "%s", report);
    cr_expect(strstr(report, "\n1..5\n"), "%s", report);
    cr_expect_null(strstr(report, "not ok"), "%s", report);
}

Test(validate, finds_each_wrong_line) {
    static const char *const wrong[] = {
        "cores=8 tree=multicast messages=15 rounds=3 machine=package:2_core:4",
        "cores=8 tree=multicast messages=7 rounds=3 machine=package:2_core:4",
        "cores=8 tree=multicast messages=14 rounds=4 machine=package:2_core:4",
        "cores=8 tree=multicast messages=14 rounds=2 machine=package:2_core:4",
        "cores=8 tree=flat messages=14 rounds=3 machine=package:2_core:4",
        "cores=9 tree=multicast messages=16 rounds=4 machine=package:2_core:4",
        "cores=8 tree=oak messages=14 rounds=3 machine=package:2_core:4",
        "cores=8 tree=multicast messages=14 rounds=3 machine=package:2-core:4",
        "cores=8 tree=multicast messages=14 rounds=3 machine=package:2_core:4 root=8",
        "cores=8 tree=multicast messages=14 rounds=3 machine=package:2_core:4 root=x",
        "cores=8 tree=multicast messages=14 rounds=3",
        "cores=8 tree=multicast messages=14 machine=package:2_core:4",
        "cores=8 tree=multicast messages=14x rounds=3 machine=package:2_core:4",
        "cores=8 messages=14 rounds=3 machine=package:2_core:4",
        "tree=multicast messages=14 rounds=3 machine=package:2_core:4",
        "cores=0 tree=multicast messages=0 rounds=0 machine=package:2_core:4",
    };
    char text[4096];

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(text, sizeof text, "%s\nBENCH name=multicast " STATISTICS "%s\n", RIGHT, wrong[i]);
        cr_expect_not(validates(text), "%s", wrong[i]);
        cr_expect(strstr(report, "not ok 6 - multicast"), "%s\n%s", wrong[i], report);
        cr_expect(strstr(report, "\n1..6\n"), "%s", report);
    }
}

Test(validate, of_nothing_fails) {
    cr_expect_not(validates("Bulkhead 0.1\n"));
    cr_expect(strstr(report, "not ok 1 - "), "%s", report);
    /* The simulation's own lines prove nothing. */
    cr_expect_not(validates("BENCH name=unicast " STATISTICS
                            "cores=2 tree=flat messages=2 rounds=1 machine=core:2 sim=1\n"));
}

/*
 * monbench says of a machine what it is made of, not how far its nodes are apart: on no machine of
 * up to 64 cores the numbers of rounds depend on that.
 */
Test(validate, needs_no_distances, .timeout = 240) {
    struct prices prices = prices_published();
    const struct operation *o = operation_find("multicast");
    char text[MACHINE_TEXT_MAX];
    struct machine m;

    for (uint32_t packages = 1; packages <= 64; packages++)
        for (uint32_t caches = 1; packages * caches <= 64; caches++)
            for (uint32_t cores = 1; packages * caches * cores <= 64; cores++) {
                snprintf(text, sizeof text, "package:%u_l3:%u_core:%u", packages, caches, cores);
                cr_assert_null(machine_make(&m, text));
                operation_plant(o, &m, TREE_MULTICAST, 0);
                uint32_t rounds = operation_play(o, &m, &prices).rounds;
                for (uint32_t i = 0; i < m.topology.nodes * m.topology.nodes; i++)
                    m.topology.distance[i] = DISTANCE_LOCAL;
                operation_plant(o, &m, TREE_MULTICAST, 0);
                cr_expect_eq(operation_play(o, &m, &prices).rounds, rounds, "%s", text);
                machine_free(&m);
            }
}
