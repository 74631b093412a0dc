/*
 * What monitors ask each other on behalf of their clients, and how they bind channels between
 * processes. The numbers follow those of peer_protocol.h.
 */
#ifndef MONITOR_PEER_REQUESTS_H
#define MONITOR_PEER_REQUESTS_H

#include <bulkhead/message.h>

/* X(name, number): arguments are in the comment. */
#define PEER_REQUESTS(X)                                                                          \
    /* A member asks this one to stop. */                                                         \
    X(STOP, MESSAGE_TYPE_SERVICE + 0x140)                                                         \
    /* A client's request (forward.h); one at a time in each direction. tag: its type; arg[0]:    \
     * client, arg[1..5]: its arg[0..4], the bytes of its text in place of their address. The     \
     * text follows */                                                                            \
    X(REQUEST, MESSAGE_TYPE_SERVICE + 0x148)                                                      \
    /* Some of the request's text. tag: offset; arg[0..5]: 48 bytes */                            \
    X(REQUEST_TEXT, MESSAGE_TYPE_SERVICE + 0x149)                                                 \
    /* The reply, after its text. tag: result; arg[0]: bytes of text, arg[1..5]: reply's          \
     * arg[0..4] */                                                                               \
    X(REPLY, MESSAGE_TYPE_SERVICE + 0x14a)                                                        \
    /* Some of the reply's text, as REQUEST_TEXT */                                               \
    X(REPLY_TEXT, MESSAGE_TYPE_SERVICE + 0x14b)                                                   \
    /* A process that was spawned from there has ended. arg[0]: the spawner, to be notified */    \
    X(ENDED, MESSAGE_TYPE_SERVICE + 0x14c)                                                        \
    /* To a new member: a name on which all had agreed. arg[0], arg[1]: name, arg[2]: endpoint */ \
    X(NAME, MESSAGE_TYPE_SERVICE + 0x14e)                                                         \
    /* Binding (bindings.h). tag: the initiator's number; arg[0]: process wanted, arg[1]: process \
     * that wants, arg[2]: what is shared (bindings.c), arg[3..5]: label of the latter */         \
    X(OFFER, MESSAGE_TYPE_SERVICE + 0x150)                                                        \
    /* tag: the initiator's number; arg[0]: the acceptor's */                                     \
    X(ACCEPT, MESSAGE_TYPE_SERVICE + 0x151)                                                       \
    /* My side is unmapped. tag: the initiator's number; arg[0]: whether the initiator sends it,  \
     * arg[1]: why an offer is refused */                                                         \
    X(CLOSE, MESSAGE_TYPE_SERVICE + 0x152)                                                        \
    /* What does your time-stamp counter say? arg[0]: what mine did */                            \
    X(CLOCK, MESSAGE_TYPE_SERVICE + 0x158)                                                        \
    /* arg[0]: as asked, arg[1]: mine */                                                          \
    X(CLOCK_IS, MESSAGE_TYPE_SERVICE + 0x159)                                                     \
    /* Memory (chunks.h). Give some to another core. tag: number of the request; arg[0]: to core, \
     * arg[1]: chunks */                                                                          \
    X(CHUNKS_GIVE, MESSAGE_TYPE_SERVICE + 0x160)                                                  \
    /* tag: number of the request; arg[0]: chunks moved, arg[1]: why not all of them */           \
    X(CHUNKS_GIVEN, MESSAGE_TYPE_SERVICE + 0x161)                                                 \
    /* From a new member: which chunks have been moved? */                                        \
    X(CHUNKS_ASK, MESSAGE_TYPE_SERVICE + 0x162)                                                   \
    /* arg[0..5]: entries of the table (ownership.h); tag: whether these are the last */          \
    X(CHUNKS_ARE, MESSAGE_TYPE_SERVICE + 0x163)                                                   \
    /* Grants (grants.h). Take from your process what it has mapped. tag: number of the mapping   \
     * here, as the reply to SAFEMAP told it */                                                   \
    X(GRANT_REVOKE, MESSAGE_TYPE_SERVICE + 0x170)                                                 \
    /* Nobody here has that mapped. tag: its number there */                                      \
    X(GRANT_RELEASED, MESSAGE_TYPE_SERVICE + 0x171)                                               \
    /* A process of mine has died that has asked about your grants. arg[0]: endpoint */           \
    X(GRANT_DIED, MESSAGE_TYPE_SERVICE + 0x172)

enum peer_request {
#define X(name, number) PEER_##name = (number),
    PEER_REQUESTS(X)
#undef X
};

#endif
