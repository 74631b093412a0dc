/* Trees over random machines: what tree.h promises of each kind. */
#define PROGRAM "topology-test"
#include "machines.h"

#define MACHINES 1000U
#define ROOTS    3U

static struct fixture f;

static uint32_t log2_up(uint32_t value) {
    uint32_t log = 0;

    while (1U << log < value)
        log++;
    return log;
}

static void build(enum tree_kind kind, uint32_t root) {
    tree_build(&f.t, kind, root, f.member, &f.tree, &f.work);
}

/* Calls `check` for every kind of tree, from several roots, of many machines. */
static void for_each_tree(void (*check)(enum tree_kind kind, uint32_t root)) {
    random_start();
    for (unsigned i = 0; i < MACHINES; i++) {
        fixture_make_random(&f);
        random_check(topology_fault(&f.t) == NULL);
        for (unsigned r = 0; r < ROOTS; r++) {
            uint32_t root = fixture_member(&f);
            for (enum tree_kind kind = TREE_FLAT; kind < TREE_KINDS; kind++) {
                build(kind, root);
                check(kind, root);
            }
        }
    }
}

/* ---- All kinds ---- */

static void check_absent(uint32_t core) {
    const struct tree_node *n = &f.node[core];

    random_check(n->parent == TREE_NONE && n->child == TREE_NONE && n->sibling == TREE_NONE);
    random_check(n->round == 0 && n->children == 0);
}

/* Its children have it as parent, and receive the message after it, one in a round. */
static void check_children(uint32_t core, uint8_t *received) {
    uint32_t round = f.node[core].round, children = 0;

    for (uint32_t c = f.node[core].child; c != TREE_NONE; c = f.node[c].sibling) {
        random_check(c < f.t.cores && f.member[c]);
        random_check(f.node[c].parent == core);
        random_check(f.node[c].round > round);
        random_check(!received[c]);
        received[c] = 1;
        round = f.node[c].round;
        children++;
    }
    random_check(children == f.node[core].children);
}

static void check_form(enum tree_kind kind, uint32_t root) {
    uint8_t received[CORES_MOST] = { 0 };
    uint32_t messages = 0, last = 0;

    (void)kind;
    random_check(f.tree.root == root && f.tree.members == fixture_members(&f));
    random_check(f.node[root].parent == TREE_NONE && f.node[root].round == 0);
    random_check(f.node[root].sibling == TREE_NONE);
    for (uint32_t core = 0; core < f.t.cores; core++) {
        if (!f.member[core])
            check_absent(core);
        else
            check_children(core, received);
        last = f.node[core].round > last ? f.node[core].round : last;
        messages += f.node[core].children;
    }
    for (uint32_t core = 0; core < f.t.cores; core++)
        random_check(received[core] == (f.member[core] && core != root));
    random_check(messages == f.tree.members - 1);
    random_check(last == f.tree.rounds);
}

/* That rounds rise from parent to child excludes cycles. */
Test(tree, reaches_every_member_once_and_nobody_else) { for_each_tree(check_form); }

static void check_rounds(enum tree_kind kind, uint32_t root) {
    uint32_t fewest = log2_up(f.tree.members);

    (void)root;
    if (kind == TREE_FLAT)
        random_check(f.tree.rounds == f.tree.members - 1);
    else if (kind == TREE_BINOMIAL)
        random_check(f.tree.rounds == fewest);
    else
        random_check(f.tree.rounds >= fewest && f.tree.rounds <= fewest + 1);
}

Test(tree, takes_as_many_rounds_as_promised) { for_each_tree(check_rounds); }

static void check_again(enum tree_kind kind, uint32_t root) {
    struct tree first = f.tree;
    struct tree_node node[CORES_MOST];

    memcpy(node, f.node, sizeof node);
    random_fill(f.node, sizeof f.node);
    random_fill(f.informed, sizeof f.informed);
    random_fill(f.size, sizeof f.size);
    random_fill(f.order, sizeof f.order);
    random_fill(f.rest, sizeof f.rest);
    build(kind, root);
    random_check(first.rounds == f.tree.rounds && first.members == f.tree.members);
    random_check(memcmp(node, f.node, f.t.cores * sizeof *node) == 0);
}

Test(tree, is_the_same_each_time) { for_each_tree(check_again); }

/* ---- Multicast ---- */

static uint16_t package(uint32_t core) { return f.core[core].group[LEVEL_PACKAGE]; }

static void check_packages(enum tree_kind kind, uint32_t root) {
    uint32_t into[CORES_MOST] = { 0 };

    if (kind != TREE_MULTICAST)
        return;
    for (uint32_t core = 0; core < f.t.cores; core++)
        if (f.member[core] && core != root)
            into[package(core)] += package(f.node[core].parent) != package(core);
    for (uint32_t core = 0; core < f.t.cores; core++)
        if (f.member[core])
            random_check(into[package(core)] == (package(core) != package(root)));
}

Test(tree, multicast_sends_one_message_into_each_package) { for_each_tree(check_packages); }

/* When the first thread of each physical core receives the message. */
static void find_first_rounds(uint16_t *first) {
    memset(first, 0xff, CORES_MOST * sizeof *first);
    for (uint32_t core = 0; core < f.t.cores; core++) {
        uint16_t *round = &first[f.core[core].group[LEVEL_PHYSICAL]];
        if (f.member[core] && f.node[core].round < *round)
            *round = f.node[core].round;
    }
}

/* Whether all physical cores of a core's cache have the message when a round has ended. */
static bool cache_has_it(uint32_t core, uint32_t round, const uint16_t *first) {
    for (uint32_t other = 0; other < f.t.cores; other++)
        if (f.member[other] && topology_reach(&f.t, core, other) <= REACH_CACHE &&
            first[f.core[other].group[LEVEL_PHYSICAL]] > round)
            return false;
    return true;
}

