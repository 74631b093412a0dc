/*
 * The agents of several cores, simulated: their processes die and come back with what was kept, the
 * leader among them; cores fail, and come back with nothing; clients ask, and ask again when their
 * agent dies. Whatever happens: no request is lost, none done twice, and when all is quiet all
 * replicas are alike and each service runs on the core that they say, once.
 */
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>

#include "../random.h"
#include "group_parts.h"

#define CORES  4U
#define QUEUE  4096U /* notes on their way between two agents */
#define LABELS 3U

struct packet {
    endpoint_t from, to;
    struct note note;
};

struct channel {
    struct packet *packet[QUEUE];
    unsigned first, count;
};

/* What an agent of a core has done, and the monitor keeps. */
struct local {
    version_t acted;
    int result;
};

struct core {
    bool is_member;
    bool agent_lives;
    endpoint_t agent;
    struct group group;
    struct table kept;
    struct local local[MANAGER_SERVICES];
    bool runs[MANAGER_SERVICES];
    unsigned slow[MANAGER_SERVICES]; /* steps until an act is done */
    version_t doing[MANAGER_SERVICES];
};

/* A client of a core: one request at a time, asked again until it has its result. */
struct asker {
    endpoint_t self;
    uint64_t sequence;
    bool waiting, to_ask;
    struct request request;
    unsigned acts; /* how often the present request was begun */
};

static struct core cores[CORES];
static struct channel channels[CORES][CORES];
static struct asker askers[CORES];
static endpoint_t leader; /* as the monitors have agreed */
static uint64_t view;
static uint32_t generation;
static unsigned results;

#define CHECK(condition, ...) cr_assert(condition, __VA_ARGS__)

static uint64_t members(void) {
    uint64_t set = 0;

    for (uint32_t c = 0; c < CORES; c++)
        set |= cores[c].is_member ? core_bit(c) : 0;
    return set;
}

/* ---- Channels ---- */

static void drop_channel(unsigned from, unsigned to) {
    struct channel *ch = &channels[from][to];

    while (ch->count > 0) {
        free(ch->packet[ch->first]);
        ch->first = (ch->first + 1) % QUEUE;
        ch->count--;
    }
}

static uint32_t number_of(const void *context) {
    return (uint32_t)((const struct core *)context - cores);
}

static void send(void *context, uint32_t to, const struct note *note) {
    uint32_t from = number_of(context);
    struct channel *ch = &channels[from][to];
    struct packet *p;

    if (to >= CORES || !cores[to].agent_lives)
        return;
    cr_assert_lt(ch->count, QUEUE);
    p = malloc(sizeof *p);
    *p = (struct packet){ cores[from].agent, cores[to].agent, *note };
    ch->packet[(ch->first + ch->count++) % QUEUE] = p;
}

static void keep_record(void *context, unsigned slot) {
    struct core *c = context;

    c->kept.record[slot] = c->group.table.record[slot];
}

static void keep_client(void *context, unsigned index) {
    struct core *c = context;

    c->kept.client[index] = c->group.table.client[index];
}

/* ---- Acts ---- */

static struct asker *asker_of(endpoint_t client) {
    for (unsigned i = 0; i < CORES; i++)
        if (askers[i].self == client)
            return &askers[i];
    return NULL;
}

/* It is begun when no agent of this core has begun it before. It may take some time. */
static void act(void *context, unsigned slot) {
    struct core *c = context;
    const struct record *r = &c->group.table.record[slot];

    if (c->local[slot].acted == r->act) {
        group_acted(&c->group, slot, r->act, c->local[slot].result, c->agent + slot);
        return;
    }
    if (c->doing[slot] == r->act)
        return;
    struct asker *a = asker_of(r->client);
    if (a != NULL && a->sequence == r->sequence && r->operation != OPERATION_MOVE_START &&
        cores[r->core].is_member)
        a->acts++;
    c->doing[slot] = r->act;
    c->slow[slot] = (unsigned)random_below(3);
}

static void finish_act(struct core *c, unsigned slot) {
    const struct record *r = &c->group.table.record[slot];

    if (c->doing[slot] == 0 || !c->agent_lives)
        return;
    if (c->slow[slot] > 0) {
        c->slow[slot]--;
        return;
    }
    if (r->act == c->doing[slot])
        c->runs[slot] = r->operation != OPERATION_DOWN && r->operation != OPERATION_MOVE_STOP;
    c->local[slot] = (struct local){ c->doing[slot], 0 };
    c->doing[slot] = 0;
    group_acted(&c->group, slot, c->local[slot].acted, 0, c->agent + slot);
}

