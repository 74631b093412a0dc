/* Machines from texts. */
#include <criterion/criterion.h>
#include <string.h>

#include "machine.h"

static const char *fault_of(const char *text) {
    struct machine m;
    const char *fault = machine_make(&m, text);

    if (!fault)
        machine_free(&m);
    return fault;
}

Test(machine, has_the_groups_of_its_text) {
    struct machine m;
    const struct topology *t = &m.topology;

    cr_assert_null(machine_make(&m, "package:2 l3:2 core:2_pu:2"));
    cr_expect_str_eq(m.text, "package:2_l3:2_core:2_pu:2");
    cr_expect_null(topology_fault(t));
    cr_expect_eq(t->cores, 16);
    cr_expect_eq(t->nodes, 2);
    cr_expect_eq(topology_reach(t, 0, 1), REACH_SIBLING);
    cr_expect_eq(topology_reach(t, 0, 2), REACH_CACHE);
    cr_expect_eq(topology_reach(t, 0, 4), REACH_PACKAGE);
    cr_expect_eq(topology_reach(t, 0, 8), REACH_HOP);
    machine_free(&m);
}

Test(machine, packages_are_corners_of_a_hypercube) {
    struct machine m;

    cr_assert_null(machine_make(&m, "package:8_core:4"));
    for (uint32_t a = 0; a < 32; a++)
        for (uint32_t b = 0; b < 32; b++) {
            int hops = __builtin_popcount(a / 4 ^ b / 4);
            enum topology_reach expected = a == b      ? REACH_SELF
                                           : hops == 0 ? REACH_CACHE
                                           : hops == 1 ? REACH_HOP
                                                       : REACH_HOPS;
            cr_assert_eq(topology_reach(&m.topology, a, b), expected, "%u %u", a, b);
        }
    machine_free(&m);
}

Test(machine, nodes_hold_packages) {
    struct machine m;

    cr_assert_null(machine_make(&m, "numa:2_package:3_core:2"));
    cr_expect_eq(m.topology.nodes, 2);
    cr_expect_eq(m.topology.core[5].node, 0);
    cr_expect_eq(m.topology.core[6].node, 1);
    cr_expect_eq(m.topology.core[6].group[LEVEL_PACKAGE], 3);
    machine_free(&m);
}

Test(machine, many_packages_share_nodes) {
    struct machine m;

    cr_assert_null(machine_make(&m, "package:1024_core:4"));
    cr_expect_eq(m.topology.nodes, 64);
    cr_expect_null(topology_fault(&m.topology));
    cr_expect_eq(topology_reach(&m.topology, 0, 4), REACH_HOP);
    cr_expect_eq(topology_reach(&m.topology, 0, 4095), REACH_HOPS);
    machine_free(&m);
    cr_assert_null(machine_make(&m, "package:65_core:1"));
    cr_expect_eq(m.topology.nodes, 33);
    machine_free(&m);
}

Test(machine, texts_that_make_no_sense_are_refused) {
    static const char *const texts[] = {
        "",
        "core",
        "core:",
        "core:0",
        "core:-1",
        "core:4_",
        "_core:4",
        "cores:4",
        "core:4x",
        "core:4__core:4",
        "core:2_package:2",
        "core:2_core:2",
        "core:4097",
        "numa:65_core:1",
        "package:64_core:65",
        "package:99999999999999999999",
        "package:4096_l3:4096_core:4096_pu:4096",
    };
    char endless[200];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_expect_not_null(fault_of(texts[i]), "%s", texts[i]);
    memset(endless, '0', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    memcpy(endless, "core:", 5);
    cr_expect_not_null(fault_of(endless));
    cr_expect_null(fault_of("core:1"));
    cr_expect_null(fault_of("core:4096"));
}
