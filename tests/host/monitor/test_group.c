/* Views and operations, step by step: what test_simulation.c finds at random, one thing at a time.
 */
#include <criterion/criterion.h>

#include <bulkhead/error.h>

#include "machine.h"
#include "peer_protocol.h"

static struct machine *machine;

/* All cores run and are in one view. */
static void boot(unsigned core_count) {
    machine = machine_make(core_count, 1);
    for (unsigned core = 1; core < core_count; core++) {
        cr_assert(machine_start_core(machine, 0, core));
        machine_run_out(machine);
    }
    cr_assert(machine_agrees(machine));
}

static const struct view *view_of(unsigned core) {
    return &machine->core[core].group.membership.view;
}

static void remove_core(unsigned by, unsigned core, enum removal why) {
    group_remove(&machine->core[by].group, core, why);
}

/* Nothing goes between two cores for now; what is on its way is gone. */
static void cut(unsigned a, unsigned b) {
    machine->channel[a][b] = machine->channel[b][a] = (struct channel){ .credit = 0 };
}

static void mend(unsigned a, unsigned b) {
    machine->channel[a][b].credit = machine->channel[b][a].credit = MACHINE_SLOTS;
    machine->core[a].credit_came = machine->core[b].credit_came = true;
}

Test(group, all_cores_join_one_after_another) {
    boot(64);
    cr_assert_eq(view_of(63)->members, UINT64_MAX);
    cr_assert_eq(view_of(17)->incarnation[63], 1);
}

Test(group, cores_that_come_at_once_join_together) {
    machine = machine_make(8, 1);
    for (unsigned core = 1; core < 8; core++)
        cr_assert(machine_start_core(machine, 0, core));
    machine_run_out(machine);
    cr_assert(machine_agrees(machine));
    cr_assert_leq(view_of(0)->number, 4);
}

Test(group, a_core_that_hangs_is_suspected_and_fenced) {
    boot(5);
    machine_pass(machine, 10 * SECOND);
    cr_assert_eq(view_of(0)->members, 0x1f, "nobody is suspected who answers");
    machine->core[2].state = CORE_HUNG;
    machine_pass(machine, (SUSPICION_MISSES + 3) * SUSPICION_PERIOD);
    cr_assert(machine_agrees(machine));
    cr_assert_eq(view_of(0)->members, 0x1b);
    cr_assert_eq(machine->core[2].state, CORE_PARKED);
}

Test(group, a_core_whose_kernel_has_stopped_is_removed_at_once) {
    boot(4);
    machine->core[3].state = CORE_PARKED;
    remove_core(1, 3, REMOVAL_STOPPED);
    machine_run_out(machine);
    cr_assert(machine_agrees(machine));
    cr_assert_eq(view_of(0)->leader, 1);
}

Test(group, only_one_of_many_suspecters_fences) {
    boot(6);
    machine->core[5].state = CORE_HUNG;
    for (unsigned i = 0; i < 5; i++)
        remove_core(i, 5, REMOVAL_SUSPECTED);
    unsigned fencing = 0;
    for (unsigned i = 0; i < 100 && !fencing; i++) {
        for (unsigned from = 0; from < 5; from++)
            for (unsigned to = 0; to < 5; to++)
                machine_deliver(machine, from, to);
        for (unsigned i2 = 0; i2 < 5; i2++)
            fencing += machine->fence[i2][5].pending;
    }
    cr_assert_eq(fencing, 1);
    machine_run_out(machine);
    cr_assert(machine_agrees(machine));
}

Test(group, a_winner_that_dies_is_overtaken) {
    boot(5);
    uint64_t number = view_of(0)->number;
    machine->core[4].state = CORE_HUNG;
    remove_core(1, 4, REMOVAL_SUSPECTED);
    cr_assert_eq(view_word_leader(machine->word), 1);
    machine->core[1].state = CORE_HUNG; /* with its proposal sent, and nothing more */
    machine_pass(machine, SUSPICION_PERIOD * 4 * (SUSPICION_MISSES + 3));
    cr_assert(machine_agrees(machine));
    cr_assert_eq(view_of(0)->members, 0xd);
    cr_assert_geq(view_of(0)->number, number + 2);
}