static bool has_acted(void *context, unsigned slot) {
    struct core *c = context;
    version_t act = c->group.table.record[slot].act;

    return c->local[slot].acted == act || c->doing[slot] == act;
}

static void answer(void *context, const struct client *result) {
    struct asker *a = asker_of(result->client);

    (void)context;
    if (a == NULL || !a->waiting || a->sequence != result->sequence)
        return;
    a->waiting = false;
    results++;
}

static const struct group_actions actions = { .send = send,
                                              .keep_record = keep_record,
                                              .keep_client = keep_client,
                                              .act = act,
                                              .has_acted = has_acted,
                                              .answer = answer };

/* ---- What happens ---- */

static void start_agent(uint32_t number) {
    struct core *c = &cores[number];

    c->agent = endpoint_make(1, ++generation, (uint16_t)number, 1);
    c->agent_lives = true;
    memset(&c->group, 0, sizeof c->group);
    c->group.table = c->kept;
    group_start(&c->group, &actions, c, (uint16_t)number, c->agent);
}

static void tell_gone(uint32_t number) {
    for (uint32_t other = 0; other < CORES; other++) {
        if (other == number)
            continue;
        drop_channel(other, number);
        if (cores[other].agent_lives)
            group_gone(&cores[other].group, number);
    }
}

/* What it has sent before it has died may still come. */
static void kill_agent(uint32_t number) {
    struct core *c = &cores[number];

    if (!c->agent_lives)
        return;
    c->agent_lives = false;
    if (leader == c->agent)
        leader = ENDPOINT_NONE;
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++)
        if (c->doing[slot] != 0) { /* its successor finds it begun, and ends it */
            c->slow[slot] = 0;
        }
    if (random_below(2))
        for (uint32_t other = 0; other < CORES; other++)
            drop_channel(number, other);
    tell_gone(number);
    struct asker *a = &askers[number];
    a->to_ask = a->waiting;
}

static void change_view(void) {
    view++;
    for (uint32_t c = 0; c < CORES; c++)
        if (cores[c].agent_lives)
            group_view(&cores[c].group, view, members());
}

static void fail_core(uint32_t number) {
    if (!cores[number].is_member || __builtin_popcountll(members()) == 1)
        return;
    kill_agent(number);
    for (uint32_t other = 0; other < CORES; other++)
        drop_channel(number, other);
    memset(&cores[number], 0, sizeof cores[number]);
    askers[number] = (struct asker){ .self = ENDPOINT_NONE };
    for (unsigned i = 0; i < CORES; i++) /* what was done there is undone, and done elsewhere */
        askers[i].acts = 0;
    change_view();
}

static void start_core(uint32_t number) {
    if (cores[number].is_member)
        return;
    cores[number].is_member = true;
    askers[number].self = endpoint_make(1, ++generation, (uint16_t)number, 2);
    askers[number].sequence = 0;
    change_view();
}

/* As main.c does when its monitor notifies. */
static void look(uint32_t number) {
    struct core *c = &cores[number];

    if (!c->agent_lives)
        return;
    group_view(&c->group, view, members());
    if (leader == ENDPOINT_NONE)
        leader = c->agent;
    group_leader(&c->group, leader);
    if (group_wants_hello(&c->group) && cores[endpoint_core(leader)].agent_lives)
        group_hello(&c->group);
}

static void deliver(unsigned from, unsigned to) {
    struct channel *ch = &channels[from][to];

    if (ch->count == 0)
        return;
    struct packet *p = ch->packet[ch->first];
    ch->first = (ch->first + 1) % QUEUE;
    ch->count--;
    if (cores[to].agent_lives && p->to == cores[to].agent)
        group_note(&cores[to].group, from, p->from, &p->note);
    free(p);
}

static void ask(uint32_t number) {
    struct asker *a = &askers[number];
    struct core *c = &cores[number];

    if (a->self == ENDPOINT_NONE || !c->agent_lives)
        return;
    if (a->waiting && !a->to_ask)
        return;
    if (!a->waiting) {
        static const uint8_t operations[] = { OPERATION_UP, OPERATION_UP, OPERATION_DOWN,
                                              OPERATION_REFRESH, OPERATION_MOVE_STOP };
        a->request = (struct request){ .client = a->self,
                                       .sequence = ++a->sequence,
                                       .operation = operations[random_below(5)],
                                       .core = (uint16_t)random_below(CORES),
                                       .bound = MANAGER_ANY_CORE };
        a->request.parameters.core = MANAGER_ANY_CORE;
        snprintf(a->request.parameters.label, LABEL_MAX, "s%u", (unsigned)random_below(LABELS));
        a->acts = 0;
        a->waiting = true;
    }
    a->to_ask = false;
    cr_assert_eq(group_request(&c->group, &a->request), 0);
}

