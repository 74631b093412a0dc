#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>

#define PROGRAM "monitor-test"
#include "../random.h"

#include "peer_protocol.h"

uint64_t machine_random(uint64_t limit) { return random_below(limit); }

void machine_check(bool fact, const char *what) {
    cr_assert(fact, "%s\nrepeat with: SEED=%lu build/host/" PROGRAM " --filter '%s/%s'", what,
              random_seed, criterion_current_test->category, criterion_current_test->name);
}

/* What the callbacks of a core get: the machine, and which core it is. */
static struct machine *the_machine;

static unsigned core_of(const void *context) {
    return (unsigned)((const struct core *)context - the_machine->core);
}

/* ---- Histories ---- */

bool history_has(const struct history *history, unsigned operation) {
    return history->bit[operation / 64] >> operation % 64 & 1;
}

static void history_add(struct history *history, unsigned operation) {
    history->bit[operation / 64] |= UINT64_C(1) << operation % 64;
}

/* ---- What monitors ask for ---- */

static core_set_t multicast(void *context, core_set_t cores, const struct message *message) {
    unsigned from = core_of(context);
    core_set_t sent = 0;

    CHECK(the_machine->core[from].state == CORE_RUNNING);
    CHECK(!core_in(cores, from));
    for_each_core(to, cores) {
        struct channel *channel = &the_machine->channel[from][to];
        CHECK(to < the_machine->core_count);
        if (channel->count >= channel->credit)
            continue;
        channel->slot[(channel->head + channel->count++) % MACHINE_SLOTS] = *message;
        sent |= core_bit(to);
    }
    return sent;
}

static uint64_t load(void *context) {
    (void)context;
    return the_machine->word;
}

static bool compare_and_swap(void *context, uint64_t expected, uint64_t desired) {
    (void)context;
    if (the_machine->word != expected)
        return false;
    CHECK(view_word_number(desired) == view_word_number(expected) + 1);
    CHECK(view_word_number(desired) < MACHINE_VIEWS);
    the_machine->word = desired;
    return true;
}

/* Only the winner of a number fences for it, and only who is no member; nobody does twice. */
static void fence(void *context, unsigned core, enum removal why) {
    unsigned by = core_of(context);
    const struct view *next = &the_machine->core[by].group.membership.next;
    struct fence *fence = &the_machine->fence[by][core];

    CHECK(why != REMOVAL_NONE);
    CHECK(!core_in(next->members, core));
    CHECK(next->leader == by);
    CHECK(!the_machine->views[next->number].fenced ||
          the_machine->views[next->number].fencer == by);
    the_machine->views[next->number].fenced = true;
    the_machine->views[next->number].fencer = (uint16_t)by;
    *fence = (struct fence){ .pending = true, .number = next->number };
    fence->acknowledged = !machine_chance(the_machine->fences_lost_per_mille);
}

static bool same_view(const struct view *a, const struct view *b) {
    return a->number == b->number && a->members == b->members && a->leader == b->leader &&
           memcmp(a->incarnation, b->incarnation, sizeof a->incarnation) == 0;
}

/*
 * Before the first member installs a view, all are ready for it, and whoever was a member before
 * runs nothing any more or is given up.
 */
static void check_first(const struct view *view, const struct view *former) {
    for_each_core(core, view->members) {
        const struct core *member = &the_machine->core[core];
        const struct membership *m = &member->group.membership;
        if (member->state == CORE_RUNNING && member->incarnation == view->incarnation[core])
            CHECK(m->view.number >= view->number || m->next.number >= view->number);
    }
    for_each_core(core, former->members & ~view->members)
        CHECK(the_machine->core[core].state == CORE_PARKED || core_in(the_machine->lost, core) ||
              the_machine->core[core].incarnation != former->incarnation[core]);
}

static void installed(void *context, const struct view *view, const struct view *former) {
    struct core *core = context;
    unsigned self = core_of(context);

    CHECK(view->number > former->number);
    CHECK(view_has(view, self, core->incarnation));
    CHECK(view->number < MACHINE_VIEWS);
    if (!the_machine->views[view->number].installed) {
        check_first(view, former);
        the_machine->installed++;
        the_machine->views[view->number].installed = true;
        the_machine->views[view->number].view = *view;
        the_machine->views[view->number].history = core->acted;
    }
    CHECK(same_view(view, &the_machine->views[view->number].view));
    if (!core->in_view) /* what it missed it is told by the others */
        core->acted = the_machine->views[view->number].history;
    CHECK(memcmp(&core->acted, &the_machine->views[view->number].history, sizeof core->acted) == 0);
    core->in_view = true;
}

