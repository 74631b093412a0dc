/*
 * A storm of messages: a node on each core sends to all others, in bursts, by every way that there
 * is. Each message has a number in its pair's order and contents that follow from it; the receiver
 * verifies both. Nodes are killed and started again meanwhile.
 *
 *   main.c   starts the nodes, kills some, and in the end compares what was sent with what came
 *   node.c   a node
 */
#ifndef TESTS_GUEST_STORM_STORM_H
#define TESTS_GUEST_STORM_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/message.h>

#define NODES 4 /* one on each core */

enum storm_message {
    STORM_DATA = MESSAGE_TYPE_SERVICE + 0xe001, /* arg[0]: number, arg[1..5]: follow from it */
    STORM_ASK,                                  /* the same, and is answered */
    /* To a node, from the main program. Reply arg[0]: how many messages are still to be sent;
     * arg[1..4]: sent to, and received from, the node of each core, 32 bits each. */
    STORM_COUNT,
};

/* The name that the node of a core is published under. */
void node_name(uint32_t core, uint64_t name[2]);

/* Never returns, unless something is wrong: then the exit status is a line number of node.c,
 * or 1000 and an error that a message cannot have. */
int node(uint64_t seed, uint64_t messages);

#endif
