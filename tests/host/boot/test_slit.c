/* How far nodes are from each other. */
#include <criterion/criterion.h>

#include <string.h>

#include "boot/slit.h"

static struct boot_info boot;
static _Alignas(8) uint8_t bytes[sizeof(struct acpi_slit) + 16];
static struct acpi_slit *const slit = (void *)bytes;

/* Four domains, of which the machine has the nodes 1 and 3. */
static void begin(void) {
    static const uint8_t distance[16] = { 10, 20, 20, 20, 21, 10, 22, 31,
                                          23, 24, 10, 25, 26, 32, 27, 10 };

    memset(bytes, 0, sizeof bytes);
    *slit = (struct acpi_slit){ .header = { .signature = "SLIT", .bytes = sizeof bytes },
                                .localities = 4 };
    memcpy(slit->distance, distance, sizeof distance);
    boot = (struct boot_info){ .node_count = 2, .node_domain = { 1, 3 } };
}

TestSuite(slit, .init = begin);

static void expect(uint8_t there, uint8_t back) {
    cr_assert_eq(boot.node_distance[0][0], 10);
    cr_assert_eq(boot.node_distance[1][1], 10);
    cr_assert_eq(boot.node_distance[0][1], there);
    cr_assert_eq(boot.node_distance[1][0], back);
}

Test(slit, distances_are_those_of_the_domains) {
    slit_read(slit, &boot);
    expect(31, 32);
}

Test(slit, without_a_table_others_are_equally_far) {
    slit_read(NULL, &boot);
    expect(20, 20);
}

Test(slit, one_that_lacks_a_domain_is_useless) {
    boot.node_domain[1] = 4;
    slit_read(slit, &boot);
    expect(20, 20);
}

Test(slit, one_that_is_cut_short_is_useless) {
    slit->header.bytes--;
    slit_read(slit, &boot);
    expect(20, 20);
    slit->header.bytes++;
    slit->localities = UINT64_C(1) << 32;
    slit_read(slit, &boot);
    expect(20, 20);
}

Test(slit, impossible_distances_make_it_useless) {
    slit->distance[3 * 4 + 1] = 10;
    slit_read(slit, &boot);
    expect(20, 20);
    slit->distance[3 * 4 + 1] = 32;
    slit->distance[5] = 11;
    slit_read(slit, &boot);
    expect(20, 20);
}
