/*
 * Groups of 2 to 64 monitors in which everything happens in random order and much goes wrong:
 * crashes, fencing that is never acknowledged, starts, wrong suspicions, late timers, channels
 * without credit. machine.c checks at every step; then, with all well again, the monitors have to
 * come to terms.
 *
 * The seeds are fixed; SEED=n runs another.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>

#include "machine.h"

/* How likely things are, per mille of steps. */
struct weather {
    unsigned crash, suspicion, start, request, drought, late, leave;
};

static unsigned any_core(const struct machine *machine) {
    return (unsigned)machine_random(machine->core_count);
}

static core_set_t running(const struct machine *machine) {
    core_set_t cores = 0;

    for (unsigned i = 0; i < machine->core_count; i++)
        if (machine->core[i].state == CORE_RUNNING)
            cores |= core_bit(i);
    return cores;
}

/* A crash: the core does nothing any more, or its kernel has parked it and told the others. */
static void crash(struct machine *machine, unsigned core) {
    if (!(running(machine) & ~core_bit(core)) || machine->core[core].state != CORE_RUNNING)
        return;
    machine->core[core].state = machine_chance(500) ? CORE_HUNG : CORE_PARKED;
    if (machine->core[core].state == CORE_HUNG)
        return;
    for_each_core(other, running(machine))
        if (machine_chance(700))
            group_remove(&machine->core[other].group, core, REMOVAL_STOPPED);
}

static void suspect(struct machine *machine, unsigned who, unsigned whom) {
    if (machine->core[who].state == CORE_RUNNING)
        group_remove(&machine->core[who].group, whom, REMOVAL_SUSPECTED);
}

static void change_credit(struct machine *machine, unsigned from, unsigned to, unsigned drought) {
    struct channel *channel = &machine->channel[from][to];

    channel->credit = machine_chance(drought) ? (unsigned)machine_random(3) : MACHINE_SLOTS;
    machine->core[from].credit_came = true;
}

/*
 * The client of a core begins something, or asks again: elsewhere only if its coordinator is no
 * member any more, as its own monitor sees it.
 */
static void use_client(struct machine *machine, unsigned core, unsigned begin) {
    struct client *client = &machine->client[core];
    const struct view *view = &machine->core[core].group.membership.view;
    unsigned other = any_core(machine);

    if (machine->core[core].state != CORE_RUNNING || !machine->core[core].in_view ||
        !core_in(view->members, other) || machine->core[other].state != CORE_RUNNING ||
        !machine->core[other].in_view)
        return;
    if (client->waiting) {
        if (!view_has(view, client->coordinator, client->incarnation))
            machine_repeat(machine, core, other);
    } else if (client->sequence && (!client->answered || (client->answer && machine_chance(500)))) {
        machine_repeat(machine, core, other);
    } else if (machine_chance(begin) && machine_chance(500)) {
        machine_announce(machine, core);
    } else if (machine_chance(begin) && machine->operations < MACHINE_OPERATIONS) {
        machine_request(machine, core, other, machine_random(2 + machine->core_count));
    }
}

static void go_wrong(struct machine *machine, const struct weather *weather) {
    unsigned core = any_core(machine);

    if (machine_chance(weather->crash))
        crash(machine, core);
    if (machine_chance(weather->suspicion))
        suspect(machine, any_core(machine), core);
    if (machine_chance(weather->leave) && machine->core[core].state == CORE_RUNNING)
        group_leave(&machine->core[core].group);
    if (machine_chance(100))
        change_credit(machine, any_core(machine), core, weather->drought);
}

static void end_some_fence(struct machine *machine) {
    unsigned by = any_core(machine), of = any_core(machine);

    for (unsigned i = 0; i < machine->core_count * machine->core_count; i++) {
        if (machine->fence[by][of].pending) {
            machine_end_fence(machine, by, of);
            return;
        }
        of = (of + 1) % machine->core_count;
        by = of ? by : (by + 1) % machine->core_count;
    }
}

/* Some messages of some channels: how many differs between channels. */
static void deliver_some(struct machine *machine) {
    unsigned from = any_core(machine), to = any_core(machine);

    for (unsigned i = 0, taken = 0; i < machine->core_count * 4 && taken < 4; i++) {
        if (machine_deliver(machine, from, to))
            taken++;
        else
            from = (from + 1) % machine->core_count;
        if (i % machine->core_count == machine->core_count - 1)
            to = any_core(machine);
    }
}

static void step(struct machine *machine, const struct weather *weather) {
    for (unsigned i = 0; i < machine->core_count; i++)
        deliver_some(machine);
    machine->now += machine_random(40) * MILLISECOND;
    machine_tick(machine, weather->late);
    if (machine_chance(300))
        end_some_fence(machine);
    if (machine_chance(weather->start))
        machine_start_core(machine, any_core(machine), any_core(machine));
    for (unsigned i = 0; i < machine->core_count; i++)
        if (machine_chance(500))
            machine_give_credit(machine, i);
    for (unsigned i = 0; i < machine->core_count; i++)
        use_client(machine, i, weather->request);
    go_wrong(machine, weather);
}