Test(group, a_core_that_cannot_be_fenced_stops_itself_and_is_lost) {
    boot(4);
    machine->fences_lost_per_mille = 1000;
    remove_core(0, 2, REMOVAL_SUSPECTED);
    machine_run_out(machine);
    cr_assert_eq(machine->core[2].state, CORE_RUNNING);
    cr_assert_eq(view_of(0)->members, 0xb);
    cr_assert_eq(view_of(3)->lost, core_bit(2), "all members know");
    machine_pass(machine, 3 * SUSPICION_PERIOD);
    cr_assert_eq(machine->core[2].state, CORE_PARKED);
    cr_assert_eq(membership_next_incarnation(&machine->core[3].group.membership, 2), 0);
}

Test(group, a_suspicion_that_is_answered_before_anybody_acts_is_dropped) {
    boot(3);
    struct membership *m = &machine->core[0].group.membership;
    m->failing |= core_bit(2);
    m->removal[2] = REMOVAL_SUSPECTED;
    struct message pong = { .type = PEER_PONG,
                            .arg = { peer_stamp(view_of(0)->number, view_of(0)->incarnation[2]) } };
    cr_assert_eq(group_message(&machine->core[0].group, 2, &pong, machine->now), 0);
    machine_run_out(machine);
    cr_assert_eq(view_of(0)->members, 0x7);
}

Test(group, a_core_leaves_in_order_and_comes_again) {
    boot(4);
    group_leave(&machine->core[2].group);
    machine_run_out(machine);
    cr_assert_eq(machine->core[2].state, CORE_PARKED);
    cr_assert(machine_agrees(machine));
    cr_assert(machine_start_core(machine, 3, 2));
    machine_run_out(machine);
    cr_assert(machine_agrees(machine));
    cr_assert_eq(view_of(0)->incarnation[2], 2);
}

Test(group, the_leader_leaves_too) {
    boot(3);
    group_leave(&machine->core[0].group);
    machine_run_out(machine);
    cr_assert_eq(machine->core[0].state, CORE_PARKED);
    cr_assert_eq(view_of(1)->members, 0x6);
}

Test(group, who_is_alone_leaves_at_once) {
    machine = machine_make(2, 1);
    group_leave(&machine->core[0].group);
    cr_assert_eq(machine->core[0].state, CORE_PARKED);
}

Test(group, a_core_that_nobody_admits_gives_up) {
    boot(3);
    machine->core[2].state = CORE_PARKED;
    remove_core(0, 2, REMOVAL_STOPPED);
    machine_run_out(machine);
    cr_assert(machine_start_core(machine, 1, 2));
    group_expect(&machine->core[1].group, 2, 0); /* the starter does not want it any more */
    machine_pass(machine, (MEMBERSHIP_JOIN_PERIODS + 2) * SUSPICION_PERIOD);
    cr_assert_eq(machine->core[2].state, CORE_PARKED);
    cr_assert(machine_agrees(machine));
}

Test(group, messages_of_other_views_and_lives_are_refused) {
    boot(3);
    struct group *group = &machine->core[0].group;
    uint64_t number = view_of(0)->number;
    struct message ack = { .type = PEER_ACK };
    ack.arg[0] = peer_stamp(number - 1, 1);
    cr_assert_eq(group_message(group, 1, &ack, 0), -E_STATE);
    cr_assert_not(membership_accepts(&group->membership, 1, peer_stamp(number, 2)));
    cr_assert_not(membership_accepts(&group->membership, 1, peer_stamp(number + 1, 1)));
    cr_assert(membership_accepts(&group->membership, 1, peer_stamp(number, 1)));
    struct message unknown = { .type = MESSAGE_TYPE_SERVICE };
    cr_assert_eq(group_message(group, 1, &unknown, 0), -E_PROTOCOL);
    struct message bad = { .type = PEER_PREPARE, .tag = AGREEMENT_SLOTS };
    bad.arg[0] = peer_stamp(number, 1);
    cr_assert_eq(group_message(group, 1, &bad, 0), -E_PROTOCOL);
}

Test(group, an_operation_is_done_by_all) {
    boot(6);
    cr_assert_eq(machine_request(machine, 3, 2, 77), 0);
    machine_run_out(machine);
    cr_assert(machine->client[3].answered);
    cr_assert_eq(machine->client[3].answer, 0);
    for (unsigned i = 0; i < 6; i++)
        cr_assert(history_has(&machine->core[i].acted, 0));
}

Test(group, a_repeated_request_is_answered_from_the_log) {
    boot(3);
    cr_assert_eq(machine_request(machine, 1, 0, 5), 0);
    machine_run_out(machine);
    for (unsigned coordinator = 0; coordinator < 3; coordinator++)
        cr_assert_eq(machine_repeat(machine, 1, coordinator), AGREEMENT_DONE);
}