static void stop(void *context, enum stop_reason why) {
    struct core *core = context;

    (void)why;
    core->state = CORE_PARKED;
}

static int vote(void *context, const struct operation *operation) {
    (void)context;
    (void)operation;
    return machine_chance(the_machine->refusals_per_mille) ? -E_QUOTA : 0;
}

static void act(void *context, const struct operation *operation) {
    struct core *core = context;
    unsigned number = (unsigned)operation->argument[0];

    CHECK(!history_has(&core->acted, number));
    CHECK(!the_machine->off[number]);
    history_add(&core->acted, number);
}

static void cancel(void *context, const struct operation *operation) {
    const struct core *core = context;

    CHECK(core->state == CORE_RUNNING);
    CHECK(operation->client != ENDPOINT_NONE);
}

/* What is finished is done at all members of the coordinator's view, or at none. */
static void finished(void *context, const struct operation *operation, int result) {
    const struct core *core = context;
    const struct view *view = &core->group.agreement.view;
    unsigned owner = endpoint_core(operation->client), number = (unsigned)operation->argument[0];
    struct client *client = &the_machine->client[owner];

    for_each_core(member, view->members) {
        const struct core *other = &the_machine->core[member];
        if (other->incarnation == view->incarnation[member] && other->in_view)
            CHECK(history_has(&other->acted, number) == (result == 0));
    }
    if (client->operation == number && client->coordinator == core_of(context)) {
        client->waiting = false;
        client->answered = true;
        client->answer = result;
    }
    if (result)
        the_machine->aborted++;
    else
        the_machine->committed++;
}

static const struct route *route(void *context, enum route_kind kind, core_set_t members,
                                 unsigned root) {
    struct core *core = context;
    const struct route *route = routes_find(&core->routes, kind, members, root);

    CHECK(core_in(members, core_of(context)) && core_in(members, root));
    CHECK((route->parent == ROUTE_NO_PARENT) == (root == core_of(context)));
    return route;
}

/* Each core's number differs with what is announced, so that anybody's may be the lowest. */
static uint64_t number_of(unsigned core, uint64_t announced) {
    return (core * UINT64_C(37) + announced * 11) % 101;
}

static uint64_t deliver(void *context, unsigned root, const struct announcement *announcement) {
    struct core *core = context;

    core->delivered[root] = (unsigned)announcement->argument[0];
    return number_of(core_of(context), announcement->argument[0]);
}

/* All members have it. */
static void gathered(void *context, const struct announcement *announcement,
                     const struct tally *tally, uint64_t least) {
    uint64_t lowest = MULTICAST_NOTHING;
    const struct core *core = context;
    const struct view *view = &core->group.agreement.view;
    unsigned members = (unsigned)__builtin_popcountll(view->members);

    CHECK(tally->messages == 2 * (members - 1));
    for_each_core(member, view->members) {
        uint64_t number = number_of(member, announcement->argument[0]);
        lowest = number < lowest ? number : lowest;
    }
    CHECK(least == lowest);
    for_each_core(member, view->members)
        if (the_machine->core[member].incarnation == view->incarnation[member])
            CHECK(the_machine->core[member].delivered[core_of(context)] ==
                  announcement->argument[0]);
    the_machine->announced++;
}

static const struct group_actions actions = {
    .route = route,
    .deliver = deliver,
    .gathered = gathered,
    .multicast = multicast,
    .load = load,
    .compare_and_swap = compare_and_swap,
    .fence = fence,
    .installed = installed,
    .stop = stop,
    .vote = vote,
    .act = act,
    .cancel = cancel,
    .finished = finished,
};

/* ---- Cores ---- */

static void make_topology(struct machine *machine) {
    unsigned threads = 1 + (unsigned)machine_random(2),
             cache = threads * (1 + (unsigned)machine_random(4));
    unsigned package = cache * (1 + (unsigned)machine_random(3));

    machine->topology = (struct topology){ .cores = machine->core_count,
                                           .nodes = 1,
                                           .core = machine->place,
                                           .distance = machine->distance };
    machine->distance[0] = DISTANCE_LOCAL;
    for (unsigned core = 0; core < machine->core_count; core++) {
        machine->place[core].group[LEVEL_PACKAGE] = (uint16_t)(core / package);
        machine->place[core].group[LEVEL_CACHE] = (uint16_t)(core / cache);
        machine->place[core].group[LEVEL_PHYSICAL] = (uint16_t)(core / threads);
        routes_init(&machine->core[core].routes, &machine->topology, core);
    }
    cr_assert_null(topology_fault(&machine->topology));
}

