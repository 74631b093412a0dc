/*
 * test-storm [--seed N] [--messages M] [--kills K] [--without C] [--part]: nodes on four cores, or
 * on all of them but core C, send M messages in all; K times one of them is killed, and another
 * takes its place.
 */
#include "storm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../fuzz/random.h"
#include "../support/arguments.h"
#include "../support/cores.h"

#define KILL_PAUSE (20 * TIME_MILLISECOND)
#define LOOK_PAUSE (5 * TIME_MILLISECOND)
#define PATIENCE   200 /* looks without any progress */

static uint64_t seed, messages = 200000, kills = 20, without = NODES, state;
static endpoint_t nodes[NODES];

struct counts {
    uint64_t left;
    uint32_t sent[NODES], received[NODES];
};

/* The next core that has a node; NODES: none. */
static uint32_t next_node(uint32_t core) { return core == without ? core + 1 : core; }

#define for_each_node(core) \
    for (uint32_t core = next_node(0); (core) < NODES; (core) = next_node((core) + 1))

static void pause_for(uint64_t nanoseconds) {
    struct message m;

    alarm_set(nanoseconds, NULL);
    ipc_receive(ENDPOINT_KERNEL, &m);
}

_Noreturn static void fail(const char *what, uint32_t core, int value) {
    tap_note("repeat with: make run ISO=build/test.iso CORES=4 SCRIPT=\"run test-storm --seed "
             "%" PRIu64 " --messages %" PRIu64 " --kills %" PRIu64 "\"",
             seed, messages, kills);
    tap_bail_out("core %u: %s (%d)", core, what, value);
}

static void start_node(uint32_t core) {
    char args[128];
    int bytes = snprintf(args, sizeof args, "test-storm%cnode%c%" PRIu64 "%c%" PRIu64, '\0', '\0',
                         random_next(&state), '\0', messages / NODES) +
                1;
    int error = core_spawn(core, args, (size_t)bytes, 4, &nodes[core]);

    if (error)
        fail("a node cannot be started", core, error);
}

static void look_after(uint32_t core) {
    struct message m = { .type = MONITOR_STATUS, .arg = { nodes[core] } };
    int error = ipc_request(runtime_monitor(), &m);

    if (error || m.arg[0] != DEATH_NONE)
        fail("its node has failed, at this line of node.c", core, error ? error : (int)m.arg[1]);
}

static void kill_one(void) {
    uint32_t core = (uint32_t)(random_next(&state) % NODES);

    pause_for(1 + random_next(&state) % KILL_PAUSE);
    for_each_node(other)
        look_after(other);
    if (core == without)
        return;
    struct message m = { .type = MONITOR_KILL, .arg = { nodes[core] } };
    int error = ipc_request(runtime_monitor(), &m);
    if (error)
        fail("its node cannot be killed", core, error);
    await_end(nodes[core]);
    start_node(core);
}

static void ask_counts(uint32_t core, struct counts *counts) {
    struct message m = { .type = STORM_COUNT };
    int error = ipc_request(nodes[core], &m);

    if (error) {
        look_after(core);
        fail("its node does not answer", core, error);
    }
    counts->left = m.arg[0];
    for (unsigned i = 0; i < NODES; i++) {
        counts->sent[i] = (uint32_t)(m.arg[1 + i] >> 32);
        counts->received[i] = (uint32_t)m.arg[1 + i];
    }
}

/* Messages to be sent, and on their way. */
static uint64_t outstanding(struct counts counts[NODES], uint64_t *moved) {
    uint64_t total = 0;

    *moved = 0;
    for_each_node(core)
        ask_counts(core, &counts[core]);
    for_each_node(a) {
        total += counts[a].left;
        for_each_node(b) {
            total += counts[a].sent[b] != counts[b].received[a];
            *moved += counts[a].sent[b] + counts[b].received[a];
        }
    }
    return total;
}

static void await_calm(struct counts counts[NODES]) {
    uint64_t before = 0, moved;
    unsigned still = 0;

    while (outstanding(counts, &moved) > 0) {
        still = moved == before ? still + 1 : 0;
        if (still == PATIENCE)
            return;
        before = moved;
        pause_for(LOOK_PAUSE);
    }
}

static void report(struct counts counts[NODES]) {
    uint64_t sent = 0;

    for_each_node(a)
        for_each_node(b) {
            sent += counts[a].sent[b];
            if (a != b)
                tap_is(counts[b].received[a], counts[a].sent[b],
                       "all from core %u to core %u have come, in order", a, b);
        }
    tap_ok(sent > 0, "%" PRIu64 " messages of those that live were accounted for: seed %" PRIu64,
           sent, seed);
}

static void end_node(uint32_t core) {
    struct message m = { .type = MONITOR_KILL, .arg = { nodes[core] } };

    ipc_request(runtime_monitor(), &m);
    await_end(nodes[core]);
}

int main(int argc, char **argv) {
    static struct counts counts[NODES];
    uint32_t incarnations[NODES] = { 0 };

    if (argc == 4 && strcmp(argv[1], "node") == 0)
        return node(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
    seed = number_after(argc, argv, "--seed", 1);
    messages = number_after(argc, argv, "--messages", messages);
    kills = number_after(argc, argv, "--kills", kills);
    state = seed;
    if (strcmp(argv[argc - 1], "--part") == 0)
        tap_subtest();
    tap_plan(0);
    without = number_after(argc, argv, "--without", without);
    for_each_node(core) {
        incarnations[core] = core_incarnation(core);
        start_node(core);
    }
    for (uint64_t i = 0; i < kills; i++)
        kill_one();
    await_calm(counts);
    report(counts);
    for_each_node(core)
        tap_is(core_incarnation(core), incarnations[core], "core %u has not failed", core);
    for_each_node(core)
        end_node(core);
    return tap_done();
}
