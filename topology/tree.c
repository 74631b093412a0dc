#include <topology/tree.h>

const char *const tree_names[TREE_KINDS] = { "flat", "binomial", "multicast" };

static void begin(const struct topology *t, uint32_t root, const uint8_t *member,
                  struct tree *tree) {
    tree->root = root;
    tree->members = 0;
    tree->rounds = 0;
    for (uint32_t core = 0; core < t->cores; core++) {
        tree->node[core] = (struct tree_node){ TREE_NONE, TREE_NONE, TREE_NONE, 0, 0 };
        tree->members += member[core] != 0;
    }
}

/* `to` is the next that `from` sends to. */
static void send(struct tree *tree, uint32_t from, uint32_t to, uint32_t round) {
    uint16_t *end = &tree->node[from].child;

    while (*end != TREE_NONE)
        end = &tree->node[*end].sibling;
    *end = (uint16_t)to;
    tree->node[from].children++;
    tree->node[to].parent = (uint16_t)from;
    tree->node[to].round = (uint16_t)round;
    if (round > tree->rounds)
        tree->rounds = round;
}

static void build_flat(const struct topology *t, const uint8_t *member, struct tree *tree) {
    uint32_t round = 0;

    for (uint32_t core = 0; core < t->cores; core++)
        if (member[core] && core != tree->root)
            send(tree, tree->root, core, ++round);
}

/* In round r, the first 2^(r - 1) of the order send to as many after them. */
static void build_binomial(const struct topology *t, const uint8_t *member, struct tree *tree,
                           uint16_t *order) {
    uint32_t members = 0, round = 0;

    for (uint32_t i = 0; i < t->cores; i++) {
        uint32_t core = (tree->root + i) % t->cores;
        if (member[core])
            order[members++] = (uint16_t)core;
    }
    for (uint32_t informed = 1; informed < members; informed *= 2) {
        round++;
        for (uint32_t i = 0; i < informed && informed + i < members; i++)
            send(tree, order[i], order[informed + i], round);
    }
}

/* ---- Multicast ---- */

struct multicast {
    const struct topology *t;
    struct tree *tree;
    const struct tree_work *work;
    uint32_t informed, rest; /* how many are in the lists of `work` */
    uint32_t deadline;       /* the round that is to be the last */
};

static uint32_t *count(const struct multicast *m, uint32_t *of_level, unsigned level,
                       uint32_t core) {
    return &of_level[level * m->t->cores + m->t->core[core].group[level]];
}

static uint32_t informed(const struct multicast *m, unsigned level, uint32_t core) {
    return *count(m, m->work->informed, level, core);
}

/* Rounds until a group has the message, of which some have it: by themselves. */
static uint32_t rounds_for(uint32_t size, uint32_t having) {
    uint32_t rounds = 0;

    for (; having < size; having *= 2)
        rounds++;
    return rounds;
}

static uint32_t rounds_within(const struct multicast *m, unsigned level, uint32_t core,
                              uint32_t having) {
    return rounds_for(*count(m, m->work->size, level, core), having);
}

/* Whether all groups of a sender, from `level` on, can do without it in this round. */
static bool can_leave(const struct multicast *m, uint32_t sender, unsigned level, uint32_t round) {
    for (; level < LEVELS; level++)
        if (rounds_within(m, level, sender, informed(m, level, sender)) > m->deadline - round)
            return false;
    return true;
}

/*
 * Is a core one to send to, for a message into its group of this level? The group is within the
 * sender's of the level above, and nobody in it has the message. LEVELS: its group is itself.
 */
static bool is_target(const struct multicast *m, uint32_t sender, unsigned level, uint32_t core) {
    const uint16_t *own = m->t->core[sender].group, *its = m->t->core[core].group;

    return (level == 0 || own[level - 1] == its[level - 1]) &&
           (level == LEVELS || informed(m, level, core) == 0);
}

/* Who has nothing to do for its own groups helps others of its package. */
static bool is_in_need(const struct multicast *m, uint32_t sender, unsigned level, uint32_t core) {
    (void)level;
    return m->t->core[sender].group[LEVEL_PACKAGE] == m->t->core[core].group[LEVEL_PACKAGE];
}

