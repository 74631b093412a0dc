/*
 * The channels with the monitors of other cores. Each pair of monitors has a page for theirs, which
 * is there from the start (bulkhead/cores.h): the monitor that starts later formats it while nobody
 * is attached; the other attaches when it is told that the core is a member.
 *
 * Nobody waits here: what cannot be sent now is sent when there is credit. So whoever has something
 * to send keeps it as state, and tries again when it is offered credit.
 */
#ifndef MONITOR_PEERS_H
#define MONITOR_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/message.h>

/* What the messages of a range of types are for. */
struct peer_service {
    uint32_t first_type, last_type;
    /* A message of a peer. *m is a copy; its source is the core. */
    void (*receive)(uint32_t core, const struct message *m);
    /* The peer's ring has room again: send what is waiting. NULL: nothing ever is. */
    void (*credit)(uint32_t core);
};

/* Called once, at start: the services, in the order in which they are offered credit. */
void peers_init(const struct peer_service *const *table, unsigned count);

/*
 * This core starts: it formats the channel with another core and listens to it. The other will be
 * told by somebody.
 */
int peers_create(uint32_t core);

/* Tells the monitor that has started this core that it can be talked to. */
void peers_announce(uint32_t starter);

/*
 * Another core is, or is about to be, a member in this incarnation: from now on it is talked to. If
 * it was another one before, the channel is new.
 */
void peers_admit(uint32_t core, uint16_t incarnation);

/* The peer is gone: nothing is sent or received any more, and its memory not touched. */
void peers_detach(uint32_t core);

/*
 * Sends type, tag and arg[] of a message. Errors: -E_WOULDBLOCK no credit: the service hears of it,
 * -E_PEERDEAD the core is not attached, or has broken the protocol.
 */
int peers_send(uint32_t core, const struct message *m);

/* The bell of a core's channel. */
void peers_bell(uint32_t core);

#endif
