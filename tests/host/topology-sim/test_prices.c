/* Prices from a file of `make bench-host`. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operations.h"

static const char *prices_of(const char *text, struct prices *prices) {
    char name[] = "/tmp/topology-sim-XXXXXX";
    int file = mkstemp(name);

    cr_assert(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    const char *fault = prices_read(prices, name);
    unlink(name);
    return fault;
}

#define LINE(name, transport, placement, median)                       \
    "  {\"name\": \"" name "\", \"unit\": \"ns\", \"median\": " median \
    ", \"transport\": \"" transport "\", \"placement\": \"" placement "\", \"pause\": 1},\n"

Test(prices, of_this_machine_replace_the_published_ones) {
    struct prices prices, published = prices_published();

    cr_assert_null(prices_of("[\n" LINE("raw_rtt", "raw", "hyperthreads", "90.4")
                                 LINE("raw_rtt", "raw-one-line", "cores", "999")
                                     LINE("rtt", "raw", "cores", "888")
                                         LINE("raw_rtt", "raw", "cores", "360.0") "]\n",
                             &prices));
    cr_expect_str_eq(prices.unit, "ns");
    cr_expect_eq(prices.lines.transfer[REACH_SIBLING], 45);
    cr_expect_eq(prices.lines.transfer[REACH_CACHE], 180);
    for (unsigned reach = REACH_CACHE; reach < REACHES; reach++)
        cr_expect_eq(prices.lines.transfer[reach], published.lines.transfer[reach]);
    cr_expect_eq(prices.invalidation, published.invalidation);
}

Test(prices, that_are_uniform_count_transfers) {
    struct prices prices = prices_uniform();
    const struct operation *o = operation_find("unmap_all");
    struct machine m;

    cr_assert_null(machine_make(&m, "package:4_core:8"));
    operation_plant(o, &m, TREE_MULTICAST, 3);
    cr_expect_eq(operation_play(o, &m, &prices).both, 10);
    operation_plant(o, &m, TREE_FLAT, 3);
    cr_expect_eq(operation_play(o, &m, &prices).both, 62);
    machine_free(&m);
}

Test(prices, without_hyperthreads_that_ratio_is_published_too) {
    struct prices prices;

    cr_assert_null(prices_of(LINE("raw_rtt", "raw", "cores", "720"), &prices));
    cr_expect_eq(prices.lines.transfer[REACH_SIBLING], 200);
    cr_expect_eq(prices.lines.transfer[REACH_HOPS], 1236);
}

Test(prices, need_a_measurement_between_cores) {
    struct prices prices;

    cr_expect_not_null(prices_of(LINE("raw_rtt", "raw", "hyperthreads", "90.4"), &prices));
    cr_expect_not_null(prices_of("", &prices));
    cr_expect_not_null(prices_read(&prices, "/nonexistent"));
}