struct machine *machine_make(unsigned core_count, uint64_t seed) {
    random_seed = random_state = seed;
    free(the_machine);
    the_machine = calloc(1, sizeof *the_machine);
    cr_assert(the_machine);
    the_machine->core_count = core_count;
    make_topology(the_machine);
    for (unsigned from = 0; from < core_count; from++)
        for (unsigned to = 0; to < core_count; to++)
            the_machine->channel[from][to].credit = MACHINE_SLOTS;
    struct core *first = &the_machine->core[0];
    first->state = CORE_RUNNING;
    first->incarnation = 1;
    group_found(&first->group, &actions, first, 0, core_count, 1, 0);
    return the_machine;
}

/* Its channels are as new; its client and its fences are gone. */
static void clear_core(struct machine *machine, unsigned core) {
    for (unsigned peer = 0; peer < machine->core_count; peer++) {
        machine->channel[core][peer].count = machine->channel[peer][core].count = 0;
        machine->fence[core][peer].pending = false;
    }
    machine->client[core] = (struct client){ .sequence = 0 };
    machine->core[core].in_view = false;
    memset(&machine->core[core].acted, 0, sizeof machine->core[core].acted);
}

bool machine_start_core(struct machine *machine, unsigned starter, unsigned core) {
    struct core *started = &machine->core[core], *by = &machine->core[starter];
    const struct membership *m = &by->group.membership;

    if (started->state != CORE_PARKED || by->state != CORE_RUNNING || !by->in_view ||
        core_in(m->view.members, core) || m->next.number || core_in(machine->lost, core))
        return false;
    uint16_t incarnation = membership_next_incarnation(m, core);
    if (!incarnation)
        return false;
    CHECK(incarnation > started->incarnation);
    clear_core(machine, core);
    for_each_core(member, m->view.members)
        group_given(&machine->core[member].group, core, incarnation);
    group_expect(&by->group, core, incarnation);
    started->state = CORE_RUNNING;
    started->incarnation = incarnation;
    started->due = 0;
    group_join(&started->group, &actions, started, core, machine->core_count, incarnation, starter,
               machine->now);
    return true;
}

/* What happened, for who looks into a failure: $TRACE. */
static void trace(unsigned from, unsigned to, const struct message *message, int error) {
    if (getenv("TRACE"))
        printf("%lu ms: %u to %u: %s %lu tag %#x %#lx %#lx %#lx: %s\n",
               the_machine->now / MILLISECOND, from, to, peer_name(message->type),
               peer_stamp_number(message->arg[0]), message->tag, message->arg[1], message->arg[2],
               message->arg[3], error_name(error));
}

bool machine_deliver(struct machine *machine, unsigned from, unsigned to) {
    struct channel *channel = &machine->channel[from][to];
    struct core *core = &machine->core[to];

    if (channel->count == 0 || core->state != CORE_RUNNING)
        return false;
    struct message message = channel->slot[channel->head];
    channel->head = (channel->head + 1) % MACHINE_SLOTS;
    channel->count--;
    int error = group_message(&core->group, from, &message, machine->now);
    trace(from, to, &message, error);
    CHECK(error != -E_PROTOCOL);
    machine->late += error == -E_STATE;
    if (error == 0 && peer_class(message.type) == PEER_CLASS_VIEW)
        CHECK(peer_stamp_number(message.arg[0]) == core->group.membership.view.number ||
              core->state != CORE_RUNNING);
    machine->core[from].credit_came = true;
    return true;
}

/* Tells a core of the credit that it has got. It may have used it already. */
bool machine_give_credit(struct machine *machine, unsigned core) {
    struct core *given = &machine->core[core];

    if (!given->credit_came || given->state != CORE_RUNNING)
        return false;
    given->credit_came = false;
    group_credit(&given->group);
    return true;
}

void machine_end_fence(struct machine *machine, unsigned by, unsigned of) {
    struct fence *fence = &machine->fence[by][of];

    fence->pending = false;
    if (fence->acknowledged)
        machine->core[of].state = CORE_PARKED;
    else
        machine->lost |= core_bit(of);
    if (machine->core[by].state == CORE_RUNNING)
        group_fenced(&machine->core[by].group, of, fence->acknowledged);
}

