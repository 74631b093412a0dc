/* The simulation of cores and events, and the closed form of the library, say the same. */
#include <criterion/criterion.h>

#define PROGRAM "topology-sim-test"
#include "../random.h"

#include "machine.h"
#include "simulate.h"

static void grow_groups(struct topology *t) {
    uint32_t group[LEVELS] = { 0 };
    uint32_t chance[LEVELS];

    for (unsigned level = 0; level < LEVELS; level++)
        chance[level] = (uint32_t)random_below(level == LEVEL_PHYSICAL ? 3 : 12) + 1;
    for (uint32_t core = 0; core < t->cores; core++) {
        bool is_new = false;
        for (unsigned level = 0; core && level < LEVELS; level++) {
            is_new = is_new || random_below(chance[level]) == 0;
            group[level] += is_new;
        }
        for (unsigned level = 0; level < LEVELS; level++)
            t->core[core].group[level] = (uint16_t)group[level];
        t->core[core].node = (uint16_t)(group[LEVEL_PACKAGE] % t->nodes);
    }
}

/* Neighbours need not have numbers that follow each other. */
static void shuffle(struct topology *t) {
    for (uint32_t core = 1; core < t->cores; core++) {
        uint32_t other = (uint32_t)random_below(core + 1);
        struct topology_core swap = t->core[core];
        t->core[core] = t->core[other];
        t->core[other] = swap;
    }
}

/* Of uneven groups, with distances that need not be symmetric; some of its cores are no members. */
static void make_machine(struct machine *m) {
    uint32_t cores = 1 + (uint32_t)random_below(random_below(20) ? 70 : 1000);

    machine_allocate(m, cores, 1 + (uint32_t)random_below(8));
    grow_groups(&m->topology);
    if (random_below(2))
        shuffle(&m->topology);
    for (uint32_t i = 0; i < m->topology.nodes * m->topology.nodes; i++)
        m->topology.distance[i] = (uint8_t)(10 + random_below(4) * 7);
    if (random_below(2))
        for (uint32_t core = 0; core < cores; core++)
            m->member[core] = random_below(4) != 0;
    random_check(!topology_fault(&m->topology));
}

/* Costs that often bring two things to the same moment, and costs that never do. */
static struct tree_costs make_costs(void) {
    uint32_t most = random_below(2) ? 3 : 1000;
    struct tree_costs costs = { .transfer = { 0 } };

    for (unsigned reach = REACH_SIBLING; reach < REACHES; reach++)
        costs.transfer[reach] = (uint32_t)random_below(most) + (random_below(20) != 0);
    return costs;
}

Test(simulate, agrees_with_tree_price, .timeout = 240) {
    static const struct sim_phases one = { 1, 0 }, two = { 2, 0 };

    random_start();
    for (unsigned round = 0; round < 300; round++) {
        struct machine m;
        make_machine(&m);
        struct tree_costs costs = make_costs();
        uint32_t root = (uint32_t)random_below(m.topology.cores);
        m.member[root] = 1;
        for (enum tree_kind kind = TREE_FLAT; kind < TREE_KINDS; kind++) {
            machine_plant(&m, kind, root);
            struct tree_latency price = tree_price(&m.topology, &m.tree, &costs, m.time);
            struct sim_result once = simulate(&m.topology, &m.tree, &costs, &one);
            struct sim_result twice = simulate(&m.topology, &m.tree, &costs, &two);
            random_check(once.down == price.down);
            random_check(once.both == price.both);
            random_check(once.rounds == m.tree.rounds);
            random_check(once.messages == 2 * (m.tree.members - 1));
            random_check(twice.down == price.both + price.down);
            random_check(twice.both == 2 * price.both);
            random_check(twice.rounds == m.tree.rounds);
            random_check(twice.messages == 4 * (m.tree.members - 1));
        }
        machine_free(&m);
    }
}

/* 0 -> 1 and 0 -> 2 in one package, another package with 3, worked out by hand. */
Test(simulate, of_four_cores_is_as_worked_out) {
    static const struct tree_costs costs = { .transfer = {
                                                 [REACH_CACHE] = 10, [REACH_HOP] = 100 } };
    static const struct sim_phases phases = { 1, 7 };
    struct machine m;

    cr_assert_null(machine_make(&m, "package:2_core:2"));
    machine_plant(&m, TREE_MULTICAST, 0);
    /* 0 sends to 2 until 100, then to 1 until 110, as 2 does to 3. All work until 117. 0 and 2 take
     * an acknowledgement each until 127, and then 0 that of 2. */
    struct sim_result r = simulate(&m.topology, &m.tree, &costs, &phases);
    cr_expect_eq(r.down, 110);
    cr_expect_eq(r.both, 227);
    cr_expect_eq(r.messages, 6);
    cr_expect_eq(r.rounds, 2);
    machine_plant(&m, TREE_FLAT, 0);
    /* Until 210 to 1, 2, 3; works until 217; 1, 2, 3 have acknowledged by then. */
    r = simulate(&m.topology, &m.tree, &costs, &phases);
    cr_expect_eq(r.down, 210);
    cr_expect_eq(r.both, 427);
    cr_expect_eq(r.rounds, 3);
    machine_free(&m);
}