/* Nothing goes wrong any more. Whoever can be reached ends in one view, with nothing under way. */
static void calm_down(struct machine *machine) {
    static const struct weather fine = { .request = 0 };

    machine->fences_lost_per_mille = machine->refusals_per_mille = 0;
    for (unsigned from = 0; from < machine->core_count; from++)
        for (unsigned to = 0; to < machine->core_count; to++)
            change_credit(machine, from, to, 0);
    machine_pass(machine, 120 * SECOND);
    for (unsigned i = 0; i < 200; i++)
        step(machine, &fine);
    machine_pass(machine, 60 * SECOND);
    if (!machine_agrees(machine))
        machine_dump(machine);
    CHECK(machine_agrees(machine));
    for_each_core(core, running(machine)) {
        const struct agreement *a = &machine->core[core].group.agreement;
        for (unsigned slot = 0; slot < AGREEMENT_SLOTS; slot++)
            CHECK(a->attempt[slot].stage == ATTEMPT_FREE);
        for (unsigned i = 0; i < AGREEMENT_RECORDS; i++)
            CHECK(a->record[i].state != RECORD_PREPARED);
        CHECK(!machine->client[core].waiting);
        CHECK(!machine->core[core].group.multicast.requested);
    }
}

static struct machine *simulate(unsigned core_count, uint64_t seed, unsigned steps,
                                struct weather weather) {
    struct machine *machine = machine_make(core_count, seed);

    for (unsigned core = 1; core < core_count; core++) {
        CHECK(machine_start_core(machine, 0, core));
        if (machine_chance(500))
            machine_run_out(machine);
    }
    machine_run_out(machine);
    machine->route = ROUTE_ANY;
    machine->fences_lost_per_mille = 30;
    machine->refusals_per_mille = 10;
    for (unsigned i = 0; i < steps && running(machine); i++)
        step(machine, &weather);
    calm_down(machine);
    return machine;
}

struct totals {
    unsigned views, announced, committed, aborted, repeated, late;
};

/* Runs the seeds of a test, or that of $SEED. */
static struct totals run(uint64_t first, unsigned seeds, unsigned fewest, unsigned most,
                         unsigned steps, struct weather weather) {
    const char *seed = getenv("SEED");
    struct totals totals = { 0 };

    for (uint64_t i = seed ? strtoull(seed, NULL, 0) : first, end = seed ? i + 1 : first + seeds;
         i < end; i++) {
        unsigned cores = fewest + (unsigned)(i % (most - fewest + 1));
        const struct machine *machine = simulate(cores, i, steps, weather);
        totals.views += machine->installed;
        totals.announced += machine->announced;
        totals.committed += machine->committed;
        totals.aborted += machine->aborted;
        totals.repeated += machine->repeated;
        totals.late += machine->late;
    }
    return totals;
}

/* A test in which something never happens tests nothing of it. */
static void check_totals(const struct totals *totals, unsigned seeds) {
    cr_log_info("%u views, %u announced, %u done, %u not, %u repeated, %u late", totals->views,
                totals->announced, totals->committed, totals->aborted, totals->repeated,
                totals->late);
    if (getenv("SEED"))
        return;
    cr_assert_gt(totals->views, 2 * seeds);
    cr_assert_gt(totals->announced, 2 * seeds);
    cr_assert_gt(totals->committed, 5 * seeds);
    cr_assert_gt(totals->aborted, seeds);
    cr_assert_gt(totals->late, seeds);
}

Test(simulation, few_cores) {
    struct totals totals = run(1000, 300, 2, 5, 600,
                               (struct weather){ .crash = 10,
                                                 .suspicion = 5,
                                                 .start = 60,
                                                 .request = 100,
                                                 .drought = 300,
                                                 .late = 20,
                                                 .leave = 2 });
    check_totals(&totals, 300);
    cr_assert(getenv("SEED") || totals.repeated > 0);
}

Test(simulation, two_cores_that_suspect_one_another) {
    struct totals totals =
        run(5000, 200, 2, 2, 400,
            (struct weather){ .suspicion = 100, .start = 200, .request = 200, .drought = 100 });
    check_totals(&totals, 200);
}

Test(simulation, many_cores_that_crash) {
    struct totals totals = run(2000, 12, 6, 63, 150,
                               (struct weather){ .crash = 150,
                                                 .suspicion = 20,
                                                 .start = 400,
                                                 .request = 10,
                                                 .drought = 200,
                                                 .late = 20,
                                                 .leave = 10 });
    check_totals(&totals, 12);
}

Test(simulation, all_cores_with_little_credit) {
    struct totals totals = run(
        3000, 3, 64, 64, 60,
        (struct weather){ .crash = 50, .start = 300, .request = 20, .drought = 900, .late = 10 });
    check_totals(&totals, 3);
}