void machine_tick(struct machine *machine, unsigned late_per_mille) {
    for (unsigned i = 0; i < machine->core_count; i++) {
        struct core *core = &machine->core[i];
        if (core->state == CORE_RUNNING && core->due <= machine->now &&
            !machine_chance(late_per_mille))
            core->due = group_tick(&core->group, machine->now);
    }
}

void machine_run_out(struct machine *machine) {
    bool moved;

    do {
        moved = false;
        for (unsigned i = 0; i < machine->core_count; i++) {
            moved |= machine_give_credit(machine, i);
            for (unsigned j = 0; j < machine->core_count; j++) {
                if (machine->fence[i][j].pending) {
                    machine_end_fence(machine, i, j);
                    moved = true;
                }
                moved |= machine_deliver(machine, i, j);
            }
        }
    } while (moved);
}

void machine_pass(struct machine *machine, uint64_t nanoseconds) {
    uint64_t end = machine->now + nanoseconds;

    for (; machine->now < end; machine->now += 10 * MILLISECOND) {
        machine_run_out(machine);
        machine_tick(machine, 0);
    }
    machine_run_out(machine);
}

void machine_dump(const struct machine *machine) {
    printf("view word: %lu by %lu\n", machine->word >> 16, machine->word & 0xffff);
    for (unsigned i = 0; i < machine->core_count; i++) {
        const struct membership *m = &machine->core[i].group.membership;
        printf("core %u %s, incarnation %u: view %lu of %#lx; next %lu of %#lx by %u, stage %d, "
               "awaits %#lx, fences %#lx; failing %#lx, joining %#lx\n",
               i, machine->core[i].state == CORE_RUNNING ? "runs" : "does not run",
               machine->core[i].incarnation, m->view.number, m->view.members, m->next.number,
               m->next.members, m->next.leader, (int)m->stage, m->awaited, m->fencing, m->failing,
               m->joining);
    }
    fflush(stdout);
}

bool machine_agrees(const struct machine *machine) {
    core_set_t running = 0;
    uint64_t number = 0;

    for (unsigned i = 0; i < machine->core_count; i++)
        if (machine->core[i].state == CORE_RUNNING)
            running |= core_bit(i);
    for_each_core(core, running) {
        const struct membership *m = &machine->core[core].group.membership;
        if (!number)
            number = m->view.number;
        if (m->view.members != running || m->view.number != number || m->next.number)
            return false;
    }
    return true;
}

/* ---- Clients ---- */

static uint8_t some_route(const struct machine *machine) {
    return (uint8_t)(machine->route == ROUTE_ANY ? machine_random(ROUTE_KINDS)
                                                 : (uint64_t)machine->route);
}

void machine_announce(struct machine *machine, unsigned core) {
    struct announcement announcement = { .route = some_route(machine),
                                         .argument = { ++machine->announcements } };
    int error = group_announce(&machine->core[core].group, &announcement);

    CHECK(error == 0 || error == -E_BUSY || error == -E_STATE);
}

int machine_repeat(struct machine *machine, unsigned client, unsigned coordinator) {
    struct client *c = &machine->client[client];
    struct core *core = &machine->core[coordinator];
    struct operation operation = {
        .client = endpoint_make(machine->core[client].incarnation, 1, (uint16_t)client, 1),
        .sequence = c->sequence,
        .route = c->route,
        .key = c->key,
        .argument = { c->operation },
    };

    c->answered = false;
    machine->off[c->operation] = false;
    c->waiting = false;
    c->coordinator = coordinator;
    c->incarnation = core->incarnation;
    int result = group_request(&core->group, &operation);
    CHECK(result != AGREEMENT_DONE || history_has(&core->acted, c->operation));
    if (result == AGREEMENT_DONE) {
        c->answered = true;
        c->answer = 0;
        machine->repeated++;
    } else if (result == 0 || result == -E_BUSY) {
        c->waiting = !c->answered; /* where a core is alone, the answer is there already */
    }
    return result;
}

int machine_request(struct machine *machine, unsigned client, unsigned coordinator, uint64_t key) {
    struct client *c = &machine->client[client];

    CHECK(machine->operations < MACHINE_OPERATIONS);
    if (c->sequence && c->answered && c->answer)
        machine->off[c->operation] = true;
    c->sequence++;
    c->operation = machine->operations++;
    c->key = key;
    c->route = some_route(machine);
    return machine_repeat(machine, client, coordinator);
}
