/*
 * What monitors say to one another, over the channel that each pair of them has. The order of
 * messages between two monitors is kept; nothing is assumed of the order between different pairs.
 * README.md tells the protocols; this header tells what the messages carry.
 *
 * arg[0] of each is its stamp: a view number and the incarnation of the sender's core. The first
 * tells whether the message still counts, the second whether the sender is who the receiver takes
 * it for.
 */
#ifndef MONITOR_PEER_PROTOCOL_H
#define MONITOR_PEER_PROTOCOL_H

#include <stdint.h>

#include <bulkhead/message.h>

/*
 * How far the stamp of a message restricts who obeys it.
 *
 * LINK    nothing: between two monitors, whatever views they are in
 * CHANGE  the stamp is the number of a proposed view: obeyed as long as none newer is known
 * SETTLE  as CHANGE; about the operations of the views before
 * VIEW    the stamp is the number of the view that the sender is in: refused unless the receiver
 *         is in that view, which a message of a proposed view proves to have been installed
 */
enum peer_class {
    PEER_CLASS_NONE,
    PEER_CLASS_LINK,
    PEER_CLASS_CHANGE,
    PEER_CLASS_SETTLE,
    PEER_CLASS_VIEW,
};

/*
 * X(name, number, class): arguments beyond the stamp are in the comment. Numbers from
 * MESSAGE_TYPE_SERVICE + 0x140 on are free for what else monitors have to say.
 */
#define PEER_MESSAGES(X)                                                                           \
    /* Are you there? tag: round */                                                                \
    X(PING, MESSAGE_TYPE_SERVICE + 0x100, LINK)                                                    \
    /* I am. tag: round of the last PING that came */                                              \
    X(PONG, MESSAGE_TYPE_SERVICE + 0x101, LINK)                                                    \
    /* From a core that has been started, to its starter: make me a member */                      \
    X(HELLO, MESSAGE_TYPE_SERVICE + 0x102, LINK)                                                   \
    /* From a member that stops in order: make a view without me */                                \
    X(LEAVE, MESSAGE_TYPE_SERVICE + 0x103, LINK)                                                   \
    /* You are not a member of the view of this stamp, whatever you believe. arg[1]: incarnation   \
     * that is meant */                                                                            \
    X(EXCLUDED, MESSAGE_TYPE_SERVICE + 0x104, LINK)                                                \
    /* The winner's view. tag: part; arg[1]: members, arg[2]: cores lost, arg[3..5]: incarnations  \
     * of VIEW_PART_CORES cores */                                                                 \
    X(PROPOSE, MESSAGE_TYPE_SERVICE + 0x108, CHANGE)                                               \
    /* I have all parts of the proposal, and obey no older view */                                 \
    X(READY, MESSAGE_TYPE_SERVICE + 0x109, CHANGE)                                                 \
    /* The view counts. arg[2]: cores lost */                                                      \
    X(INSTALL, MESSAGE_TYPE_SERVICE + 0x10a, CHANGE)                                               \
    /* Undecided operations have all been reported */                                              \
    X(FROZEN, MESSAGE_TYPE_SERVICE + 0x110, SETTLE)                                                \
    /* What a member has of a record, as report or as answer to QUERY. tag: record, arg[1]:        \
     * client, arg[2]: sequence, arg[3]: enum record_state */                                      \
    X(STATE, MESSAGE_TYPE_SERVICE + 0x111, SETTLE)                                                 \
    /* What do you have of a record? tag: record */                                                \
    X(QUERY, MESSAGE_TYPE_SERVICE + 0x112, SETTLE)                                                 \
    /* The winner's decision. tag: record, arg[1]: client, arg[2]: sequence, arg[3]: enum          \
     * record_state, committed or aborted */                                                       \
    X(SETTLE, MESSAGE_TYPE_SERVICE + 0x113, SETTLE)                                                \
    /* It is carried out. tag: record */                                                           \
    X(SETTLED, MESSAGE_TYPE_SERVICE + 0x114, SETTLE)                                               \
    /* Can you, and all below you in the tree of the coordinator, do this operation? tag: slot |   \
     * lane << 2 | route << 4 | coordinator << 8 | kind << 16, arg[1]: client, arg[2]: sequence,   \
     * and the round above it, arg[3]: key, arg[4], arg[5]: arguments */                           \
    X(PREPARE, MESSAGE_TYPE_SERVICE + 0x120, VIEW)                                                 \
    /* The worst of our votes. tag: slot | coordinator << 8, arg[1]: client, arg[2]: sequence,     \
     * arg[3]: enum record_state, arg[4]: error, arg[5]: tally (phase.h) */                        \
    X(VOTE, MESSAGE_TYPE_SERVICE + 0x121, VIEW)                                                    \
    /* Do it. tag: slot | coordinator << 8, arg[1]: client, arg[2]: sequence, and the round */     \
    X(COMMIT, MESSAGE_TYPE_SERVICE + 0x122, VIEW)                                                  \
    /* Forget it. As COMMIT */                                                                     \
    X(ABORT, MESSAGE_TYPE_SERVICE + 0x123, VIEW)                                                   \
    /* Done, or forgotten, here and below. As VOTE, without arg[3], arg[4] */                      \
    X(ACK, MESSAGE_TYPE_SERVICE + 0x124, VIEW)                                                     \
    /* A message to all (multicast.h). tag: kind | route << 4 | root << 8, arg[1], arg[3], arg[4], \
     * arg[5]: arguments, arg[2]: sequence, and the round */                                       \
    X(MULTICAST, MESSAGE_TYPE_SERVICE + 0x128, VIEW)                                               \
    /* It has come to all below. tag: as MULTICAST, arg[1]: least number there, arg[2]: sequence,  \
     * arg[5]: tally */                                                                            \
    X(GATHER, MESSAGE_TYPE_SERVICE + 0x129, VIEW)

enum peer_message {
#define X(name, number, class) PEER_##name = (number),
    PEER_MESSAGES(X)
#undef X
};

/* PEER_CLASS_NONE: not a message of this table. */
enum peer_class peer_class(uint32_t type);

/* For logs and traces. */
const char *peer_name(uint32_t type);

/*
 *   63                     16 15            0
 *   |     view number:48     | incarnation:16 |
 */
static inline uint64_t peer_stamp(uint64_t number, uint16_t incarnation) {
    return number << 16 | incarnation;
}

static inline uint64_t peer_stamp_number(uint64_t stamp) { return stamp >> 16; }

static inline uint16_t peer_stamp_incarnation(uint64_t stamp) { return (uint16_t)stamp; }

#endif
