/* Where cores are: trees, and programs that are put near something. */
#include <criterion/criterion.h>

#include <string.h>

#include "harness.h"

TestSuite(places, .timeout = 240);

static void expect_script(const char *const settings[], const char *const lines[]) {
    struct qemu *q = qemu_start(settings);

    cr_expect_eq(qemu_wait_exit(q, 220), 0, "%s", qemu_console(q));
    for (const char *at = qemu_console(q); *lines != NULL && at != NULL; lines++) {
        at = strstr(at, *lines);
        cr_expect_not_null(at, "'%s' is not there, or not in this order: %s", *lines,
                           qemu_console(q));
    }
    qemu_stop(q);
}

/* Two packages of two cores: one message goes into the other package, first. */
Test(places, a_tree_sends_one_message_into_each_package) {
    expect_script(
        (const char *const[]){ "CORES=4", "QEMU_EXTRA=-smp 4,sockets=2,cores=2,threads=1",
                               "SCRIPT=cores --tree multicast; cores --tree flat 3", "TIMEOUT=200",
                               NULL },
        (const char *const[]){
            "\ncore 0 (package 0, cache 0, node 0)", "|- 1: core 2 (package 1, cache 1, node 0)",
            "|  `- 2: core 3 (package 1, cache 1, node 0)",
            "`- 2: core 1 (package 0, cache 0, node 0)", "multicast: 2 rounds",
            "\ncore 3 (package 1, cache 1, node 0)", "|- 1: core 0 (package 0",
            "|- 2: core 1 (package 0", "`- 3: core 2 (package 1", "flat: 3 rounds", NULL });
}

/* A tree has those that are members. */
Test(places, a_tree_is_made_anew_when_the_view_changes) {
    expect_script((const char *const[]){ "CORES=4", "QEMU_EXTRA=-smp 4,sockets=2,cores=2,threads=1",
                                         ("SCRIPT=cores stop 2; cores --tree multicast; "
                                          "cores start 2; cores --tree multicast"),
                                         "TIMEOUT=200", NULL },
                  (const char *const[]){ "core 2 is off", "|- 1: core 3 (package 1",
                                         "`- 2: core 1 (package 0", "multicast: 2 rounds",
                                         "core 2 is a member", "|- 1: core 2 (package 1",
                                         "|  `- 2: core 3 (package 1", NULL });
}

/* Distances of the SLIT: node 2 is nearer to node 0 than node 1 is, so it is told later. */
Test(places, farther_nodes_are_told_first_and_processes_put_near_theirs) {
    expect_script(
        (const char *const[]){
            "CORES=3", "MEM=384M",
            "QEMU_EXTRA=-smp 3,sockets=3,cores=1,threads=1 "
            "-object memory-backend-ram,size=128M,id=m0 "
            "-object memory-backend-ram,size=128M,id=m1 "
            "-object memory-backend-ram,size=128M,id=m2 -numa node,nodeid=0,cpus=0,memdev=m0 "
            "-numa node,nodeid=1,cpus=1,memdev=m1 -numa node,nodeid=2,cpus=2,memdev=m2 "
            "-numa dist,src=0,dst=1,val=40 -numa dist,src=0,dst=2,val=21 "
            "-numa dist,src=1,dst=2,val=40",
            "SCRIPT=cores --tree multicast; run hello --core node:1; run hello --core near:2; "
            "run hello --core apart:2",
            "TIMEOUT=200", NULL },
        (const char *const[]){ "|- 1: core 1 (package 1, cache 1, node 1)",
                               "`- 2: core 2 (package 2, cache 2, node 2)", "Hello from process 1.",
                               "Hello from process 2.", "Hello from process ", NULL });
}

/* QEMU reproduces what TOPOLOGY describes: packages, siblings, nodes. */
Test(places, a_machine_is_as_its_topology_describes_it) {
    expect_script((const char *const[]){ "TOPOLOGY=package:2 numa:1 l3:1 core:2 pu:2",
                                         "SCRIPT=cores --tree multicast; run hello --core apart:1",
                                         "TIMEOUT=200", NULL },
                  (const char *const[]){
                      "node 0: cores 4", "node 1: cores 4", "\ncore 0 (package 0, cache 0, node 0)",
                      "|- 1: core 4 (package 1, cache 1, node 1)",
                      "|  |- 2: core 6 (package 1, cache 1, node 1)",
                      "|  |  `- 3: core 7 (package 1", "|  `- 3: core 5 (package 1",
                      "|- 2: core 2 (package 0", "`- 3: core 1 (package 0", "multicast: 3 rounds",
                      "Hello from process ", NULL });
}