/* How many rounds before the end siblings may begin: they need these for themselves. */
static uint32_t rounds_of_siblings(uint32_t core) {
    uint32_t threads = 0;

    for (uint32_t other = 0; other < f.t.cores; other++)
        threads += f.member[other] && topology_reach(&f.t, core, other) <= REACH_SIBLING;
    return log2_up(threads);
}

static void check_siblings(enum tree_kind kind, uint32_t root) {
    uint16_t first[CORES_MOST];

    if (kind != TREE_MULTICAST)
        return;
    find_first_rounds(first);
    for (uint32_t core = 0; core < f.t.cores; core++) {
        if (!f.member[core] || core == root)
            continue;
        uint32_t parent = f.node[core].parent, round = f.node[core].round;
        if (topology_reach(&f.t, parent, core) == REACH_SIBLING &&
            round + rounds_of_siblings(core) <= f.tree.rounds)
            random_check(cache_has_it(core, round, first));
    }
}

Test(tree, multicast_leaves_siblings_for_last) { for_each_tree(check_siblings); }

/* Reach, and distance within it. */
static uint32_t how_far(uint32_t from, uint32_t to) {
    return topology_reach(&f.t, from, to) << 8 | topology_distance(&f.t, from, to);
}

static void check_farthest_first(uint32_t root) {
    uint32_t before = UINT32_MAX;

    for (uint32_t c = f.node[root].child; c != TREE_NONE; c = f.node[c].sibling) {
        if (package(c) == package(root))
            continue;
        random_check(how_far(root, c) <= before);
        before = how_far(root, c);
    }
}

Test(tree, multicast_goes_to_the_farthest_package_first) {
    random_start();
    for (unsigned i = 0; i < MACHINES; i++) {
        uint32_t root, farthest = 0;
        fixture_make(&f, (struct shape){ .packages = 2 + (uint32_t)random_below(7),
                                         .caches = 1 + (uint32_t)random_below(2),
                                         .physical = 1 + (uint32_t)random_below(4),
                                         .threads = 1 + (uint32_t)random_below(2),
                                         .shuffled = random_below(2) });
        for (uint32_t d = 0; d < f.t.nodes * f.t.nodes; d++)
            if (d % (f.t.nodes + 1))
                f.distance[d] = (uint8_t)(DISTANCE_LOCAL + 1 + random_below(30));
        root = fixture_member(&f);
        build(TREE_MULTICAST, root);
        check_farthest_first(root);
        for (uint32_t core = 0; core < f.t.cores; core++)
            farthest = how_far(root, core) > farthest ? how_far(root, core) : farthest;
        random_check(how_far(root, f.node[root].child) == farthest);
    }
}

/* ---- Prices ---- */

static struct tree_costs random_costs(void) {
    struct tree_costs costs = { { 0 } };

    for (enum topology_reach reach = REACH_SIBLING; reach < REACHES; reach++)
        costs.transfer[reach] = 1 + (uint32_t)random_below(1000);
    return costs;
}

static struct tree_latency price(const struct tree_costs *costs) {
    return tree_price(&f.t, &f.tree, costs, f.time);
}

static void check_price(enum tree_kind kind, uint32_t root) {
    struct tree_costs costs = random_costs(), more = costs, one = { { 0 } };
    struct tree_latency latency = price(&costs);
    uint64_t sum = 0;

    for (uint32_t core = 0; core < f.t.cores; core++)
        if (f.member[core])
            sum += costs.transfer[topology_reach(&f.t, root, core)];
    if (kind == TREE_FLAT)
        random_check(latency.down == sum);
    random_check(latency.both >= latency.down && latency.both <= 2000ULL * f.tree.members);
    more.transfer[1 + random_below(REACHES - 1)] += 1 + (uint32_t)random_below(500);
    random_check(price(&more).down >= latency.down && price(&more).both >= latency.both);
    for (enum topology_reach reach = REACH_SIBLING; reach < REACHES; reach++)
        one.transfer[reach] = 1;
    random_check(price(&one).down <= f.tree.rounds);
    if (kind == TREE_BINOMIAL)
        random_check(price(&one).down == f.tree.rounds);
}

Test(tree, price_follows_from_the_transfers) { for_each_tree(check_price); }

/* Once for each root. */
static void check_choice(enum tree_kind kind, uint32_t root) {
    struct tree_costs costs = random_costs();
    struct tree_latency least = { UINT64_MAX, UINT64_MAX };
    enum tree_kind best = TREE_FLAT, chosen;

    if (kind != TREE_FLAT)
        return;
    for (enum tree_kind k = TREE_FLAT; k < TREE_KINDS; k++) {
        build(k, root);
        struct tree_latency latency = price(&costs);
        if (latency.both <= least.both) {
            least = latency;
            best = k;
        }
    }
    chosen = tree_choose(&f.t, root, f.member, &costs, &f.tree, &f.work, f.time);
    random_check(chosen == best);
    random_check(price(&costs).both == least.both);
}

Test(tree, choice_is_the_cheapest) { for_each_tree(check_choice); }

Test(tree, price_of_the_root_alone_is_nothing) {
    fixture_make(&f, (struct shape){ 1, 1, 1, 1, false, false });
    for (enum tree_kind kind = TREE_FLAT; kind < TREE_KINDS; kind++) {
        build(kind, 0);
        cr_expect_eq(f.tree.rounds, 0);
        cr_expect_eq(price(&tree_costs_published).both, 0);
    }
}
