#include "peers.h"

#include <stdio.h>

#include <bulkhead/cores.h>
#include <bulkhead/error.h>
#include <runtime/event.h>
#include <urpc/channel.h>

#include "machine.h"

#define SLOTS 16

/* Messages of one peer that are served before others get their turn. */
#define BATCH 32

struct peer {
    struct chan chan;
    struct event_alarm again; /* there is more to receive */
    uint32_t core;
    uint16_t incarnation; /* of the peer; 0: not known yet */
    bool attached;
    bool used;    /* something has been sent or received */
    bool starved; /* a service wants credit */
};

static struct peer peers[CORES_MAX];
static const struct peer_service *const *services;
static unsigned service_count;

void peers_init(const struct peer_service *const *table, unsigned count) {
    services = table;
    service_count = count;
    for (uint32_t core = 0; core < CORES_MAX; core++)
        peers[core].core = core;
}

/* The kernel has opened our end of each, once, when it made us. */
static endpoint_t binding_name(uint32_t core) {
    return endpoint_make(machine_own.incarnation, 1, ENDPOINT_CORE_BINDING, (uint16_t)core);
}

static void ring_peer(void *context) {
    const struct peer *peer = context;
    ipc_notify(binding_name(peer->core));
}

static void serve_again(struct event_alarm *alarm) {
    struct peer *peer = (void *)((char *)alarm - offsetof(struct peer, again));
    peers_bell(peer->core);
}

/*
 * What is there already is served later: it is the group that calls for this, and it must not be
 * called back with a message before it has done with the view that made the peer a member.
 */
static int attach(struct peer *peer, uint16_t incarnation, bool format) {
    static const struct chan_parameters parameters = { .slots = SLOTS };
    void *memory = (void *)(MONITOR_CHANNELS + peer->core * PAGE_SIZE);
    int error = format ? chan_format(memory, &parameters) : 0;

    if (!error)
        error = chan_attach(&peer->chan, memory, &parameters, machine_self() > peer->core,
                            (struct chan_bell){ ring_peer, peer }, peer->core);
    peer->attached = !error;
    peer->incarnation = incarnation;
    peer->used = peer->starved = false;
    if (!error)
        event_alarm_set(&peer->again, 0, serve_again);
    return error;
}

int peers_create(uint32_t core) { return attach(&peers[core], 0, true); }

void peers_announce(uint32_t starter) { ring_peer(&peers[starter]); }

/*
 * A channel that nobody has used is attached to again: should its peer have formatted it in the
 * meantime, as both have started at the same time, it has lost that it was armed.
 */
void peers_admit(uint32_t core, uint16_t incarnation) {
    struct peer *peer = &peers[core];
    bool same = peer->incarnation == incarnation || peer->incarnation == 0;

    if (peer->attached && peer->used && same)
        peer->incarnation = incarnation;
    else if (attach(peer, incarnation, false))
        printf("the channel with core %u cannot be used\n", core);
}

void peers_detach(uint32_t core) {
    struct peer *peer = &peers[core];

    if (peer->attached) {
        chan_tx_kill(&peer->chan.tx, -E_PEERDEAD);
        chan_rx_kill(&peer->chan.rx, -E_PEERDEAD);
    }
    peer->attached = false;
    event_alarm_cancel(&peer->again);
}

/* Without credit the peer rings when it acknowledges; unless it has done so just now. */
static int send(struct peer *peer, const struct message *m) {
    int error = chan_send(&peer->chan.tx, m);

    while (error == -E_WOULDBLOCK && chan_arm_credit(&peer->chan.tx) == CHAN_READY)
        error = chan_send(&peer->chan.tx, m);
    return error;
}

int peers_send(uint32_t core, const struct message *m) {
    struct peer *peer = &peers[core];

    if (!peer->attached)
        return -E_PEERDEAD;
    int error = send(peer, m);
    peer->starved |= error == -E_WOULDBLOCK;
    peer->used |= error == 0;
    return error == 0 || error == -E_WOULDBLOCK ? error : -E_PEERDEAD;
}

static void dispatch(struct peer *peer, const struct message *m) {
    for (unsigned i = 0; i < service_count; i++)
        if (m->type >= services[i]->first_type && m->type <= services[i]->last_type) {
            services[i]->receive(peer->core, m);
            return;
        }
    printf("core %u sent a message of unknown type %u\n", peer->core, m->type);
}

static void offer_credit(struct peer *peer) {
    if (!peer->starved)
        return;
    peer->starved = false;
    for (unsigned i = 0; i < service_count && peer->attached; i++)
        if (services[i]->credit != NULL)
            services[i]->credit(peer->core);
}

/*
 * Serves what is there. When nothing is left the channel is armed, so that the next message rings.
 * What a service does meanwhile may detach the peer. A channel that is broken stays so.
 */
void peers_bell(uint32_t core) {
    struct peer *peer = &peers[core];
    struct message m;

    for (unsigned i = 0; i < BATCH && peer->attached; i++) {
        int error = chan_receive(&peer->chan.rx, &m);
        if (error == -E_WOULDBLOCK && chan_arm(&peer->chan.rx) == 0) {
            offer_credit(peer);
            return;
        }
        peer->used |= error == 0;
        if (error == 0) {
            dispatch(peer, &m);
        } else if (error != -E_WOULDBLOCK) {
            printf("the channel with core %u is broken\n", core);
            return;
        }
    }
    if (peer->attached)
        event_alarm_set(&peer->again, 0, serve_again);
}
