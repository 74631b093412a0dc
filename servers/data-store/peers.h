/* What the processes of the store say to each other: sent without waiting, never answered at once.
 */
#ifndef STORE_PEERS_H
#define STORE_PEERS_H

#include <bulkhead/message.h>

/* X(name, number): arguments are in the comment. */
#define PEER_MESSAGES(X)                                                                     \
    /* To the primary: I could be the backup */                                              \
    X(JOIN, 0)                                                                               \
    /* From it: you are; there is memory that we share, parts will follow */                 \
    X(WELCOME, 1)                                                                            \
    /* From it: there is a backup already */                                                 \
    X(WAIT, 2)                                                                               \
    /* From it to who was to wait: there is none any more */                                 \
    X(INVITE, 3)                                                                             \
    /* To the backup: there is a part in the shared memory. arg[0]: sequence, arg[1]: bytes, \
     * arg[2]: their checksum, arg[3]: 1 if what is sent is complete with it */              \
    X(PART, 4)                                                                               \
    /* To the primary: it has been taken, and done if complete. arg[0]: sequence */          \
    X(ACK, 5)                                                                                \
    /* Are you full? arg[0]: round. And the answer. arg[0]: 1 if the sender has all that the \
     * primary had, or is it; arg[1]: round */                                               \
    X(ASK, 6)                                                                                \
    X(ANSWER, 7)                                                                             \
    /* A sign of life, of which the other makes one of its own */                            \
    X(PING, 8)                                                                               \
    X(PONG, 9)

#define PEER_FIRST (MESSAGE_TYPE_SERVICE + 0x4000)

enum peer_message {
#define X(name, number) PEER_##name = PEER_FIRST + (number),
    PEER_MESSAGES(X)
#undef X
        PEER_END
};

static inline int is_peer_message(uint32_t type) { return type >= PEER_FIRST && type < PEER_END; }

#endif