Test(group, a_member_that_joined_later_learns_what_was_done) {
    boot(3);
    machine->core[2].state = CORE_PARKED;
    remove_core(0, 2, REMOVAL_STOPPED);
    machine_run_out(machine);
    cr_assert_eq(machine_request(machine, 1, 0, 5), 0);
    machine_run_out(machine);
    cr_assert(machine_start_core(machine, 0, 2));
    machine_run_out(machine);
    cr_assert_eq(machine_repeat(machine, 1, 2), 0, "it does not know");
    machine_run_out(machine);
    cr_assert(machine->client[1].answered);
    cr_assert_eq(machine->client[1].answer, 0);
}

Test(group, of_two_operations_on_a_key_none_overtakes) {
    boot(4);
    cr_assert_eq(machine_request(machine, 1, 1, 9), 0);
    cr_assert_eq(machine_request(machine, 2, 2, 9), 0);
    machine_run_out(machine);
    cr_assert_eq(machine->client[1].answer, -E_BUSY);
    cr_assert_eq(machine->client[2].answer, -E_BUSY);
    cr_assert_eq(machine_repeat(machine, 1, 1), 0);
    machine_run_out(machine);
    cr_assert_eq(machine_repeat(machine, 2, 2), 0);
    machine_run_out(machine);
    cr_assert_eq(machine->client[1].answer, 0);
    cr_assert_eq(machine->client[2].answer, 0);
}

Test(group, a_core_coordinates_as_many_as_it_has_slots) {
    boot(6);
    for (unsigned client = 0; client < AGREEMENT_SLOTS; client++)
        cr_assert_eq(machine_request(machine, client, 0, client), 0);
    cr_assert_eq(machine_request(machine, 5, 0, 5), -E_NOSLOT);
    machine_run_out(machine);
    for (unsigned client = 0; client < AGREEMENT_SLOTS; client++)
        cr_assert_eq(machine->client[client].answer, 0);
}

/* The coordinator dies when `told` of its members have got COMMIT. */
static void coordinator_dies(unsigned told) {
    boot(5);
    machine->route = ROUTE_FLAT;
    cr_assert_eq(machine_request(machine, 4, 0, 3), 0);
    for (unsigned i = 1; i < 5; i++)
        machine_deliver(machine, 0, i); /* PREPARE */
    for (unsigned i = 1; i < 5; i++)
        machine_deliver(machine, i, 0); /* VOTE */
    for (unsigned i = 1; i <= told; i++)
        machine_deliver(machine, 0, i); /* COMMIT */
    machine->core[0].state = CORE_PARKED;
    for (unsigned i = 1; i < 5; i++)
        machine->channel[0][i].count = 0;
    remove_core(3, 0, REMOVAL_STOPPED);
    machine_run_out(machine);
    cr_assert(machine_agrees(machine));
    for (unsigned i = 1; i < 5; i++)
        cr_assert_eq(history_has(&machine->core[i].acted, 0), told > 0, "core %u", i);
    int again = machine_repeat(machine, 4, 2);
    cr_assert_eq(again, told ? AGREEMENT_DONE : 0);
}

Test(group, what_one_has_committed_all_commit_when_the_coordinator_dies) {
    for (unsigned told = 1; told <= 4; told++)
        coordinator_dies(told);
}

Test(group, what_nobody_has_committed_is_off_when_the_coordinator_dies) { coordinator_dies(0); }

/*
 * Of a binomial tree, 0 sends to 1, 2 and 4, and 1 to 3. Core 1 has got COMMIT, and if `passed` it
 * has passed it on, when it dies together with the coordinator.
 */
static void relay_dies(bool passed) {
    boot(5);
    machine->route = ROUTE_BINOMIAL;
    cr_assert_eq(machine_request(machine, 4, 0, 3), 0);
    cr_assert(machine_deliver(machine, 0, 1) && machine_deliver(machine, 1, 3)); /* PREPARE */
    cr_assert(machine_deliver(machine, 0, 2) && machine_deliver(machine, 0, 4));
    cr_assert_not(machine_deliver(machine, 1, 0), "it does not vote before who is below");
    cr_assert(machine_deliver(machine, 3, 1) && machine_deliver(machine, 1, 0)); /* VOTE */
    cr_assert(machine_deliver(machine, 2, 0) && machine_deliver(machine, 4, 0));
    cr_assert(machine_deliver(machine, 0, 1)); /* COMMIT */
    cr_assert(!passed || machine_deliver(machine, 1, 3));
    machine->core[0].state = machine->core[1].state = CORE_PARKED;
    for (unsigned i = 2; i < 5; i++)
        machine->channel[0][i].count = machine->channel[1][i].count = 0;
    remove_core(3, 0, REMOVAL_STOPPED);
    remove_core(3, 1, REMOVAL_STOPPED);
    machine_run_out(machine);
    cr_assert(machine_agrees(machine));
    for (unsigned i = 2; i < 5; i++)
        cr_assert_eq(history_has(&machine->core[i].acted, 0), passed, "core %u", i);
    cr_assert_eq(machine_repeat(machine, 4, 2), passed ? AGREEMENT_DONE : 0);
}