static void step(bool failures) {
    uint32_t c = (uint32_t)random_below(CORES), d = (uint32_t)random_below(CORES);

    unsigned what = (unsigned)random_below(1000);

    if (what < 60) {
        if (cores[c].is_member && !cores[c].agent_lives)
            start_agent(c);
        look(c);
    } else if (what < 100 && failures) {
        ask(c);
    } else if (what < 103 && failures) {
        kill_agent(c);
    } else if (what < 105 && failures) {
        kill_agent(leader != ENDPOINT_NONE ? endpoint_core(leader) : c);
    } else if (what < 106 && failures) {
        fail_core(c);
    } else if (what < 109 && failures) {
        start_core(c);
    } else {
        if (c != d)
            deliver(c, d);
        finish_act(&cores[c], (unsigned)random_below(MANAGER_SERVICES));
    }
    for (unsigned i = 0; i < CORES; i++)
        CHECK(askers[i].acts <= 1, "SEED=%#lx: request %lu of core %u was done twice", random_seed,
              askers[i].sequence, i);
}

static bool is_quiet(void) {
    for (unsigned i = 0; i < CORES; i++) {
        if (cores[i].is_member && (!cores[i].agent_lives || !group_is_informed(&cores[i].group)))
            return false;
        for (unsigned k = 0; k < CORES; k++)
            if (channels[i][k].count != 0)
                return false;
        for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++)
            if (cores[i].doing[slot] != 0)
                return false;
        if (askers[i].waiting)
            return false;
    }
    return true;
}

static void settle_all(void) {
    unsigned steps = 0;

    for (; steps < 2000000; steps++) {
        for (unsigned i = 0; i < CORES; i++)
            if (askers[i].to_ask)
                ask(i);
        if (is_quiet())
            break;
        step(false);
    }
    CHECK(is_quiet(), "SEED=%#lx: a request is lost", random_seed);
}

static void check_alike(void) {
    const struct core *lead = &cores[endpoint_core(leader)];

    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++) {
        const struct record *r = &lead->group.table.record[slot];
        CHECK(r->version == 0 || r->done, "SEED=%#lx: slot %u is not done", random_seed, slot);
        for (unsigned i = 0; i < CORES; i++) {
            if (!cores[i].is_member)
                continue;
            CHECK(memcmp(r, &cores[i].group.table.record[slot], sizeof *r) == 0,
                  "SEED=%#lx: core %u has another slot %u", random_seed, i, slot);
            bool here = r->used && r->wanted && r->core == i;
            CHECK(cores[i].runs[slot] == here, "SEED=%#lx: slot %u runs on core %u: %d",
                  random_seed, slot, i, cores[i].runs[slot]);
        }
    }
}

static void begin(void) {
    memset(cores, 0, sizeof cores);
    for (unsigned i = 0; i < CORES; i++)
        for (unsigned k = 0; k < CORES; k++)
            drop_channel(i, k);
    memset(askers, 0, sizeof askers);
    leader = ENDPOINT_NONE;
    view = 0;
    generation = 0;
    results = 0;
    for (uint32_t c = 0; c < CORES; c++)
        start_core(c);
    for (uint32_t c = 0; c < CORES; c++)
        start_agent(c);
}

Test(group, requests_are_done_once_whatever_dies) {
    unsigned total = 0;

    random_start();
    for (unsigned run = 0; run < 60; run++) {
        begin();
        for (unsigned i = 0; i < 30000; i++)
            step(true);
        settle_all();
        check_alike();
        total += results;
    }
    cr_expect_gt(total, 1000, "requests were answered: %u", total);
}

Test(group, the_first_to_stand_leads_and_all_have_its_table) {
    random_start();
    begin();
    look(2);
    cr_expect_eq(leader, cores[2].agent);
    settle_all();
    for (unsigned i = 0; i < CORES; i++)
        cr_expect_eq(cores[i].group.role, i == 2 ? GROUP_LEADING : GROUP_FOLLOWING);
    check_alike();
}

/* An agent that its monitor has given up is not waited for without end. */
Test(group, an_agent_that_does_not_come_back_is_left_out) {
    random_start();
    begin();
    kill_agent(3);
    look(0);
    for (unsigned i = 0; i < 1000; i++)
        for (unsigned c = 0; c < 3; c++) {
            look(c);
            deliver(c, (c + 1) % 3);
            deliver(c, (c + 2) % 3);
        }
    cr_expect_eq(cores[0].group.role, GROUP_RECOVERING);
    group_recovered(&cores[0].group);
    cr_expect_eq(cores[0].group.role, GROUP_LEADING);
}
