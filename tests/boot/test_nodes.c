/* Machines of several cores and nodes: what boot says about how memory is divided. */
#include <criterion/criterion.h>

#include "harness.h"

TestSuite(nodes, .timeout = 240);

/* Boots to the prompt; the lines come before it in this order. The list ends with NULL. */
static void expect_lines(const char *const settings[], const char *const lines[]) {
    struct qemu *q = qemu_start(settings);

    for (; *lines != NULL; lines++)
        qemu_expect(q, *lines, BOOT_SECONDS);
    qemu_expect(q, PROMPT, BOOT_SECONDS);
    qemu_stop(q);
}

/* Memory of 64 MiB and the rest. */
#define TWO_MEMORIES(rest)                                    \
    "QEMU_EXTRA=-object memory-backend-ram,size=64M,id=near " \
    "-object memory-backend-ram,size=" rest ",id=far "

static const char *const unequal_nodes[] = { "node 0: cores 2, memory 6",
                                             "node 1: cores 6, memory ", "partitions: 8, of ",
                                             "near their cores", NULL };

Test(nodes, cores_get_memory_of_their_node_by_bios) {
    expect_lines(
        (const char *const[]){ "CORES=8", "MEM=320M",
                               TWO_MEMORIES("256M") "-numa node,nodeid=0,cpus=0-1,memdev=near "
                                                    "-numa node,nodeid=1,cpus=2-7,memdev=far",
                               NULL },
        unequal_nodes);
}

Test(nodes, cores_get_memory_of_their_node_by_uefi) {
    expect_lines(
        (const char *const[]){ "FIRMWARE=uefi", "CORES=8", "MEM=320M",
                               TWO_MEMORIES("256M") "-numa node,nodeid=0,cpus=0-1,memdev=near "
                                                    "-numa node,nodeid=1,cpus=2-7,memdev=far",
                               NULL },
        unequal_nodes);
}

/* Core 0 has its partition above 4 GiB, away from boot.elf and the archive. */
Test(nodes, first_core_may_be_in_the_last_node) {
    expect_lines((const char *const[]){ "CORES=2", "MEM=5G",
                                        "QEMU_EXTRA=-object memory-backend-ram,size=4G,id=m0 "
                                        "-object memory-backend-ram,size=1G,id=m1 "
                                        "-numa node,nodeid=0,cpus=1,memdev=m0 "
                                        "-numa node,nodeid=1,cpus=0,memdev=m1",
                                        NULL },
                 (const char *const[]){ "node 0: cores 1, memory 4",
                                        "node 1: cores 1, memory 1024 MiB",
                                        "partitions: 2, of 1024 to ", "near their cores",
                                        "core 0: ", " KiB at 180", NULL });
}

Test(nodes, without_memory_or_without_cores) {
    expect_lines(
        (const char *const[]){
            "CORES=4", "MEM=256M",
            TWO_MEMORIES("192M") "-numa node,nodeid=0,cpus=0-1,memdev=near "
                                 "-numa node,nodeid=1,cpus=2-3 -numa node,nodeid=2,memdev=far",
            NULL },
        (const char *const[]){ "node 0: cores 2, memory 6", "node 1: cores 2, memory 0 MiB",
                               "node 2: cores 0, memory 19", "partitions: 4, of ",
                               "near their cores", NULL });
}

Test(nodes, that_are_too_small_for_their_cores_are_ignored) {
    expect_lines(
        (const char *const[]){ "CORES=64", "MEM=320M",
                               TWO_MEMORIES("256M") "-numa node,nodeid=0,cpus=0-61,memdev=near "
                                                    "-numa node,nodeid=1,cpus=62-63,memdev=far",
                               NULL },
        (const char *const[]){ "node 0: cores 62", "nodes: ignored, some core",
                               "partitions: 64, of 4 to 6 MiB, by ascending address", NULL });
}

Test(nodes, command_line_limits_the_cores) {
    expect_lines((const char *const[]){ "CORES=4", "CMDLINE=cores=2", NULL },
                 (const char *const[]){ "machine: cores 4", "partitions: 2, of ", NULL });
}