/* Who cannot wait any longer goes first, then who is farthest; of equals, the lower number. */
static uint32_t urgency(const struct multicast *m, uint32_t sender, unsigned level, uint32_t core,
                        uint32_t round) {
    bool late = level < LEVELS && round + rounds_within(m, level, core, 1) >= m->deadline;

    return (late ? 1U << 16 : 0) + ((uint32_t)topology_reach(m->t, sender, core) << 8) +
           topology_distance(m->t, sender, core);
}

/* The most urgent, where it is in the list of who has not got the message; -1: there is none. */
static int64_t most_urgent(const struct multicast *m, uint32_t sender, unsigned level,
                           uint32_t round,
                           bool (*is_candidate)(const struct multicast *m, uint32_t sender,
                                                unsigned level, uint32_t core)) {
    int64_t best = -1;
    uint32_t most = 0;

    for (uint32_t i = 0; i < m->rest; i++) {
        uint32_t core = m->work->rest[i];
        if (!is_candidate(m, sender, level, core))
            continue;
        uint32_t how = urgency(m, sender, level, core, round);
        if (best < 0 || how > most) {
            best = i;
            most = how;
        }
    }
    return best;
}

static int64_t choose(const struct multicast *m, uint32_t sender, uint32_t round) {
    for (unsigned level = 0; level <= LEVELS; level++) {
        int64_t best = most_urgent(m, sender, level, round, is_target);
        if (best >= 0 && can_leave(m, sender, level, round))
            return best;
    }
    return most_urgent(m, sender, LEVELS, round, is_in_need);
}

static void inform(struct multicast *m, uint32_t core) {
    for (unsigned level = 0; level < LEVELS; level++)
        ++*count(m, m->work->informed, level, core);
    m->work->order[m->informed++] = (uint16_t)core;
}

static void take_out(struct multicast *m, uint32_t at) {
    m->rest--;
    for (uint32_t i = at; i < m->rest; i++)
        m->work->rest[i] = m->work->rest[i + 1];
}

static void play_round(struct multicast *m, uint32_t round) {
    uint32_t senders = m->informed;

    for (uint32_t i = 0; i < senders; i++) {
        uint32_t sender = m->work->order[i];
        int64_t at = choose(m, sender, round);
        if (at < 0)
            continue;
        uint32_t core = m->work->rest[at];
        take_out(m, (uint32_t)at);
        inform(m, core);
        send(m->tree, sender, core, round);
    }
}

static bool try_deadline(struct multicast *m, const uint8_t *member) {
    const struct topology *t = m->t;

    begin(t, m->tree->root, member, m->tree);
    for (uint32_t i = 0; i < LEVELS * t->cores; i++)
        m->work->informed[i] = m->work->size[i] = 0;
    m->informed = m->rest = 0;
    for (uint32_t core = 0; core < t->cores; core++) {
        if (!member[core])
            continue;
        for (unsigned level = 0; level < LEVELS; level++)
            ++*count(m, m->work->size, level, core);
        if (core != m->tree->root)
            m->work->rest[m->rest++] = (uint16_t)core;
    }
    inform(m, m->tree->root);
    for (uint32_t round = 1; m->rest && round <= m->deadline; round++)
        play_round(m, round);
    return m->rest == 0;
}

/* From the fewest rounds that there can be: the more there are, the less a core has to do for its
 * own groups before it helps others. */
static void build_multicast(const struct topology *t, const uint8_t *member, struct tree *tree,
                            const struct tree_work *work) {
    struct multicast m = { .t = t, .tree = tree, .work = work };

    m.deadline = rounds_for(tree->members, 1);
    while (!try_deadline(&m, member))
        m.deadline++;
}

void tree_build(const struct topology *t, enum tree_kind kind, uint32_t root, const uint8_t *member,
                struct tree *tree, const struct tree_work *work) {
    begin(t, root, member, tree);
    if (kind == TREE_FLAT)
        build_flat(t, member, tree);
    else if (kind == TREE_BINOMIAL)
        build_binomial(t, member, tree, work->order);
    else
        build_multicast(t, member, tree, work);
}
