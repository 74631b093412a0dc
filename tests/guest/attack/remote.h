/*
 * What the parts of attacks across cores agree on: the victim (remote_victim.c), the attackers
 * (remote_attacks.c), the test (cores.c). Each side is a program of its own, started by its core's
 * monitor: test-attack serve, test-attack remote NUMBER VICTIM DEFENCES.
 */
#ifndef TESTS_GUEST_ATTACK_REMOTE_H
#define TESTS_GUEST_ATTACK_REMOTE_H

#include "attack.h"

#define HERE  0U /* the victim's core, and the test's */
#define THERE 1U /* the attackers' */
#define ASIDE 2U /* of those who have nothing to do with it */

#define LENT_PART 32U /* bytes of the page that the attacker is lent, as a rule */

enum victim_request {
    VICTIM_NUMBERS = MESSAGE_TYPE_SERVICE, /* reply: struct victim_numbers in arg */
    VICTIM_LEND,     /* reply arg[0]: grant for the client, arg[1]: one for another, of all;
                        arg[2]: one for the client, of the page */
    VICTIM_TOLD,     /* by the attacker; arg[0]: enum verdict. No reply */
    VICTIM_ASK,      /* arg[0]: whom it is to ask. No reply */
    VICTIM_SEND,     /* arg[0]: whom it is to send VICTIM_MESSAGES to. No reply */
    VICTIM_RECORD,   /* arg[0]: id of a grant that was passed on, to be told to anybody. No reply */
    VICTIM_RECORDED, /* reply arg[0]: that id, 0: none yet */
};

enum verdict { VERDICT_NONE, VERDICT_LOST, VERDICT_WON };

#define VICTIM_MESSAGES 300U
#define CHANNEL_SLOTS   64U /* of each ring, of channels that attackers make themselves */

struct victim_numbers {
    uint64_t ended;    /* channels */
    uint64_t told;     /* enum verdict */
    uint64_t taken;    /* messages and notifications */
    uint64_t remote;   /* of those, messages from other cores */
    uint64_t accepted; /* of VICTIM_MESSAGES */
};

struct remote_attack {
    const char *name;
    void (*attempt)(void); /* on the other core */
    enum refusal counted;  /* at the attacker */
    enum defence defence;  /* of both cores, without which it succeeds */
    /* As the victim sees it; NULL: as the attacker has told it. */
    bool (*won)(const struct victim_numbers *numbers);
    bool floods;       /* the victim must have received a lot */
    bool ends_channel; /* the channel with the attacker must end, while that one lives */
    bool asked;        /* the victim asks the attacker something, */
    bool sends;        /* or sends it a lot */
    bool honest;       /* somebody honest of that core passes on what it has been lent */
    bool lender_dies;  /* the victim dies when told; the attacker ends by itself, status: it won */
};

/* The last has no name. */
extern const struct remote_attack remote_attacks[];

#endif