Test(group, what_a_relay_passed_on_all_commit_when_it_dies) { relay_dies(true); }

Test(group, what_a_relay_did_not_pass_on_is_off_when_it_dies) { relay_dies(false); }

Test(group, a_refusal_below_is_known_at_the_root) {
    for (int route = ROUTE_CHOSEN; route < ROUTE_KINDS; route++) {
        boot(16);
        machine->route = route;
        machine->refusals_per_mille = 200;
        cr_assert_eq(machine_request(machine, 1, 0, 5), 0);
        machine_run_out(machine);
        cr_assert(machine->client[1].answered);
        cr_assert_eq(machine->client[1].answer, -E_QUOTA);
        for (unsigned i = 0; i < 16; i++)
            cr_assert_not(history_has(&machine->core[i].acted, 0));
    }
}

Test(group, trees_take_the_rounds_that_they_have_and_a_message_per_member_and_way) {
    static const unsigned rounds[ROUTE_KINDS] = { [ROUTE_FLAT] = 15, [ROUTE_BINOMIAL] = 4 };

    for (int route = ROUTE_CHOSEN; route < ROUTE_KINDS; route++) {
        boot(16);
        machine->route = route;
        cr_assert_eq(machine_request(machine, 1, 0, 5), 0);
        machine_run_out(machine);
        struct tally tally = machine->core[0].group.agreement.tally;
        cr_assert_eq(tally.messages, 4 * 15);
        cr_assert(rounds[route] ? tally.rounds == rounds[route] : tally.rounds <= 5, "%u rounds",
                  tally.rounds);
        machine_announce(machine, 3);
        machine_run_out(machine);
        cr_assert_eq(machine->announced, 1);
        for (unsigned i = 0; i < 16; i++)
            cr_assert_eq(machine->core[i].delivered[3], machine->announcements);
    }
}

Test(group, an_announcement_reaches_the_members_of_the_view_that_comes_between) {
    boot(8);
    machine_announce(machine, 2);
    machine_deliver(machine, 2, 0);
    machine->core[5].state = CORE_PARKED;
    remove_core(0, 5, REMOVAL_STOPPED);
    machine_run_out(machine);
    cr_assert_eq(machine->announced, 1);
    for (unsigned i = 0; i < 8; i++)
        cr_assert(i == 5 || machine->core[i].delivered[2] == machine->announcements);
}

Test(group, an_operation_outlasts_a_change_of_view) {
    boot(4);
    cr_assert_eq(machine_request(machine, 1, 1, 3), 0);
    machine_deliver(machine, 1, 2); /* PREPARE */
    machine->core[3].state = CORE_PARKED;
    remove_core(0, 3, REMOVAL_STOPPED);
    machine_run_out(machine);
    cr_assert(machine->client[1].answered);
    cr_assert_eq(machine->client[1].answer, 0);
}

Test(group, a_channel_without_credit_delays_and_loses_nothing) {
    boot(4);
    cut(1, 2);
    cr_assert_eq(machine_request(machine, 1, 1, 3), 0);
    machine_run_out(machine);
    cr_assert_not(machine->client[1].answered);
    mend(1, 2);
    machine_run_out(machine);
    cr_assert(machine->client[1].answered);
    cr_assert_eq(machine->client[1].answer, 0);
}

Test(group, a_phase_is_one_message_to_each_other_member) {
    boot(8);
    cr_assert_eq(machine_request(machine, 1, 1, 3), 0);
    unsigned messages = 0, before;
    do {
        before = messages;
        for (unsigned from = 0; from < 8; from++)
            for (unsigned to = 0; to < 8; to++)
                messages += machine_deliver(machine, from, to);
    } while (messages > before);
    cr_assert(machine->client[1].answered);
    cr_assert_eq(messages, 4 * 7);
}
