/* What is wrong with the description of a machine. */
#define PROGRAM "topology-test"
#include "machines.h"

static struct fixture f;

static void make(void) { fixture_make(&f, (struct shape){ 2, 2, 2, 2, false, false }); }

TestSuite(topology, .init = make);

Test(topology, good_description_has_no_fault) { cr_assert_null(topology_fault(&f.t)); }

Test(topology, number_of_cores_out_of_range_is_found) {
    f.t.cores = 0;
    cr_expect_str_eq(topology_fault(&f.t), "the number of cores is out of range");
    f.t.cores = TOPOLOGY_CORES_MAX + 1;
    cr_expect_str_eq(topology_fault(&f.t), "the number of cores is out of range");
}

Test(topology, number_of_nodes_out_of_range_is_found) {
    f.t.nodes = 0;
    cr_expect_str_eq(topology_fault(&f.t), "the number of NUMA nodes is out of range");
    f.t.nodes = TOPOLOGY_NODES_MAX + 1;
    cr_expect_str_eq(topology_fault(&f.t), "the number of NUMA nodes is out of range");
}

Test(topology, core_of_no_node_is_found) {
    f.core[15].node = 2;
    cr_expect_str_eq(topology_fault(&f.t), "a core is in no NUMA node");
}

Test(topology, number_of_a_group_out_of_range_is_found) {
    for (unsigned level = 0; level < LEVELS; level++) {
        make();
        f.core[3].group[level] = 16;
        cr_expect_str_eq(topology_fault(&f.t), "the number of a group is out of range");
    }
}

Test(topology, cache_of_two_packages_is_found) {
    f.core[7].group[LEVEL_PACKAGE] = 1;
    cr_expect_str_eq(topology_fault(&f.t), "a cache is shared by two packages");
}

Test(topology, physical_core_of_two_caches_is_found) {
    f.core[3].group[LEVEL_CACHE] = 1;
    cr_expect_str_eq(topology_fault(&f.t), "a physical core is in two caches");
}

Test(topology, distance_of_nothing_is_found) {
    f.distance[3] = 0;
    cr_expect_str_eq(topology_fault(&f.t), "a distance is 0");
}
