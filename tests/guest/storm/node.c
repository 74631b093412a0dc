#include "storm.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/protocol/monitor.h>
#include <runtime/ipc.h>
#include <runtime/startup.h>

#include "../fuzz/random.h"

#define BURST_MAX 64

/* What a node knows of the node of a core: one process after another. */
struct peer {
    endpoint_t endpoint; /* ENDPOINT_NONE: not known, or it has died */
    uint32_t sent, received;
};

static struct peer peers[NODES];
static uint64_t state, left;
static uint32_t self;
static int failure; /* line number of the check that has failed, or 1000 + an error of sending */

#define CHECK(condition)              \
    do {                              \
        if (!(condition) && !failure) \
            failure = __LINE__;       \
    } while (0)

static uint64_t below(uint64_t limit) { return random_next(&state) % limit; }

void node_name(uint32_t core, uint64_t name[2]) {
    char text[16] = "";

    snprintf(text, sizeof text, "storm-%u", core);
    memcpy(name, text, sizeof text);
}

static void meet(uint32_t core, endpoint_t endpoint) {
    peers[core] = (struct peer){ .endpoint = endpoint };
}

/* Who is the node of a core now? */
static bool find_peer(uint32_t core) {
    struct message m = { .type = MONITOR_FIND };

    if (peers[core].endpoint != ENDPOINT_NONE)
        return true;
    node_name(core, m.arg);
    if (ipc_request(runtime_monitor(), &m) != 0)
        return false;
    meet(core, m.arg[0]);
    return true;
}

/* ---- Messages and their contents ---- */

static uint64_t content(endpoint_t from, uint64_t number, unsigned word) {
    return random_mix(from ^ random_mix(number * 8 + word));
}

static struct message make(enum storm_message type, uint32_t number) {
    struct message m = { .type = type, .arg = { number } };

    for (unsigned word = 1; word < MESSAGE_ARGS; word++)
        m.arg[word] = content(runtime_self(), number, word);
    return m;
}

/* A process that has taken the place of another begins at 0. */
static void verify(const struct message *m) {
    uint32_t core = endpoint_core(m->source);

    CHECK(core < NODES && core != self);
    if (failure)
        return;
    struct peer *peer = &peers[core];
    if (peer->endpoint != m->source && m->arg[0] == 0)
        meet(core, m->source);
    if (peer->endpoint != m->source)
        return; /* of one that is dead, and has been replaced */
    CHECK(m->arg[0] == peer->received);
    for (unsigned word = 1; word < MESSAGE_ARGS; word++)
        CHECK(m->arg[word] == content(m->source, m->arg[0], word));
    peer->received++;
}

static void tell_counts(struct message *m) {
    m->arg[0] = left;
    for (uint32_t core = 0; core < NODES; core++)
        m->arg[1 + core] = (uint64_t)peers[core].sent << 32 | peers[core].received;
    message_set_result(m, 0);
    ipc_nbsend(m->source, m);
}

static void serve(struct message *m) {
    switch (m->type) {
    case STORM_DATA:
        verify(m);
        break;
    case STORM_ASK:
        verify(m);
        m->arg[0]++;
        message_set_result(m, 0);
        ipc_nbsend(m->source, m); /* the asker may have died */
        break;
    case STORM_COUNT:
        tell_counts(m);
        break;
    default:
        CHECK(m->type == MESSAGE_NOTIFY);
    }
}

/* All that there is, or the next that comes. */
static void listen(bool wait) {
    struct message m;

    if (wait) {
        int error = ipc_receive(ENDPOINT_ANY, &m);
        CHECK(error == 0);
        if (!error)
            serve(&m);
    }
    while (!failure && ipc_receive_nonblock(ENDPOINT_ANY, &m) == 0)
        serve(&m);
}

/* ---- Sending: waits only for cores of higher numbers, so that nobody waits in a circle ---- */

static int send_one(struct peer *peer, bool may_wait) {
    uint64_t way = may_wait ? below(8) : 7;
    struct message m = make(way == 0 ? STORM_ASK : STORM_DATA, peer->sent);
    uint32_t number = peer->sent;
    int error;

    if (way == 0) {
        error = ipc_call(peer->endpoint, &m);
        if (!error && message_result(&m) == -E_PEERDEAD)
            error = -E_PEERDEAD; /* while its answer was read */
        CHECK(error || (message_result(&m) == 0 && m.arg[0] == number + 1UL));
    } else if (way < 3) {
        error = ipc_send(peer->endpoint, &m);
    } else {
        error = ipc_nbsend(peer->endpoint, &m);
    }
    return error;
}

static void burst(uint32_t core) {
    struct peer *peer = &peers[core];
    uint64_t messages = 1 + below(BURST_MAX);

    while (messages-- > 0 && left > 0 && !failure) {
        endpoint_t to = peer->endpoint;
        int error = send_one(peer, core > self);
        if (peer->endpoint != to)
            return; /* it was replaced meanwhile */
        if (error == -E_WOULDBLOCK) {
            __builtin_ia32_pause(); /* it has to run to make room */
            return;
        }
        if (error) {
            if (error != -E_PEERDEAD && error != -E_BADEP)
                failure = 1000 - error;
            peer->endpoint = ENDPOINT_NONE;
            return;
        }
        peer->sent++;
        left--;
    }
}

int node(uint64_t seed, uint64_t messages) {
    struct message m = { .type = MONITOR_PUBLISH };

    state = seed;
    left = messages;
    self = endpoint_core(runtime_self());
    node_name(self, m.arg);
    m.arg[2] = runtime_self();
    int error = ipc_request(runtime_monitor(), &m);
    CHECK(error == 0);
    while (!failure) {
        uint32_t core = (uint32_t)below(NODES);
        if (left > 0 && core != self && find_peer(core))
            burst(core);
        listen(left == 0);
    }
    return failure;
}
