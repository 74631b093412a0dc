/* What trees are for: how cost grows with cores, at published prices. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "operations.h"

static struct sim_result play(const char *operation, uint32_t packages, enum tree_kind kind,
                              uint32_t root) {
    struct prices prices = prices_published();
    const struct operation *o = operation_find(operation);
    char text[MACHINE_TEXT_MAX];
    struct machine m;

    snprintf(text, sizeof text, "package:%u_core:4", packages);
    cr_assert_null(machine_make(&m, text));
    operation_plant(o, &m, kind, root);
    struct sim_result result = operation_play(o, &m, &prices);
    machine_free(&m);
    return result;
}

/* Published: 13,800 cycles by broadcast, 3,100 by multicast. */
Test(growth, unmapping_on_32_cores_takes_a_third_of_a_broadcast) {
    for (uint32_t root = 0; root < 32; root++) {
        uint64_t flat = play("unmap_all", 8, TREE_FLAT, root).both;
        uint64_t multicast = play("unmap_all", 8, TREE_MULTICAST, root).both;
        cr_expect_leq(3 * multicast, flat, "root %u: %lu, broadcast %lu", root, multicast, flat);
    }
}

/*
 * Every doubling is one more round: one more transfer down, and one up. While there are few
 * packages, a doubling also puts others farther away than there were before.
 */
Test(growth, of_multicast_is_logarithmic, .timeout = 120) {
    uint64_t there_and_back = UINT64_C(2) * tree_costs_published.transfer[REACH_HOPS];
    uint64_t farther = 2 * (there_and_back / 2 - tree_costs_published.transfer[REACH_HOP]);

    for (uint32_t packages = 1; packages < 1024; packages *= 2) {
        struct sim_result one = play("unmap_all", packages, TREE_MULTICAST, 0);
        struct sim_result two = play("unmap_all", 2 * packages, TREE_MULTICAST, 0);
        cr_expect_eq(two.rounds, one.rounds + 1, "%u cores", 8 * packages);
        cr_expect_leq(two.both, one.both + there_and_back + (packages < 8 ? farther : 0),
                      "%u cores: %lu, half of them %lu", 8 * packages, two.both, one.both);
    }
}

Test(growth, of_broadcast_is_linear, .timeout = 120) {
    for (uint32_t packages = 1; packages < 1024; packages *= 2) {
        uint64_t one = play("broadcast", packages, TREE_FLAT, 0).both;
        uint64_t two = play("broadcast", 2 * packages, TREE_FLAT, 0).both;
        cr_expect_geq(two, 2 * one, "%u cores: %lu, half of them %lu", 8 * packages, two, one);
    }
}

/* By the cores' numbers a tree may fit the machine by chance; by the machine it does from any root.
 */
Test(growth, multicast_is_the_same_from_every_root_and_binomial_is_not) {
    uint64_t least = UINT64_MAX, most = 0, first = play("multicast", 8, TREE_MULTICAST, 0).both;
    uint64_t sum = 0;

    for (uint32_t root = 0; root < 32; root++) {
        uint64_t both = play("multicast", 8, TREE_BINOMIAL, root).both;
        least = both < least ? both : least;
        most = both > most ? both : most;
        sum += both;
        cr_expect_eq(play("multicast", 8, TREE_MULTICAST, root).both, first);
    }
    cr_expect_lt(least, first);
    cr_expect_lt(first, sum / 32);
    cr_expect_lt(sum / 32, most);
}

Test(growth, messages_are_as_many_as_the_protocol_says) {
    cr_expect_eq(play("unicast", 8, TREE_FLAT, 0).messages, 2);
    cr_expect_eq(play("unicast", 8, TREE_FLAT, 5).rounds, 1);
    for (enum tree_kind kind = TREE_FLAT; kind < TREE_KINDS; kind++) {
        cr_expect_eq(play("multicast", 8, kind, 0).messages, 62);
        cr_expect_eq(play("unmap_all", 8, kind, 0).messages, 62);
        cr_expect_eq(play("agree", 8, kind, 0).messages, 124);
    }
    cr_expect_eq(play("broadcast", 8, TREE_FLAT, 0).rounds, 31);
}
