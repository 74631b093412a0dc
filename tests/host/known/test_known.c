/* What the build was told about the machine, beside the machine. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include <bulkhead/error.h>

#include "known.h"

static struct topology_core cores[5];
static uint8_t distance[9];
static struct topology machine;

static void begin(void) {
    machine = (struct topology){ .cores = 4, .nodes = 2, .core = cores, .distance = distance };
    for (uint16_t i = 0; i < 5; i++)
        cores[i] = (struct topology_core){ { i / 2, i / 2, i }, (uint16_t)(i / 2) };
    distance[0] = distance[3] = 10;
    distance[1] = distance[2] = 21;
    cr_redirect_stdout();
}

TestSuite(known, .init = begin);

static void expect(const char *lines) {
    known_compare(&machine);
    fflush(stdout);
    cr_assert_stdout_eq_str(lines);
}

Test(known, the_same_machine_is_as_expected) { expect("topology two of two: as expected\n"); }

Test(known, another_number_of_cores_is_told) {
    machine.cores = 3;
    expect("topology two of two: 4 cores and 2 nodes were expected, there are 3 and 2\n");
}

Test(known, cores_that_are_elsewhere_are_counted_and_the_first_is_named) {
    cores[1].group[LEVEL_PACKAGE] = cores[3].group[LEVEL_PACKAGE] = 7;
    cores[2].node = 0;
    expect("topology: 2 cores are elsewhere: core 1 was expected in package 0, is in 7\n"
           "topology: 1 cores are elsewhere: core 2 was expected in node 1, is in 0\n");
}

Test(known, distances_that_differ_are_told) {
    distance[2] = 40;
    expect("topology: 1 distances differ: from node 1 to 0 21 was expected, it is 40\n");
}

Test(known, a_device_has_the_node_that_the_build_was_told) {
    uint64_t node = 9;

    cr_assert_eq(known_node_of_device(&machine, 2 << 8 | 31 << 3 | 3, &node), 0);
    cr_assert_eq(node, 1);
    cr_assert_eq(known_node_of_device(&machine, 2 << 8 | 31 << 3 | 2, &node), -E_NOENT);
    machine.nodes = 1;
    cr_assert_eq(known_node_of_device(&machine, 2 << 8 | 31 << 3 | 3, &node), -E_NOENT);
}
